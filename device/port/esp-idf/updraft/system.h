/* The one chip a program runs on: its flash, its slots, and the lock around them. For the
 * component's own files.
 */
#ifndef UPDRAFT_ESP_IDF_SYSTEM_H
#define UPDRAFT_ESP_IDF_SYSTEM_H

#include "esp_err.h"
#include "esp_partition.h"
#include "updraft/slots.h"

int updraft_flash_init(struct ud_flash *flash);

/* Waits for the slots and takes them; a task may take them twice. The first call reads the
 * partition table. Leave them whatever is returned.
 * UD_ERR_NO_SLOT (ESP_ERR_NOT_SUPPORTED): flash is encrypted, which is not known here. */
int updraft_enter(struct ud_slots **slots);
void updraft_leave(void);

/* Reads the partition table anew at the next call: it was written. Not while something is
 * being written through esp_ota_*, or the task of ways.c is up. */
void updraft_forget(void);

/* esp_err_t of an enum ud_error. */
esp_err_t updraft_error(int error);

/* ---- partitions.c ---- */

/* Of ESP-IDF's, which may not be null. */
struct ud_partition updraft_partition_from(const esp_partition_t *partition);

/* ESP-IDF's of the same place; null when it has none. */
const esp_partition_t *updraft_partition_of(const struct ud_partition *partition);

#endif
