#include "posix/pull.h"
#include "tools/push.h"

#include <poll.h>
#include <stdlib.h>

/* Fills in the entries of all uploads; returns how many. */
static nfds_t collect(const struct push *uploads, size_t count, struct pollfd *entries)
{
    nfds_t filled = 0;

    for (size_t i = 0; i < count; i++)
        filled += push_poll(&uploads[i], entries + filled);
    return filled;
}

/* Milliseconds until the first is due; -1: all are done. */
static int wait_ms(const struct push *uploads, size_t count, uint32_t now_ms)
{
    int least = -1;

    for (size_t i = 0; i < count; i++) {
        if (uploads[i].state == PUSH_DONE)
            continue;
        const int32_t left = (int32_t)(push_deadline(&uploads[i]) - now_ms);
        const int wait = left > 0 ? left : 0;
        least = least < 0 || wait < least ? wait : least;
    }
    return least;
}

static void serve(struct push *uploads, size_t count, const struct push_watch *watch)
{
    const uint32_t now_ms = ud_posix_clock_ms();

    for (size_t i = 0; i < count; i++) {
        if (uploads[i].state == PUSH_DONE)
            continue;
        push_service(&uploads[i], now_ms);
        watch->look(watch->ctx, i, &uploads[i]);
    }
}

void push_loop(struct push *uploads, const struct push_config *configs, size_t count,
               const struct push_watch *watch)
{
    struct pollfd *entries = calloc(count * PUSH_SOCKETS, sizeof *entries);
    int wait;

    for (size_t i = 0; i < count; i++) {
        push_open(&uploads[i], &configs[i], ud_posix_clock_ms());
        watch->look(watch->ctx, i, &uploads[i]);
    }
    while (entries != NULL && (wait = wait_ms(uploads, count, ud_posix_clock_ms())) >= 0) {
        (void)poll(entries, collect(uploads, count, entries), wait);
        serve(uploads, count, watch);
    }
    for (size_t i = 0; i < count; i++)
        push_close(&uploads[i]);
    free(entries);
}
