#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "server/release/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the list --- */

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
    const char *product = http_query(request, "product");
    json_t *array = json_array();
    size_t count;
    struct release *releases = fleet_copy_releases(api->fleet, &count);
    size_t *devices = calloc(count + 1, sizeof *devices);
    struct target_counts counts = {releases, devices, count};

    (void)name;
    if (devices != NULL)
        fleet_each_device(api->fleet, count_target, &counts);
    for (size_t i = 0; i < count && devices != NULL; i++)
        if (product == NULL || strcmp(product, releases[i].product) == 0)
            json_array_append_new(array, view_release(&releases[i], devices[i]));
    free(devices);
    free(releases);
    answer_json(request, 200, json_pack("{so}", "releases", array));
}

/* --- publishing --- */

/* A file on its way to becoming a release; its request's context. */
struct publication {
    const struct operator_api *api;
    struct http_request *request;
    struct blob_upload *upload;
    const char *product, *version, *name; /* as asked; null = by the description */
    const char *channel;
    struct release release;
    bool is_new;
    unsigned status; /* of a refusal, 0 = none */
    char message[INSPECT_MESSAGE_SIZE + 80];
    enum change_result result;
};

static void free_publication(void *context)
{
    struct publication *publication = context;

    if (publication->upload != NULL)
        blob_upload_end(publication->upload);
    free(publication);
}

static bool take_piece(void *ctx, const void *data, size_t length)
{
    struct publication *publication = ctx;

    return blob_upload_write(publication->upload, data, length) == 0;
}

static void refuse(struct publication *publication, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct publication *publication, unsigned status, const char *format, ...)
{
    va_list arguments;

    publication->status = status;
    va_start(arguments, format);
    vsnprintf(publication->message, sizeof publication->message, format, arguments);
    va_end(arguments);
}

