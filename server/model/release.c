#include "server/model/release.h"

#include <string.h>

const struct release_file *release_file_of(const struct release_image *image,
                                           const uint8_t sha256[UD_SHA256_SIZE])
{
    for (uint8_t i = 0; i < image->file_count; i++)
        if (memcmp(image->files[i].sha256, sha256, UD_SHA256_SIZE) == 0)
            return &image->files[i];
    return NULL;
}
