/* What the server has answered and sent since it started. All of it may be counted
 * from any thread. */
#ifndef SERVER_METRICS_COUNTERS_H
#define SERVER_METRICS_COUNTERS_H

#include "server/policy/policy.h"

#include <stdatomic.h>

/* Who was answered. */
enum counted_interface {
    COUNTED_OTHER,    /* the dashboard's files, metrics, what is nobody's */
    COUNTED_CHECKIN,  /* a device that checks in */
    COUNTED_DOWNLOAD, /* /firmware/… */
    COUNTED_API,      /* operators */
    COUNTED_INTERFACES,
};

#define COUNTED_STATUSES 20

struct counters {
    /* By place in the list of statuses; the last is for all others. */
    atomic_ullong answers[COUNTED_INTERFACES][COUNTED_STATUSES + 1];
    atomic_ullong decisions[STATE_COUNT]; /* of known devices' check-ins, by what they were then */
    atomic_ullong downloads_begun;
    atomic_ullong downloads_whole;
    atomic_ullong downloads_broken;
    atomic_ullong download_bytes; /* that arrived, of both */
};

void counters_note_answer(struct counters *counters, enum counted_interface interface,
                          unsigned status);

/* The status counted at a place; 0 for all others. */
unsigned counters_status(size_t place);

static inline void counter_add(atomic_ullong *counter, unsigned long long amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static inline double counter_read(const atomic_ullong *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
