#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"
#include "server/policy/target.h"

#include <stdio.h>
#include <stdlib.h>
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

static bool start_writer(struct fleet *fleet)
{
    const struct writer_config config = {
        .store = fleet->store,
        .ctx = fleet,
        .announce = fleet_announce,
        .committed = fleet_committed,
        .collect = fleet_collect,
        .uncollect = fleet_uncollect,
        .settled = fleet_settled,
        .follow = fleet->config.store->follow != NULL ? fleet_follow : NULL,
        .trouble = fleet->config.trouble,
        .trouble_ctx = fleet->config.ctx,
    };

    fleet->writer = writer_start(&config);
    return fleet->writer != NULL;
}

static void free_state(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->release_count; i++)
        free(fleet->releases[i]);
    for (size_t i = 0; i < fleet->group_count; i++)
        free(fleet->groups[i]);
    free(fleet->releases);
    for (size_t i = 0; i < fleet->rollout_count; i++)
        free(fleet->rollouts[i]);
    free(fleet->rollouts);
    free(fleet->deciding.rollouts);
    for (size_t i = 0; i < fleet->ring_update_count; i++)
        free(fleet->ring_updates[i]);
    free(fleet->ring_updates);
    free(fleet->sites.loads);
    free(fleet->groups);
    free(fleet->behind.macs);
    free(fleet->changed.macs);
    pair_map_free(&fleet->names);
    pair_map_free(&fleet->by_version);
    pair_map_free(&fleet->newest);
    pair_map_free(&fleet->group_names);
    device_table_free(&fleet->devices);
    pthread_mutex_destroy(&fleet->lock);
    free(fleet);
}

static bool load_others(struct fleet *fleet)
{
    const struct fleet_config *config = &fleet->config;

    return config->load == NULL || config->load(config->ctx, fleet->store) == 0;
}

/* Before any device asks: what is to be shared is not given out twice. */
static bool stand(struct fleet *fleet, char error[STORE_ERROR_SIZE])
{
    const struct store_class *class = fleet->config.store;

    return class->stand == NULL || class->stand(fleet->store, &fleet->standing, error) == 0;
}

static bool load(struct fleet *fleet, char error[STORE_ERROR_SIZE])
{
    const struct store_class *class = fleet->config.store;

    fleet->store = class->open(fleet->config.location, error);
    if (fleet->store == NULL)
        return false;
    if (class->load(fleet->store, &fleet_reader, fleet) == 0 && load_others(fleet)) {
        for (size_t i = 0; i < fleet->release_count; i++)
            fleet_look_for_files(fleet, fleet->releases[i]);
        snprintf(error, STORE_ERROR_SIZE, "no thread to write with");
        if (stand(fleet, error) && start_writer(fleet))
            return true;
    } else {
        snprintf(error, STORE_ERROR_SIZE, "its tables cannot be read: restore a copy of it");
    }
    class->close(fleet->store);
    return false;
}

struct fleet *fleet_open(const struct fleet_config *config, char error[STORE_ERROR_SIZE])
{
    struct fleet *fleet = calloc(1, sizeof *fleet);

    if (fleet == NULL) {
        snprintf(error, STORE_ERROR_SIZE, "out of memory");
        return NULL;
    }
    fleet->config = *config;
    pthread_mutex_init(&fleet->lock, NULL);
    if (load(fleet, error))
        return fleet;
    free_state(fleet);
    return NULL;
}

void fleet_close(struct fleet *fleet)
{
    writer_stop(fleet->writer);
    fleet->store->class->close(fleet->store);
    free_state(fleet);
}

uint32_t fleet_download_count(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const uint32_t downloads = fleet->downloads;
    pthread_mutex_unlock(&fleet->lock);
    return downloads;
}

const struct writer_stats *fleet_writer_stats(const struct fleet *fleet)
{
    return writer_stats(fleet->writer);
}

void fleet_base_on(struct change *change, const struct device *device)
{
    if (change == NULL)
        return;
    change->is_conditional = true;
    change->seen = (struct device_seen){device->offers, device->part.comebacks};
}

void fleet_submit_ahead(struct fleet *fleet, struct device *device, struct change *change)
{
    if (change != NULL) {
        change->is_ahead = true;
        device->ahead++;
    }
    writer_submit(fleet->writer, change, NULL, NULL);
}

void fleet_submit(struct fleet *fleet, struct change *change, writer_done *done, void *ctx)
{
    writer_submit(fleet->writer, change, done, ctx);
}

int64_t fleet_now(const struct fleet *fleet)
{
    const struct fleet_config *config = &fleet->config;

    return config->now_ms != NULL ? config->now_ms(config->ctx) : clock_now_ms();
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
        .ring_updates = (const struct ring_update *const *)fleet->ring_updates,
        .ring_update_count = fleet->ring_update_count,
    };
}

