/* A thread for what takes long, so that those that serve are free. Jobs run
 * one after the other. */
#ifndef SERVER_WORK_WORKER_H
#define SERVER_WORK_WORKER_H

#include <stdbool.h>

struct worker;

/* Null when it cannot be started. */
struct worker *worker_start(void);

/* False when memory is out; then run is not called. */
bool worker_submit(struct worker *worker, void (*run)(void *ctx), void *ctx);

/* Runs what is waiting, then ends. */
void worker_stop(struct worker *worker);

#endif
