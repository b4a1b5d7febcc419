/* A backup that is to be restored: the list in it and the archive's headers. No name
 * leads out of the folder, and what is read once is read the same when written again.
 *
 * Input: with 'L' first a list, else headers. */
#include "fuzz.h"

#include "server/backup/manifest.h"

#include <string.h>

#define INPUT_MAX 16384u

static void require_inside(const char *name)
{
    const char *slash = strrchr(name, '/');

    require(name[0] != '\0' && strlen(name) < TAR_NAME_SIZE && strstr(name, "..") == NULL);
    if (slash != NULL)
        require(strncmp(name, BACKUP_BLOBS, strlen(BACKUP_BLOBS)) == 0 &&
                slash + 1 == name + strlen(BACKUP_BLOBS));
}

static void require_same(const struct backup_manifest *one, const struct backup_manifest *other)
{
    require(one->count == other->count && one->made_ms == other->made_ms);
    for (size_t i = 0; i < one->count; i++) {
        require(strcmp(one->files[i].name, other->files[i].name) == 0);
        require(one->files[i].size == other->files[i].size);
        require(memcmp(one->files[i].sha256, other->files[i].sha256, UD_SHA256_SIZE) == 0);
    }
}

static void as_list(const char *text, size_t length)
{
    struct backup_manifest manifest, again;
    char error[BACKUP_ERROR_SIZE] = "";

    if (manifest_decode(text, length, &manifest, error)) {
        for (size_t i = 0; i < manifest.count; i++)
            require_inside(manifest.files[i].name);
        char *written = manifest_encode(&manifest);
        require(written != NULL);
        require(manifest_decode(written, strlen(written), &again, error));
        require_same(&manifest, &again);
        manifest_free(&again);
        free(written);
    } else {
        require(error[0] != '\0' && memchr(error, '\0', sizeof error) != NULL);
    }
    manifest_free(&manifest);
}

static void as_header(const uint8_t block[TAR_BLOCK])
{
    struct tar_entry entry, again;
    uint8_t written[TAR_BLOCK];

    if (tar_decode(block, &entry) != TAR_ENTRY)
        return;
    require(entry.size <= TAR_FILE_MAX && tar_padding(entry.size) < TAR_BLOCK);
    require((entry.size + tar_padding(entry.size)) % TAR_BLOCK == 0);
    require(tar_encode(&entry, 0600, 0, written));
    require(tar_decode(written, &again) == TAR_ENTRY);
    require(again.size == entry.size && strcmp(again.name, entry.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    if (data[0] == 'L')
        as_list((const char *)data + 1, size - 1);
    for (size_t at = 1; data[0] != 'L' && size - at >= TAR_BLOCK; at += TAR_BLOCK)
        as_header(data + at);
    return 0;
}
