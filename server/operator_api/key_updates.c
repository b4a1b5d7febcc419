/* Key updates: published for a product, in the order of their numbers. */
#include "server/operator_api/caller.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies of them all, newest first, and how many devices have each. */
struct updates {
    struct ring_update *all;
    size_t *devices;
    size_t count;
};

static void count_device(void *ctx, const struct device_view *device)
{
    const struct device_abilities *abilities = &device->facts.abilities;
    const struct updates *updates = ctx;

    if (device->product == NULL || !abilities->has_ring)
        return;
    for (size_t i = 0; i < updates->count; i++)
        updates->devices[i] += strcmp(updates->all[i].product, device->product) == 0 &&
                               !updates->all[i].is_withdrawn &&
                               abilities->ring >= updates->all[i].number;
}

/* False when memory is out; to be freed either way. */
static bool copy_updates(const struct operator_api *api, struct updates *updates)
{
    updates->all = fleet_copy_ring_updates(api->fleet, &updates->count);
    updates->devices = calloc(updates->count + 1, sizeof *updates->devices);
    return updates->all != NULL && updates->devices != NULL &&
           (updates->count == 0 || fleet_count_devices(api->fleet, count_device, updates));
}

static void free_updates(struct updates *updates)
{
    free(updates->all);
    free(updates->devices);
}

/* Null when there is none of this id. */
static const struct ring_update *find_id(const struct updates *updates, uint32_t id,
                                         size_t *devices)
{
    for (size_t i = 0; i < updates->count; i++)
        if (updates->all[i].id == id) {
            *devices = updates->devices[i];
            return &updates->all[i];
        }
    return NULL;
}

/* The product's last one that is live; null = none. */
static const struct ring_update *find_last(const struct updates *updates, const char *product)
{
    const struct ring_update *last = NULL;

    for (size_t i = 0; i < updates->count; i++) {
        const struct ring_update *update = &updates->all[i];
        if (!update->is_withdrawn && strcmp(update->product, product) == 0 &&
            (last == NULL || update->number > last->number))
            last = update;
    }
    return last;
}

void handle_list_key_updates(const struct operator_api *api, struct http_request *request,
                             const char *name)
{
    const struct caller *caller = http_caller(request);
    const char *product =
        caller->product[0] != '\0' ? caller->product : http_query(request, "product");
    json_t *array = json_array();
    struct updates updates;

    (void)name;
    if (copy_updates(api, &updates))
        for (size_t i = 0; i < updates.count; i++)
            if (product == NULL || strcmp(product, updates.all[i].product) == 0)
                json_array_append_new(array, view_key_update(&updates.all[i], updates.devices[i]));
    free_updates(&updates);
    answer_json(request, 200, json_pack("{so}", "key_updates", array));
}

/* --- publishing and withdrawing --- */

static void answer_update(struct operation *operation, unsigned status)
{
    const uint32_t id = (uint32_t)strtoul(operation->name, NULL, 10);
    struct updates updates;
    size_t devices = 0;
    const struct ring_update *update =
        copy_updates(operation->api, &updates) ? find_id(&updates, id, &devices) : NULL;

    if (update != NULL)
        log_line("key update %u of %s is %s", update->number, update->product,
                 update->is_withdrawn ? "withdrawn" : "published");
    answer_json(operation->request, status,
                update != NULL ? view_key_update(update, devices) : NULL);
    free_updates(&updates);
}

static void answer_published(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 409,
                     "a key update of this number was published at the same moment");
    else
        answer_update(operation, 201);
}

static void answer_withdrawn(struct operation *operation)
{
    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 409, "key update %s was withdrawn already",
                     operation->name);
    else
        answer_update(operation, 200);
}

static void submit(const struct operator_api *api, struct http_request *request,
                   const struct ring_update *update, enum change_kind kind)
{
    const bool is_new = kind == CHANGE_RING_UPDATE;
    struct operation *operation =
        new_operation(api, request, is_new ? answer_published : answer_withdrawn);
    struct change *change = operation != NULL ? change_new(kind, 0) : NULL;
    struct ring_update *copy = change != NULL ? malloc(sizeof *copy) : NULL;
    char detail[AUDIT_DETAIL_SIZE], sha256[2 * UD_SHA256_SIZE + 1];

    if (operation == NULL)
        return;
    if (copy == NULL) {
        free(change);
        answer_cannot_write(request);
        return;
    }
    *copy = *update;
    change->as.ring_update = copy;
    ud_hex_encode(update->sha256, UD_SHA256_SIZE, sha256);
    snprintf(detail, sizeof detail, "key update %u of %s, SHA-256 %s", update->number,
             update->product, sha256);
    snprintf(operation->name, sizeof operation->name, "%u", update->id);
    operation->detail = detail;
    operation->counts = true;
    perform(operation, change);
}

