/* Devices that take uploads, as found on the local network: shared by discover and
 * push.
 */
#ifndef TOOLS_DISCOVER_H
#define TOOLS_DISCOVER_H

#include "host/mdns.h"

#include <stdbool.h>
#include <stddef.h>

struct device_list {
    struct mdns_device *devices; /* malloc'd, by name */
    size_t count;
};

/* Puts news of a device in. False when out of memory. */
bool device_list_put(struct device_list *list, const struct mdns_device *device);
void device_list_drop(struct device_list *list, const char *name);
void device_list_free(struct device_list *list);

/* By service name, host name, or host name without ".local", whatever their case;
 * null if there is none. */
const struct mdns_device *device_list_find(const struct device_list *list, const char *name);

/* Looks around for that long, or until is_enough, which may be null, says so.
 * EXIT_OK, or reported. Free the list in any case. */
int device_list_collect(struct device_list *list, int timeout_ms,
                        bool (*is_enough)(void *ctx, const struct device_list *list), void *ctx);

/* ---- discover_arduino.c ---- */

/* Speaks the Arduino IDE's pluggable discovery protocol on stdin and stdout until
 * it is told to quit. An exit status. */
int discover_for_arduino(void);

#endif
