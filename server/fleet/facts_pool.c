#include "server/fleet/facts_pool.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64

struct shared_facts {
    struct shared_facts *next;
    uint64_t hash;
    uint32_t users;
    enum ud_chip chip;
    uint32_t sketch_size;
    uint32_t chip_size;
    bool has_md5;
    bool has_sha256;
    uint8_t sketch_md5[UD_MD5_SIZE];
    uint8_t sketch_sha256[UD_SHA256_SIZE];
    char version[VERSION_SIZE];
    char sdk_version[SDK_VERSION_SIZE];
    struct device_abilities abilities;
};

/* FNV-1a. */
static uint64_t add_to_hash(uint64_t hash, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_facts(const struct device_facts *facts)
{
    uint64_t hash = 0xcbf29ce484222325u;

    hash = add_to_hash(hash, facts->sketch_md5, UD_MD5_SIZE);
    hash = add_to_hash(hash, facts->sketch_sha256, UD_SHA256_SIZE);
    hash = add_to_hash(hash, &facts->sketch_size, sizeof facts->sketch_size);
    hash = add_to_hash(hash, &facts->chip_size, sizeof facts->chip_size);
    hash = add_to_hash(hash, facts->version, strlen(facts->version));
    hash = add_to_hash(hash, facts->sdk_version, strlen(facts->sdk_version));
    return hash ^ hash >> 32;
}

static bool are_same_abilities(const struct device_abilities *a, const struct device_abilities *b)
{
    return a->is_told == b->is_told && a->takes_gzip == b->takes_gzip &&
           a->takes_retry == b->takes_retry && a->verifies == b->verifies &&
           a->has_chip == b->has_chip && a->chip == b->chip && a->has_ring == b->has_ring &&
           a->ring == b->ring && a->key_count == b->key_count &&
           memcmp(a->keys, b->keys, sizeof a->keys) == 0;
}

static bool is_said_by(const struct shared_facts *shared, const struct device_facts *facts)
{
    return shared->chip == facts->chip && shared->sketch_size == facts->sketch_size &&
           shared->chip_size == facts->chip_size && shared->has_md5 == facts->has_md5 &&
           shared->has_sha256 == facts->has_sha256 &&
           memcmp(shared->sketch_md5, facts->sketch_md5, UD_MD5_SIZE) == 0 &&
           memcmp(shared->sketch_sha256, facts->sketch_sha256, UD_SHA256_SIZE) == 0 &&
           strcmp(shared->version, facts->version) == 0 &&
           strcmp(shared->sdk_version, facts->sdk_version) == 0 &&
           are_same_abilities(&shared->abilities, &facts->abilities);
}

static bool grow(struct facts_pool *pool)
{
    const size_t capacity = pool->capacity ? pool->capacity * 2 : CAPACITY_FIRST;

    if (pool->count < pool->capacity)
        return true;
    struct shared_facts **heads = calloc(capacity, sizeof(struct shared_facts *));
    if (heads == NULL)
        return false;
    for (size_t i = 0; i < pool->capacity; i++) {
        for (struct shared_facts *one = pool->heads[i], *next; one != NULL; one = next) {
            struct shared_facts **head = &heads[one->hash & (capacity - 1)];
            next = one->next;
            one->next = *head;
            *head = one;
        }
    }
    free(pool->heads);
    pool->heads = heads;
    pool->capacity = capacity;
    return true;
}

static struct shared_facts *enter(struct facts_pool *pool, const struct device_facts *facts,
                                  uint64_t hash)
{
    struct shared_facts *shared = grow(pool) ? calloc(1, sizeof *shared) : NULL;

    if (shared == NULL)
        return NULL;
    shared->hash = hash;
    shared->chip = facts->chip;
    shared->sketch_size = facts->sketch_size;
    shared->chip_size = facts->chip_size;
    shared->has_md5 = facts->has_md5;
    shared->has_sha256 = facts->has_sha256;
    memcpy(shared->sketch_md5, facts->sketch_md5, UD_MD5_SIZE);
    memcpy(shared->sketch_sha256, facts->sketch_sha256, UD_SHA256_SIZE);
    memcpy(shared->version, facts->version, strlen(facts->version));
    memcpy(shared->sdk_version, facts->sdk_version, strlen(facts->sdk_version));
    shared->abilities = facts->abilities;
    shared->next = pool->heads[hash & (pool->capacity - 1)];
    pool->heads[hash & (pool->capacity - 1)] = shared;
    pool->count++;
    return shared;
}

/* With one user more. Null when memory is out. */
static struct shared_facts *share(struct facts_pool *pool, const struct device_facts *facts)
{
    const uint64_t hash = hash_facts(facts);
    struct shared_facts *shared =
        pool->capacity != 0 ? pool->heads[hash & (pool->capacity - 1)] : NULL;

    while (shared != NULL && (shared->hash != hash || !is_said_by(shared, facts)))
        shared = shared->next;
    if (shared == NULL)
        shared = enter(pool, facts, hash);
    if (shared != NULL)
        shared->users++;
    return shared;
}

/* Frees it with its last user. */
static void unshare(struct facts_pool *pool, const struct shared_facts *shared)
{
    struct shared_facts **link = &pool->heads[shared->hash & (pool->capacity - 1)];

    while (*link != shared)
        link = &(*link)->next;
    struct shared_facts *own = *link;
    if (--own->users > 0)
        return;
    *link = own->next;
    free(own);
    pool->count--;
}

bool facts_keep(struct facts_pool *pool, struct kept_facts *kept, const struct device_facts *facts)
{
    if (kept->shared == NULL || !is_said_by(kept->shared, facts)) {
        const struct shared_facts *shared = share(pool, facts);
        if (shared == NULL)
            return false;
        if (kept->shared != NULL)
            unshare(pool, kept->shared);
        kept->shared = shared;
    }
    kept->ap_mac = facts->ap_mac;
    kept->chip_id = facts->chip_id;
    kept->free_space = facts->free_space;
    memcpy(kept->address, facts->address, sizeof kept->address);
    kept->has_chip_id = facts->has_chip_id;
    kept->mode = (uint8_t)facts->mode;
    return true;
}

bool facts_are(const struct kept_facts *kept, const struct device_facts *facts)
{
    return kept->shared != NULL && is_said_by(kept->shared, facts) &&
           kept->ap_mac == facts->ap_mac && kept->chip_id == facts->chip_id &&
           kept->free_space == facts->free_space &&
           memcmp(kept->address, facts->address, sizeof kept->address) == 0 &&
           kept->has_chip_id == facts->has_chip_id && kept->mode == (uint8_t)facts->mode;
}

void facts_read(const struct kept_facts *kept, struct device_facts *facts)
{
    const struct shared_facts *shared = kept->shared;

    *facts = (struct device_facts){.chip = UD_CHIP_UNKNOWN};
    if (shared == NULL)
        return;
    facts->chip = shared->chip;
    facts->mode = (enum device_mode)kept->mode;
    facts->chip_id = kept->chip_id;
    facts->free_space = kept->free_space;
    facts->sketch_size = shared->sketch_size;
    facts->chip_size = shared->chip_size;
    facts->ap_mac = kept->ap_mac;
    facts->has_chip_id = kept->has_chip_id;
    facts->has_md5 = shared->has_md5;
    facts->has_sha256 = shared->has_sha256;
    memcpy(facts->sketch_md5, shared->sketch_md5, UD_MD5_SIZE);
    memcpy(facts->sketch_sha256, shared->sketch_sha256, UD_SHA256_SIZE);
    memcpy(facts->version, shared->version, sizeof facts->version);
    memcpy(facts->sdk_version, shared->sdk_version, sizeof facts->sdk_version);
    facts->abilities = shared->abilities;
    memcpy(facts->address, kept->address, sizeof facts->address);
}

void facts_drop(struct facts_pool *pool, struct kept_facts *kept)
{
    if (kept->shared != NULL)
        unshare(pool, kept->shared);
    *kept = (struct kept_facts){.shared = NULL};
}

void facts_pool_free(struct facts_pool *pool)
{
    free(pool->heads);
    *pool = (struct facts_pool){.count = 0};
}