/* Reads the body, and whose it is to be. False, and the request answered, when it cannot be
 * published for anybody. */
static bool read_update(struct http_request *request, struct ring_update *update)
{
    const struct caller *caller = http_caller(request);
    const char *product = http_query(request, "product");
    size_t length;
    const char *body = http_body(request, &length);
    const char *fault = ring_update_read(body, length, update);

    if (product != NULL && !name_is_valid(product))
        answer_error(request, 400, "product must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (fault != NULL)
        answer_error(request, 422, "refused: %s", fault);
    else if (product == NULL && update->product[0] == '\0')
        answer_error(request, 400, "it is for any product: give product");
    else if (product != NULL && update->product[0] != '\0' && strcmp(product, update->product) != 0)
        answer_error(request, 422, "refused: it is for %s, whose devices alone take it",
                     update->product);
    else {
        if (product != NULL)
            snprintf(update->product, sizeof update->product, "%s", product);
        if (caller->product[0] == '\0' || strcmp(caller->product, update->product) == 0)
            return true;
        answer_error(request, 403, "this token is for %s alone", caller->product);
    }
    return false;
}

/* Publishes what may come after those that are there. */
static void publish(const struct operator_api *api, struct http_request *request,
                    struct ring_update *update, const struct updates *updates)
{
    const struct ring_update *last = find_last(updates, update->product);

    if (last != NULL && update->number != last->number + 1) {
        answer_error(request, 409,
                     "it has the number %u, and the last one of %s is %u: numbers leave no gaps, "
                     "make it with --number %u",
                     update->number, update->product, last->number, last->number + 1);
        return;
    }
    update->id = fleet_next_ring_update(api->fleet);
    update->published_ms = clock_now_ms();
    submit(api, request, update, CHANGE_RING_UPDATE);
}

/* The same bytes, published before and live; null = not. */
static const struct ring_update *find_same(const struct updates *updates,
                                           const struct ring_update *update, size_t *devices)
{
    for (size_t i = 0; i < updates->count; i++) {
        const struct ring_update *other = &updates->all[i];
        if (!other->is_withdrawn && strcmp(other->product, update->product) == 0 &&
            memcmp(other->sha256, update->sha256, UD_SHA256_SIZE) == 0)
            return find_id(updates, other->id, devices);
    }
    return NULL;
}

void handle_publish_key_update(const struct operator_api *api, struct http_request *request,
                               const char *name)
{
    struct ring_update update = {.id = 0};
    struct updates updates;
    size_t devices;

    (void)name;
    if (!read_update(request, &update))
        return;
    if (!copy_updates(api, &updates)) {
        answer_cannot_write(request);
    } else {
        const struct ring_update *same = find_same(&updates, &update, &devices);
        if (same != NULL)
            answer_json(request, 200, view_key_update(same, devices));
        else
            publish(api, request, &update, &updates);
    }
    free_updates(&updates);
}

static void withdraw(const struct operator_api *api, struct http_request *request, const char *name,
                     const struct updates *updates)
{
    uint32_t id;
    size_t devices = 0;
    const struct ring_update *update = path_id(name, &id) ? find_id(updates, id, &devices) : NULL;

    if (update == NULL)
        answer_error(request, 404, "there is no key update %s", name);
    else if (update->is_withdrawn)
        answer_error(request, 409, "it was withdrawn already");
    else if (find_last(updates, update->product) != update)
        answer_error(request, 409, "others come after key update %u of %s: it has to stay",
                     update->number, update->product);
    else if (devices > 0)
        answer_error(request, 409,
                     "%zu device(s) of %s have key update %u: take it back with another one",
                     devices, update->product, update->number);
    else
        submit(api, request, update, CHANGE_RING_WITHDRAWN);
}

void handle_withdraw_key_update(const struct operator_api *api, struct http_request *request,
                                const char *name)
{
    struct updates updates;

    if (copy_updates(api, &updates))
        withdraw(api, request, name, &updates);
    else
        answer_cannot_write(request);
    free_updates(&updates);
}
