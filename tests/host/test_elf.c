/* The ELF reader: finds what is there, and survives whatever it is given. */
#include "elf_builder.h"
#include "host/elf.h"
#include "host/pack.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 1024u
#define SEED 0x5eedu

static const uint8_t irom[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
static const uint8_t text[] = {5, 6, 7, 8};

static const struct elf_builder_section sections[] = {
    {".text", 0x40100000, sizeof text, text},
    {".irom0.text", 0x40201010, sizeof irom, irom},
    {".bss", 0x3ffe8000, 4096, NULL},
};

/* The file ends where its memory does, so that a byte too many is noticed. */
static uint8_t *build(size_t *length)
{
    uint8_t file[SIZE];
    *length = elf_build(file, sizeof file, 0x40100004, sections, 3);
    uint8_t *exact = malloc(*length);
    assert_non_null(exact);
    return memcpy(exact, file, *length);
}

static void sections_are_found(void **state)
{
    size_t length;
    uint8_t *file = build(&length);
    struct elf elf;
    struct elf_section section;
    (void)state;
    assert_int_equal(elf_open(&elf, file, length), ELF_OK);
    assert_int_equal(elf.entry, 0x40100004);
    assert_int_equal(elf_section(&elf, ".irom0.text", &section), ELF_OK);
    assert_int_equal(section.address, 0x40201010);
    assert_int_equal(section.length, sizeof irom);
    assert_memory_equal(section.data, irom, sizeof irom);
    assert_int_equal(elf_section(&elf, ".bss", &section), ELF_OK);
    assert_null(section.data);
    assert_int_equal(elf_section(&elf, ".data", &section), ELF_NO_SECTION);
    assert_int_equal(elf_section(&elf, "", &section), ELF_NO_SECTION);
    free(file);
}

static void parts_take_sections_in_the_packers_order(void **state)
{
    size_t length;
    uint8_t *file = build(&length);
    struct elf elf;
    struct pack_part part;
    (void)state;
    assert_int_equal(elf_open(&elf, file, length), ELF_OK);
    assert_int_equal(pack_part_from_app_elf(&elf, &part), ELF_OK);
    assert_int_equal(part.segment_count, 2);
    assert_int_equal(part.segments[0].address, 0x40201010);
    assert_int_equal(part.segments[1].address, 0x40100000);
    assert_int_equal(pack_part_from_boot_elf(&elf, &part), ELF_OK);
    assert_int_equal(part.segment_count, 1);
    assert_int_equal(part.entry, 0x40100004);
    free(file);
}

static void other_files_are_told_apart(void **state)
{
    static const struct {
        size_t offset;
        uint8_t value;
        enum elf_result expected;
    } changes[] = {
        {0, 0x7e, ELF_NOT_ELF},  {3, 'G', ELF_NOT_ELF},   {4, 2, ELF_OTHER},
        {5, 2, ELF_OTHER},       {16, 1, ELF_OTHER},      {18, 62, ELF_OTHER},
        {46, 64, ELF_DAMAGED},   {48, 0, ELF_DAMAGED},    {50, 9, ELF_DAMAGED},
        {35, 0xff, ELF_DAMAGED}, {49, 0xff, ELF_DAMAGED},
    };
    struct elf elf;
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t length;
        uint8_t *file = build(&length);
        file[changes[i].offset] = changes[i].value;
        assert_int_equal(elf_open(&elf, file, length), changes[i].expected);
        free(file);
    }
    assert_int_equal(elf_open(&elf, "", 0), ELF_NOT_ELF);
    assert_int_equal(elf_open(&elf, "#!/bin/sh\n", 10), ELF_NOT_ELF);
}

/* Opens and looks for everything; the sanitizers watch. */
static void explore(const uint8_t *file, size_t length)
{
    struct elf elf;
    struct pack_part part;
    if (elf_open(&elf, file, length) != ELF_OK)
        return;
    if (pack_part_from_app_elf(&elf, &part) != ELF_OK)
        return;
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < part.segment_count; i++)
        for (uint32_t j = 0; j < part.segments[i].length; j++)
            sum = (uint8_t)(sum + part.segments[i].data[j]);
}

static void every_truncation_is_refused(void **state)
{
    size_t length;
    uint8_t *file = build(&length);
    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        struct elf elf;
        uint8_t *part = malloc(cut ? cut : 1);
        assert_non_null(part);
        memcpy(part, file, cut);
        assert_int_not_equal(elf_open(&elf, part, cut), ELF_OK);
        free(part);
    }
    free(file);
}

static void every_byte_may_be_anything(void **state)
{
    size_t length;
    uint8_t *file = build(&length);
    (void)state;
    for (size_t i = 0; i < length; i++) {
        const uint8_t kept = file[i];
        for (unsigned value = 0; value < 256; value++) {
            file[i] = (uint8_t)value;
            explore(file, length);
        }
        file[i] = kept;
    }
    free(file);
}

static void random_damage_does_no_harm(void **state)
{
    unsigned seed = SEED;
    (void)state;
    print_message("# seed %#x\n", SEED);
    for (unsigned round = 0; round < 20000; round++) {
        size_t length;
        uint8_t *file = build(&length);
        for (unsigned change = 0; change < 6; change++) {
            const size_t at = (size_t)rand_r(&seed) % length & ~3u;
            /* Whole words, mostly near the edges of what is possible. */
            static const uint32_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
            const unsigned pick = (unsigned)rand_r(&seed) % 8;
            ud_put_u32(file + (at > length - 4 ? length - 4 : at),
                       pick < 6 ? edges[pick] : (uint32_t)rand_r(&seed) % 1024);
        }
        explore(file, length);
        free(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_found),
        cmocka_unit_test(parts_take_sections_in_the_packers_order),
        cmocka_unit_test(other_files_are_told_apart),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_byte_may_be_anything),
        cmocka_unit_test(random_damage_does_no_harm),
    };
    return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
