/* Publishing: a file becomes a release, or a further form of one. */
#include "server/operator_api/caller.h"
#include "server/operator_api/handlers.h"
#include "server/operator_api/publication.h"
#include "server/operator_api/recorded.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (!publication_read_query(publication))
        return;
    const int error = blob_upload_begin(api->blobs, &publication->upload);
    if (error != 0) {
        log_line("an upload cannot be stored: %s", strerror(-error));
        answer_cannot_write(request);
        return;
    }
    http_take_body(request, api->upload_limit, take_piece, publication);
}

static void written(void *ctx, enum change_result result)
{
    struct publication *publication = ctx;

    publication->result = result;
    http_resume(publication->request);
}

/* For the audit log: which bytes were sent. */
static void describe(const struct publication *publication, char detail[AUDIT_DETAIL_SIZE])
{
    const struct release *release = &publication->release;
    char sha256[2 * UD_SHA256_SIZE + 1];

    ud_hex_encode(publication->uploaded.sha256, UD_SHA256_SIZE, sha256);
    snprintf(detail, AUDIT_DETAIL_SIZE, "%s%s %s on %s, SHA-256 %s",
             publication->is_filesystem ? "file system of " : "", release->product,
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
    describe(publication, detail);
    fleet_submit(publication->api->fleet, recorded(publication->request, change, detail), written,
                 publication);
}

typedef void publication_step(struct publication *publication);

static publication_step *const steps[] = {
    publication_look_inside, publication_name,
    publication_find_signer, publication_compare_with_manifest,
    publication_find_place,  publication_sign,
    publication_store,
};

/* The worker's part. Once submitted, the publication may be answered and gone at any moment. */
static void publish(void *ctx)
{
    struct publication *publication = ctx;

    if (blob_upload_finish(publication->upload) != 0)
        publication_refuse(publication, 503,
                           "the upload could not be stored on the server: is its disk full?");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && publication->status == 0; i++)
        steps[i](publication);
    if (publication->status == 0)
        submit(publication);
    else
        http_resume(publication->request);
}

static void answer_release(void *ctx)
{
    const struct publication *publication = ctx;
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
        answer_by_census(publication->api, request, answer_release, ctx);
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
    publication_refuse(publication, 503, "out of memory");
    http_resume(request);
}
