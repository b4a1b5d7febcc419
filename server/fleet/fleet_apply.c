/* How durable changes, and at the start the store's rows, get into memory. */
#include "server/fleet/fleet_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more pointer in an array that grows by doubling. */
static void *make_room(void *array, size_t count)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return array;
    return realloc(array, (count ? count * 2 : 1) * sizeof(void *));
}

struct release *fleet_add_release(struct fleet *fleet, const struct release *release)
{
    struct release **releases = make_room(fleet->releases, fleet->release_count);
    struct release *copy = malloc(sizeof *copy);

    if (releases != NULL)
        fleet->releases = releases;
    if (releases == NULL || copy == NULL ||
        !pair_map_set(&fleet->by_version, release->product, release->version, copy)) {
        free(copy);
        return NULL;
    }
    *copy = *release;
    fleet->releases[fleet->release_count++] = copy;
    if (copy->id > fleet->last_release)
        fleet->last_release = copy->id;
    return copy;
}

struct group *fleet_enter_group(struct fleet *fleet, const char *name)
{
    struct group *group = pair_map_get(&fleet->group_names, name, "");

    if (group != NULL)
        return group;
    struct group **groups = make_room(fleet->groups, fleet->group_count);
    if (groups != NULL)
        fleet->groups = groups;
    group = calloc(1, sizeof *group);
    if (groups == NULL || group == NULL || !pair_map_set(&fleet->group_names, name, "", group)) {
        free(group);
        return NULL;
    }
    group->name = pair_map_intern(&fleet->names, name);
    fleet->groups[fleet->group_count++] = group;
    return group;
}

static void set_name(struct fleet *fleet, const struct settings *settings, enum setting setting,
                     const char *value, const char **name)
{
    if (settings->set & setting)
        *name = pair_map_intern(&fleet->names, value);
}

static void apply_assign(struct fleet *fleet, const struct change *change)
{
    const struct settings *settings = &change->as.assign.settings;
    struct device *device = device_table_enter(&fleet->devices, change->device);

    if (device == NULL)
        return;
    set_name(fleet, settings, SETTING_PRODUCT, settings->product, &device->assignment.product);
    set_name(fleet, settings, SETTING_GROUP, settings->group, &device->assignment.group);
    set_name(fleet, settings, SETTING_CHANNEL, settings->channel, &device->assignment.channel);
    set_name(fleet, settings, SETTING_PIN, settings->pin, &device->assignment.pin);
    set_name(fleet, settings, SETTING_TAGS, settings->tags, &device->assignment.tags);
    set_name(fleet, settings, SETTING_ALIAS, settings->alias, &device->assignment.alias);
    set_name(fleet, settings, SETTING_COMMENT, settings->comment, &device->assignment.comment);
    if (settings->set & SETTING_DOWNGRADE)
        device->assignment.downgrade = settings->downgrade;
    if (settings->set & SETTING_OFFSET)
        device->assignment.offset = settings->offset;
    if (settings->set & SETTING_DECOMMISSIONED)
        device->assignment.is_decommissioned = settings->is_decommissioned;
    if (device->assignment.group != NULL)
        fleet_enter_group(fleet, device->assignment.group);
    fleet_mark_changed(fleet, device);
}

static void apply_group(struct fleet *fleet, const struct change *change)
{
    const struct settings *settings = &change->as.group.settings;
    struct group *group = fleet_enter_group(fleet, change->as.group.name);

    if (group == NULL)
        return;
    set_name(fleet, settings, SETTING_PRODUCT, settings->product, &group->product);
    set_name(fleet, settings, SETTING_CHANNEL, settings->channel, &group->channel);
    set_name(fleet, settings, SETTING_PIN, settings->pin, &group->pin);
    if (settings->set & SETTING_DOWNGRADE)
        group->downgrade = settings->downgrade;
    if (settings->set & SETTING_OFFSET)
        group->offset = settings->offset;
    set_name(fleet, settings, SETTING_ACCEPT, settings->accept, &group->accept);
    fleet_mark_all_changed(fleet);
}

