/* The writer: a thread that makes changes durable in groups.
 *
 * Changes that arrive while one commit is on its way share the next. What is
 * submitted is answered after its commit; what is collected ("written behind")
 * is asked for once a second, and when the writer stops.
 */
#ifndef SERVER_STORE_WRITER_H
#define SERVER_STORE_WRITER_H

#include "server/metrics/histogram.h"
#include "server/store/store.h"

#define WRITER_BEHIND_MS 1000
#define WRITER_FOLLOW_MS 500 /* between two looks at what others have changed */

struct writer;

struct writer_config {
    struct store *store; /* used by the writer's thread alone from now on */
    void *ctx;
    /* Before a change is written, to add to it what is to be written with it; null: none. */
    void (*announce)(void *ctx, struct change *change);
    /* A change is durable: time to let memory follow. Before its `done`. */
    void (*committed)(void *ctx, const struct change *change);
    /* Takes a change to be written behind; null when there is none (left). */
    struct change *(*collect)(void *ctx);
    /* The same once a second, one at a time; when the writer stops, until there is none left.
     * Null: none. */
    struct change *(*collect_heard)(void *ctx, bool is_last);
    /* One that was collected could not be written. */
    void (*uncollect)(void *ctx, const struct change *change);
    /* What became of any change, before its `done`; null: none. One that memory had before it
     * was written, and that could not be, is tried again until it can: no word of it before. */
    void (*settled)(void *ctx, const struct change *change, enum change_result result);
    /* For stores that several servers share, else null: time to see what the others have
     * changed. 0, or -1 with a line in error. */
    int (*follow)(void *ctx, char error[STORE_ERROR_SIZE]);
    /* Writing began to fail, or (null) works again. With a ctx of its own. */
    void (*trouble)(void *trouble_ctx, const char *error);
    void *trouble_ctx;
};

/* What the writer has done so far; read it as it goes. */
struct writer_stats {
    struct histogram commits; /* how long transactions take */
    struct histogram waits;   /* from submission to durable */
    atomic_ullong changes;
    atomic_ullong failures;   /* changes that could not be written */
    atomic_ullong waiting;    /* changes now in the queue */
    atomic_ullong is_failing; /* 0 or 1 */
};

/* Lives as long as the writer. */
const struct writer_stats *writer_stats(const struct writer *writer);

typedef void writer_done(void *ctx, enum change_result result);

/* Starts the thread; config is copied. Null when that fails. */
struct writer *writer_start(const struct writer_config *config);

/* Takes the change over; `done` (null for none) is called on the writer's
 * thread, or at once with CHANGE_FAILED when change is null. */
void writer_submit(struct writer *writer, struct change *change, writer_done *done, void *ctx);

/* Writes all that is waiting and ends the thread; nothing may be submitted any
 * more. The store stays open. */
void writer_stop(struct writer *writer);

#endif
