#include "server/blobs/keeper.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "updraft/hex.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHECK_MS     INT64_C(86400000) /* from one look at a file to the next */
#define RETRY_MS     INT64_C(1000)     /* after a failure; then twice as long, and so on */
#define RETRY_MAX_MS INT64_C(60000)

struct kept {
    const struct release *release;
    struct release_file file;
    int64_t due_ms;    /* monotonic; when it is to be looked at */
    unsigned failures; /* in a row */
    bool is_shared;    /* the depot has it, too */
};

struct keeper {
    struct keeper_config config;
    pthread_t thread;
    bool is_started;
    int64_t sweep_ms;     /* when the depot is to be swept; the thread's own */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool is_stopping;
    struct kept *files;
    size_t count;
};

struct keeper *keeper_new(const struct keeper_config *config)
{
    struct keeper *keeper = calloc(1, sizeof *keeper);
    pthread_condattr_t attributes;

    if (keeper == NULL)
        return NULL;
    keeper->config = *config;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return keeper;
}

/* --- what is wanted; the lock is held --- */

static struct kept *find(const struct keeper *keeper, const struct release *release,
                         const uint8_t sha256[UD_SHA256_SIZE])
{
    for (size_t i = 0; i < keeper->count; i++) {
        struct kept *kept = &keeper->files[i];
        if (kept->release == release && memcmp(kept->file.sha256, sha256, UD_SHA256_SIZE) == 0)
            return kept;
    }
    return NULL;
}

static struct kept *add(struct keeper *keeper, const struct release *release,
                        const struct release_file *file)
{
    struct kept *files = realloc(keeper->files, (keeper->count + 1) * sizeof *files);

    if (files == NULL)
        return NULL;
    keeper->files = files;
    files[keeper->count] = (struct kept){.release = release, .file = *file};
    return &files[keeper->count++];
}

