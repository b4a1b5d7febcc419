#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include <stdlib.h>
#include <string.h>

struct member_count {
    const struct group *groups; /* by name */
    size_t *devices;            /* of each */
    size_t count;
};

static void count_member(void *ctx, const struct device_view *device)
{
    const struct member_count *members = ctx;

    if (device->assignment.group == NULL)
        return;
    for (size_t i = 0; i < members->count; i++)
        members->devices[i] += strcmp(members->groups[i].name, device->assignment.group) == 0;
}

/* Counts the members of each group; null when memory is out. */
static size_t *count_members(struct fleet *fleet, const struct group *groups, size_t count)
{
    size_t *devices = calloc(count + 1, sizeof *devices);
    struct member_count members = {groups, devices, count};

    if (devices != NULL)
        fleet_count_devices(fleet, count_member, &members);
    return devices;
}

void handle_list_groups(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    size_t count;
    struct group *groups = fleet_copy_groups(api->fleet, &count);
    size_t *devices = count_members(api->fleet, groups, count);
    json_t *array = json_array();

    (void)name;
    for (size_t i = 0; i < count && devices != NULL; i++)
        json_array_append_new(array, view_group(&groups[i], devices[i]));
    free(devices);
    free(groups);
    answer_json(request, 200, json_pack("{so}", "groups", array));
}

static void answer_group(struct operation *operation)
{
    struct fleet *fleet = operation->api->fleet;
    struct group group;

    if (!fleet_group(fleet, operation->name, &group)) {
        answer_cannot_write(operation->request);
        return;
    }
    size_t *devices = count_members(fleet, &group, 1);
    json_t *view = devices != NULL ? view_group(&group, devices[0]) : NULL;
    free(devices);
    answer_json(operation->request, 200, json_pack("{so}", "group", view));
}

/* A pin must be a version of the group's product. */
static bool is_pin_sound(const struct operator_api *api, struct http_request *request,
                         const char *name, const struct settings *settings)
{
    struct group group = {.product = NULL};
    const char *product = settings->product;

    if (!(settings->set & SETTING_PIN) || settings->pin[0] == '\0')
        return true;
    if (!(settings->set & SETTING_PRODUCT) && fleet_group(api->fleet, name, &group) &&
        group.product != NULL)
        product = group.product;
    if (product[0] == '\0')
        answer_error(request, 409, "a group's pin is a version of a product: give it a product");
    else
        return can_pin(api, request, product, settings->pin);
    return false;
}

#define GROUP_SETTINGS                                                                             \
    (SETTING_PRODUCT | SETTING_CHANNEL | SETTING_PIN | SETTING_DOWNGRADE | SETTING_OFFSET |        \
     SETTING_ACCEPT)

void handle_set_group(const struct operator_api *api, struct http_request *request,
                      const char *name)
{
    struct settings settings;

    if (!name_is_valid(name)) {
        answer_error(request, 400, "%s cannot be a group's name", name);
        return;
    }
    if (!read_settings(request, GROUP_SETTINGS, &settings) ||
        !is_pin_sound(api, request, name, &settings))
        return;
    struct operation *operation = new_operation(api, request, answer_group);
    if (operation == NULL)
        return;
    operation->counts = true;
    strcpy(operation->name, name);
    struct change *change = change_new(CHANGE_GROUP, 0);
    if (change != NULL) {
        strcpy(change->as.group.name, name);
        change->as.group.settings = settings;
    }
    perform(operation, change);
}
