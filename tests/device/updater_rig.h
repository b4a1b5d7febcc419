/* A device for tests of the updater: flash with a running program in it, RTC
 * memory, the staging target, and a record of what the events said.
 */
#ifndef UPDATER_RIG_H
#define UPDATER_RIG_H

#include "image_builder.h"
#include "ram_flash.h"
#include "updraft/staging.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_OLD_BYTE 0x5a /* left everywhere by earlier updates, so that nothing is erased */

/* What all-zero means stands in parentheses. */
struct rig_setup {
    const char *layout;        /* (1M64K) */
    uint32_t chip_size;        /* (as the layout says) */
    uint8_t running_size_code; /* in the running program's header (the layout's) */
    uint32_t buffer_size;      /* (4096) */
    bool has_no_buffer;
    bool is_atomic;   /* file systems are staged too */
    bool has_journal; /* orders go to the bootloader's journal */
    uint32_t straps;
    const struct ud_verifier *verifier;
    const struct ud_manifest_terms *terms;
    struct ud_gunzip *gunzip;
    bool takes_any_flash_mode;
};

struct updater_rig {
    struct ram_flash flash;
    uint8_t *before; /* what the flash held at first; the program, then RIG_OLD_BYTE */
    uint32_t rtc_words[UD_EBOOT_BLOCK_WORDS];
    uint32_t rtc_before[UD_EBOOT_BLOCK_WORDS]; /* a sketch's data: no command */
    struct ud_rtc rtc;
    bool rtc_fails;
    uint32_t rtc_writes;
    uint32_t fail_rtc_write; /* the write of this number, counted from 1; 0 = none */
    uint32_t straps;
    struct ud_staging staging;
    struct ud_updater updater;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct image_bytes running;

    /* Events of all sessions. */
    uint32_t starts;
    uint32_t ends;
    uint32_t errors;
    int last_error;
    uint32_t progress_calls;
    uint32_t done; /* as last reported */
    uint32_t total;
};

void rig_init(struct updater_rig *rig, const struct rig_setup *setup);
void rig_free(struct updater_rig *rig);

/* As rig_init() would with the setup it had, in less time. */
void rig_renew(struct updater_rig *rig, const struct rig_setup *setup);

/* Writes data in pieces of `step` bytes, 0 for all at once. The first error, or
 * UD_OK. */
int rig_feed(struct updater_rig *rig, const uint8_t *data, uint32_t length, uint32_t step);

/* begin, feed and end. */
int rig_install(struct updater_rig *rig, enum ud_command command, const struct image_bytes *image,
                uint32_t step);

/* RTC memory and flash are as they were, but for the place of the last session in
 * flash, and no call broke the rules of flash. */
void rig_assert_untouched(const struct updater_rig *rig);

/* The command in RTC memory copies `size` bytes from where an image of `placed`
 * bytes is staged to `destination`; flash as above. */
void rig_assert_commanded(const struct updater_rig *rig, uint32_t placed, uint32_t size,
                          uint32_t destination);

/* Where an image of that many bytes is staged. */
const uint8_t *rig_staged(const struct updater_rig *rig, uint32_t placed);

/* Ways to cut a stream: 0 is whole. */
extern const uint32_t rig_steps[];
extern const size_t rig_step_count;

#endif
