#include "host/pack_esp32.h"

#include "updraft/endian.h"
#include "updraft/image.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE         24u
#define SEGMENT_HEADER_SIZE 8u
#define WORD                4u
#define IMAGE_ALIGNMENT     16u
#define CHECKSUM_SEED       0xefu
#define WP_PIN_NONE         0xeeu
#define REVISION_ANY        0xffffu
#define PAGE                0x10000u /* of the mapping */
#define SIZE_LIMIT          (16u << 20)
#define SECTIONS_MAX        64u
#define ELF_SHA256_OFFSET   (UD_IMAGE_DESCRIPTION_OFFSET + 144u)

struct range {
    uint32_t start;
    uint32_t end;
};

/* What each chip maps from flash: the technical reference manuals' memory maps. */
static const struct memory {
    uint16_t chip_id;
    enum elf_machine machine;
    struct range mapped[2]; /* instructions and data, data and instructions */
} memories[] = {
    {0x00, ELF_XTENSA, {{0x3f400000, 0x3f800000}, {0x400d0000, 0x40400000}}},
    {0x02, ELF_XTENSA, {{0x3f000000, 0x3f3f0000}, {0x40080000, 0x40b80000}}},
    {0x05, ELF_RISCV, {{0x3c000000, 0x3c800000}, {0x42000000, 0x42800000}}},
    {0x09, ELF_XTENSA, {{0x3c000000, 0x3e000000}, {0x42000000, 0x44000000}}},
    {0x0d, ELF_RISCV, {{0x42000000, 0x42800000}, {0x42800000, 0x43000000}}},
    {0x10, ELF_RISCV, {{0x42000000, 0x42800000}, {0x42800000, 0x43000000}}},
};

static const struct memory *find_memory(uint16_t chip_id)
{
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        if (memories[i].chip_id == chip_id)
            return &memories[i];
    return NULL;
}

bool pack_esp32_knows(uint16_t chip_id)
{
    return find_memory(chip_id) != NULL;
}

/* ---- What is to be loaded ---- */

/* Sections that follow each other in memory. */
struct segment {
    const struct elf_section *sections;
    size_t count;
    uint32_t address;
    uint32_t length; /* bytes, whole words */
    bool is_mapped;
    bool is_placed;
};

struct program {
    const struct memory *memory;
    struct elf_section sections[SECTIONS_MAX]; /* by address */
    size_t section_count;
    struct segment segments[UD_IMAGE_MAX_SEGMENTS];
    size_t segment_count;
};

static bool is_mapped(const struct memory *memory, uint32_t address)
{
    for (size_t i = 0; i < 2; i++)
        if (address >= memory->mapped[i].start && address < memory->mapped[i].end)
            return true;
    return false;
}

static int by_address(const void *one, const void *other)
{
    const uint32_t a = ((const struct elf_section *)one)->address;
    const uint32_t b = ((const struct elf_section *)other)->address;

    return a < b ? -1 : a > b;
}

static enum pack_esp32_result collect_sections(struct program *program, const struct elf *elf)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct elf_section section;
        const enum elf_result result = elf_section_at(elf, i, &section);
        if (result == ELF_NO_SECTION)
            continue;
        if (result != ELF_OK)
            return PACK_ESP32_DAMAGED;
        if (program->section_count == SECTIONS_MAX)
            return PACK_ESP32_MANY_SEGMENTS;
        program->sections[program->section_count++] = section;
        total += section.length;
    }
    if (total >= SIZE_LIMIT)
        return PACK_ESP32_TOO_LARGE;
    qsort(program->sections, program->section_count, sizeof program->sections[0], by_address);
    return program->section_count > 0 ? PACK_ESP32_OK : PACK_ESP32_EMPTY;
}

static uint32_t round_up(uint32_t length, uint32_t unit)
{
    return (length + unit - 1) / unit * unit;
}

/* Does the section belong to the segment before it? What alignment leaves between them
 * is filled with zeros. */
static bool follows(const struct segment *segment, const struct elf_section *section, bool mapped)
{
    const uint32_t end = segment->address + segment->length;

    return segment->is_mapped == mapped && section->address >= end &&
           section->address - end < IMAGE_ALIGNMENT;
}

