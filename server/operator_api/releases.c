#include "server/operator_api/caller.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target_counts {
    const struct release *releases; /* newest first: by falling id */
    size_t *devices;
    size_t count;
};

static void count_target(void *ctx, const struct device_view *device)
{
    const struct target_counts *counts = ctx;
    size_t low = 0, high = counts->count;

    if (device->decision.target == NULL)
        return;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (counts->releases[middle].id > device->decision.target->id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < counts->count && counts->releases[low].id == device->decision.target->id)
        counts->devices[low]++;
}

void handle_list_releases(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    const struct caller *caller = http_caller(request);
    const char *product =
        caller->product[0] != '\0' ? caller->product : http_query(request, "product");
    json_t *array = json_array();
    size_t count;
    struct release *releases = fleet_copy_releases(api->fleet, &count);
    size_t *devices = calloc(count + 1, sizeof *devices);
    struct target_counts counts = {releases, devices, count};

    (void)name;
    if (devices != NULL)
        fleet_count_devices(api->fleet, count_target, &counts);
    for (size_t i = 0; i < count && devices != NULL; i++)
        if (product == NULL || strcmp(product, releases[i].product) == 0)
            json_array_append_new(array, view_release(&releases[i], devices[i]));
    free(devices);
    free(releases);
    answer_json(request, 200, json_pack("{so}", "releases", array));
}

/* The release of the path; false, and the request answered, when there is none. */
static bool find_release(const struct operator_api *api, struct http_request *request,
                         const char *name, struct release *release)
{
    uint32_t id;

    if (path_id(name, &id) && fleet_copy_release_of_id(api->fleet, id, release))
        return true;
    answer_error(request, 404, "there is no release %s", name);
    return false;
}

void handle_show_release(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct release release;

    if (find_release(api, request, name, &release))
        answer_json(request, 200, view_release(&release, count_targets(api->fleet, release.id)));
}

/* --- what operators decide --- */

static void answer_release(struct operation *operation)
{
    struct release release;

    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 409, "release %s was withdrawn at the same moment",
                     operation->name);
    else if (find_release(operation->api, operation->request, operation->name, &release)) {
        log_line("%s %s is %s%s%s", release.product, release.version,
                 release_state_name(release.state), release.reason[0] != '\0' ? ": " : "",
                 release.reason);
        answer_json(operation->request, 200,
                    view_release(&release, count_targets(operation->api->fleet, release.id)));
    }
}

static void submit_edit(const struct operator_api *api, struct http_request *request,
                        const char *name, const struct release *release, bool goes_live)
{
    struct operation *operation = new_operation(api, request, answer_release);
    struct release *copy = malloc(sizeof *copy);
    struct change *change = change_new(CHANGE_EDIT, 0);

    if (operation == NULL || copy == NULL || change == NULL) {
        free(copy);
        free(change);
        if (operation != NULL)
            answer_cannot_write(request);
        return;
    }
    operation->counts = true;
    *copy = *release;
    change->as.release = copy;
    change->goes_live = goes_live;
    strcpy(operation->name, name);
    perform(operation, change);
}

void handle_release_live(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct release release;

    if (!find_release(api, request, name, &release))
        return;
    if (release.state != RELEASE_DRAFT) {
        answer_error(request, 409, "%s is no draft, it is %s", release.version,
                     release_state_name(release.state));
        return;
    }
    release.state = RELEASE_LIVE;
    submit_edit(api, request, name, &release, true);
}

/* Copies a text of the object; true when it is absent, null (then empty) or valid. */
static bool take_text(const json_t *object, const char *name, char *out, size_t size,
                      bool (*is_valid)(const char *))
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);

    if (value == NULL)
        return true;
    if (!json_is_null(value) &&
        (text == NULL || strlen(text) >= size || (text[0] != '\0' && !is_valid(text))))
        return false;
    snprintf(out, size, "%s", text != NULL ? text : "");
    return true;
}

/* The body's object, which may have these names only (null ends them). Null, and
 * answered, when it is something else. */
static json_t *read_object(struct http_request *request, const char *const *names)
{
    size_t length;
    const char *body = http_body(request, &length);
    json_t *object =
        json_loadb(length > 0 ? body : "{}", length > 0 ? length : 2, JSON_REJECT_DUPLICATES, NULL);
    size_t known = 0;

    for (; *names != NULL; names++)
        known += json_object_get(object, *names) != NULL;
    if (json_is_object(object) && json_object_size(object) == known)
        return object;
    answer_error(request, 400, "the body is not a JSON object of what can be set here");
    json_decref(object);
    return NULL;
}

void handle_withdraw_release(const struct operator_api *api, struct http_request *request,
                             const char *name)
{
    static const char *const names[] = {"reason", NULL};
    struct release release;

    json_t *body = read_object(request, names);
    if (body == NULL)
        return;
    if (!find_release(api, request, name, &release)) {
        json_decref(body);
        return;
    }
    const bool is_sound =
        take_text(body, "reason", release.reason, sizeof release.reason, notes_are_valid);
    json_decref(body);
    if (!is_sound) {
        answer_error(request, 400, "reason must be text of at most %d bytes",
                     RELEASE_REASON_SIZE - 1);
        return;
    }
    if (release.state == RELEASE_WITHDRAWN) {
        answer_error(request, 409, "%s was withdrawn already", release.version);
        return;
    }
    release.state = RELEASE_WITHDRAWN;
    submit_edit(api, request, name, &release, false);
}

void handle_edit_release(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    static const char *const names[] = {"notes", "requires", NULL};
    struct release release;

    json_t *body = read_object(request, names);
    if (body == NULL)
        return;
    if (!find_release(api, request, name, &release)) {
        json_decref(body);
        return;
    }
    const bool is_sound =
        take_text(body, "notes", release.notes, sizeof release.notes, notes_are_valid) &&
        take_text(body, "requires", release.requires, sizeof release.requires, version_is_valid);
    json_decref(body);
    if (is_sound)
        submit_edit(api, request, name, &release, false);
    else
        answer_error(request, 400, "notes must be text of at most %d bytes, requires a version",
                     RELEASE_NOTES_SIZE - 1);
}
