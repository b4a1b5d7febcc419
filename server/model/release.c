#include "server/model/release.h"

#include <string.h>

const char *release_state_name(enum release_state state)
{
    static const char *const names[RELEASE_STATE_COUNT] = {
        [RELEASE_LIVE] = "live", [RELEASE_DRAFT] = "draft", [RELEASE_WITHDRAWN] = "withdrawn"};

    return (unsigned)state < RELEASE_STATE_COUNT ? names[state] : NULL;
}

const struct release_file *release_file_of(const struct release_image *image,
                                           const uint8_t sha256[UD_SHA256_SIZE])
{
    for (uint8_t i = 0; i < image->file_count; i++)
        if (memcmp(image->files[i].sha256, sha256, UD_SHA256_SIZE) == 0)
            return &image->files[i];
    for (uint8_t i = 0; i < image->fs_count; i++)
        if (memcmp(image->fs[i].sha256, sha256, UD_SHA256_SIZE) == 0)
            return &image->fs[i];
    return NULL;
}
