/* Numbered jobs, done by as many processes as there are processors. */
#ifndef POWERCUT_LX106_WORKERS_H
#define POWERCUT_LX106_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKERS_FAILURE_MAX  512u /* bytes of a failure's text, NUL included */
#define WORKERS_FAILURES_MAX 5u   /* enough: no further jobs are begun */

struct workers_jobs {
    uint64_t count;
    void *ctx;                /* each worker has its own copy, as it was at the start */
    bool (*start)(void *ctx); /* once in each worker; false: it cannot work */
    void (*end)(void *ctx);
    /* False, with a text, when the job fails. */
    bool (*work)(void *ctx, uint64_t number, char failure[WORKERS_FAILURE_MAX]);
};

struct workers_tally {
    uint64_t done;
    uint64_t failed; /* jobs, and workers that died */
};

/* Prints failures as TAP comments. */
struct workers_tally workers_run(const struct workers_jobs *jobs);

#endif