static void apply_register(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_enter(&fleet->devices, change->device);

    if (device == NULL ||
        !facts_keep(&fleet->devices.facts, &device->facts, &change->as.seen.facts))
        return;
    device->first_seen_ms = device->last_seen_ms = change->as.seen.at_ms;
    if (change->as.seen.group[0] != '\0' && fleet_enter_group(fleet, change->as.seen.group) != NULL)
        device->assignment.group = pair_map_intern(&fleet->names, change->as.seen.group);
    fleet_mark_changed(fleet, device);
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

static void apply_fs_offer(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_find(&fleet->devices, change->device);

    if (device == NULL)
        return;
    struct device_files *files = &device->files;
    files->offers = files->offered == change->as.offer.release ? files->offers + 1 : 1;
    files->offered = change->as.offer.release;
    files->taken_ms = 0;
}

static void apply_release(struct fleet *fleet, const struct change *change)
{
    const struct release *release = change->as.release;
    struct release *own =
        change->kind == CHANGE_RELEASE
            ? fleet_add_release(fleet, release)
            : pair_map_get(&fleet->by_version, release->product, release->version);

    if (own == NULL)
        return;
    if (change->kind == CHANGE_FS_FILE)
        add_fs_file(own, &release->image);
    else if (change->kind == CHANGE_FILE)
        add_file(own, &release->image);
    if (change->kind != CHANGE_NEWEST)
        fleet_look_for_files(fleet, own);
    if (change->kind == CHANGE_FS_FILE) {
        fleet_mark_all_changed(fleet);
        return;
    }
    snprintf(own->channel, sizeof own->channel, "%s", release->channel);
    if (own->state == RELEASE_LIVE)
        pair_map_set(&fleet->newest, own->product, own->channel, own);
    fleet_mark_all_changed(fleet);
}

static void apply_edit(struct fleet *fleet, const struct change *change)
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

/* As the store has it. */
static void apply_part(struct device *device, const struct change *change)
{
    struct rollout_part *part = &device->part;
    const bool is_offer = change->kind == CHANGE_OFFER;
    const uint32_t rollout = is_offer ? change->as.offer.rollout : 0;
    const bool is_another = rollout != 0 && rollout != part->rollout;

    part->taken_ms = 0;
    if (!is_offer || is_another || device->offers.release != change->as.offer.release)
        part->comebacks = 0;
    if (!is_another)
        return;
    part->rollout = rollout;
    part->before = change->as.offer.before;
}

static void apply_offers(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_find(&fleet->devices, change->device);
    struct device_offers *offers;

    if (device == NULL)
        return;
    offers = &device->offers;
    apply_part(device, change);
    if (change->kind == CHANGE_RETRY) {
        device->files = (struct device_files){0};
        device->ring = (struct device_ring){0, 0};
    }
    if (change->kind == CHANGE_FORGET_OFFERS || change->kind == CHANGE_RETRY)
        *offers = (struct device_offers){0, 0};
    else if (offers->release == change->as.offer.release)
        offers->count++;
    else
        *offers = (struct device_offers){change->as.offer.release, 1};
    fleet_mark_changed(fleet, device);
}

const struct release *fleet_release_of_id(const struct fleet *fleet, uint32_t id)
{
    for (size_t i = fleet->release_count; i > 0 && id != 0; i--)
        if (fleet->releases[i - 1]->id == id)
            return fleet->releases[i - 1];
    return NULL;
}

struct rollout *fleet_find_rollout(const struct fleet *fleet, uint32_t id)
{
    for (size_t i = fleet->rollout_count; i > 0; i--)
        if (fleet->rollouts[i - 1]->id == id)
            return fleet->rollouts[i - 1];
    return NULL;
}

/* It was added or has changed. */
static void update_deciding(struct fleet *fleet, const struct rollout *rollout)
{
    deciding_update(&fleet->deciding, (const struct rollout *const *)fleet->rollouts,
                    fleet->rollout_count, rollout->release);
}

struct rollout *fleet_add_rollout(struct fleet *fleet, const struct rollout *rollout)
{
    const struct release *release = fleet_release_of_id(fleet, rollout->release_id);
    struct rollout **rollouts = make_room(fleet->rollouts, fleet->rollout_count);
    const struct rollout **deciding = make_room(fleet->deciding.rollouts, fleet->rollout_count);
    struct rollout *copy = malloc(sizeof *copy);

    if (rollouts != NULL)
        fleet->rollouts = rollouts;
    if (deciding != NULL)
        fleet->deciding.rollouts = deciding;
    if (rollouts == NULL || deciding == NULL || copy == NULL || release == NULL) {
        free(copy);
        return NULL;
    }
    *copy = *rollout;
    copy->release = release;
    fleet->rollouts[fleet->rollout_count++] = copy;
    if (copy->id > fleet->last_rollout)
        fleet->last_rollout = copy->id;
    update_deciding(fleet, copy);
    return copy;
}

/* The release of a rollout, to be changed. */
static struct release *own_release(const struct fleet *fleet, const struct rollout *rollout)
{
    const struct release *release = rollout->release;

    return pair_map_get(&fleet->by_version, release->product, release->version);
}

static void promote(struct fleet *fleet, const struct rollout *rollout)
{
    struct release *own = own_release(fleet, rollout);

    if (own == NULL)
        return;
    snprintf(own->channel, sizeof own->channel, "%s", rollout->channel);
    pair_map_set(&fleet->newest, own->product, own->channel, own);
}

static void apply_rollout(struct fleet *fleet, const struct change *change)
{
    struct rollout *own = fleet_find_rollout(fleet, change->as.rollout->id);

    if (own != NULL)
        *own = *change->as.rollout;
    else
        own = fleet_add_rollout(fleet, change->as.rollout);
    if (own == NULL)
        return;
    update_deciding(fleet, own);
    struct release *release = own_release(fleet, own);
    if (change->kind == CHANGE_ROLLOUT && release != NULL && release->state == RELEASE_DRAFT)
        release->state = RELEASE_LIVE;
    if (own->state == ROLLOUT_FINISHED && own->channel[0] != '\0')
        promote(fleet, own);
    fleet_mark_all_changed(fleet);
}

bool fleet_waits_for_assignment(const struct device *device)
{
    return device != NULL && device->assignment.product == NULL &&
           device->assignment.group == NULL && !device->assignment.is_decommissioned;
}

static void apply_kind(struct fleet *fleet, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_REGISTER:
        apply_register(fleet, change);
        break;
    case CHANGE_OFFER:
    case CHANGE_FORGET_OFFERS:
    case CHANGE_RETRY:
        apply_offers(fleet, change);
        break;
    case CHANGE_ASSIGN:
        apply_assign(fleet, change);
        break;
    case CHANGE_REMOVE:
        device_table_remove(&fleet->devices, change->device);
        break;
    case CHANGE_GROUP:
        apply_group(fleet, change);
        break;
    case CHANGE_RELEASE:
    case CHANGE_NEWEST:
    case CHANGE_FILE:
    case CHANGE_FS_FILE:
        apply_release(fleet, change);
        break;
    case CHANGE_FS_OFFER:
        apply_fs_offer(fleet, change);
        break;
    case CHANGE_FS_TAKEN: /* these came from memory */
    case CHANGE_FS_ARRIVED:
        break;
    case CHANGE_RING_UPDATE:
    case CHANGE_RING_WITHDRAWN:
    case CHANGE_RING_OFFER:
    case CHANGE_RING_ARRIVED:
        fleet_apply_ring(fleet, change);
        break;
    case CHANGE_EDIT:
        apply_edit(fleet, change);
        break;
    case CHANGE_ROLLOUT:
    case CHANGE_PROGRESS:
        apply_rollout(fleet, change);
        break;
    case CHANGE_ACCOUNT: /* others' */
    case CHANGE_WEBHOOK:
    case CHANGE_SEEN: /* these came from memory */
    case CHANGE_TAKEN:
    case CHANGE_ARRIVED:
    case CHANGE_EVENT:
    case CHANGE_CAME_BACK:
    default:
        break;
    }
}

