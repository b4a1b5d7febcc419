/* A flash chip in memory, for unit tests: NOR rules, a fault on demand.
 *
 * Starts erased. Programming only clears bits. One operation can be told to
 * fail; like a real chip's it leaves its range half done. For time, wear and
 * power cuts there is sim/nor.h.
 */
#ifndef RAM_FLASH_H
#define RAM_FLASH_H

#include "updraft/flash.h"

#include <stdint.h>

struct ram_flash {
    struct ud_flash port; /* ctx is this struct, so it must not be moved */
    uint8_t *bytes;       /* port.size of them, malloc'd; a test may look and write */
    uint32_t reads;       /* operations so far, failed ones included */
    uint32_t programs;
    uint32_t erases;
    uint32_t fail_read;    /* the read, program or erase of this number fails, */
    uint32_t fail_program; /* counted from 1; 0 = none */
    uint32_t fail_erase;
    uint32_t violations;  /* calls that no port needs to take: misaligned, out of range */
    uint32_t changed_at;  /* all that was programmed or erased lies from here */
    uint32_t changed_end; /* to here; 0: nothing was */
};

/* size is a whole number of sectors. 0, or -1 when there is no memory. */
int ram_flash_init(struct ram_flash *flash, uint32_t size);

void ram_flash_free(struct ram_flash *flash);

/* Undoes what the port was asked for, faults and counts included: `content` is the whole
 * chip's before that, null if it was erased. What a test wrote into bytes itself is not
 * undone. Far cheaper than another chip, to who needs thousands. */
void ram_flash_renew(struct ram_flash *flash, const uint8_t *content);

#endif
