#include "server/fleet/fleet_state.h"

#include "server/policy/target.h"

#include <string.h>

void fleet_look_for_files(const struct fleet *fleet, struct release *release)
{
    const struct fleet_config *config = &fleet->config;
    struct release_image *image = &release->image;

    for (uint8_t i = 0; i < image->file_count; i++)
        image->files[i].is_missing = !config->has_file(config->ctx, release, &image->files[i]);
    for (uint8_t i = 0; i < image->fs_count; i++)
        image->fs[i].is_missing = !config->has_file(config->ctx, release, &image->fs[i]);
}

/* The latest that is live and was last published on the channel; with a catalogue, of
 * those that no rollout has the say about. */
static const struct release *find_open(const struct fleet *fleet, const char *product,
                                       const char *channel,
                                       const struct policy_catalogue *catalogue)
{
    for (size_t i = fleet->release_count; i > 0; i--) {
        const struct release *release = fleet->releases[i - 1];
        if (release->state == RELEASE_LIVE && strcmp(release->product, product) == 0 &&
            strcmp(release->channel, channel) == 0 &&
            (catalogue == NULL || !policy_is_held(catalogue, release)))
            return release;
    }
    return NULL;
}

/* Once a channel's newest is withdrawn, the newest of the others published there. */
static const struct release *find_newest(const void *ctx, const char *product, const char *channel)
{
    const struct fleet *fleet = ctx;
    const struct release *newest = pair_map_get(&fleet->newest, product, channel);

    if (newest == NULL || newest->state == RELEASE_LIVE)
        return newest;
    return find_open(fleet, product, channel, NULL);
}

static const struct release *find_version(const void *ctx, const char *product, const char *version)
{
    const struct fleet *fleet = ctx;

    return pair_map_get(&fleet->by_version, product, version);
}

static const struct release *const *find_before(const void *ctx, const struct release *goal,
                                                size_t *count)
{
    const struct fleet *fleet = ctx;

    return stones_before(fleet->stones, goal, (const struct release *const *)fleet->releases,
                         fleet->release_count, count);
}

struct policy_catalogue fleet_catalogue(const struct fleet *fleet)
{
    return (struct policy_catalogue){
        .ctx = fleet,
        .newest = find_newest,
        .by_version = find_version,
        .rollouts = fleet->deciding.rollouts,
        .rollout_count = fleet->deciding.count,
        .releases = (const struct release *const *)fleet->releases,
        .release_count = fleet->release_count,
        .before = find_before,
        .ring_updates = (const struct ring_update *const *)fleet->ring_updates,
        .ring_update_count = fleet->ring_update_count,
    };
}

const struct release *fleet_release(struct fleet *fleet, const char *product, const char *version)
{
    pthread_mutex_lock(&fleet->lock);
    const struct release *release = find_version(fleet, product, version);
    pthread_mutex_unlock(&fleet->lock);
    return release;
}

bool fleet_copy_release(struct fleet *fleet, const char *product, const char *version,
                        struct release *copy)
{
    pthread_mutex_lock(&fleet->lock);
    const struct release *release = find_version(fleet, product, version);
    if (release != NULL)
        *copy = *release;
    pthread_mutex_unlock(&fleet->lock);
    return release != NULL;
}

bool fleet_copy_release_of_id(struct fleet *fleet, uint32_t id, struct release *copy)
{
    pthread_mutex_lock(&fleet->lock);
    const struct release *release = fleet_release_of_id(fleet, id);
    if (release != NULL)
        *copy = *release;
    pthread_mutex_unlock(&fleet->lock);
    return release != NULL;
}

const struct release *fleet_newest_for_all(struct fleet *fleet, const char *product,
                                           const char *channel)
{
    pthread_mutex_lock(&fleet->lock);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);
    const struct release *release = find_newest(fleet, product, channel);
    if (release != NULL && policy_is_held(&catalogue, release))
        release = find_open(fleet, product, channel, &catalogue);
    pthread_mutex_unlock(&fleet->lock);
    return release;
}

enum ud_chip fleet_product_chip(struct fleet *fleet, const char *product)
{
    enum ud_chip chip = UD_CHIP_UNKNOWN;

    pthread_mutex_lock(&fleet->lock);
    for (size_t i = fleet->release_count; i > 0 && chip == UD_CHIP_UNKNOWN; i--)
        if (strcmp(fleet->releases[i - 1]->product, product) == 0)
            chip = fleet->releases[i - 1]->image.chip;
    pthread_mutex_unlock(&fleet->lock);
    return chip;
}

uint32_t fleet_next_release(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const uint32_t id = ++fleet->last_release;
    pthread_mutex_unlock(&fleet->lock);
    return id;
}

void fleet_note_file(struct fleet *fleet, const struct release *release,
                     const struct release_file *file, bool is_stored)
{
    pthread_mutex_lock(&fleet->lock);
    struct release *own = pair_map_get(&fleet->by_version, release->product, release->version);
    const struct release_file *found =
        own != NULL ? release_file_of(&own->image, file->sha256) : NULL;
    if (found != NULL && found->is_missing == is_stored) {
        const bool is_fs = found >= own->image.fs && found < own->image.fs + RELEASE_FS_FILES;
        if (is_fs)
            own->image.fs[found - own->image.fs].is_missing = !is_stored;
        else
            own->image.files[found - own->image.files].is_missing = !is_stored;
        fleet_mark_all_changed(fleet);
    }
    pthread_mutex_unlock(&fleet->lock);
}
