/* Images for ESP32s from linked programs: what is mapped lies where the mapping needs it,
 * everything is there once, checksum and hash are right; and what is refused.
 */
#include "device/port/bearssl/digest.h"
#include "host/pack_esp32.h"
#include "tests/host/elf_builder.h"
#include "updraft/endian.h"
#include "updraft/image_watch.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHIP_ESP32 0u
#define CHIP_C3    5u
#define CHIP_C2    12u
#define AT_MACHINE 18u
#define PAGE       0x10000u
#define CONTENT    200000u

static uint8_t elf_file[3 * CONTENT];
static uint8_t content[CONTENT];

static const struct pack_flash dio_4m_80 = {.mode = 2, .size_code = 2, .frequency_code = 15};

static struct elf elf_of(enum elf_machine machine, const struct elf_builder_section *sections,
                         size_t count)
{
    struct elf elf;
    const size_t length =
        elf_build(elf_file, sizeof elf_file, sections[0].address, sections, count);

    elf_file[AT_MACHINE] = (uint8_t)machine;
    assert_int_equal(elf_open(&elf, elf_file, length), ELF_OK);
    return elf;
}

struct found {
    struct ud_image_description description;
    struct ud_image_segment segments[UD_IMAGE_MAX_SEGMENTS];
    size_t count;
};

static void note(void *ctx, const struct ud_image_segment *segment)
{
    struct found *found = ctx;

    found->segments[found->count++] = *segment;
}

static struct ud_image_report read_image(const struct file_bytes *image, struct found *found)
{
    static struct ud_image reader;
    struct ud_image_watch watch;

    *found = (struct found){0};
    ud_image_watch_init(&watch, &ud_sha256);
    watch.segment = note;
    watch.ctx = found;
    ud_image_begin(&reader, &watch);
    assert_int_equal(ud_image_write(&reader, image->data, (uint32_t)image->length), UD_OK);
    assert_int_equal(ud_image_end(&reader), UD_OK);
    found->description = watch.description;
    return reader.report;
}

/* Is the section in the image, at its address? */
static bool has(const struct file_bytes *image, const struct found *found,
                const struct elf_builder_section *section)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct ud_image_segment *segment = &found->segments[i];
        if (segment->load_address == 0 || section->address < segment->load_address ||
            section->address + section->length > segment->load_address + segment->length)
            continue;
        return memcmp(image->data + segment->offset + (section->address - segment->load_address),
                      section->data, section->length) == 0;
    }
    return false;
}

static void mapped_segments_keep_their_place_in_a_page(const struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct ud_image_segment *segment = &found->segments[i];
        const uint32_t top = segment->load_address >> 24;
        if (top == 0x3c || top == 0x42)
            assert_int_equal(segment->offset % PAGE, segment->load_address % PAGE);
    }
}

static void a_program_is_there_whole(void **state)
{
    const struct elf_builder_section sections[] = {
        {".iram0.vectors", 0x40380000, 256, content},
        {".iram0.text", 0x40380100, 40001, content + 1000},
        {".dram0.data", 0x3fc90000, 333, content + 2000},
        {".dram0.bss", 0x3fc90200, 5000, NULL},
        {".flash.appdesc", 0x3c010020, 256, content + 3000},
        {".flash.rodata", 0x3c010120, 70001, content + 4000},
        {".flash.text", 0x42000020, 100003, content + 5000},
    };
    const struct elf elf = elf_of(ELF_RISCV, sections, 7);
    struct file_bytes image;
    struct found found;
    (void)state;

    assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_OK);
    const struct ud_image_report report = read_image(&image, &found);
    assert_int_equal(report.parts[0].header.chip_id, CHIP_C3);
    assert_int_equal(report.parts[0].header.entry, 0x40380000);
    assert_int_equal(report.parts[0].header.flash_mode, 2);
    assert_int_equal(report.parts[0].header.flash_size_code, 2);
    assert_int_equal(report.parts[0].header.flash_frequency_code, 15);
    assert_int_equal(report.hash, UD_HASH_MATCH);
    assert_int_equal(report.trailing, 0);
    for (size_t i = 0; i < 7; i++)
        assert_true(!sections[i].data || has(&image, &found, &sections[i]));
    /* Vectors and code, description and constants are one segment each. */
    assert_int_equal(found.segments[0].load_address, 0x3c010020);
    assert_int_equal(found.segments[0].offset, 0x20);
    assert_int_equal(found.segments[0].length, 256 + 70004);
    mapped_segments_keep_their_place_in_a_page(&found);
    free(image.data);
}