/* A name for downloads: nothing that a header or a file system takes amiss. */
static bool is_file_name(const char *name)
{
    const size_t length = strlen(name);

    if (length == 0 || length >= RELEASE_FILE_NAME_SIZE || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~' || strchr("\"\\/;", name[i]) != NULL)
            return false;
    return true;
}

/* What the request asks for. False, and answered, when that is malformed. */
static bool read_query(struct publication *publication)
{
    struct http_request *request = publication->request;

    publication->product = http_query(request, "product");
    publication->version = http_query(request, "version");
    publication->name = http_query(request, "name");
    publication->channel = http_query(request, "channel");
    if (publication->channel == NULL)
        publication->channel = CHANNEL_DEFAULT;
    if (publication->product != NULL && !name_is_valid(publication->product))
        answer_error(request, 400, "product must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!name_is_valid(publication->channel))
        answer_error(request, 400, "channel must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (publication->version != NULL && !version_is_valid(publication->version))
        answer_error(request, 400, "version must be 1 to 32 printable characters without spaces");
    else if (publication->name != NULL && !is_file_name(publication->name))
        answer_error(request, 400, "name must be a file name of 1 to 128 printable characters");
    else
        return true;
    return false;
}

void begin_publication(const struct operator_api *api, struct http_request *request)
{
    struct publication *publication = calloc(1, sizeof *publication);

    if (publication == NULL) {
        answer_cannot_write(request);
        return;
    }
    publication->api = api;
    publication->request = request;
    http_set_context(request, publication, free_publication);
    if (!read_query(publication))
        return;
    const int error = blob_upload_begin(api->blobs, &publication->upload);
    if (error != 0) {
        log_line("an upload cannot be stored: %s", strerror(-error));
        answer_cannot_write(request);
        return;
    }
    http_take_body(request, api->upload_limit, take_piece, publication);
}

/* Product and version: as asked, or as the image describes itself. */
static void name_release(struct publication *publication)
{
    struct release *release = &publication->release;
    const struct release_image *image = &release->image;
    const char *product = publication->product != NULL ? publication->product : image->project;
    const char *version = publication->version != NULL ? publication->version : image->version;

    if (!name_is_valid(product)) {
        refuse(publication, 400, "the image does not say a product's name: give product");
        return;
    }
    if (!version_is_valid(version)) {
        refuse(publication, 400, "the image does not say its version: give version");
        return;
    }
    snprintf(release->product, sizeof release->product, "%s", product);
    snprintf(release->version, sizeof release->version, "%s", version);
    snprintf(release->channel, sizeof release->channel, "%s", publication->channel);
    if (publication->name != NULL)
        snprintf(release->name, sizeof release->name, "%s", publication->name);
    else
        snprintf(release->name, sizeof release->name, "%s-%s%s", product, version,
                 image->compressed ? ".bin.gz" : ".bin");
    for (char *c = release->name; *c != '\0'; c++)
        if (strchr("\"\\/;", *c) != NULL)
            *c = '_';
}

/* Is there such a release, or one that this cannot stand beside? */
static void compare_with_others(struct publication *publication)
{
    struct fleet *fleet = publication->api->fleet;
    struct release *release = &publication->release;
    const struct release *same = fleet_release(fleet, release->product, release->version);
    const enum ud_chip chip = fleet_product_chip(fleet, release->product);

    publication->is_new = same == NULL;
    if (same != NULL && memcmp(same->image.sha256, release->image.sha256, UD_SHA256_SIZE) != 0) {
        refuse(publication, 409,
               "%s %s is published already, with other bytes: give this one another version",
               release->product, release->version);
        return;
    }
    if (same == NULL && chip != UD_CHIP_UNKNOWN && chip != release->image.chip) {
        refuse(publication, 422, "it is for %s, and %s is a product of %s: give it another product",
               release->image.chip_name, release->product,
               chip == UD_CHIP_ESP32 ? "ESP32s" : "ESP8266s");
        return;
    }
    if (same != NULL) {
        release->id = same->id;
        release->published_ms = same->published_ms;
        strcpy(release->name, same->name);
    } else {
        release->id = fleet_next_release(fleet);
        release->published_ms = clock_now_ms();
    }
}

static void look_inside(struct publication *publication)
{
    const struct blob_upload *upload = publication->upload;
    char message[INSPECT_MESSAGE_SIZE];

    switch (inspect_file(blob_upload_file(upload), blob_upload_size(upload),
                         &publication->release.image, message)) {
    case INSPECT_SOUND:
        name_release(publication);
        break;
    case INSPECT_REFUSED:
        refuse(publication, 422, "refused: %s", message);
        break;
    case INSPECT_NOT_READ:
    default:
        refuse(publication, 503, "%s", message);
        break;
    }
}

static void store_file(struct publication *publication)
{
    const int error = blob_upload_commit(publication->upload, publication->release.image.sha256);

    if (error == 0)
        return;
    log_line("an upload cannot be stored: %s", strerror(-error));
    refuse(publication, 503, "the file cannot be stored on the server: %s", strerror(-error));
}

static void written(void *ctx, enum change_result result)
{
    struct publication *publication = ctx;

    publication->result = result;
    http_resume(publication->request);
}

static void submit(struct publication *publication)
{
    struct change *change = change_new(publication->is_new ? CHANGE_RELEASE : CHANGE_NEWEST, 0);
    struct release *copy = malloc(sizeof *copy);

    if (change == NULL || copy == NULL) {
        free(copy);
        change_free(change);
        change = NULL;
    } else {
        *copy = publication->release;
        change->as.release = copy;
    }
    fleet_submit(publication->api->fleet, change, written, publication);
}

/* The worker's part: all that takes long. */
static void publish(void *ctx)
{
    struct publication *publication = ctx;

    if (blob_upload_write(publication->upload, "", 0) != 0)
        refuse(publication, 503, "the upload could not be stored on the server: is its disk full?");
    if (publication->status == 0)
        look_inside(publication);
    if (publication->status == 0)
        compare_with_others(publication);
    if (publication->status == 0)
        store_file(publication);
    if (publication->status == 0)
        submit(publication);
    else
        http_resume(publication->request);
}

static void answer_release(const struct publication *publication)
{
    const struct operator_api *api = publication->api;
    const struct release *release = &publication->release;

    if (!publication->is_new)
        fleet_note_file(api->fleet, release, true);
    log_line("%s %s is published on %s (%u bytes, %s)", release->product, release->version,
             release->channel, release->image.size, release->image.chip_name);
    answer_json(publication->request, publication->is_new ? 201 : 200,
                view_release(release, count_targets(api->fleet, release->id)));
}

static void go_on_published(void *ctx, struct http_request *request)
{
    const struct publication *publication = ctx;
    const struct release *release = &publication->release;

    if (publication->status == 503)
        http_set_header(request, "Retry-After", "30");
    if (publication->status != 0)
        answer_error(request, publication->status, "%s", publication->message);
    else if (publication->result == CHANGE_FAILED)
        answer_cannot_write(request);
    else if (publication->result == CHANGE_CONFLICT)
        answer_error(request, 409, "%s %s was published by somebody else at the same moment",
                     release->product, release->version);
    else
        answer_release(publication);
}

void handle_publish(const struct operator_api *api, struct http_request *request, const char *name)
{
    struct publication *publication = http_context(request);

    (void)name;
    if (publication == NULL) {
        answer_error(request, 422, "refused: it is empty");
        return;
    }
    http_suspend(request, go_on_published, publication);
    if (worker_submit(api->worker, publish, publication))
        return;
    refuse(publication, 503, "out of memory");
    http_resume(request);
}