/* Each of the servers has its share of a limit, and at least one of it. */
static uint32_t share(const struct fleet *fleet, uint32_t limit)
{
    const struct store_standing *standing = &fleet->standing;

    if (limit == 0 || standing->nodes <= 1)
        return limit;
    const uint32_t part = limit / standing->nodes + (standing->rank < limit % standing->nodes);
    return part > 0 ? part : 1;
}

/* Whether one more download may begin at an address. One that goes on where it broke
 * off had its share of the bandwidth before. */
static enum policy_load load_at(const struct fleet *fleet, const uint8_t address[16],
                                bool continues)
{
    const struct fleet_limits *limits = &fleet->config.limits;
    const struct site_load site = site_loads_at(&fleet->sites, address);
    const int64_t now_ms = clock_monotonic_ms();

    if (limits->downloads != 0 && fleet->downloads >= share(fleet, limits->downloads))
        return LOAD_SERVER_FULL;
    if (limits->site_downloads != 0 && site.downloads >= share(fleet, limits->site_downloads))
        return LOAD_SITE_FULL;
    if (limits->rate != 0 && fleet->busy_until_ms > now_ms && !continues)
        return LOAD_SERVER_RATE;
    if (limits->site_rate != 0 && site.busy_until_ms > now_ms && !continues)
        return LOAD_SITE_RATE;
    return LOAD_LIGHT;
}

/* Seconds until a device that waits for others may be lucky. */
#define BUSY_RETRY_S 30

static uint32_t busy_seconds(const struct fleet *fleet, const uint8_t address[16],
                             enum policy_load load)
{
    const int64_t until_ms = load == LOAD_SERVER_RATE ? fleet->busy_until_ms
                             : load == LOAD_SITE_RATE
                                 ? site_loads_at(&fleet->sites, address).busy_until_ms
                                 : 0;
    const int64_t left_ms = until_ms - clock_monotonic_ms();

    return left_ms > 0 ? (uint32_t)((left_ms + 999) / 1000) : BUSY_RETRY_S;
}

struct policy_device fleet_policy_device(const struct fleet *fleet, const struct device *device,
                                         struct device_facts *facts)
{
    const char *group = device->assignment.group;

    facts_read(&device->facts, facts);
    return (struct policy_device){
        .mac = device->mac,
        .facts = device->last_seen_ms != 0 ? facts : NULL,
        .assignment = device->assignment,
        .group = group != NULL ? pair_map_get(&fleet->group_names, group, "") : NULL,
        .offers = device->offers,
        .files = device->files,
        .ring = device->ring,
        .on_its_way = device->on_its_way,
        .part = device->part,
        .before = fleet_release_of_id(fleet, device->part.before),
        .load = device->on_its_way ? LOAD_LIGHT : load_at(fleet, device->facts.address, false),
        .now_ms = fleet_now(fleet),
        .listening_ms = fleet->listening_ms,
    };
}

void fleet_mark_changed(struct fleet *fleet, struct device *device)
{
    if (!device->is_changed)
        device->is_changed = mac_list_add(&fleet->changed, device->mac);
}

void fleet_mark_all_changed(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->devices.capacity; i++)
        if (fleet->devices.slots[i] != NULL)
            fleet_mark_changed(fleet, fleet->devices.slots[i]);
}

static void note_facts(struct fleet *fleet, struct device *device, const struct device_facts *facts)
{
    /* When memory is out they stay what they were: still one who was heard of. */
    (void)facts_keep(&fleet->devices.facts, &device->facts, facts);
    device->last_seen_ms = fleet_now(fleet);
    if (device->first_seen_ms == 0)
        device->first_seen_ms = device->last_seen_ms;
    if (!device->is_behind)
        device->is_behind = mac_list_add(&fleet->behind, device->mac);
    fleet_mark_changed(fleet, device);
}

/* It runs what it should. Where that is what it was offered, this is remembered, with how
 * often it has come back from it: so flapping is noticed. */
static void note_arrival(struct fleet *fleet, struct device *device, const struct release *release)
{
    const bool was_offered = device->offers.release == release->id;
    struct change *change =
        change_new(was_offered ? CHANGE_ARRIVED : CHANGE_FORGET_OFFERS, device->mac);

    fleet_base_on(change, device);
    if (was_offered)
        fleet_note_result(fleet, device, change, true);
    fleet->results.arrived += was_offered;
    device->offers.count = 0;
    device->part.taken_ms = 0;
    if (!was_offered) {
        device->offers.release = 0;
        device->part.comebacks = 0;
    }
    fleet_submit_ahead(fleet, device, change);
}

