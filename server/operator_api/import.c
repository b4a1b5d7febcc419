/* Many devices at once. What is malformed is found before any of them is entered. */
#include "server/operator_api/handlers.h"
#include "server/operator_api/recorded.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT_MAX 1000

struct entry {
    mac_address mac;
    struct settings settings;
};

/* An import on its way; its request's context. */
struct import {
    const struct operator_api *api;
    struct http_request *request;
    struct entry *entries;
    size_t count;
    size_t new_count; /* of them, not known before */
    atomic_size_t left;
    atomic_bool has_failed;
};

static void free_import(void *context)
{
    struct import *import = context;

    free(import->entries);
    free(import);
}

/* Reads one device, and takes its "mac" out. False, and answered, when it is malformed. */
static bool read_entry(struct import *import, json_t *object)
{
    struct entry *entry = &import->entries[import->count];
    const char *mac = json_string_value(json_object_get(object, "mac"));
    char error[SETTINGS_ERROR_SIZE];
    struct device_view view;

    if (mac == NULL || !mac_parse(mac, &entry->mac)) {
        answer_error(import->request, 400, "device %zu has no mac, like 5C:CF:7F:00:00:01",
                     import->count + 1);
        return false;
    }
    json_object_del(object, "mac");
    if (!settings_from_json(object, ~(unsigned)SETTING_ACCEPT, &entry->settings, error)) {
        answer_error(import->request, 400, "device %zu: %s", import->count + 1, error);
        return false;
    }
    import->new_count += !fleet_view(import->api->fleet, entry->mac, &view);
    import->count++;
    return true;
}

static bool read_entries(struct import *import, json_t *body)
{
    json_t *devices = json_object_get(body, "devices"), *device;
    size_t i;

    if (!json_is_array(devices) || json_object_size(body) != 1 ||
        json_array_size(devices) > IMPORT_MAX) {
        answer_error(import->request, 400,
                     "the body is not {\"devices\": [...]} with at most %d of them", IMPORT_MAX);
        return false;
    }
    import->entries = calloc(json_array_size(devices) + 1, sizeof *import->entries);
    if (import->entries == NULL) {
        answer_cannot_write(import->request);
        return false;
    }
    json_array_foreach(devices, i, device)
    {
        if (!read_entry(import, device))
            return false;
    }
    return true;
}

static void go_on(void *ctx, struct http_request *request)
{
    const struct import *import = ctx;

    if (atomic_load(&import->has_failed))
        answer_cannot_write(request);
    else
        answer_json(request, 200,
                    json_pack("{sI sI}", "devices", (json_int_t)import->count, "new",
                              (json_int_t)import->new_count));
}

static void written(void *ctx, enum change_result result)
{
    struct import *import = ctx;

    if (result != CHANGE_DONE)
        atomic_store(&import->has_failed, true);
    if (atomic_fetch_sub(&import->left, 1) == 1)
        http_resume(import->request);
}

static struct change *change_of(const struct http_request *request, const struct entry *entry)
{
    struct change *change = change_new(CHANGE_ASSIGN, entry->mac);
    char detail[40] = "device ";

    if (change == NULL)
        return NULL;
    change->as.assign.settings = entry->settings;
    mac_format(entry->mac, detail + strlen(detail));
    return recorded(request, change, detail);
}

/* What a failure leaves out is entered when the import is done again. */
static void submit(struct import *import)
{
    atomic_store(&import->left, import->count);
    http_suspend(import->request, go_on, import);
    for (size_t i = 0; i < import->count; i++)
        fleet_submit(import->api->fleet, change_of(import->request, &import->entries[i]), written,
                     import);
}

void handle_import_devices(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    size_t length;
    const char *text = http_body(request, &length);
    struct import *import = calloc(1, sizeof *import);

    (void)name;
    if (import == NULL) {
        answer_cannot_write(request);
        return;
    }
    import->api = api;
    import->request = request;
    http_set_context(request, import, free_import);
    json_t *body = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const bool is_sound = read_entries(import, body);
    json_decref(body);
    if (is_sound && import->count > 0)
        submit(import);
    else if (is_sound)
        go_on(import, request);
}