static enum pack_esp32_result add_section(struct program *program,
                                          const struct elf_section *section)
{
    const bool mapped = is_mapped(program->memory, section->address);
    struct segment *last =
        program->segment_count > 0 ? &program->segments[program->segment_count - 1] : NULL;

    if (section->length > SIZE_LIMIT || section->address > UINT32_MAX - SIZE_LIMIT)
        return PACK_ESP32_TOO_LARGE;
    if (last != NULL && section->address < last->address + last->length)
        return PACK_ESP32_OVERLAP;
    if (last == NULL || !follows(last, section, mapped)) {
        if (program->segment_count == UD_IMAGE_MAX_SEGMENTS)
            return PACK_ESP32_MANY_SEGMENTS;
        last = &program->segments[program->segment_count++];
        *last =
            (struct segment){.sections = section, .address = section->address, .is_mapped = mapped};
    }
    last->count++;
    last->length = round_up(section->address + section->length - last->address, WORD);
    return PACK_ESP32_OK;
}

static enum pack_esp32_result collect_segments(struct program *program, const struct elf *elf)
{
    enum pack_esp32_result result = collect_sections(program, elf);

    for (size_t i = 0; i < program->section_count && result == PACK_ESP32_OK; i++)
        result = add_section(program, &program->sections[i]);
    return result;
}

/* ---- The file ---- */

struct writer {
    uint8_t *bytes; /* zeros beyond length; enough of them for largest_size() */
    uint32_t length;
    uint32_t segment_count;
    uint8_t checksum;
};

static bool put_header(struct writer *writer, uint32_t address, uint32_t length)
{
    if (writer->segment_count == UD_IMAGE_MAX_SEGMENTS)
        return false;
    writer->segment_count++;
    ud_put_u32(writer->bytes + writer->length, address);
    ud_put_u32(writer->bytes + writer->length + 4, length);
    writer->length += SEGMENT_HEADER_SIZE;
    return true;
}

static bool put_segment(struct writer *writer, struct segment *segment)
{
    segment->is_placed = true;
    if (!put_header(writer, segment->address, segment->length))
        return false;
    for (size_t i = 0; i < segment->count; i++) {
        const struct elf_section *section = &segment->sections[i];
        memcpy(writer->bytes + writer->length + (section->address - segment->address),
               section->data, section->length);
        for (uint32_t k = 0; k < section->length; k++)
            writer->checksum ^= section->data[k];
    }
    writer->length += segment->length;
    return true;
}

/* Bytes before a mapped segment's header can come. */
static uint32_t gap_before(const struct writer *writer, const struct segment *segment)
{
    return (segment->address - (writer->length + SEGMENT_HEADER_SIZE)) % PAGE;
}

/* The largest segment for RAM that fits: beside it there must be room for padding. */
static struct segment *find_filler(struct program *program, uint32_t gap)
{
    struct segment *best = NULL;

    for (size_t i = 0; i < program->segment_count; i++) {
        struct segment *segment = &program->segments[i];
        const uint32_t size = SEGMENT_HEADER_SIZE + segment->length;
        if (segment->is_mapped || segment->is_placed ||
            (size != gap && (gap < SEGMENT_HEADER_SIZE || size > gap - SEGMENT_HEADER_SIZE)))
            continue;
        if (best == NULL || segment->length > best->length)
            best = segment;
    }
    return best;
}

static bool put_mapped(struct writer *writer, struct program *program, struct segment *segment)
{
    uint32_t gap = gap_before(writer, segment);

    while (gap > 0) {
        struct segment *filler = find_filler(program, gap);
        if (filler == NULL)
            break;
        if (!put_segment(writer, filler))
            return false;
        gap = gap_before(writer, segment);
    }
    if (gap > 0) {
        const uint32_t padding = gap < SEGMENT_HEADER_SIZE ? gap + PAGE : gap;
        if (!put_header(writer, 0, padding - SEGMENT_HEADER_SIZE))
            return false;
        writer->length += padding - SEGMENT_HEADER_SIZE;
    }
    return put_segment(writer, segment);
}

static bool put_segments(struct writer *writer, struct program *program)
{
    for (size_t i = 0; i < program->segment_count; i++)
        if (program->segments[i].is_mapped && !put_mapped(writer, program, &program->segments[i]))
            return false;
    for (size_t i = 0; i < program->segment_count; i++)
        if (!program->segments[i].is_placed && !put_segment(writer, &program->segments[i]))
            return false;
    return true;
}

