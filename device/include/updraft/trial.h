/* The trial of a new program: what stands in flash while it has not confirmed that
 * it works, and the order that brings its predecessor back.
 *
 * In the last UD_TRIAL_SIZE bytes of the sector the program ends in, which belong to
 * it: nothing is ever staged there, so nobody but the bootloader writes a record.
 *
 *   +00 u32 magic        9D7BF3C6; programmed to zero when the trial is over
 *   +04 u32 source       flash address of the program before it
 *   +08 u32 destination  0
 *   +0C u32 size         bytes of it
 *   +10 u32 crc          forward CRC-32 of 00..0F
 *   +14 u32 boots        FFFFFFFF; each boot shifts eight zero bits in from below
 *   +18     8 bytes      FF
 *
 * A program whose end leaves no room for that is not tried; the packer makes sure
 * that one which asks for a trial has it.
 */
#ifndef UPDRAFT_TRIAL_H
#define UPDRAFT_TRIAL_H

#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_TRIAL_MAGIC      0x9d7bf3c6u
#define UD_TRIAL_SIZE       32u
#define UD_TRIAL_BOOTS      3u /* that a new program has to confirm itself */
#define UD_TRIAL_BOOT_BITS  8u
#define UD_TRIAL_BOOT_MASK  ((1u << UD_TRIAL_BOOT_BITS) - 1)
#define UD_TRIAL_WORD_BOOTS 5u
#define UD_TRIAL_WORDS      6u
/* None left when these bits of `boots` are zero. */
#define UD_TRIAL_BOOTS_MASK ((1u << UD_TRIAL_BOOTS * UD_TRIAL_BOOT_BITS) - 1)

struct ud_trial {
    bool is_open;       /* the program has not confirmed itself */
    uint32_t keep;      /* flash address of the program before it; nothing may be
                         * written there while the trial is open */
    uint32_t keep_size; /* bytes of it */
    uint32_t boots;     /* begun, this one included */
};

/* Is there room for a record behind a program of `size` bytes? */
bool ud_trial_has_room(uint32_t size);

/* Where the record of a program that ends at flash address `end` is. */
uint32_t ud_trial_address(uint32_t end);

/* The trial of the program at 0. UD_ERR_FLASH_READ; UD_ERR_IMAGE when there is no
 * program. */
UD_MUST_CHECK int ud_trial_load(const struct ud_flash *flash, struct ud_trial *trial);

/* For the running program: it works, and stays. UD_OK too when nobody asked. Errors
 * as above, and UD_ERR_FLASH_WRITE. */
UD_MUST_CHECK int ud_trial_confirm(const struct ud_flash *flash);

#endif