static void apply(struct fleet *fleet, const struct change *change)
{
    const bool waited =
        fleet_waits_for_assignment(device_table_find(&fleet->devices, change->device));

    apply_kind(fleet, change);
    fleet->unassigned -= waited;
    fleet->unassigned +=
        fleet_waits_for_assignment(device_table_find(&fleet->devices, change->device));
}

void fleet_announce(void *ctx, struct change *change)
{
    const struct fleet *fleet = ctx;

    if (fleet->config.announce != NULL)
        fleet->config.announce(fleet->config.ctx, change);
}

void fleet_committed(void *ctx, const struct change *change)
{
    struct fleet *fleet = ctx;
    const struct fleet_config *config = &fleet->config;

    pthread_mutex_lock(&fleet->lock);
    apply(fleet, change);
    pthread_mutex_unlock(&fleet->lock);
    if (change_has_release(change))
        config->released(config->ctx, change->as.release);
    else if (change->kind == CHANGE_REMOVE)
        config->removed(config->ctx, change->device);
    else if (change_has_rollout(change) && config->rollout != NULL)
        config->rollout(config->ctx, change->as.rollout);
    else if (change->kind == CHANGE_ACCOUNT && config->account != NULL)
        config->account(config->ctx, change->as.account);
    if (config->committed != NULL)
        config->committed(config->ctx, change);
}

/* Takes those that are behind, by MAC: each page of the database is then written once. */
static void take_behind(struct fleet *fleet)
{
    const struct mac_list emptied = fleet->collecting;

    pthread_mutex_lock(&fleet->lock);
    fleet->collecting = fleet->behind;
    fleet->behind = emptied;
    pthread_mutex_unlock(&fleet->lock);
    mac_list_sort(&fleet->collecting);
}

struct change *fleet_collect(void *ctx)
{
    struct fleet *fleet = ctx;
    struct mac_list *list = &fleet->collecting;
    struct change *change = NULL;

