/* What the parts of `updraft device` share: the order given, the devices under
 * way, and what is shown of them.
 */
#ifndef TOOLS_DEVICE_H
#define TOOLS_DEVICE_H

#include "host/mac.h"
#include "sim/esp8266.h"
#include "tools/chip.h"

#include <stdbool.h>
#include <stddef.h>

struct device_order {
    const char *url;
    const char *flash; /* file of the only device; null: by dir */
    const char *dir;   /* folder of flash files; null with flash: in memory only */
    const char *app;   /* what a new device runs; null: there are no new ones */
    const char *layout;
    const char *mac;
    const char *user;
    const char *password_file;
    const char *until; /* version; null: no such goal */
    const char *speed;
    unsigned long count;
    unsigned long poll_s;
    unsigned long timeout_s; /* 0: none */
    bool once;
    bool redirects;
    bool json;

    /* Filled in by the check of the above. */
    mac_address first_mac;
    bool is_lifelike;
};

/* ---- device_flash.c ---- */

/* Where the devices' flash content is. */
struct device_flash {
    struct chip chip; /* what a new device holds, when there is an app */
    int memory_fd;    /* of an unnamed file with that content; -1: none */
    char path[4096];
};

/* EXIT_OK, or reported. Close in any case. */
int device_flash_open(struct device_flash *flash, const struct device_order *order);
void device_flash_close(struct device_flash *flash);

/* Finds the flash of one device, and fills it first when the device is new:
 * flash_path and is_scratch of *config. The path is good until the next call. */
int device_flash_provide(struct device_flash *flash, const struct device_order *order,
                         mac_address mac, struct esp8266_config *config);

/* ---- device_show.c ---- */

struct device_show;

/* Bars or lines, or JSON lines. Null when out of memory. */
struct device_show *device_show_start(size_t count, bool json);
void device_show_name(struct device_show *show, size_t index, const char *mac);
void device_show_event(struct device_show *show, size_t index, const struct esp8266 *device,
                       const struct esp8266_event *event);
void device_show_end(struct device_show *show); /* null is fine */

/* ---- device_run.c ---- */

/* Runs the devices until the order's goal is reached, time is up or a signal
 * comes. An exit status. */
int device_run(const struct device_order *order);

#endif