/* It has had all of what it was offered, or has run it, and is back without it. */
static void note_comeback(struct fleet *fleet, struct device *device,
                          const struct device_facts *facts)
{
    const struct release *offered = fleet_release_of_id(fleet, device->offers.release);
    const bool had_it = device->part.taken_ms != 0 || device->offers.count == 0;

    if (!had_it || offered == NULL || policy_runs(facts, offered))
        return;
    struct change *change = change_new(CHANGE_CAME_BACK, device->mac);
    fleet_base_on(change, device);
    fleet_note_result(fleet, device, change, false);
    fleet->results.failed++;
    device->part.comebacks++;
    device->part.taken_ms = 0;
    if (device->offers.count == 0)
        device->offers.count = 1;
    fleet_submit_ahead(fleet, device, change);
}

/* When so many bytes from now on are through, at a rate (0: at once). */
static int64_t busy_until(int64_t busy_until_ms, uint32_t bytes, uint32_t rate, int64_t now_ms)
{
    const int64_t from_ms = busy_until_ms > now_ms ? busy_until_ms : now_ms;

    return rate != 0 ? from_ms + (int64_t)bytes * 1000 / rate : 0;
}

static bool take_download(struct fleet *fleet, const uint8_t address[16], uint32_t bytes)
{
    const struct fleet_limits *limits = &fleet->config.limits;
    const int64_t now_ms = clock_monotonic_ms();
    const int64_t site_ms = site_loads_at(&fleet->sites, address).busy_until_ms;

    if (!site_loads_add(&fleet->sites, address,
                        busy_until(site_ms, bytes, share(fleet, limits->site_rate), now_ms),
                        now_ms))
        return false;
    fleet->busy_until_ms =
        busy_until(fleet->busy_until_ms, bytes, share(fleet, limits->rate), now_ms);
    fleet->downloads++;
    return true;
}

void fleet_download_over(struct fleet *fleet, const uint8_t address[16])
{
    pthread_mutex_lock(&fleet->lock);
    site_loads_remove(&fleet->sites, address, clock_monotonic_ms());
    fleet->downloads--;
    pthread_mutex_unlock(&fleet->lock);
}

/* The release of its product that the device runs, by what it says; 0 = unknown. */
static uint32_t running_release(const struct fleet *fleet, const struct device *device,
                                const char *product)
{
    struct device_facts facts;

    facts_read(&device->facts, &facts);
    for (size_t i = fleet->release_count; i > 0; i--) {
        const struct release *release = fleet->releases[i - 1];
        if (strcmp(release->product, product) == 0 && policy_runs(&facts, release))
            return release->id;
    }
    return 0;
}

/* It may have been offered more meanwhile. */
static void base_on_decision(struct change *change, const struct device *device,
                             const struct policy_decision *decision)
{
    if (device == NULL)
        return;
    fleet_base_on(change, device);
    if (change->seen.offers.release == decision->next->id)
        change->seen.offers.count = decision->offers;
}

struct change *fleet_offer(struct fleet *fleet, mac_address mac,
                           const struct policy_decision *decision)
{
    struct change *change = change_new(CHANGE_OFFER, mac);

    if (change == NULL)
        return NULL;
    change->as.offer.release = decision->next->id;
    fleet_note_offer(fleet, change, decision);
    pthread_mutex_lock(&fleet->lock);
    const struct device *device = device_table_find(&fleet->devices, mac);
    const struct rollout *rollout = decision->rollout;
    base_on_decision(change, device, decision);
    /* One that sends devices back is over: what it remembers of them stays. */
    if (device != NULL && rollout != NULL && decision->next == rollout->release) {
        change->as.offer.rollout = rollout->id;
        change->as.offer.before = running_release(fleet, device, decision->target->product);
    }
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

/* As it should be only because a rollout stands still: what it has failed in that
 * rollout still counts there. */
static bool is_remembered(const struct device *device, const struct rollout *later)
{
    return later != NULL && later->release_id == device->offers.release;
}

/* Where a device asks for a file system, the version it sends may be that one's: what is
 * known of its sketch stays, as long as it is the same sketch. */
static void keep_sketch(const struct device *device, struct device_facts *facts)
{
    struct device_facts known;

    facts_read(&device->facts, &known);
    const bool is_same = device->last_seen_ms != 0 &&
                         memcmp(known.sketch_md5, facts->sketch_md5, UD_MD5_SIZE) == 0 &&
                         memcmp(known.sketch_sha256, facts->sketch_sha256, UD_SHA256_SIZE) == 0;

    memset(facts->version, 0, sizeof facts->version);
    if (is_same)
        memcpy(facts->version, known.version, sizeof facts->version);
}

static void base_on_files(struct change *change, const struct device *device)
{
    if (change == NULL)
        return;
    change->is_conditional = true;
    change->seen.offers = (struct device_offers){device->files.offered, device->files.offers};
}

struct change *fleet_offer_files(struct fleet *fleet, mac_address mac,
                                 const struct policy_files *files)
{
    struct change *change = change_new(CHANGE_FS_OFFER, mac);

    if (change == NULL)
        return NULL;
    change->as.offer.release = files->release->id;
    pthread_mutex_lock(&fleet->lock);
    const struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL)
        base_on_files(change, device);
    pthread_mutex_unlock(&fleet->lock);
    return change;
}

