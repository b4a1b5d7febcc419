/* A chip with slots, for tests: a partition table in simulated flash, programs in its
 * partitions, the boot that chooses one, and the library as the chosen one has it.
 *
 * What cannot happen aborts the program, so that tests need no error paths.
 */
#ifndef SLOTS_RIG_H
#define SLOTS_RIG_H

#include "boot/slots_run.h"
#include "image_builder.h"
#include "sim/nor.h"
#include "updraft/slots.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_CHIP     5u /* ESP32-C3 */
#define RIG_REVISION 101u
#define RIG_BOOT     0x1000u /* bootloader, up to the table */
#define RIG_OTADATA  0x9000u
#define RIG_FILES    0xb000u   /* 16 KB of SPIFFS */
#define RIG_FLASH    0x100000u /* as image headers have it */
#define RIG_APP      0x10000u  /* programs begin here, RIG_APP apart: factory, slots, test */

struct slots_setup {
    bool has_factory;
    uint32_t count; /* of slots */
    bool has_test;
    bool has_rollback;
    bool has_security;
    bool has_system; /* the table has rows for bootloader and table */
    bool has_no_otadata;
};

struct slots_rig {
    struct slots_setup setup;
    struct power power;
    struct nor *nor;
    const struct ud_flash *flash;
    uint32_t fuse; /* the least security version */
    struct ud_security security;
    struct slots_run run;
    struct slots_result result; /* of the last boot */
    struct ud_slots slots;      /* of the program that runs */
    bool is_reset_held;
    bool is_test_held;
};

void slots_rig_open(struct slots_rig *rig, const struct slots_setup *setup);
void slots_rig_close(struct slots_rig *rig);

/* A partition of the table, by its subtype. */
struct ud_partition slots_rig_app(const struct slots_rig *rig, uint8_t subtype);

/* A program for the chip. */
struct image_bytes slots_rig_build(const char *version, uint32_t secure_version);

/* Puts a program into a partition, as by wire. */
void slots_rig_flash(struct slots_rig *rig, uint8_t subtype, const char *version);

/* Boots: the subtype of what runs then, or -1. */
int slots_rig_boot(struct slots_rig *rig);

/* Writes an image into a slot, through the library's own session. */
int slots_rig_write(struct slots_rig *rig, const struct ud_partition *slot,
                    const struct image_bytes *image);

/* The same, and makes it the one that starts. */
int slots_rig_update(struct slots_rig *rig, const struct ud_partition *slot,
                     const struct image_bytes *image);

/* The version of the program in a partition; "" if there is none. */
const char *slots_rig_version(struct slots_rig *rig, uint8_t subtype, char out[33]);

/* 0 and 1: the entry in its place, as ESP-IDF's code sees it. */
struct ud_otadata_entry slots_rig_entry(const struct slots_rig *rig, int index);

#endif
