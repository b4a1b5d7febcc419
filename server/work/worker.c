#include "server/work/worker.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    struct job *next;
    void (*run)(void *ctx);
    void *ctx;
};

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last;
    bool is_stopping;
};

/* The next job; null when there is none and the worker is to stop. */
static struct job *take(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (worker->first == NULL && !worker->is_stopping)
        pthread_cond_wait(&worker->wake, &worker->lock);
    struct job *job = worker->first;
    if (job != NULL) {
        worker->first = job->next;
        if (worker->first == NULL)
            worker->last = &worker->first;
    }
    pthread_mutex_unlock(&worker->lock);
    return job;
}

static void *run(void *ctx)
{
    struct job *job;

    while ((job = take(ctx)) != NULL) {
        job->run(job->ctx);
        free(job);
    }
    return NULL;
}

struct worker *worker_start(void)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return NULL;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->last = &worker->first;
    if (pthread_create(&worker->thread, NULL, run, worker) == 0)
        return worker;
    free(worker);
    return NULL;
}

bool worker_submit(struct worker *worker, void (*function)(void *ctx), void *ctx)
{
    struct job *job = malloc(sizeof *job);

    if (job == NULL)
        return false;
    *job = (struct job){NULL, function, ctx};
    pthread_mutex_lock(&worker->lock);
    *worker->last = job;
    worker->last = &job->next;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    return true;
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->is_stopping = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->wake);
    free(worker);
}
