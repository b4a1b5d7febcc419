#include "server/webhooks/events.h"

#include "server/model/clock.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

/* Changes to a release and to a rollout are named by what comes of them. */
static const struct {
    enum change_kind kind;
    const char *name;
} events[] = {
    {CHANGE_REGISTER, "device.registered"},
    {CHANGE_ARRIVED, "device.updated"},
    {CHANGE_CAME_BACK, "device.came-back"},
    {CHANGE_REMOVE, "device.removed"},
    {CHANGE_RELEASE, "release.published"},
    {CHANGE_FILE, "release.published"},
    {CHANGE_NEWEST, "release.published"},
    {CHANGE_EDIT, "release.changed"},
    {CHANGE_ROLLOUT, "rollout."},
    {CHANGE_PROGRESS, "rollout."},
    {CHANGE_RING_UPDATE, "keys.published"},
    {CHANGE_RING_WITHDRAWN, "keys.withdrawn"},
    {CHANGE_RING_ARRIVED, "device.keys-updated"},
};

static bool is_test(const struct change *change)
{
    return change->kind == CHANGE_WEBHOOK && change->as.webhook->kind == WEBHOOK_TEST;
}

const char *webhook_event_name(const struct change *change, char name[EVENT_NAME_SIZE])
{
    name[0] = '\0';
    if (is_test(change))
        snprintf(name, EVENT_NAME_SIZE, "webhook.test");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i].kind == change->kind)
            snprintf(name, EVENT_NAME_SIZE, "%s%s", events[i].name,
                     change_has_rollout(change) ? rollout_state_name(change->as.rollout->state)
                                                : "");
    return name;
}

static json_t *describe_rollout(const struct rollout *rollout)
{
    return json_pack("{sI ss ss ss ss sI sI}", "id", (json_int_t)rollout->id, "product",
                     rollout->release->product, "version", rollout->release->version, "state",
                     rollout_state_name(rollout->state), "reason", rollout->reason, "stage",
                     (json_int_t)rollout->stage, "stages", (json_int_t)rollout->stage_count);
}

static json_t *describe_release(const struct release *release)
{
    return json_pack("{sI ss ss ss ss ss}", "id", (json_int_t)release->id, "product",
                     release->product, "version", release->version, "channel", release->channel,
                     "chip", release->image.chip_name, "state", release_state_name(release->state));
}

static json_t *describe_key_update(const struct ring_update *update)
{
    const char *action = update->action == KEY_UPDATE_ADD ? "add" : "revoke";
    char key[2 * UD_KEY_ID_SIZE + 1];

    ud_hex_encode(update->key, UD_KEY_ID_SIZE, key);
    return json_pack("{sI ss sI ss ss}", "id", (json_int_t)update->id, "product", update->product,
                     "number", (json_int_t)update->number, "action", action, "key", key);
}

static json_t *describe_device(mac_address mac)
{
    char text[MAC_TEXT_SIZE];

    return json_pack("{ss}", "mac", mac_format(mac, text));
}

json_t *webhook_event_body(const struct change *change, int64_t now_ms)
{
    char time[CLOCK_TEXT_SIZE];
    json_t *body = json_pack("{ss}", "time", clock_format(now_ms, time));

    if (body == NULL || is_test(change))
        return body;
    if (change_has_rollout(change))
        json_object_set_new(body, "rollout", describe_rollout(change->as.rollout));
    else if (change_has_release(change))
        json_object_set_new(body, "release", describe_release(change->as.release));
    else if (change_has_ring_update(change))
        json_object_set_new(body, "key_update", describe_key_update(change->as.ring_update));
    else
        json_object_set_new(body, "device", describe_device(change->device));
    return body;
}
