#include "server/accounts/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Names and addresses remembered; who makes up more of them loses the oldest, while
 * his own address stays among the newest. */
#define ENTRIES 1024

/* Attempts at the same time: bounds the queue for the thread that hashes. */
#define AT_ONCE 32

struct entry {
    char key[THROTTLE_KEY_SIZE]; /* "" = free */
    uint32_t failures;
    int64_t last_ms; /* failure */
    int64_t seen_ms; /* attempt, made or not */
    int64_t open_ms; /* next attempt not before */
};

struct throttle {
    pthread_mutex_t lock;
    unsigned at_once;
    struct entry entries[ENTRIES];
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = calloc(1, sizeof *throttle);

    if (throttle != NULL)
        pthread_mutex_init(&throttle->lock, NULL);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

/* Null when there is none. */
static struct entry *find(struct throttle *throttle, const char *key)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if (strcmp(throttle->entries[i].key, key) == 0)
            return &throttle->entries[i];
    return NULL;
}

/* A free one, or the oldest. */
static struct entry *enter(struct throttle *throttle, const char *key)
{
    struct entry *oldest = &throttle->entries[0];

    for (size_t i = 0; i < ENTRIES && oldest->key[0] != '\0'; i++)
        if (throttle->entries[i].key[0] == '\0' || throttle->entries[i].seen_ms < oldest->seen_ms)
            oldest = &throttle->entries[i];
    memset(oldest, 0, sizeof *oldest);
    strncpy(oldest->key, key, sizeof oldest->key - 1);
    return oldest;
}

static int64_t delay_ms(uint32_t failures, uint32_t free_failures)
{
    int64_t seconds = 1;

    if (failures < free_failures)
        return 0;
    for (uint32_t i = free_failures; i < failures && seconds < THROTTLE_LONGEST_S; i++)
        seconds *= 2;
    return (seconds < THROTTLE_LONGEST_S ? seconds : THROTTLE_LONGEST_S) * 1000;
}

static uint32_t count_attempt(struct entry *entry, uint32_t free_failures, int64_t now_ms)
{
    entry->seen_ms = now_ms;
    /* A clock that was set back must not keep the door closed for longer than it may be. */
    const bool is_back = now_ms < entry->last_ms;

    if (is_back || now_ms - entry->last_ms > THROTTLE_MEMORY_S * INT64_C(1000))
        entry->failures = 0;
    else if (now_ms < entry->open_ms)
        return (uint32_t)((entry->open_ms - now_ms + 999) / 1000);
    entry->failures++;
    entry->last_ms = now_ms;
    entry->open_ms = now_ms + delay_ms(entry->failures, free_failures);
    return 0;
}

uint32_t throttle_try(struct throttle *throttle, const char *key, uint32_t free_failures,
                      int64_t now_ms)
{
    pthread_mutex_lock(&throttle->lock);
    struct entry *entry = find(throttle, key);
    if (entry == NULL)
        entry = enter(throttle, key);
    const uint32_t wait_s = count_attempt(entry, free_failures, now_ms);
    pthread_mutex_unlock(&throttle->lock);
    return wait_s;
}

void throttle_forgive(struct throttle *throttle, const char *key)
{
    pthread_mutex_lock(&throttle->lock);
    struct entry *entry = find(throttle, key);
    if (entry != NULL)
        memset(entry, 0, sizeof *entry);
    pthread_mutex_unlock(&throttle->lock);
}

void throttle_take_back(struct throttle *throttle, const char *key)
{
    pthread_mutex_lock(&throttle->lock);
    struct entry *entry = find(throttle, key);
    if (entry != NULL && entry->failures > 0) {
        entry->failures--;
        entry->open_ms = entry->last_ms;
    }
    pthread_mutex_unlock(&throttle->lock);
}

bool throttle_enter(struct throttle *throttle)
{
    pthread_mutex_lock(&throttle->lock);
    const bool has_room = throttle->at_once < AT_ONCE;
    throttle->at_once += has_room;
    pthread_mutex_unlock(&throttle->lock);
    return has_room;
}

void throttle_leave(struct throttle *throttle)
{
    pthread_mutex_lock(&throttle->lock);
    throttle->at_once--;
    pthread_mutex_unlock(&throttle->lock);
}
