#include "host/pack.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/image.h"
#include "updraft/trial.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE         8u
#define SEGMENT_HEADER_SIZE 8u
#define IMAGE_ALIGNMENT     16u
#define CHECKSUM_SEED       0xefu
#define WORDS_SIZE          8u /* length and CRC */
#define LARGEST_FLASH       (16u << 20)

static uint64_t image_size(const struct pack_part *part)
{
    uint64_t size = HEADER_SIZE;
    for (uint32_t i = 0; i < part->segment_count; i++)
        size +=
            SEGMENT_HEADER_SIZE + (uint64_t)part->segments[i].length + part->segments[i].padding;
    /* The checksum is the last byte of the last group of 16. */
    return size - size % IMAGE_ALIGNMENT + IMAGE_ALIGNMENT;
}

/* Writes a segment over zero bytes and returns the byte after it. */
static uint8_t *put_segment(uint8_t *out, const struct pack_segment *segment, uint8_t *checksum)
{
    ud_put_u32(out, segment->address);
    ud_put_u32(out + 4, segment->length + segment->padding);
    out += SEGMENT_HEADER_SIZE;
    for (uint32_t i = 0; i < segment->length; i++)
        *checksum ^= segment->data[i];
    if (segment->length)
        memcpy(out, segment->data, segment->length);
    return out + segment->length + segment->padding;
}

/* Writes an image over image_size() zero bytes. */
static void put_image(uint8_t *out, const struct pack_flash *flash, const struct pack_part *part)
{
    uint8_t *const checksum = out + image_size(part) - 1;
    *checksum = CHECKSUM_SEED;
    out[0] = UD_IMAGE_MAGIC;
    out[1] = (uint8_t)part->segment_count;
    out[2] = flash->mode;
    out[3] = (uint8_t)(flash->size_code << 4 | flash->frequency_code);
    ud_put_u32(out + 4, part->entry);
    out += HEADER_SIZE;
    for (uint32_t i = 0; i < part->segment_count; i++)
        out = put_segment(out, &part->segments[i], checksum);
}

static bool wants_trial(const struct pack_part *app)
{
    const struct pack_segment *first = &app->segments[0];
    const uint32_t before = HEADER_SIZE + SEGMENT_HEADER_SIZE;
    const uint32_t description = UD_IMAGE_DESCRIPTION_OFFSET - before;

    return first->length >= description + UD_IMAGE_DESCRIPTION_SIZE &&
           ud_get_u32(first->data + description) == UD_IMAGE_DESCRIPTION_MAGIC &&
           ud_get_u32(first->data + description + UD_IMAGE_TRIAL_OFFSET) == UD_IMAGE_TRIAL_MAGIC;
}

/* The trial's record goes behind the program, into its last sector: one without room
 * for it grows into another. The first segment stays in flash, where nothing else is
 * in its way. */
static struct pack_part with_room_for_trial(const struct pack_part *app)
{
    struct pack_part roomy = *app;

    if (wants_trial(app))
        while (!ud_trial_has_room((uint32_t)image_size(&roomy)))
            roomy.segments[0].padding += IMAGE_ALIGNMENT;
    return roomy;
}

/* The CRC is taken with both words zero, which they still are. */
static void fill_in_words(uint8_t *file, uint32_t length)
{
    const uint32_t crc = ud_crc32_forward(UD_CRC32_FORWARD_START, file, length);
    ud_put_u32(file + UD_IMAGE_LENGTH_WORD_OFFSET, length);
    ud_put_u32(file + UD_IMAGE_CRC_WORD_OFFSET, crc);
}

static enum pack_result check_sizes(const struct pack_part *boot, const struct pack_part *app)
{
    if (image_size(boot) + WORDS_SIZE > UD_IMAGE_APP_OFFSET)
        return PACK_BOOT_TOO_LARGE;
    if (app->segment_count == 0 || app->segments[0].length < WORDS_SIZE)
        return PACK_NO_ROOM_FOR_WORDS;
    return image_size(app) > LARGEST_FLASH - UD_IMAGE_APP_OFFSET ? PACK_TOO_LARGE : PACK_OK;
}

enum pack_result pack_firmware(const struct pack_flash *flash, const struct pack_part *boot,
                               const struct pack_part *app, struct file_bytes *file)
{
    const enum pack_result refused = check_sizes(boot, app);
    if (refused)
        return refused;
    const struct pack_part roomy = with_room_for_trial(app);
    file->length = UD_IMAGE_APP_OFFSET + (size_t)image_size(&roomy);
    file->data = calloc(1, file->length);
    if (!file->data)
        return PACK_NO_MEMORY;
    put_image(file->data, flash, boot);
    memset(file->data + image_size(boot), PACK_BOOT_PADDING,
           UD_IMAGE_APP_OFFSET - image_size(boot));
    put_image(file->data + UD_IMAGE_APP_OFFSET, flash, &roomy);
    /* The linker left zeros for the words, but a file that was packed before
     * and taken apart need not have any. */
    memset(file->data + UD_IMAGE_LENGTH_WORD_OFFSET, 0, WORDS_SIZE);
    fill_in_words(file->data, (uint32_t)file->length);
    return PACK_OK;
}

/* names: at most PACK_MAX_SEGMENTS of them. */
static enum elf_result part_from_sections(const struct elf *elf, const char *const *names,
                                          size_t name_count, struct pack_part *part)
{
    *part = (struct pack_part){.entry = elf->entry};
    for (size_t i = 0; i < name_count; i++) {
        struct elf_section section;
        const enum elf_result result = elf_section(elf, names[i], &section);
        if (result == ELF_NO_SECTION || (result == ELF_OK && !section.data))
            continue;
        if (result != ELF_OK)
            return result;
        part->segments[part->segment_count++] = (struct pack_segment){
            .address = section.address, .length = section.length, .data = section.data};
    }
    return part->segment_count ? ELF_OK : ELF_NO_SECTION;
}

enum elf_result pack_part_from_boot_elf(const struct elf *elf, struct pack_part *part)
{
    static const char *const names[] = {".text", ".rodata"};
    return part_from_sections(elf, names, sizeof names / sizeof names[0], part);
}

enum elf_result pack_part_from_app_elf(const struct elf *elf, struct pack_part *part)
{
    static const char *const names[PACK_MAX_SEGMENTS] = {".irom0.text", ".text", ".text1", ".data",
                                                         ".rodata"};
    return part_from_sections(elf, names, PACK_MAX_SEGMENTS, part);
}