    if (list->count == 0)
        take_behind(fleet);
    pthread_mutex_lock(&fleet->lock);
    while (change == NULL && list->count > 0) {
        const mac_address mac = list->macs[list->count - 1];
        struct device *device = device_table_find(&fleet->devices, mac);
        if (device != NULL) {
            change = change_new(CHANGE_SEEN, mac);
            if (change == NULL)
                break;
            change->as.seen.at_ms = device->last_seen_ms;
            facts_read(&device->facts, &change->as.seen.facts);
            device->is_behind = false;
        }
        list->count--;
    }
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

void fleet_uncollect(void *ctx, const struct change *change)
{
    struct fleet *fleet = ctx;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, change->device);
    if (device != NULL && !device->is_behind)
        device->is_behind = mac_list_add(&fleet->behind, change->device);
    pthread_mutex_unlock(&fleet->lock);
}

void fleet_settled(void *ctx, const struct change *change, enum change_result result)
{
    struct fleet *fleet = ctx;
    const struct store_class *class = fleet->config.store;

    /* What was decided by is not so: memory is to learn how it is. */
    if (change->is_conditional && result != CHANGE_DONE && class->reread != NULL)
        class->reread(fleet->store, change->device);
    if (!change->is_ahead)
        return;
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, change->device);
    if (device != NULL && device->ahead > 0)
        device->ahead--;
    pthread_mutex_unlock(&fleet->lock);
}

static int read_release(void *ctx, const struct release *release)
{
    return fleet_add_release(ctx, release) != NULL ? 0 : -1;
}

static int read_newest(void *ctx, const char *product, const char *channel, uint32_t id)
{
    struct fleet *fleet = ctx;

    for (size_t i = 0; i < fleet->release_count; i++)
        if (fleet->releases[i]->id == id)
            return pair_map_set(&fleet->newest, product, channel, fleet->releases[i]) ? 0 : -1;
    return -1;
}

static int read_group(void *ctx, const struct group *stored)
{
    struct fleet *fleet = ctx;
    struct group *group = fleet_enter_group(fleet, stored->name);

    if (group == NULL)
        return -1;
    group->product = pair_map_intern(&fleet->names, stored->product);
    group->channel = pair_map_intern(&fleet->names, stored->channel);
    group->pin = pair_map_intern(&fleet->names, stored->pin);
    group->downgrade = stored->downgrade;
    group->offset = stored->offset;
    group->accept = pair_map_intern(&fleet->names, stored->accept);
    return 0;
}

void fleet_set_assignment(struct fleet *fleet, struct device *device,
                          const struct assignment *stored)
{
    struct pair_map *names = &fleet->names;

    device->assignment = (struct assignment){
        .product = pair_map_intern(names, stored->product),
        .group = pair_map_intern(names, stored->group),
        .channel = pair_map_intern(names, stored->channel),
        .pin = pair_map_intern(names, stored->pin),
        .downgrade = stored->downgrade,
        .is_decommissioned = stored->is_decommissioned,
        .offset = stored->offset,
        .tags = pair_map_intern(names, stored->tags),
        .alias = pair_map_intern(names, stored->alias),
        .comment = pair_map_intern(names, stored->comment),
    };
}

static int read_device(void *ctx, const struct stored_device *stored)
{
    struct fleet *fleet = ctx;
    struct device *device = device_table_enter(&fleet->devices, stored->mac);

    if (device == NULL || !facts_keep(&fleet->devices.facts, &device->facts, stored->facts))
        return -1;
    device->first_seen_ms = stored->first_seen_ms;
    device->last_seen_ms = stored->last_seen_ms;
    if (stored->last_seen_ms > fleet->judged_ms && stored->last_seen_ms <= fleet_now(fleet))
        fleet->judged_ms = stored->last_seen_ms;
    device->offers = stored->offers;
    device->part = stored->part;
    device->files = stored->files;
    device->ring = stored->ring;
    fleet_set_assignment(fleet, device, &stored->assignment);
    if (device->assignment.group != NULL &&
        fleet_enter_group(fleet, device->assignment.group) == NULL)
        return -1;
    fleet->unassigned += fleet_waits_for_assignment(device);
    return 0;
}

static int read_rollout(void *ctx, const struct rollout *rollout)
{
    return fleet_add_rollout(ctx, rollout) != NULL ? 0 : -1;
}

static int read_ring_update(void *ctx, const struct ring_update *update)
{
    return fleet_add_ring_update(ctx, update) != NULL ? 0 : -1;
}

const struct store_reader fleet_reader = {.release = read_release,
                                          .newest = read_newest,
                                          .group = read_group,
                                          .rollout = read_rollout,
                                          .ring_update = read_ring_update,
                                          .device = read_device};
