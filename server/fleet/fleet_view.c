/* The fleet as operators see it. */
#include "server/fleet/fleet_state.h"
#include "server/policy/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the device says it runs; or, when it says nothing, the release of its
 * product that its digest is of. */
static const char *running_version(const struct fleet *fleet, const struct device_view *view)
{
    if (view->last_seen_ms == 0)
        return NULL;
    if (view->facts.version[0] != '\0')
        return view->facts.version;
    if (view->decision.rule == RULE_SAME_DIGEST)
        return view->decision.target->version;
    for (size_t i = fleet->release_count; i > 0 && view->product != NULL; i--) {
        const struct release *release = fleet->releases[i - 1];
        if (strcmp(release->product, view->product) == 0 &&
            policy_runs_image(&view->facts, &release->image.digests))
            return release->version;
    }
    return NULL;
}

static uint32_t rollout_of(const struct policy_decision *decision)
{
    const struct rollout *rollout = decision->rollout != NULL ? decision->rollout : decision->later;

    return rollout != NULL ? rollout->id : 0;
}

void fleet_view_device(const struct fleet *fleet, const struct device *device,
                       struct device_view *view, bool has_reason)
{
    const struct policy_device subject = fleet_policy_device(fleet, device, &view->facts);
    const struct policy_catalogue catalogue = fleet_catalogue(fleet);

    view->mac = device->mac;
    view->first_seen_ms = device->first_seen_ms;
    view->last_seen_ms = device->last_seen_ms;
    view->product = policy_product(&subject);
    view->channel = policy_channel(&subject);
    view->assignment = device->assignment;
    view->offers = device->offers;
    view->transfer_sent = device->transfer_sent;
    view->transfer_size = device->transfer_size;
    view->decision = policy_decide(&subject, &catalogue);
    view->rollout = rollout_of(&view->decision);
    view->reason[0] = '\0';
    if (has_reason)
        policy_explain(&view->decision, &subject, &catalogue, view->reason);
    view->version = running_version(fleet, view);
}

bool fleet_view(struct fleet *fleet, mac_address mac, struct device_view *view)
{
    pthread_mutex_lock(&fleet->lock);
    const struct device *device = device_table_find(&fleet->devices, mac);
    if (device != NULL)
        fleet_view_device(fleet, device, view, true);
    pthread_mutex_unlock(&fleet->lock);
    return device != NULL;
}

struct release *fleet_copy_releases(struct fleet *fleet, size_t *count)
{
    pthread_mutex_lock(&fleet->lock);
    const size_t total = fleet->release_count;
    struct release *copies = malloc((total + 1) * sizeof *copies);
    for (size_t i = 0; i < total && copies != NULL; i++)
        copies[i] = *fleet->releases[total - 1 - i];
    pthread_mutex_unlock(&fleet->lock);
    *count = copies != NULL ? total : 0;
    return copies;
}

static int compare_names(const void *left, const void *right)
{
    const struct group *a = left, *b = right;

    return strcmp(a->name, b->name);
}

struct group *fleet_copy_groups(struct fleet *fleet, size_t *count)
{
    pthread_mutex_lock(&fleet->lock);
    const size_t total = fleet->group_count;
    struct group *copies = malloc((total + 1) * sizeof *copies);
    for (size_t i = 0; i < total && copies != NULL; i++)
        copies[i] = *fleet->groups[i];
    pthread_mutex_unlock(&fleet->lock);
    *count = copies != NULL ? total : 0;
    if (*count > 0)
        qsort(copies, *count, sizeof *copies, compare_names);
    return copies;
}

bool fleet_group(struct fleet *fleet, const char *name, struct group *group)
{
    pthread_mutex_lock(&fleet->lock);
    const struct group *own = pair_map_get(&fleet->group_names, name, "");
    if (own != NULL)
        *group = *own;
    pthread_mutex_unlock(&fleet->lock);
    return own != NULL;
}

/* The next to be taken. */
static void fetch_last(const struct fleet *fleet)
{
    const size_t left = fleet->changed.count;
    const size_t count = left < DEVICES_FETCHED ? left : DEVICES_FETCHED;

    device_table_fetch(&fleet->devices, fleet->changed.macs + left - count, count);
}

void fleet_take_changed(struct fleet *fleet, struct mac_list *list, size_t limit)
{
    pthread_mutex_lock(&fleet->lock);
    for (size_t taken = 0; taken < limit && fleet->changed.count > 0; taken++) {
        if (taken % DEVICES_FETCHED == 0)
            fetch_last(fleet);
        const mac_address mac = fleet->changed.macs[fleet->changed.count - 1];
        struct device *device = device_table_find(&fleet->devices, mac);
        if (device != NULL && !mac_list_add(list, mac))
            break;
        if (device != NULL)
            device->is_changed = false;
        fleet->changed.count--;
    }
    pthread_mutex_unlock(&fleet->lock);
}

bool fleet_takes_unknown(struct fleet *fleet, bool *is_news)
{
    const uint32_t limit = fleet->config.unassigned_limit;

    pthread_mutex_lock(&fleet->lock);
    const bool is_full = limit != 0 && fleet->unassigned >= limit;
    *is_news = is_full && !fleet->is_full;
    fleet->is_full = is_full;
    pthread_mutex_unlock(&fleet->lock);
    return !is_full;
}

static bool accepts(const struct group *group, const struct filter_subject *subject)
{
    char error[FILTER_ERROR_SIZE];
    struct filter filter;

    return group->accept != NULL && filter_parse(group->accept, &filter, error) &&
           filter_matches(&filter, subject);
}

bool fleet_find_accepting(struct fleet *fleet, mac_address mac, const struct device_facts *facts,
                          char name[NAME_SIZE])
{
    const struct filter_subject subject = {.mac = mac, .facts = facts, .version = facts->version};

    name[0] = '\0';
    pthread_mutex_lock(&fleet->lock);
    for (size_t i = 0; i < fleet->group_count; i++) {
        const struct group *group = fleet->groups[i];
        if (accepts(group, &subject) && (name[0] == '\0' || strcmp(group->name, name) < 0))
            snprintf(name, NAME_SIZE, "%s", group->name);
    }
    pthread_mutex_unlock(&fleet->lock);
    return name[0] != '\0';
}
