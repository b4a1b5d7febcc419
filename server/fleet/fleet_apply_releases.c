/* Changes to releases. */
#include "server/fleet/fleet_apply.h"

#include "server/fleet/pointers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where those with higher ids begin. */
static size_t place_after(const struct fleet *fleet, uint32_t id)
{
    size_t from = 0, to = fleet->release_count;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (fleet->releases[middle]->id <= id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

struct release *fleet_add_release(struct fleet *fleet, const struct release *release)
{
    struct release **releases = pointers_make_room(fleet->releases, fleet->release_count);
    struct release *copy = malloc(sizeof *copy);

    if (releases != NULL)
        fleet->releases = releases;
    if (releases == NULL || copy == NULL ||
        !pair_map_set(&fleet->by_version, release->product, release->version, copy)) {
        free(copy);
        return NULL;
    }
    *copy = *release;
    const size_t place = place_after(fleet, copy->id);
    memmove(&fleet->releases[place + 1], &fleet->releases[place],
            (fleet->release_count++ - place) * sizeof(struct release *));
    fleet->releases[place] = copy;
    stones_forget(fleet->stones);
    if (copy->id > fleet->last_release)
        fleet->last_release = copy->id;
    return copy;
}

struct release *fleet_release_of_id(const struct fleet *fleet, uint32_t id)
{
    const size_t place = place_after(fleet, id);

    return place > 0 && fleet->releases[place - 1]->id == id ? fleet->releases[place - 1] : NULL;
}

/* The files that are there stay as they are: others may be reading them. */
static void add_file(struct release *own, const struct release_image *image)
{
    const uint8_t place = own->image.file_count;

    if (image->file_count != place + 1 || place >= RELEASE_FILES)
        return;
    own->image.files[place] = image->files[place];
    own->image.digests = image->digests;
    own->image.file_count++;
}

static void add_fs_file(struct release *own, const struct release_image *image)
{
    const uint8_t place = own->image.fs_count;

    if (image->fs_count != place + 1 || place >= RELEASE_FS_FILES)
        return;
    own->image.fs[place] = image->fs[place];
    own->image.fs_first = image->fs_first;
    own->image.fs_count++;
}

/* The release is the newest there, unless it is still a draft, or withdrawn. */
static void set_channel(struct fleet *fleet, struct release *own, const char *channel)
{
    snprintf(own->channel, sizeof own->channel, "%s", channel);
    if (own->state == RELEASE_LIVE)
        pair_map_set(&fleet->newest, own->product, own->channel, own);
}

void fleet_apply_release(struct fleet *fleet, const struct change *change)
{
    const struct release *release = change->as.release;
    struct release *own =
        change->kind == CHANGE_RELEASE
            ? fleet_add_release(fleet, release)
            : pair_map_get(&fleet->by_version, release->product, release->version);

    if (own == NULL)
        return;
    if (change->kind == CHANGE_FILE)
        add_file(own, &release->image);
    if (change->kind == CHANGE_FS_FILE)
        add_fs_file(own, &release->image);
    else
        set_channel(fleet, own, release->channel);
    if (change->kind != CHANGE_NEWEST)
        fleet_look_for_files(fleet, own);
    fleet_mark_all_changed(fleet);
}

void fleet_apply_edit(struct fleet *fleet, const struct change *change)
{
    const struct release *release = change->as.release;
    struct release *own = pair_map_get(&fleet->by_version, release->product, release->version);

    if (own == NULL)
        return;
    own->state = release->state;
    memcpy(own->requires, release->requires, sizeof own->requires);
    memcpy(own->notes, release->notes, sizeof own->notes);
    memcpy(own->reason, release->reason, sizeof own->reason);
    if (change->goes_live)
        pair_map_set(&fleet->newest, own->product, own->channel, own);
    fleet_mark_all_changed(fleet);
}
