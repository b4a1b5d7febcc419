/* Which release a file becomes, or which one it joins. */
#include "server/operator_api/caller.h"
#include "server/operator_api/publication.h"

#include "server/model/clock.h"
#include "server/release/forms.h"

#include <stdio.h>
#include <string.h>

void publication_name(struct publication *publication)
{
    struct release *release = &publication->release;
    const struct release_image *image = &release->image;
    const char *product = publication->product != NULL ? publication->product : image->project;
    const char *version = publication->version != NULL ? publication->version : image->version;

    if (!name_is_valid(product)) {
        publication_refuse(publication, 400,
                           "the image does not say a product's name: give product");
        return;
    }
    if (!version_is_valid(version)) {
        publication_refuse(publication, 400, "the image does not say its version: give version");
        return;
    }
    const struct caller *caller = http_caller(publication->request);
    if (caller->product[0] != '\0' && strcmp(caller->product, product) != 0) {
        publication_refuse(publication, 403, "this token is for the releases of %s alone",
                           caller->product);
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
        publication_refuse(publication, 409,
                           "%s %s was withdrawn: publish it under another version",
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
        publication_refuse(
            publication, 409,
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
        publication_refuse(publication, 409, "%s has no release %s for a file system to go with",
                           release->product, release->version);
        return;
    }
    struct release_image *image = &same.image;
    const bool is_there =
        image->fs_count > 0 && memcmp(image->fs[0].sha256, file.sha256, UD_SHA256_SIZE) == 0;
    if (!is_there && (image->fs_count == RELEASE_FS_FILES ||
                      (image->fs_count > 0 && image->fs[0].is_signed == file.is_signed))) {
        publication_refuse(publication, 409,
                           "%s %s has a file system already: give this one another version",
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
        publication_refuse(publication, 422,
                           "it is for %s, and %s is a product of %s: give it another product",
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

void publication_find_place(struct publication *publication)
{
    publication->uploaded = publication->release.image.files[0];
    if (publication->is_filesystem)
        join_filesystem(publication);
    else
        compare_with_others(publication);
}