/* Any sizes and places: seeded. */
static void mapped_segments_are_placed_whatever_their_size(void **state)
{
    uint32_t random = 20261121;
    (void)state;

    print_message("seed %u\n", random);
    for (int i = 0; i < 300; i++) {
        uint32_t values[6];
        for (size_t k = 0; k < 6; k++) {
            random = random * 1664525u + 1013904223u;
            values[k] = random >> 8;
        }
        const struct elf_builder_section sections[] = {
            {".iram0.text", 0x40380000, 1 + values[0] % 60000, content},
            {".dram0.data", 0x3fc90000, 1 + values[1] % 9000, content + 7},
            {".flash.rodata", 0x3c010000 + values[2] % PAGE / 4 * 4, 1 + values[3] % 70000,
             content + 3000},
            {".flash.text", 0x42000000 + values[4] % PAGE / 4 * 4, 1 + values[5] % 100000,
             content + 5000},
        };
        const struct elf elf = elf_of(ELF_RISCV, sections, 4);
        struct file_bytes image;
        struct found found;
        assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_OK);
        read_image(&image, &found);
        for (size_t k = 0; k < 4; k++)
            assert_true(has(&image, &found, &sections[k]));
        mapped_segments_keep_their_place_in_a_page(&found);
        free(image.data);
    }
}

static void the_description_names_the_elf_file(void **state)
{
    uint8_t description[UD_IMAGE_DESCRIPTION_SIZE] = {0};
    const struct elf_builder_section sections[] = {
        {".flash.appdesc", 0x3f400020, sizeof description, description}};
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct file_bytes image;
    struct found found;
    (void)state;

    ud_put_u32(description, UD_IMAGE_DESCRIPTION_MAGIC);
    const struct elf elf = elf_of(ELF_XTENSA, sections, 1);
    assert_int_equal(pack_esp32(CHIP_ESP32, &dio_4m_80, &elf, &image), PACK_ESP32_OK);
    const struct ud_image_report report = read_image(&image, &found);
    SHA256(elf.bytes, elf.length, digest);
    assert_true(report.has_description);
    assert_memory_equal(found.description.elf_sha256, digest, sizeof digest);
    free(image.data);
}

static void what_is_refused(void **state)
{
    struct elf_builder_section many[UD_IMAGE_MAX_SEGMENTS + 1];
    const struct elf_builder_section one[] = {{".text", 0x40380000, 100, content}};
    const struct elf_builder_section bss[] = {{".bss", 0x3fc90000, 100, NULL}};
    const struct elf_builder_section over[] = {{".a", 0x40380000, 100, content},
                                               {".b", 0x40380040, 100, content}};
    struct file_bytes image;
    struct elf elf;
    (void)state;

    elf = elf_of(ELF_XTENSA, one, 1);
    assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_OTHER_CHIP);
    elf = elf_of(ELF_RISCV, one, 1);
    assert_int_equal(pack_esp32(CHIP_C2, &dio_4m_80, &elf, &image), PACK_ESP32_OTHER_CHIP);
    elf = elf_of(ELF_RISCV, bss, 1);
    assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_EMPTY);
    elf = elf_of(ELF_RISCV, over, 2);
    assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_OVERLAP);
    for (uint32_t i = 0; i <= UD_IMAGE_MAX_SEGMENTS; i++)
        many[i] = (struct elf_builder_section){".s", 0x40380000 + i * 256, 16, content};
    elf = elf_of(ELF_RISCV, many, UD_IMAGE_MAX_SEGMENTS + 1);
    assert_int_equal(pack_esp32(CHIP_C3, &dio_4m_80, &elf, &image), PACK_ESP32_MANY_SEGMENTS);
    assert_false(pack_esp32_knows(CHIP_C2));
    assert_true(pack_esp32_knows(CHIP_C3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_there_whole),
        cmocka_unit_test(mapped_segments_are_placed_whatever_their_size),
        cmocka_unit_test(the_description_names_the_elf_file),
        cmocka_unit_test(what_is_refused),
    };
    for (uint32_t i = 0; i < CONTENT; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
