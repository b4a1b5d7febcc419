/* A boot of a chip with slots, up to the program that is to start: reads partitions
 * and OTA data, decides, and does what was decided. Virtual ESP32s boot by it.
 */
#ifndef BOOT_SLOTS_RUN_H
#define BOOT_SLOTS_RUN_H

#include "boot/slots_decide.h"
#include "updraft/slots.h"

struct slots_run_config {
    const struct ud_flash *flash;
    uint32_t table_address;            /* 0: UD_PARTITIONS_OFFSET */
    const struct ud_digest_class *md5; /* null: tables without an MD5 are taken */
    const struct ud_digest_class *sha256;
    uint16_t chip_id;
    uint16_t revision;
    bool has_trials;
    const struct ud_security *security; /* null: any version starts */
    bool is_reset_held;
    bool is_test_held;
    const char *const *settings; /* labels of data partitions that a reset erases, null at
                                  * the end; null: only OTA data */
};

struct slots_result {
    enum slots_action action;      /* the last one decided on */
    struct ud_partition partition; /* what starts */
    bool has_ended_trial;          /* the program tried before is given up */
    bool has_fallen_back;          /* it is not the one that was wanted */
};

struct slots_run {
    struct slots_run_config config;
    struct ud_partitions table;
    struct ud_partition otadata; /* size 0: there is none */
    struct slots_view view;
    struct slots_result *result;
    struct ud_slot_image image; /* being verified */
};

/* UD_OK; UD_ERR_NOT_FOUND when no program would start, and what ud_partitions_open()
 * says. What cannot be written is let be: something starts nevertheless. */
UD_MUST_CHECK int slots_run(struct slots_run *run, const struct slots_run_config *config,
                            struct slots_result *result);

#endif
