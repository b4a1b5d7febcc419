/* Publishing: a file becomes a release, or a further form of one. */
#include "server/operator_api/caller.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/recorded.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "server/release/forms.h"
#include "server/release/inspect.h"
#include "updraft/hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file on its way to becoming a release; its request's context. */
struct publication {
    const struct operator_api *api;
    struct http_request *request;
    struct blob_upload *upload;
    const char *product, *version, *name; /* as asked; null = by the description */
    const char *channel;
    const char *requires, *notes; /* null = not given */
    bool is_draft;
    bool is_filesystem; /* of a release that is there */
    bool goes_first;    /* before the firmware */
    bool has_key;       /* whose signature it is, the request says */
    struct key key;
    struct blob_upload *signed_upload; /* the form signed here; null = none */
    struct release_file uploaded;      /* what was sent */
    struct release release;
    enum change_kind kind;
    unsigned status; /* of a refusal, 0 = none */
    char message[INSPECT_MESSAGE_SIZE + 80];
    enum change_result result;
};

static void free_publication(void *context)
{
    struct publication *publication = context;

    if (publication->upload != NULL)
        blob_upload_end(publication->upload);
    if (publication->signed_upload != NULL)
        blob_upload_end(publication->signed_upload);
    if (publication->has_key)
        key_free(&publication->key);
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

/* The public key in the query: its DER form in hexadecimal. False, and answered,
 * when it is malformed. */
static bool read_key(struct publication *publication)
{
    const char *text = http_query(publication->request, "key");
    uint8_t der[UD_KEY_DER_MAX];
    char error[KEY_ERROR_SIZE] = "key must be a public key's DER form in hexadecimal";

    if (text == NULL)
        return true;
    const size_t length = strlen(text) / 2;
    const struct file_bytes bytes = {der, length};
    if (length <= sizeof der && strlen(text) % 2 == 0 &&
        ud_hex_decode(text, der, (uint32_t)length) == UD_OK)
        publication->has_key = key_parse_public(&bytes, "key", &publication->key, error) == 0;
    if (!publication->has_key)
        answer_error(publication->request, 400, "%s", error);
    return publication->has_key;
}

/* A query may hold any bytes. */
static bool are_notes(const char *notes)
{
    json_t *text = json_string(notes);
    const bool is_utf8 = text != NULL;

    json_decref(text);
    return is_utf8 && notes_are_valid(notes);
}

/* What the request asks for. False, and answered, when that is malformed. */
static bool read_query(struct publication *publication)
{
    struct http_request *request = publication->request;
    const char *part = http_query(request, "part");

    publication->product = http_query(request, "product");
    publication->version = http_query(request, "version");
    publication->name = http_query(request, "name");
    publication->channel = http_query(request, "channel");
    publication->requires = http_query(request, "requires");
    publication->notes = http_query(request, "notes");
    publication->is_draft = http_query(request, "draft") != NULL;
    publication->goes_first = http_query(request, "first") != NULL;
    publication->is_filesystem = part != NULL;
    if (publication->channel == NULL)
        publication->channel = CHANNEL_DEFAULT;
    if (part != NULL && (strcmp(part, "filesystem") != 0 || publication->product == NULL ||
                         publication->version == NULL))
        answer_error(request, 400, "part is filesystem, with the product and version it is for");
    else if (publication->product != NULL && !name_is_valid(publication->product))
        answer_error(request, 400, "product must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!name_is_valid(publication->channel))
        answer_error(request, 400, "channel must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (publication->version != NULL && !version_is_valid(publication->version))
        answer_error(request, 400, "version must be 1 to 32 printable characters without spaces");
    else if (publication->requires != NULL && !version_is_valid(publication->requires))
        answer_error(request, 400, "requires must be a version");
    else if (publication->notes != NULL && !are_notes(publication->notes))
        answer_error(request, 400, "notes must be at most %d bytes of UTF-8 text",
                     RELEASE_NOTES_SIZE - 1);
    else if (publication->name != NULL && !is_file_name(publication->name))
        answer_error(request, 400, "name must be a file name of 1 to 128 printable characters");
    else
        return read_key(publication);
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
    const struct caller *caller = http_caller(publication->request);
    if (caller->product[0] != '\0' && strcmp(caller->product, product) != 0) {
        refuse(publication, 403, "this token is for the releases of %s alone", caller->product);
        return;
    }
    snprintf(release->product, sizeof release->product, "%s", product);
    snprintf(release->version, sizeof release->version, "%s", version);
    snprintf(release->channel, sizeof release->channel, "%s", publication->channel);
    if (publication->name != NULL)
        snprintf(release->name, sizeof release->name, "%s", publication->name);
    else
        snprintf(release->name, sizeof release->name, "%s-%s%s", product, version,
                 image->files[0].compressed ? ".bin.gz" : ".bin");
    for (char *c = release->name; *c != '\0'; c++)
        if (strchr("\"\\/;", *c) != NULL)
            *c = '_';
}

/* Takes the place of the release that is there, as one that was published again or
 * with one form more. */
static void join(struct publication *publication, struct release *same)
{
    struct release *release = &publication->release;

    if (same->state == RELEASE_WITHDRAWN) {
        refuse(publication, 409, "%s %s was withdrawn: publish it under another version",
               release->product, release->version);
        return;
    }
    switch (forms_join(&same->image, &release->image)) {
    case FORMS_THERE:
        publication->kind = CHANGE_NEWEST;
        break;
    case FORMS_ADDED:
        publication->kind = CHANGE_FILE;
        break;
    case FORMS_OTHER:
    default:
        refuse(publication, 409,
               "%s %s is published already, with other bytes: give this one another version",
               release->product, release->version);
        return;
    }
    memcpy(same->channel, release->channel, sizeof same->channel);
    *release = *same;
}

/* A further form of the file system of a release that is there. */
static void join_filesystem(struct publication *publication)
{
    struct release *release = &publication->release;
    const struct release_file file = publication->uploaded;
    struct release same;

    if (!fleet_copy_release(publication->api->fleet, release->product, release->version, &same) ||
        same.state == RELEASE_WITHDRAWN) {
        refuse(publication, 409, "%s has no release %s for a file system to go with",
               release->product, release->version);
        return;
    }
    struct release_image *image = &same.image;
    const bool is_there =
        image->fs_count > 0 && memcmp(image->fs[0].sha256, file.sha256, UD_SHA256_SIZE) == 0;
    if (!is_there && (image->fs_count == RELEASE_FS_FILES ||
                      (image->fs_count > 0 && image->fs[0].is_signed == file.is_signed))) {
        refuse(publication, 409, "%s %s has a file system already: give this one another version",
               release->product, release->version);
        return;
    }
    publication->kind = is_there ? CHANGE_NEWEST : CHANGE_FS_FILE;
    if (!is_there)
        image->fs[image->fs_count++] = file;
    image->fs_first = is_there ? image->fs_first : publication->goes_first;
    *release = same;
}

/* Is there such a release, or one that this cannot stand beside? */
static void compare_with_others(struct publication *publication)
{
    struct fleet *fleet = publication->api->fleet;
    struct release *release = &publication->release;
    const enum ud_chip chip = fleet_product_chip(fleet, release->product);
    struct release same;

    if (fleet_copy_release(fleet, release->product, release->version, &same)) {
        join(publication, &same);
        return;
    }
    publication->kind = CHANGE_RELEASE;
    if (chip != UD_CHIP_UNKNOWN && chip != release->image.chip) {
        refuse(publication, 422, "it is for %s, and %s is a product of %s: give it another product",
               release->image.chip_name, release->product,
               chip == UD_CHIP_ESP32 ? "ESP32s" : "ESP8266s");
        return;
    }
    release->state = publication->is_draft ? RELEASE_DRAFT : RELEASE_LIVE;
    if (publication->requires != NULL)
        snprintf(release->requires, sizeof release->requires, "%s", publication->requires);
    if (publication->notes != NULL)
        snprintf(release->notes, sizeof release->notes, "%s", publication->notes);
    release->id = fleet_next_release(fleet);
    release->published_ms = clock_now_ms();
}

static void look_inside(struct publication *publication)
{
    const struct blob_upload *upload = publication->upload;
    char message[INSPECT_MESSAGE_SIZE];

    switch ((publication->is_filesystem ? inspect_filesystem : inspect_file)(
        blob_upload_file(upload), blob_upload_size(upload), &publication->release.image, message)) {
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

/* Whose signature is it, as far as keys are known here? */
static void note_signer(struct publication *publication)
{
    struct release_file *file = &publication->release.image.files[0];
    const struct key *keys[2] = {publication->has_key ? &publication->key : NULL,
                                 publication->api->signing_key};
    char id[KEY_ID_TEXT];

    const int error = forms_find_signer(blob_upload_file(publication->upload), keys, 2, file);
    if (error != 0)
        refuse(publication, 503, "the upload cannot be read back: %s", strerror(-error));
    else if (publication->has_key && !forms_is_signer(&publication->key, file))
        refuse(publication, 422,
               "refused: it is not signed by the key %s: sign it, after compressing it",
               key_id_text(&publication->key, id));
}

/* A manifest for something else would make every device refuse the release. */
static void compare_with_manifest(struct publication *publication)
{
    const struct release *release = &publication->release;
    struct ud_manifest manifest;

    const int error = forms_read_manifest(blob_upload_file(publication->upload),
                                          &release->image.files[0], &manifest);
    if (error != 0)
        refuse(publication, 503, "the upload cannot be read back: %s", strerror(-error));
    else if (manifest.product[0] != '\0' && (strcmp(manifest.product, release->product) != 0 ||
                                             strcmp(manifest.version, release->version) != 0))
        refuse(publication, 422,
               "refused: its manifest says %s %s, not %s %s: sign it for what it is published as",
               manifest.product, manifest.version, release->product, release->version);
}

/* A new release of an image that nobody signed gets a signed form. */
static void sign_here(struct publication *publication)
{
    const struct operator_api *api = publication->api;
    struct release_image *image = &publication->release.image;
    char message[INSPECT_MESSAGE_SIZE];

    if (api->signing_key == NULL || publication->kind != CHANGE_RELEASE ||
        image->files[0].is_signed)
        return;
    const int error = blob_upload_begin(api->blobs, &publication->signed_upload);
    if (error != 0)
        refuse(publication, 503, "the signed form cannot be stored: %s", strerror(-error));
    else if (!forms_sign(api->signing_key, publication->upload, publication->signed_upload, image,
                         message))
        refuse(publication, 503, "it could not be signed: %s", message);
}

/* The form signed here: a new release has two, of which one is what was sent. */
static const struct release_file *signed_form(const struct publication *publication)
{
    const struct release_image *image = &publication->release.image;

    return &image->files[image->files[0].is_signed ? 0 : 1];
}

/* Here, and then where the other nodes get it from, before any of them is told of it. */
static void store_upload(struct publication *publication, struct blob_upload *upload,
                         const uint8_t sha256[UD_SHA256_SIZE])
{
    struct depot *depot = publication->api->depot;
    char reason[DEPOT_ERROR_SIZE];
    const int error = blob_upload_commit(upload, sha256);

    if (error != 0) {
        log_line("an upload cannot be stored: %s", strerror(-error));
        refuse(publication, 503, "the file cannot be stored on the server: %s", strerror(-error));
    } else if (depot != NULL && depot->class->put(depot, sha256, blob_upload_file(upload),
                                                  blob_upload_size(upload), reason) != 0) {
        log_line("an upload cannot be stored in %s: %s", depot->class->name, reason);
        refuse(publication, 503, "the file cannot be stored where all nodes have it: %s", reason);
    }
}

static void store_files(struct publication *publication)
{
    store_upload(publication, publication->upload, publication->uploaded.sha256);
    if (publication->status == 0 && publication->signed_upload != NULL)
        store_upload(publication, publication->signed_upload, signed_form(publication)->sha256);
}

static void written(void *ctx, enum change_result result)
{
    struct publication *publication = ctx;

    publication->result = result;
    http_resume(publication->request);
}

/* For the audit log: which bytes they are. */
static void describe(const struct release *release, char detail[AUDIT_DETAIL_SIZE])
{
    const struct release_image *image = &release->image;
    char sha256[2 * UD_SHA256_SIZE + 1];

    ud_hex_encode(image->files[image->file_count - 1].sha256, UD_SHA256_SIZE, sha256);
    snprintf(detail, AUDIT_DETAIL_SIZE, "%s %s on %s, SHA-256 %s", release->product,
             release->version, release->channel, sha256);
}

static void submit(struct publication *publication)
{
    char detail[AUDIT_DETAIL_SIZE];
    struct change *change = change_new(publication->kind, 0);
    struct release *copy = malloc(sizeof *copy);

    if (change == NULL || copy == NULL) {
        free(copy);
        change_free(change);
        change = NULL;
    } else {
        *copy = publication->release;
        change->as.release = copy;
    }
    describe(&publication->release, detail);
    fleet_submit(publication->api->fleet, recorded(publication->request, change, detail), written,
                 publication);
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
        note_signer(publication);
    if (publication->status == 0)
        compare_with_manifest(publication);
    publication->uploaded = publication->release.image.files[0];
    if (publication->status == 0 && publication->is_filesystem)
        join_filesystem(publication);
    else if (publication->status == 0)
        compare_with_others(publication);
    if (publication->status == 0 && !publication->is_filesystem)
        sign_here(publication);
    if (publication->status == 0)
        store_files(publication);
    if (publication->status == 0)
        submit(publication);
    else
        http_resume(publication->request);
}

static void answer_release(const struct publication *publication)
{
    const struct operator_api *api = publication->api;
    const struct release *release = &publication->release;
    struct release known; /* by the number it got in the end */

    fleet_note_file(api->fleet, release, &publication->uploaded, true);
    if (fleet_copy_release(api->fleet, release->product, release->version, &known))
        release = &known;
    log_line("%s %s is published %s%s (%u bytes, %s)", release->product, release->version,
             release->state == RELEASE_DRAFT ? "as a draft, for " : "on ", release->channel,
             publication->uploaded.size, release->image.chip_name);
    answer_json(publication->request, publication->kind == CHANGE_RELEASE ? 201 : 200,
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
