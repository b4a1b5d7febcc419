/* Changes to groups, and the names in settings of groups and devices. */
#include "server/fleet/fleet_apply.h"

#include "server/fleet/pointers.h"

#include <stdlib.h>

void fleet_set_name(struct fleet *fleet, const struct settings *settings, enum setting setting,
                    const char *value, const char **name)
{
    if (settings->set & setting)
        *name = pair_map_intern(&fleet->names, value);
}

struct group *fleet_enter_group(struct fleet *fleet, const char *name)
{
    struct group *group = pair_map_get(&fleet->group_names, name, "");

    if (group != NULL)
        return group;
    struct group **groups = pointers_make_room(fleet->groups, fleet->group_count);
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

void fleet_apply_group(struct fleet *fleet, const struct change *change)
{
    const struct settings *settings = &change->as.group.settings;
    struct group *group = fleet_enter_group(fleet, change->as.group.name);

    if (group == NULL)
        return;
    fleet_set_name(fleet, settings, SETTING_PRODUCT, settings->product, &group->product);
    fleet_set_name(fleet, settings, SETTING_CHANNEL, settings->channel, &group->channel);
    fleet_set_name(fleet, settings, SETTING_PIN, settings->pin, &group->pin);
    if (settings->set & SETTING_DOWNGRADE)
        group->downgrade = settings->downgrade;
    if (settings->set & SETTING_OFFSET)
        group->offset = settings->offset;
    fleet_set_name(fleet, settings, SETTING_ACCEPT, settings->accept, &group->accept);
    fleet_mark_all_changed(fleet);
}
