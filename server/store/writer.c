#include "server/store/writer.h"

#include "server/model/clock.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Changes in one commit, at most: bounds the wait of the first of them. */
#define BATCH_MAX 4096

struct entry {
    struct change *change;
    writer_done *done;
    void *ctx;
    bool is_behind;
    int64_t since_us; /* when it was submitted or collected */
};

struct queue {
    struct entry *entries;
    size_t count;
    size_t capacity;
};

struct writer {
    struct writer_config config;
    struct writer_stats stats;
    pthread_t thread;
    pthread_mutex_t lock;
    int wake;             /* an eventfd: something waits, or the thread is to stop */
    struct queue waiting; /* under lock */
    bool is_stopping;     /* under lock */
    bool is_last;         /* the thread's own, as all that follows: nothing is tried again */
    struct queue again;   /* to be tried again, in their order */
    bool is_failing;
    int64_t behind_at_ms; /* when to collect next */
    int64_t follow_at_ms; /* when to see next what others have changed */
    struct queue batch;
    struct change **changes;
    enum change_result *results;
    size_t room; /* elements of the two arrays */
};

static bool queue_add(struct queue *queue, struct entry entry)
{
    if (queue->count == queue->capacity) {
        const size_t capacity = queue->capacity ? queue->capacity * 2 : 64;
        struct entry *entries = realloc(queue->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return false;
        queue->entries = entries;
        queue->capacity = capacity;
    }
    queue->entries[queue->count++] = entry;
    return true;
}

static int64_t next_at_ms(const struct writer *writer)
{
    const bool follows = writer->config.follow != NULL;

    return follows && writer->follow_at_ms < writer->behind_at_ms ? writer->follow_at_ms
                                                                  : writer->behind_at_ms;
}

/* Until something is submitted, others have changed something, or it is time. */
static void sleep_until(struct writer *writer, int64_t until_ms)
{
    struct store *store = writer->config.store;
    const int told = writer->config.follow != NULL ? store->class->socket(store) : -1;
    struct pollfd sources[] = {{.fd = writer->wake, .events = POLLIN},
                               {.fd = told, .events = POLLIN}};
    const int64_t left_ms = until_ms - clock_monotonic_ms();
    eventfd_t count;

    if (poll(sources, 2, left_ms > 0 ? (int)left_ms : 0) <= 0)
        return;
    if (sources[0].revents != 0)
        (void)eventfd_read(writer->wake, &count);
    if (sources[1].revents != 0 && store->class->was_told(store))
        writer->follow_at_ms = 0;
}

/* Takes what is to be written. True when the writer is to stop. */
static bool take_work(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    const struct queue empty = writer->batch;
    writer->batch = writer->waiting;
    writer->waiting = empty;
    atomic_store(&writer->stats.waiting, 0);
    const bool is_stopping = writer->is_stopping;
    pthread_mutex_unlock(&writer->lock);
    return is_stopping;
}

static bool add_behind(struct writer *writer, struct change *change)
{
    if (queue_add(&writer->batch, (struct entry){change, NULL, NULL, true, clock_monotonic_us()}))
        return true;
    writer->config.uncollect(writer->config.ctx, change);
    change_free(change);
    return false;
}

static struct change *collect_heard(struct writer *writer)
{
    const struct writer_config *config = &writer->config;

    return config->collect_heard != NULL ? config->collect_heard(config->ctx, writer->is_last)
                                         : NULL;
}

static void collect(struct writer *writer)
{
    struct change *change;

    writer->behind_at_ms = clock_monotonic_ms() + WRITER_BEHIND_MS;
    while ((change = writer->config.collect(writer->config.ctx)) != NULL)
        if (!add_behind(writer, change))
            return;
    while ((change = collect_heard(writer)) != NULL)
        if (!add_behind(writer, change) || !writer->is_last)
            return;
}

static bool make_room(struct writer *writer, size_t count)
{
    if (count <= writer->room)
        return true;
    struct change **changes = realloc(writer->changes, count * sizeof(struct change *));
    if (changes == NULL)
        return false;
    writer->changes = changes;
    enum change_result *results = realloc(writer->results, count * sizeof *results);
    if (results == NULL)
        return false;
    writer->results = results;
    writer->room = count;
    return true;
}

static bool is_kept(struct writer *writer, const struct entry *entry, enum change_result result)
{
    return result == CHANGE_FAILED && entry->change->is_ahead && !writer->is_last &&
           queue_add(&writer->again, *entry);
}

static void settle(struct writer *writer, struct entry *entry, enum change_result result)
{
    if (result == CHANGE_FAILED)
        atomic_fetch_add(&writer->stats.failures, 1);
    if (is_kept(writer, entry, result))
        return;
    if (result != CHANGE_FAILED && !entry->is_behind)
        histogram_note(&writer->stats.waits, clock_monotonic_us() - entry->since_us);
    if (result == CHANGE_DONE)
        writer->config.committed(writer->config.ctx, entry->change);
    else if (entry->is_behind)
        writer->config.uncollect(writer->config.ctx, entry->change);
    if (writer->config.settled != NULL)
        writer->config.settled(writer->config.ctx, entry->change, result);
    if (entry->done != NULL)
        entry->done(entry->ctx, result);
    change_free(entry->change);
}

/* Reports the first failure of a row of them, and their end. */
static void note_trouble(struct writer *writer, bool has_failed, const char *error)
{
    if (has_failed != writer->is_failing)
        writer->config.trouble(writer->config.trouble_ctx, has_failed ? error : NULL);
    writer->is_failing = has_failed;
    atomic_store(&writer->stats.is_failing, has_failed);
}

static void commit(struct writer *writer, struct entry *entries, size_t count)
{
    struct store *store = writer->config.store;
    char error[STORE_ERROR_SIZE] = "out of memory";

    if (!make_room(writer, BATCH_MAX)) {
        note_trouble(writer, true, error);
        for (size_t i = 0; i < count; i++)
            settle(writer, &entries[i], CHANGE_FAILED);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        writer->changes[i] = entries[i].change;
        if (writer->config.announce != NULL)
            writer->config.announce(writer->config.ctx, entries[i].change);
    }
    const int64_t begun_us = clock_monotonic_us();
    store->class->apply(store, writer->changes, count, writer->results, error);
    histogram_note(&writer->stats.commits, clock_monotonic_us() - begun_us);
    atomic_fetch_add(&writer->stats.changes, count);
    note_trouble(writer, writer->results[0] == CHANGE_FAILED, error);
    for (size_t i = 0; i < count; i++)
        settle(writer, &entries[i], writer->results[i]);
}

static void commit_batch(struct writer *writer)
{
    for (size_t done = 0; done < writer->batch.count;) {
        const size_t left = writer->batch.count - done;
        const size_t count = left < BATCH_MAX ? left : BATCH_MAX;
        commit(writer, writer->batch.entries + done, count);
        done += count;
    }
    writer->batch.count = 0;
}

/* What failed goes before what came later. */
static void try_again(struct writer *writer)
{
    struct queue later = writer->batch;
    size_t moved = 0;

    writer->batch = writer->again;
    writer->again = (struct queue){0};
    while (moved < later.count && queue_add(&writer->batch, later.entries[moved]))
        moved++;
    /* Memory is out: whoever waits for them is told. */
    for (; moved < later.count; moved++)
        settle(writer, &later.entries[moved], CHANGE_FAILED);
    free(later.entries);
}

static void follow(struct writer *writer)
{
    char error[STORE_ERROR_SIZE] = "";

    writer->follow_at_ms = clock_monotonic_ms() + WRITER_FOLLOW_MS;
    note_trouble(writer, writer->config.follow(writer->config.ctx, error) != 0, error);
}

static void *run(void *ctx)
{
    struct writer *writer = ctx;
    bool is_stopping = false;

    while (!is_stopping) {
        sleep_until(writer, next_at_ms(writer));
        is_stopping = take_work(writer);
        writer->is_last = is_stopping;
        const bool is_time = is_stopping || clock_monotonic_ms() >= writer->behind_at_ms;
        if (writer->again.count > 0 && (is_time || writer->batch.count > 0))
            try_again(writer);
        if (is_time)
            collect(writer);
        commit_batch(writer);
        if (writer->config.follow != NULL && clock_monotonic_ms() >= writer->follow_at_ms)
            follow(writer);
    }
    return NULL;
}

struct writer *writer_start(const struct writer_config *config)
{
    struct writer *writer = calloc(1, sizeof *writer);

    if (writer == NULL)
        return NULL;
    writer->config = *config;
    writer->behind_at_ms = clock_monotonic_ms() + WRITER_BEHIND_MS;
    writer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&writer->lock, NULL);
    if (writer->wake >= 0 && pthread_create(&writer->thread, NULL, run, writer) == 0)
        return writer;
    if (writer->wake >= 0)
        close(writer->wake);
    free(writer);
    return NULL;
}