/* Heard of again after a whole download of a file system: it has it. Devices tell
 * nothing more of it. */
static void note_files(struct fleet *fleet, struct device *device)
{
    struct device_files *files = &device->files;

    if (files->taken_ms == 0)
        return;
    files->release = files->offered;
    files->offers = 0;
    files->taken_ms = 0;
    struct change *change = change_new(CHANGE_FS_ARRIVED, device->mac);
    base_on_files(change, device);
    fleet_submit_ahead(fleet, device, change);
}

void fleet_files_taken(struct fleet *fleet, mac_address mac, uint32_t bytes)
{
    struct change *change = change_new(CHANGE_FS_TAKEN, mac);

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL) {
        device->files.taken_ms = fleet_now(fleet);
        if (change != NULL)
            change->as.taken.at_ms = device->files.taken_ms;
        base_on_files(change, device);
        fleet_note_files(fleet, device, change, bytes);
        fleet_submit_ahead(fleet, device, change);
    } else
        change_free(change);
    pthread_mutex_unlock(&fleet->lock);
}

bool fleet_check_in(struct fleet *fleet, mac_address mac, const struct device_facts *facts,
                    bool continues, struct policy_decision *decision)
{
    pthread_mutex_lock(&fleet->lock);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device == NULL) {
        pthread_mutex_unlock(&fleet->lock);
        return false;
    }
    struct device_facts told = *facts;
    const bool wants_files = facts->mode == DEVICE_MODE_SPIFFS;
    if (wants_files)
        keep_sketch(device, &told);
    fleet_note_check_in(fleet, device, &told);
    note_facts(fleet, device, &told);
    fleet_note_ring_told(fleet, device, &told);
    if (!wants_files)
        device->on_its_way = continues;
    if (!continues)
        note_files(fleet, device);
    if (!continues && !wants_files)
        note_comeback(fleet, device, &told);
    struct policy_device subject = fleet_policy_device(fleet, device, &told);
    subject.load = load_at(fleet, facts->address, continues);
    *decision = policy_decide(&subject, &catalogue);
    if (decision->rule == RULE_BUSY)
        decision->retry_s = busy_seconds(fleet, facts->address, subject.load);
    if (wants_files) {
        decision->files = policy_decide_files(&subject, decision, &catalogue);
        decision->offer = decision->files.rule == RULE_DUE;
    }
    if (decision->state == STATE_CURRENT && device->offers.count > 0 &&
        !is_remembered(device, decision->later))
        note_arrival(fleet, device, decision->target);
    if (decision->offer)
        decision->offer = take_download(fleet, facts->address,
                                        continues     ? 0
                                        : wants_files ? decision->files.file->size
                                                      : decision->file->size);
    pthread_mutex_unlock(&fleet->lock);
    return true;
}

uint32_t fleet_transfer_begin(struct fleet *fleet, mac_address mac, uint32_t size)
{
    uint32_t transfer = 0;

    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL) {
        transfer = ++device->transfer;
        device->on_its_way = true;
        device->transfer_sent = 0;
        device->transfer_size = size;
        device->transfer_began_ms = clock_monotonic_ms();
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
    return transfer;
}

void fleet_transfer_progress(struct fleet *fleet, mac_address mac, uint32_t transfer, uint32_t sent)
{
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL && device->transfer == transfer) {
        device->transfer_sent = sent;
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
}

static void note_taken(struct fleet *fleet, struct device *device)
{
    struct change *change = change_new(CHANGE_TAKEN, device->mac);

    device->part.taken_ms = fleet_now(fleet);
    if (change != NULL)
        change->as.taken.at_ms = device->part.taken_ms;
    fleet_base_on(change, device);
    fleet_note_transfer(fleet, device, change, device->transfer_size, true);
    fleet_submit_ahead(fleet, device, change);
}

static void note_broken_off(struct fleet *fleet, const struct device *device)
{
    struct change *change = change_new(CHANGE_EVENT, device->mac);

    fleet_note_transfer(fleet, device, change, device->transfer_sent, false);
    writer_submit(fleet->writer, change, NULL, NULL);
}

void fleet_transfer_end(struct fleet *fleet, mac_address mac, uint32_t transfer, bool is_whole)
{
    pthread_mutex_lock(&fleet->lock);
    struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL && device->transfer == transfer) {
        device->on_its_way = is_whole;
        if (is_whole)
            note_taken(fleet, device);
        else
            note_broken_off(fleet, device);
        device->transfer_sent = device->transfer_size = 0;
        fleet_mark_changed(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
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
