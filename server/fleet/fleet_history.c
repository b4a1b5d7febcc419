/* What goes into devices' histories. */
#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"
#include "server/policy/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives the change an event to be written with it. Null: memory is out, as it is for a
 * change that is null already; then what the change is about goes first. */
static struct device_event *add_event(const struct fleet *fleet, struct change *change,
                                      enum event_kind kind, const char *version)
{
    if (change == NULL)
        return NULL;
    change->event = calloc(1, sizeof *change->event);
    if (change->event == NULL)
        return NULL;
    change->event->kind = kind;
    change->event->at_ms = fleet_now(fleet);
    snprintf(change->event->version, VERSION_SIZE, "%s", version != NULL ? version : "");
    return change->event;
}

void fleet_note_offer(const struct fleet *fleet, struct change *change,
                      const struct policy_decision *decision)
{
    struct device_event *event = add_event(fleet, change, EVENT_OFFERED, decision->next->version);

    if (event == NULL)
        return;
    event->bytes = decision->file->size;
    if (decision->rollout != NULL)
        snprintf(event->reason, sizeof event->reason, "rollout %u", decision->rollout->id);
}

static const char *offered_version(const struct fleet *fleet, const struct device *device)
{
    const struct release *release = fleet_release_of_id(fleet, device->offers.release);

    return release != NULL ? release->version : NULL;
}

void fleet_note_transfer(const struct fleet *fleet, const struct device *device,
                         struct change *change, uint32_t bytes, bool is_whole)
{
    struct device_event *event = add_event(fleet, change, is_whole ? EVENT_SENT : EVENT_BROKE_OFF,
                                           offered_version(fleet, device));

    if (event == NULL)
        return;
    event->bytes = bytes;
    event->duration_ms = (uint64_t)(clock_monotonic_ms() - device->transfer_began_ms);
}

void fleet_note_result(const struct fleet *fleet, const struct device *device,
                       struct change *change, bool has_arrived)
{
    struct device_event *event = add_event(
        fleet, change, has_arrived ? EVENT_ARRIVED : EVENT_FAILED, offered_version(fleet, device));

    if (event == NULL)
        return;
    if (device->part.taken_ms != 0 && fleet_now(fleet) > device->part.taken_ms)
        event->duration_ms = (uint64_t)(fleet_now(fleet) - device->part.taken_ms);
    if (has_arrived)
        return;
    struct device_facts facts;
    facts_read(&device->facts, &facts);
    snprintf(event->reason, sizeof event->reason, "it came back with %s",
             facts.version[0] != '\0' ? facts.version : "another sketch");
}

void fleet_note_files(const struct fleet *fleet, const struct device *device, struct change *change,
                      uint32_t bytes)
{
    const struct release *release = fleet_release_of_id(fleet, device->files.offered);
    struct device_event *event =
        add_event(fleet, change, EVENT_SENT, release != NULL ? release->version : NULL);

    if (event == NULL)
        return;
    event->bytes = bytes;
    snprintf(event->reason, sizeof event->reason, "file system");
}

void fleet_note_ring(const struct fleet *fleet, struct change *change,
                     const struct ring_update *update, enum event_kind kind)
{
    struct device_event *event = add_event(fleet, change, kind, NULL);

    if (event == NULL)
        return;
    event->bytes = kind == EVENT_OFFERED ? update->length : 0;
    snprintf(event->reason, sizeof event->reason, "key update %u", update->number);
}

static bool is_same_sketch(const struct device_facts *a, const struct device_facts *b)
{
    if (a->version[0] != '\0' || b->version[0] != '\0')
        return strcmp(a->version, b->version) == 0;
    return memcmp(a->sketch_md5, b->sketch_md5, sizeof a->sketch_md5) == 0 &&
           memcmp(a->sketch_sha256, b->sketch_sha256, sizeof a->sketch_sha256) == 0;
}

/* What runs by facts that are not the device's latest; null = unknown. */
static const char *version_by(const struct fleet *fleet, const struct device *device,
                              const struct device_facts *facts)
{
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);
    struct device_facts room;
    struct policy_device subject = fleet_policy_device(fleet, device, &room);

    if (facts->version[0] != '\0') /* which it tells without a product, too */
        return facts->version;
    subject.facts = facts;
    return policy_running(&subject, &catalogue).version;
}

void fleet_note_check_in(struct fleet *fleet, const struct device *device,
                         const struct device_facts *facts)
{
    struct device_facts known;

    facts_read(&device->facts, &known);
    if (device->last_seen_ms != 0 && is_same_sketch(&known, facts))
        return;
    struct change *change = change_new(CHANGE_EVENT, device->mac);
    struct device_event *event =
        add_event(fleet, change, device->last_seen_ms != 0 ? EVENT_RUNS : EVENT_REGISTERED,
                  version_by(fleet, device, facts));
    const char *before = device->last_seen_ms != 0 ? version_by(fleet, device, &known) : NULL;

    if (event == NULL) {
        change_free(change);
        return;
    }
    snprintf(event->before, sizeof event->before, "%s", before != NULL ? before : "");
    writer_submit(fleet->writer, change, NULL, NULL);
}
