/* The trial of a new image: what stands in flash while it has not confirmed that
 * it works, and what to go back to.
 *
 * In the first sector behind the running program, where nothing is staged while
 * a trial goes on:
 *
 *   +00 u32 magic      9D7BF3C6
 *   +04 u32 image      forward CRC-32 of the program's first 64 bytes at 0x1000
 *   +08 u32 keep       flash address of the image before it
 *   +0C u32 keep_size  bytes of that
 *   +10 u32 crc        forward CRC-32 of 00..0F
 *   +14 u32 confirmed  FFFFFFFF until the program has
 *   +18 u32 boots[3]   FFFFFFFF until that one has begun
 *   +24 u32 returned   FFFFFFFF until the way back was ordered: it is only once, so
 *                      that an image that replaced itself does not go round in circles
 *
 * Words from `confirmed` on are programmed to zero, each once.
 */
#ifndef UPDRAFT_TRIAL_H
#define UPDRAFT_TRIAL_H

#include "updraft/flash.h"

#include <stdint.h>

#define UD_TRIAL_MAGIC 0x9d7bf3c6u
#define UD_TRIAL_BOOTS 3u /* that a new image has to confirm itself */

enum ud_trial_state {
    UD_TRIAL_NONE,  /* no record, one of another program, a confirmed or a finished one */
    UD_TRIAL_OPEN,  /* there are boots left */
    UD_TRIAL_SPENT, /* there are none */
};

struct ud_trial {
    enum ud_trial_state state;
    uint32_t address; /* of the record */
    uint32_t keep;
    uint32_t keep_size;
    uint32_t boots; /* begun */
};

/* Looks behind the program at 0, whose end is at flash address `end`. A sector
 * that cannot be read holds no trial. */
void ud_trial_load(const struct ud_flash *flash, uint32_t end, struct ud_trial *trial);

/* Starts one for the program at 0: keep and keep_size are its predecessor. Erases
 * the sector. */
UD_MUST_CHECK int ud_trial_begin(const struct ud_flash *flash, uint32_t end, uint32_t keep,
                                 uint32_t keep_size);

/* One more boot of an open trial begins; or, of a spent one, the way back. */
UD_MUST_CHECK int ud_trial_count(const struct ud_flash *flash, const struct ud_trial *trial);

/* For the running program: it works, and stays. UD_OK too when nobody asked. */
UD_MUST_CHECK int ud_trial_confirm(const struct ud_flash *flash);

#endif
