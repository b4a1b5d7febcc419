/* What a boot should do, from what is known: pure, and readable as a table.
 *
 * Whoever boots reads the command, looks at the source it names and at the
 * running program, hands the facts in here and carries the decision out.
 */
#ifndef BOOT_DECIDE_H
#define BOOT_DECIDE_H

#include "updraft/eboot.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the file of the program that runs unless told otherwise lies in flash. */
#define BOOT_RUNNING_BASE 0u

struct boot_facts {
    bool has_command;
    struct ud_eboot_command command; /* meaningful when has_command is set */
    bool is_gzip;                    /* copy: the source begins as a gzip file does */
    uint32_t output_size;            /* copy: bytes it would write; gzip: as its trailer says */
    uint32_t running_size;           /* bytes of the program at 0, whole sectors; 0: none */
    uint32_t flash_size;
};

enum boot_action {
    BOOT_LOAD,    /* start the application at `base` */
    BOOT_COPY,    /* copy, then start it */
    BOOT_INFLATE, /* decompress, then start it */
};

enum boot_reason {
    BOOT_NO_COMMAND,
    BOOT_COMMANDED,

    /* The command was refused: the running program starts, untouched. */
    BOOT_REFUSED,                 /* this and every later one */
    BOOT_BAD_BASE = BOOT_REFUSED, /* no room for an application there */
    BOOT_BAD_ALIGNMENT,           /* source or destination starts no sector */
    BOOT_EMPTY,                   /* nothing to copy */
    BOOT_BAD_SOURCE,              /* source leaves the chip */
    BOOT_BAD_DESTINATION,         /* destination reaches files or settings behind it */
    BOOT_OVER_RUNNING,            /* destination inside the running program */
    BOOT_OVERLAP,                 /* destination would overwrite source not read yet */
    BOOT_REASONS,
};

struct boot_decision {
    enum boot_action action;
    enum boot_reason reason;
    uint32_t base; /* of the two-image file to start when all else is done */

    /* Copy and inflate. */
    uint32_t source;
    uint32_t destination;
    uint32_t size;        /* stored bytes */
    uint32_t output_size; /* bytes that appear at destination */
};

static inline bool boot_is_refused(const struct boot_decision *decision)
{
    return decision->reason >= BOOT_REFUSED;
}

/* A destination of 0 is the running program; everything else is data, a file
 * system, and is never started. */
static inline bool boot_is_program(const struct boot_decision *decision)
{
    return decision->destination == BOOT_RUNNING_BASE;
}

struct boot_decision boot_decide(const struct boot_facts *facts);

#endif