static void wake(struct writer *writer)
{
    (void)eventfd_write(writer->wake, 1);
}

void writer_submit(struct writer *writer, struct change *change, writer_done *done, void *ctx)
{
    const int64_t since_us = clock_monotonic_us();
    bool is_queued = false, is_first = false;

    if (change != NULL) {
        pthread_mutex_lock(&writer->lock);
        is_queued = queue_add(&writer->waiting, (struct entry){change, done, ctx, false, since_us});
        is_first = writer->waiting.count == 1;
        atomic_store(&writer->stats.waiting, writer->waiting.count);
        pthread_mutex_unlock(&writer->lock);
    }
    if (is_first)
        wake(writer);
    if (is_queued)
        return;
    if (done != NULL)
        done(ctx, CHANGE_FAILED);
    change_free(change);
}

const struct writer_stats *writer_stats(const struct writer *writer)
{
    return &writer->stats;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->is_stopping = true;
    pthread_mutex_unlock(&writer->lock);
    wake(writer);
    pthread_join(writer->thread, NULL);
    pthread_mutex_destroy(&writer->lock);
    close(writer->wake);
    free(writer->waiting.entries);
    free(writer->batch.entries);
    free(writer->again.entries);
    free(writer->changes);
    free(writer->results);
    free(writer);
}