void keeper_want(struct keeper *keeper, const struct release *release,
                 const struct release_file *file)
{
    pthread_mutex_lock(&keeper->lock);
    struct kept *kept = find(keeper, release, file->sha256);
    if (kept == NULL)
        kept = add(keeper, release, file);
    /* One that was just looked for in vain is not looked for at once because many ask. */
    if (kept != NULL && kept->failures == 0)
        kept->due_ms = 0;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

static struct kept *first_due(const struct keeper *keeper)
{
    struct kept *first = NULL;

    for (size_t i = 0; i < keeper->count; i++)
        if (first == NULL || keeper->files[i].due_ms < first->due_ms)
            first = &keeper->files[i];
    return first;
}

/* --- one file, without the lock --- */

static void tell(const struct keeper *keeper, const struct kept *kept, bool is_here)
{
    keeper->config.found(keeper->config.ctx, kept->release, &kept->file, is_here);
}

static void log_missing(const struct keeper *keeper, const struct kept *kept, int error)
{
    const struct release *release = kept->release;
    const char *what = error == -ENOENT        ? "is not here"
                       : error == BLOB_DAMAGED ? "is damaged here"
                                               : "cannot be read here";
    const bool is_unread = error != -ENOENT && error != BLOB_DAMAGED;

    if (keeper->config.depot != NULL)
        log_line("the file of %s %s %s: it is fetched from %s", release->product, release->version,
                 what, keeper->config.depot->class->name);
    else if (is_unread)
        log_line("the file of %s %s %s, which is tried again: %s", release->product,
                 release->version, what, strerror(-error));
    else
        log_line("the file of %s %s %s: publish it again", release->product, release->version,
                 what);
}

static void set_aside(const struct keeper *keeper, const struct kept *kept)
{
    char name[2 * UD_SHA256_SIZE + 1];

    if (blob_set_aside(keeper->config.blobs, kept->file.sha256) != 0)
        return;
    ud_hex_encode(kept->file.sha256, UD_SHA256_SIZE, name);
    log_line("what was found as the file of %s %s is kept as %s.damaged", kept->release->product,
             kept->release->version, name);
}

/* Once more, before a file is given up: what was read may be wrong, and not what is there. */
static int check(const struct keeper *keeper, const struct release_file *file)
{
    const struct blobs *blobs = keeper->config.blobs;
    const int error = blob_check(blobs, file->sha256, file->size);

    return error != 0 && error != -ENOENT ? blob_check(blobs, file->sha256, file->size) : error;
}

/* The depot's bytes; what is not what its name says gets no name. */
static int receive(const struct keeper *keeper, const struct kept *kept, struct blob_upload *upload,
                   char error[DEPOT_ERROR_SIZE])
{
    struct depot *depot = keeper->config.depot;
    uint8_t sha256[UD_SHA256_SIZE];

    if (depot->class->get(depot, kept->file.sha256, kept->file.size, upload, error) != 0)
        return -1;
    int code = blob_digest(blob_upload_file(upload), sha256);
    if (code == 0 && memcmp(sha256, kept->file.sha256, UD_SHA256_SIZE) != 0) {
        snprintf(error, DEPOT_ERROR_SIZE, "its bytes are damaged there: publish it again");
        return -1;
    }
    if (code == 0)
        code = blob_upload_commit(upload, kept->file.sha256);
    if (code != 0)
        snprintf(error, DEPOT_ERROR_SIZE, "%s", strerror(-code));
    return code == 0 ? 0 : -1;
}

static bool fetch(const struct keeper *keeper, const struct kept *kept)
{
    const struct release *release = kept->release;
    char error[DEPOT_ERROR_SIZE] = "";
    struct blob_upload *upload;
    const int code = blob_upload_begin(keeper->config.blobs, &upload);

    if (code != 0)
        snprintf(error, sizeof error, "%s", strerror(-code));
    const bool is_done = code == 0 && receive(keeper, kept, upload, error) == 0;
    if (code == 0)
        blob_upload_end(upload);
    if (is_done)
        log_line("the file of %s %s was fetched from %s", release->product, release->version,
                 keeper->config.depot->class->name);
    else if (kept->failures == 0)
        log_line("the file of %s %s cannot be fetched from %s, which is tried again: %s",
                 release->product, release->version, keeper->config.depot->class->name, error);
    return is_done;
}

/* Files from the time before there was a depot, or from another one. */
static bool share(const struct keeper *keeper, const struct kept *kept)
{
    struct depot *depot = keeper->config.depot;
    const struct release_file *file = &kept->file;
    char error[DEPOT_ERROR_SIZE];
    int result = depot->class->has(depot, file->sha256, file->size, error);

    if (result == 0) {
        const int descriptor = blob_open(keeper->config.blobs, file->sha256, file->size);
        if (descriptor < 0)
            return false;
        result = depot->class->put(depot, file->sha256, descriptor, file->size, error);
        close(descriptor);
    }
    if (result < 0 && kept->failures == 0)
        log_line("the file of %s %s cannot be given to %s, which is tried again: %s",
                 kept->release->product, kept->release->version, depot->class->name, error);
    return result >= 0;
}

/* True when all is as it should be. */
static bool look_at(const struct keeper *keeper, struct kept *kept)
{
    const struct keeper_config *config = &keeper->config;
    const int error = check(keeper, &kept->file);

    if (error != 0 && !blob_is_lost(error))
        return false;
    if (error != 0 && kept->failures == 0)
        log_missing(keeper, kept, error);
    if (error == BLOB_DAMAGED)
        set_aside(keeper, kept);
    if (error != 0)
        tell(keeper, kept, false);
    if (error != 0 && (config->depot == NULL || !fetch(keeper, kept)))
        return false;
    tell(keeper, kept, true);
    kept->is_shared = kept->is_shared || error != 0;
    if (config->depot != NULL && !kept->is_shared)
        kept->is_shared = share(keeper, kept);
    return config->depot == NULL || kept->is_shared;
}

/* --- the thread --- */

static int64_t pause_after(unsigned failures)
{
    int64_t pause_ms = RETRY_MS;

    for (unsigned i = 1; i < failures && pause_ms < RETRY_MAX_MS; i++)
        pause_ms *= 2;
    return pause_ms < RETRY_MAX_MS ? pause_ms : RETRY_MAX_MS;
}

/* The lock is held on call and return, and not in between. */
static void work(struct keeper *keeper, const struct kept *first)
{
    struct kept kept = *first;

    pthread_mutex_unlock(&keeper->lock);
    const bool is_good = look_at(keeper, &kept);
    pthread_mutex_lock(&keeper->lock);
    kept.failures = is_good ? 0 : kept.failures + 1;
    kept.due_ms = clock_monotonic_ms() + (is_good ? CHECK_MS : pause_after(kept.failures));
    *find(keeper, kept.release, kept.file.sha256) = kept; /* it may have moved */
}

static void sweep(struct keeper *keeper, int64_t now_ms)
{
    const struct keeper_config *config = &keeper->config;
    struct depot *depot = config->depot;
    char error[DEPOT_ERROR_SIZE];

    keeper->sweep_ms = now_ms + CHECK_MS;
    if (depot == NULL)
        return;
    const int removed = depot->class->sweep(depot, config->is_wanted, config->ctx, error);
    if (removed > 0)
        log_line("%d file(s) of no release removed from %s", removed, depot->class->name);
    else if (removed < 0)
        log_line("files of no release stay in %s: %s", depot->class->name, error);
}

static void wait_until(struct keeper *keeper, int64_t due_ms)
{
    const struct timespec due = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};

    pthread_cond_timedwait(&keeper->wake, &keeper->lock, &due);
}

static void *run(void *ctx)
{
    struct keeper *keeper = ctx;

    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_stopping) {
        const int64_t now_ms = clock_monotonic_ms();
        const struct kept *first = first_due(keeper);
        if (first != NULL && first->due_ms <= now_ms) {
            work(keeper, first);
        } else if (keeper->sweep_ms <= now_ms) {
            pthread_mutex_unlock(&keeper->lock);
            sweep(keeper, now_ms);
            pthread_mutex_lock(&keeper->lock);
        } else {
            wait_until(keeper, first != NULL && first->due_ms < keeper->sweep_ms
                                   ? first->due_ms
                                   : keeper->sweep_ms);
        }
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

bool keeper_start(struct keeper *keeper)
{
    keeper->is_started = pthread_create(&keeper->thread, NULL, run, keeper) == 0;
    return keeper->is_started;
}

void keeper_stop(struct keeper *keeper)
{
    if (!keeper->is_started)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->is_stopping = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    keeper->is_started = false;
}

void keeper_free(struct keeper *keeper)
{
    keeper_stop(keeper);
    pthread_mutex_destroy(&keeper->lock);
    pthread_cond_destroy(&keeper->wake);
    free(keeper->files);
    free(keeper);
}
