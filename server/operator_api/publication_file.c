/* The bytes of a publication: what they are, whose signature they bear, and where they go. */
#include "server/operator_api/publication.h"

#include "server/log/log.h"
#include "server/release/forms.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void publication_refuse(struct publication *publication, unsigned status, const char *format, ...)
{
    va_list arguments;

    publication->status = status;
    va_start(arguments, format);
    vsnprintf(publication->message, sizeof publication->message, format, arguments);
    va_end(arguments);
}

void publication_look_inside(struct publication *publication)
{
    const int file = blob_upload_file(publication->upload);
    const uint64_t size = blob_upload_size(publication->upload);
    struct release_image *image = &publication->release.image;
    char message[INSPECT_MESSAGE_SIZE];
    const enum inspect_result result = publication->is_filesystem
                                           ? inspect_filesystem(file, size, image, message)
                                           : inspect_file(file, size, image, message);

    if (result == INSPECT_REFUSED)
        publication_refuse(publication, 422, "refused: %s", message);
    else if (result != INSPECT_SOUND)
        publication_refuse(publication, 503, "%s", message);
}

void publication_find_signer(struct publication *publication)
{
    struct release_file *file = &publication->release.image.files[0];
    const struct key *keys[2] = {publication->has_key ? &publication->key : NULL,
                                 publication->api->signing_key};
    char id[KEY_ID_TEXT];

    const int error = forms_find_signer(blob_upload_file(publication->upload), keys, 2, file);
    if (error != 0)
        publication_refuse(publication, 503, "the upload cannot be read back: %s",
                           strerror(-error));
    else if (publication->has_key && !forms_is_signer(&publication->key, file))
        publication_refuse(publication, 422,
                           "refused: it is not signed by the key %s: sign it, after compressing it",
                           key_id_text(&publication->key, id));
}

void publication_compare_with_manifest(struct publication *publication)
{
    const struct release *release = &publication->release;
    struct ud_manifest manifest;

    const int error = forms_read_manifest(blob_upload_file(publication->upload),
                                          &release->image.files[0], &manifest);
    if (error != 0)
        publication_refuse(publication, 503, "the upload cannot be read back: %s",
                           strerror(-error));
    else if (manifest.product[0] != '\0' && (strcmp(manifest.product, release->product) != 0 ||
                                             strcmp(manifest.version, release->version) != 0))
        publication_refuse(
            publication, 422,
            "refused: its manifest says %s %s, not %s %s: sign it for what it is published as",
            manifest.product, manifest.version, release->product, release->version);
}

void publication_sign(struct publication *publication)
{
    const struct operator_api *api = publication->api;
    struct release_image *image = &publication->release.image;
    char message[INSPECT_MESSAGE_SIZE];

    if (api->signing_key == NULL || publication->kind != CHANGE_RELEASE ||
        image->files[0].is_signed)
        return;
    const int error = blob_upload_begin(api->blobs, &publication->signed_upload);
    if (error != 0)
        publication_refuse(publication, 503, "the signed form cannot be stored: %s",
                           strerror(-error));
    else if (!forms_sign(api->signing_key, publication->upload, publication->signed_upload, image,
                         message))
        publication_refuse(publication, 503, "it could not be signed: %s", message);
}

/* The form signed here: a new release has two, of which one is what was sent. */
static const struct release_file *signed_form(const struct publication *publication)
{
    const struct release_image *image = &publication->release.image;

    return &image->files[image->files[0].is_signed ? 0 : 1];
}

static void store_upload(struct publication *publication, struct blob_upload *upload,
                         const uint8_t sha256[UD_SHA256_SIZE])
{
    struct depot *depot = publication->api->depot;
    char reason[DEPOT_ERROR_SIZE];
    const int error = blob_upload_commit(upload, sha256);

    if (error != 0) {
        log_line("an upload cannot be stored: %s", strerror(-error));
        publication_refuse(publication, 503, "the file cannot be stored on the server: %s",
                           strerror(-error));
    } else if (depot != NULL && depot->class->put(depot, sha256, blob_upload_file(upload),
                                                  blob_upload_size(upload), reason) != 0) {
        log_line("an upload cannot be stored in %s: %s", depot->class->name, reason);
        publication_refuse(publication, 503,
                           "the file cannot be stored where all nodes have it: %s", reason);
    }
}

void publication_store(struct publication *publication)
{
    store_upload(publication, publication->upload, publication->uploaded.sha256);
    if (publication->status == 0 && publication->signed_upload != NULL)
        store_upload(publication, publication->signed_upload, signed_form(publication)->sha256);
}
