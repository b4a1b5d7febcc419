/* Changes to devices: what they are told to be, and what they are offered. */
#include "server/fleet/fleet_apply.h"

bool fleet_waits_for_assignment(const struct device *device)
{
    return device != NULL && device->assignment.product == NULL &&
           device->assignment.group == NULL && !device->assignment.is_decommissioned;
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

void fleet_apply_register(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_enter(&fleet->devices, change->device);

    if (device == NULL ||
        !facts_keep(&fleet->devices.facts, &device->facts, &change->as.seen.facts))
        return;
    device->first_seen_ms = device->last_seen_ms = device->told_ms = change->as.seen.at_ms;
    if (change->as.seen.group[0] != '\0' && fleet_enter_group(fleet, change->as.seen.group) != NULL)
        device->assignment.group = pair_map_intern(&fleet->names, change->as.seen.group);
    fleet_mark_changed(fleet, device);
}

void fleet_apply_assign(struct fleet *fleet, const struct change *change)
{
    const struct settings *settings = &change->as.assign.settings;
    struct device *device = device_table_enter(&fleet->devices, change->device);

    if (device == NULL)
        return;
    fleet_set_name(fleet, settings, SETTING_PRODUCT, settings->product,
                   &device->assignment.product);
    fleet_set_name(fleet, settings, SETTING_GROUP, settings->group, &device->assignment.group);
    fleet_set_name(fleet, settings, SETTING_CHANNEL, settings->channel,
                   &device->assignment.channel);
    fleet_set_name(fleet, settings, SETTING_PIN, settings->pin, &device->assignment.pin);
    fleet_set_name(fleet, settings, SETTING_TAGS, settings->tags, &device->assignment.tags);
    fleet_set_name(fleet, settings, SETTING_ALIAS, settings->alias, &device->assignment.alias);
    fleet_set_name(fleet, settings, SETTING_COMMENT, settings->comment,
                   &device->assignment.comment);
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

void fleet_apply_remove(struct fleet *fleet, const struct change *change)
{
    device_table_remove(&fleet->devices, change->device);
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

void fleet_apply_offers(struct fleet *fleet, const struct change *change)
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

void fleet_apply_fs_offer(struct fleet *fleet, const struct change *change)
{
    struct device *device = device_table_find(&fleet->devices, change->device);

    if (device == NULL)
        return;
    struct device_files *files = &device->files;
    files->offers = files->offered == change->as.offer.release ? files->offers + 1 : 1;
    files->offered = change->as.offer.release;
    files->taken_ms = 0;
}
