/* Can an ordered update be carried out, and how? Pure. */
#ifndef BOOT_PLAN_H
#define BOOT_PLAN_H

#include "updraft/journal.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the running program lies in flash; what is copied anywhere else is data. */
#define BOOT_PROGRAM 0u

enum boot_reason {
    BOOT_FEASIBLE,
    BOOT_BAD_ALIGNMENT,   /* source or destination starts no sector */
    BOOT_EMPTY,           /* nothing to copy */
    BOOT_BAD_SOURCE,      /* source is not where images are staged */
    BOOT_BAD_DESTINATION, /* what comes out reaches files, settings, or more than can be tracked */
    BOOT_OVER_RUNNING,    /* data would overwrite the running program */
    BOOT_OVERLAP,         /* source would be overwritten before it was read */
    BOOT_REASONS,
};

struct boot_task {
    struct ud_journal_order order;
    bool is_gzip;          /* the source begins as a gzip file does */
    uint32_t output_size;  /* bytes that come out; gzip: as the trailer says */
    uint32_t running_size; /* bytes of the program that runs; 0: none */
    uint32_t flash_size;
};

/* Meaningful *plan only with BOOT_FEASIBLE. */
enum boot_reason boot_plan(const struct boot_task *task, struct ud_journal_plan *plan);

#endif
