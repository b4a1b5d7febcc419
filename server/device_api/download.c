/* Downloads by anybody: /firmware/PRODUCT and /firmware/PRODUCT/VERSION. */
#include "server/device_api/device_api.h"
#include "server/device_api/image_answer.h"

#include "server/http/etag.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "/firmware/"

/* The release the path names; null when there is none. What it is now is in the copy. */
static const struct release *find_release(const struct device_api *api, const char *path,
                                          struct release *copy)
{
    const struct release *release = NULL;
    const char *product = path + strlen(PREFIX);
    const char *slash = strchr(product, '/');
    char name[NAME_SIZE];

    if (slash == NULL) {
        release = fleet_newest_for_all(api->fleet, product, CHANNEL_DEFAULT);
    } else if ((size_t)(slash - product) < sizeof name) {
        snprintf(name, sizeof name, "%.*s", (int)(slash - product), product);
        release = fleet_release(api->fleet, name, slash + 1);
    }
    if (release == NULL || !fleet_copy_release_of_id(api->fleet, release->id, copy) ||
        copy->state == RELEASE_DRAFT)
        return NULL;
    return release;
}

/* For those that fetch without telling what they take; null: there is none. */
static const struct release_file *form_for_all(const struct device_api *api,
                                               const struct release_image *image)
{
    if (!api->is_signed_only)
        return &image->files[0];
    for (uint8_t i = 0; i < image->file_count; i++)
        if (image->files[i].is_signed && !image->files[i].compressed)
            return &image->files[i];
    return NULL;
}

void device_api_download(const struct device_api *api, struct http_request *request)
{
    struct release copy;
    const struct release *release = find_release(api, http_path(request), &copy);
    char etag[ETAG_SIZE];

    if (release == NULL) {
        http_answer_line(request, 404,
                         "no such release: /firmware/PRODUCT is its newest stable "
                         "one, /firmware/PRODUCT/VERSION a certain one");
        return;
    }
    if (copy.state == RELEASE_WITHDRAWN) {
        http_answer_line(request, 410, "%s %s was withdrawn", release->product, release->version);
        return;
    }
    const struct image_choice choice = {release, form_for_all(api, &release->image)};
    if (choice.file == NULL) {
        http_answer_line(request, 403, "%s %s is not signed: it is to be had by https:// only",
                         release->product, release->version);
        return;
    }
    if (etag_is_in(http_header(request, "If-None-Match"), image_etag(choice.file, etag))) {
        http_set_header(request, "ETag", "%s", etag);
        http_answer(request, 304, NULL, "", 0);
        return;
    }
    const int file = blob_open(api->blobs, choice.file->sha256, choice.file->size);
    if (file < 0) {
        const bool is_lost = blob_is_lost(file);
        if (is_lost)
            device_api_miss(api, release, choice.file);
        http_set_header(request, "Retry-After", "60");
        http_answer_line(request, 503, "the file of %s %s %s on the server", release->product,
                         release->version,
                         is_lost ? "is missing or damaged" : "cannot be read now");
        return;
    }
    const struct image_part part = image_part_asked(request, choice.file);
    image_answer(request, &choice, &part, file, NULL);
}
