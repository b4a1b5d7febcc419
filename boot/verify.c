#include "boot/verify.h"

#include <stddef.h>

struct verification {
    const struct boot_decision *decision;
    struct ud_image *image;
};

/* The sector about to be erased must not hold source that is still to be read.
 * Whole sectors: the unread end lies above `source_end - unread`. */
static bool overtakes(const struct boot_decision *decision, const struct boot_sector *sector)
{
    const uint32_t source_end = decision->source + decision->size;
    const uint32_t start = decision->destination + sector->offset;

    return start < source_end && start + UD_FLASH_SECTOR > source_end - sector->unread &&
           sector->unread > 0;
}

static int verify_sector(void *ctx, const struct boot_sector *sector)
{
    struct verification *verification = ctx;

    if (overtakes(verification->decision, sector))
        return UD_ERR_SPACE;
    if (!boot_is_program(verification->decision))
        return UD_OK;
    return ud_image_write(verification->image, sector->data, sector->length);
}

static int verify_program(struct ud_image *image)
{
    const int error = ud_image_end(image);

    if (error != UD_OK)
        return error;
    if (image->report.parts[0].header.chip != UD_CHIP_ESP8266)
        return UD_ERR_CHIP;
    return image->report.part_count == UD_IMAGE_MAX_PARTS ? UD_OK : UD_ERR_IMAGE;
}

int boot_verify(const struct ud_flash *flash, const struct boot_decision *decision,
                struct boot_memory *memory)
{
    struct verification verification = {.decision = decision, .image = &memory->image};
    const struct boot_sink sink = {.ctx = &verification, .sector = verify_sector};

    ud_image_begin(&memory->image, NULL);
    const int error = boot_source_walk(flash, decision, memory, &sink);
    if (error != UD_OK || !boot_is_program(decision))
        return error;
    return verify_program(&memory->image);
}
