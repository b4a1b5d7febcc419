#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"

bool find_device(const struct operator_api *api, struct http_request *request, const char *name,
                 mac_address *mac, struct device_view *view)
{
    if (!mac_parse(name, mac)) {
        answer_error(request, 400, "%s is not a MAC address, like 5C:CF:7F:00:00:01", name);
        return false;
    }
    if (view == NULL || fleet_view(api->fleet, *mac, view))
        return true;
    answer_error(request, 404, "there is no device %s", name);
    return false;
}

void handle_show_device(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct device_view view;
    mac_address mac;

    if (find_device(api, request, name, &mac, &view))
        answer_json(request, 200, view_device(&view));
}

static void answer_device(struct operation *operation)
{
    struct device_view view;

    if (fleet_view(operation->api->fleet, operation->mac, &view))
        answer_json(operation->request, operation->is_new ? 201 : 200, view_device(&view));
    else
        answer_error(operation->request, 404, "the device was removed meanwhile");
}

bool can_pin(const struct operator_api *api, struct http_request *request, const char *product,
             const char *version)
{
    struct release release;

    if (!fleet_copy_release(api->fleet, product, version, &release))
        answer_error(request, 409, "%s has no release %s to pin to: publish it first", product,
                     version);
    else if (release.state != RELEASE_LIVE)
        answer_error(request, 409, "%s %s %s: nothing can be pinned to it", product, version,
                     release.state == RELEASE_DRAFT ? "is a draft" : "was withdrawn");
    else
        return true;
    return false;
}

/* A pin must be a version the device's product has. */
static bool is_pin_sound(const struct operator_api *api, struct http_request *request,
                         const struct settings *settings, const struct device_view *known)
{
    struct group group = {.product = NULL};
    const char *product = known != NULL ? known->product : NULL;

    if (!(settings->set & SETTING_PIN) || settings->pin[0] == '\0')
        return true;
    if ((settings->set & SETTING_GROUP) && (known == NULL || known->assignment.product == NULL))
        product = fleet_group(api->fleet, settings->group, &group) ? group.product : NULL;
    if ((settings->set & SETTING_PRODUCT) && settings->product[0] != '\0')
        product = settings->product;
    if (product == NULL)
        answer_error(request, 409, "a device without a product cannot be pinned: give it one");
    else
        return can_pin(api, request, product, settings->pin);
    return false;
}

void handle_set_device(const struct operator_api *api, struct http_request *request,
                       const char *name)
{
    const unsigned allowed = ~(unsigned)SETTING_ACCEPT;
    struct settings settings;
    struct device_view view;
    mac_address mac;

    if (!find_device(api, request, name, &mac, NULL) || !read_settings(request, allowed, &settings))
        return;
    const bool is_known = fleet_view(api->fleet, mac, &view);
    if (!is_pin_sound(api, request, &settings, is_known ? &view : NULL))
        return;
    struct operation *operation = new_operation(api, request, answer_device);
    if (operation == NULL)
        return;
    operation->mac = mac;
    operation->is_new = !is_known;
    struct change *change = change_new(CHANGE_ASSIGN, mac);
    if (change != NULL)
        change->as.assign.settings = settings;
    perform(operation, change);
}

void handle_retry_device(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct device_view view;
    mac_address mac;

    if (!find_device(api, request, name, &mac, &view))
        return;
    struct operation *operation = new_operation(api, request, answer_device);
    if (operation == NULL)
        return;
    operation->mac = mac;
    perform(operation, change_new(CHANGE_RETRY, mac));
}

static void answer_removed(struct operation *operation)
{
    char mac[MAC_TEXT_SIZE];

    log_line("%s was removed by an operator", mac_format(operation->mac, mac));
    http_answer(operation->request, 204, NULL, "", 0);
}

void handle_remove_device(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    struct device_view view;
    mac_address mac;

    if (!find_device(api, request, name, &mac, &view))
        return;
    struct operation *operation = new_operation(api, request, answer_removed);
    if (operation == NULL)
        return;
    operation->mac = mac;
    perform(operation, change_new(CHANGE_REMOVE, mac));
}