static void name_elf(struct writer *writer, const struct elf *elf)
{
    uint8_t *description = writer->bytes + UD_IMAGE_DESCRIPTION_OFFSET;
    uint8_t *digest = writer->bytes + ELF_SHA256_OFFSET;

    if (writer->length < UD_IMAGE_DESCRIPTION_OFFSET + UD_IMAGE_DESCRIPTION_SIZE ||
        ud_get_u32(description) != UD_IMAGE_DESCRIPTION_MAGIC)
        return;
    for (uint32_t i = 0; i < SHA256_DIGEST_LENGTH; i++)
        writer->checksum ^= digest[i];
    SHA256(elf->bytes, elf->length, digest);
    for (uint32_t i = 0; i < SHA256_DIGEST_LENGTH; i++)
        writer->checksum ^= digest[i];
}

static void finish(struct writer *writer, uint16_t chip_id, const struct pack_flash *flash,
                   uint32_t entry)
{
    uint8_t *header = writer->bytes;

    header[0] = UD_IMAGE_MAGIC;
    header[1] = (uint8_t)writer->segment_count;
    header[2] = flash->mode;
    header[3] = (uint8_t)(flash->size_code << 4 | flash->frequency_code);
    ud_put_u32(header + 4, entry);
    header[8] = WP_PIN_NONE;
    ud_put_u16(header + 12, chip_id);
    ud_put_u16(header + 17, REVISION_ANY);
    header[23] = 1; /* a hash follows */
    writer->length = round_up(writer->length + 1, IMAGE_ALIGNMENT);
    writer->bytes[writer->length - 1] = writer->checksum;
    SHA256(writer->bytes, writer->length, writer->bytes + writer->length);
    writer->length += SHA256_DIGEST_LENGTH;
}

/* Each segment can have almost two pages of padding before it. */
static uint32_t largest_size(const struct program *program)
{
    uint32_t size = HEADER_SIZE + IMAGE_ALIGNMENT + SHA256_DIGEST_LENGTH;

    for (size_t i = 0; i < program->segment_count; i++)
        size += 2 * SEGMENT_HEADER_SIZE + program->segments[i].length + 2 * PAGE;
    return size;
}

static enum pack_esp32_result write_image(struct program *program, uint16_t chip_id,
                                          const struct pack_flash *flash, const struct elf *elf,
                                          struct file_bytes *image)
{
    struct writer writer = {.length = HEADER_SIZE, .checksum = CHECKSUM_SEED};

    writer.bytes = calloc(1, largest_size(program));
    if (writer.bytes == NULL)
        return PACK_ESP32_NO_MEMORY;
    if (!put_segments(&writer, program)) {
        free(writer.bytes);
        return PACK_ESP32_MANY_SEGMENTS;
    }
    name_elf(&writer, elf);
    finish(&writer, chip_id, flash, elf->entry);
    *image = (struct file_bytes){.data = writer.bytes, .length = writer.length};
    return PACK_ESP32_OK;
}

enum pack_esp32_result pack_esp32(uint16_t chip_id, const struct pack_flash *flash,
                                  const struct elf *elf, struct file_bytes *image)
{
    struct program program = {.memory = find_memory(chip_id)};

    if (program.memory == NULL || program.memory->machine != elf->machine)
        return PACK_ESP32_OTHER_CHIP;
    const enum pack_esp32_result result = collect_segments(&program, elf);

    return result == PACK_ESP32_OK ? write_image(&program, chip_id, flash, elf, image) : result;
}

const char *pack_esp32_message(enum pack_esp32_result result)
{
    static const char *const messages[] = {
        [PACK_ESP32_OK] = "is sound",
        [PACK_ESP32_OTHER_CHIP] = "is a program for another chip",
        [PACK_ESP32_DAMAGED] = "is a damaged ELF file",
        [PACK_ESP32_EMPTY] = "has no section to load",
        [PACK_ESP32_MANY_SEGMENTS] = "has more segments than the 16 of an image",
        [PACK_ESP32_OVERLAP] = "has sections that lie over each other",
        [PACK_ESP32_TOO_LARGE] = "is too large: an image has at most 16 MB",
        [PACK_ESP32_NO_MEMORY] = "does not fit into memory",
    };

    return messages[result];
}
