#include "workers.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX 8

/* What the processes share. */
struct desk {
    _Atomic uint64_t next;
    _Atomic uint64_t done;
    _Atomic uint64_t failed;
    char failures[WORKERS_FAILURES_MAX][WORKERS_FAILURE_MAX];
};

static void fail(struct desk *desk, const char *text)
{
    const uint64_t number = atomic_fetch_add(&desk->failed, 1);

    if (number < WORKERS_FAILURES_MAX)
        snprintf(desk->failures[number], WORKERS_FAILURE_MAX, "%s", text);
}

static void work(const struct workers_jobs *jobs, struct desk *desk)
{
    char failure[WORKERS_FAILURE_MAX];

    while (atomic_load(&desk->failed) < WORKERS_FAILURES_MAX) {
        const uint64_t number = atomic_fetch_add(&desk->next, 1);
        if (number >= jobs->count)
            return;
        failure[0] = '\0';
        if (!jobs->work(jobs->ctx, number, failure))
            fail(desk, failure);
        atomic_fetch_add(&desk->done, 1);
    }
}

static pid_t start_worker(const struct workers_jobs *jobs, struct desk *desk)
{
    fflush(stdout);
    const pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (!jobs->start(jobs->ctx)) {
        fflush(stdout);
        _exit(1);
    }
    work(jobs, desk);
    jobs->end(jobs->ctx);
    _exit(0);
}

static int worker_count(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        return 1;
    return processors < WORKERS_MAX ? (int)processors : WORKERS_MAX;
}

static void wait_for(pid_t worker, struct desk *desk)
{
    int status = 0;

    if (worker < 0 || waitpid(worker, &status, 0) != worker || status != 0)
        fail(desk, "a worker died");
}

struct workers_tally workers_run(const struct workers_jobs *jobs)
{
    const int count = worker_count();
    pid_t workers[WORKERS_MAX];
    struct desk *desk =
        mmap(NULL, sizeof *desk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (desk == MAP_FAILED)
        abort();
    for (int i = 0; i < count; i++)
        workers[i] = start_worker(jobs, desk);
    for (int i = 0; i < count; i++)
        wait_for(workers[i], desk);
    const struct workers_tally tally = {desk->done, desk->failed};
    for (uint64_t i = 0; i < tally.failed && i < WORKERS_FAILURES_MAX; i++)
        printf("# %s\n", desk->failures[i]);
    munmap(desk, sizeof *desk);
    return tally;
}
