/* ESP-IDF on a host, as much as Updraft's component needs: the headers in standin/esp over
 * flash of the caller's.
 */
#ifndef TESTS_ESP_IDF_STANDIN_H
#define TESTS_ESP_IDF_STANDIN_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

struct standin_chip {
    const struct ud_flash *flash;
    uint32_t running_address; /* of the program that esp_ota_get_running_partition() finds */
    uint16_t revision;
    uint32_t fuse; /* security version */
    bool is_encrypted;
};

/* What all calls are about from here on; it must outlive them. */
extern struct standin_chip *standin_chip;

/* Waits until the program has called esp_restart(), which ends its task. */
void standin_wait_for_restart(void);

/* How often it has. */
unsigned standin_restarts(void);

/* Is the engine for SHA-256 some context's? */
bool standin_sha_is_held(void);

#endif
