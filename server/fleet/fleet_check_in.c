#include "server/fleet/fleet_state.h"

#include <string.h>

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
        .load =
            device->on_its_way ? LOAD_LIGHT : fleet_load_at(fleet, device->facts.address, false),
        .now_ms = fleet_now(fleet),
        .listening_ms = fleet->listening_ms,
    };
}

static void note_facts(struct fleet *fleet, struct device *device, const struct device_facts *facts)
{
    const int64_t now_ms = fleet_now(fleet);
    /* A clock that was set back takes all that is stored of a later time with it. */
    const bool is_news = now_ms < device->told_ms || !facts_are(&device->facts, facts);

    /* When memory is out they stay what they were: still one who was heard of. */
    if (is_news)
        (void)facts_keep(&fleet->devices.facts, &device->facts, facts);
    device->told_ms = device->last_seen_ms = now_ms;
    if (device->first_seen_ms == 0)
        device->first_seen_ms = now_ms;
    if (is_news)
        fleet_mark_behind(fleet, device);
    fleet_mark_heard(fleet, device);
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
        fleet_note_files_told(fleet, device);
    if (!continues && !wants_files)
        note_comeback(fleet, device, &told);
    struct policy_device subject = fleet_policy_device(fleet, device, &told);
    subject.load = fleet_load_at(fleet, facts->address, continues);
    *decision = policy_decide(&subject, &catalogue);
    if (decision->rule == RULE_BUSY)
        decision->retry_s = fleet_busy_seconds(fleet, facts->address, subject.load);
    if (wants_files) {
        decision->files = policy_decide_files(&subject, decision, &catalogue);
        decision->offer = decision->files.rule == RULE_DUE;
    }
    if (decision->state == STATE_CURRENT && device->offers.count > 0 &&
        !is_remembered(device, decision->later))
        note_arrival(fleet, device, decision->target);
    if (decision->offer)
        decision->offer = fleet_take_download(fleet, facts->address,
                                              continues     ? 0
                                              : wants_files ? decision->files.file->size
                                                            : decision->file->size);
    pthread_mutex_unlock(&fleet->lock);
    return true;
}
