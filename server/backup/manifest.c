#include "server/backup/manifest.h"

#include "server/model/clock.h"
#include "updraft/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1 /* of the archive */

uint64_t manifest_size(const struct backup_manifest *manifest)
{
    uint64_t size = 0;

    for (size_t i = 0; i < manifest->count; i++)
        size += manifest->files[i].size;
    return size;
}

bool manifest_add(struct backup_manifest *manifest, const struct backup_file *file)
{
    if ((manifest->count & (manifest->count - 1)) == 0) {
        const size_t room = manifest->count ? manifest->count * 2 : 1;
        struct backup_file *files = realloc(manifest->files, room * sizeof *files);
        if (files == NULL)
            return false;
        manifest->files = files;
    }
    manifest->files[manifest->count++] = *file;
    return true;
}

void manifest_free(struct backup_manifest *manifest)
{
    free(manifest->files);
    *manifest = (struct backup_manifest){0};
}

static json_t *encode_file(const struct backup_file *file)
{
    char sha256[2 * UD_SHA256_SIZE + 1];

    ud_hex_encode(file->sha256, UD_SHA256_SIZE, sha256);
    return json_pack("{ss sI ss}", "name", file->name, "size", (json_int_t)file->size, "sha256",
                     sha256);
}

char *manifest_encode(const struct backup_manifest *manifest)
{
    char made[CLOCK_TEXT_SIZE];
    json_t *files = json_array();

    for (size_t i = 0; i < manifest->count; i++)
        json_array_append_new(files, encode_file(&manifest->files[i]));
    json_t *object = json_pack("{si ss ss so}", "updraft_backup", FORMAT, "server", UPDRAFT_VERSION,
                               "made", clock_format(manifest->made_ms, made), "files", files);
    char *text = object != NULL ? json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(object);
    return text;
}

/* A name the list may hold, with the digest it says. */
static bool is_name(const char *name, const char *sha256)
{
    if (strcmp(name, BACKUP_DATABASE) == 0 || strcmp(name, BACKUP_TOKEN) == 0)
        return true;
    return strncmp(name, BACKUP_BLOBS, strlen(BACKUP_BLOBS)) == 0 &&
           strcmp(name + strlen(BACKUP_BLOBS), sha256) == 0;
}

static bool decode_file(json_t *object, struct backup_manifest *manifest)
{
    struct backup_file file = {.size = 0};
    const char *name, *sha256;
    json_int_t size;

    if (json_unpack(object, "{ss sI ss}", "name", &name, "size", &size, "sha256", &sha256) != 0 ||
        size < 0 || strlen(sha256) != 2 * UD_SHA256_SIZE ||
        ud_hex_decode(sha256, file.sha256, UD_SHA256_SIZE) != UD_OK || !is_name(name, sha256))
        return false;
    snprintf(file.name, sizeof file.name, "%s", name);
    file.size = (uint64_t)size;
    return manifest_add(manifest, &file);
}

static bool decode(const json_t *list, struct backup_manifest *manifest,
                   char error[BACKUP_ERROR_SIZE])
{
    const json_t *files = json_object_get(list, "files");
    const char *made = json_string_value(json_object_get(list, "made"));
    const json_t *format = json_object_get(list, "updraft_backup");
    bool is_sound = json_is_array(files) && made != NULL && clock_parse(made, &manifest->made_ms);

    snprintf(error, BACKUP_ERROR_SIZE, "this is no backup of an Updraft server");
    if (!json_is_integer(format))
        return false;
    if (json_integer_value(format) != FORMAT) {
        snprintf(error, BACKUP_ERROR_SIZE,
                 "it was made by a newer updraft, in format %lld: restore it with that one",
                 (long long)json_integer_value(format));
        return false;
    }
    for (size_t i = 0; i < json_array_size(files) && is_sound; i++)
        is_sound = decode_file(json_array_get(files, i), manifest);
    /* The database is always first, and there is one. */
    return is_sound && manifest->count > 0 && strcmp(manifest->files[0].name, BACKUP_DATABASE) == 0;
}

bool manifest_decode(const char *text, size_t length, struct backup_manifest *manifest,
                     char error[BACKUP_ERROR_SIZE])
{
    json_t *list = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

    *manifest = (struct backup_manifest){0};
    const bool is_sound = decode(list, manifest, error);
    json_decref(list);
    return is_sound;
}
