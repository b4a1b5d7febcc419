/* Every layout of the Arduino core's menus, against its linker scripts' values. */
#include "updraft/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct row {
    const char *name;
    uint32_t flash_size, fs_start, fs_end, eeprom, max_sketch;
};

#define K(n) ((n)*1024u)
#define M(n) ((n)*1024u * 1024u)

static const struct row rows[] = {
    {"512K", K(512), 0x7b000, 0x7b000, 0x7b000, 0x7b000 - 0x1010},
    {"512K0", K(512), 0x7b000, 0x7b000, 0x7b000, 0x7b000 - 0x1010},
    {"512K32K", K(512), 0x73000, 0x7b000, 0x7b000, 0x73000 - 0x1010},
    {"512K64K", K(512), 0x6b000, 0x7b000, 0x7b000, 0x6b000 - 0x1010},
    {"512K128K", K(512), 0x5b000, 0x7b000, 0x7b000, 0x5b000 - 0x1010},
    {"1M", M(1), 0xfb000, 0xfb000, 0xfb000, 0xf9ff0},
    {"1M64K", M(1), 0xeb000, 0xfb000, 0xfb000, 0xe9ff0},
    {"1M128K", M(1), 0xdb000, 0xfb000, 0xfb000, 0xdb000 - 0x1010},
    {"1M144K", M(1), 0xd7000, 0xfb000, 0xfb000, 0xd7000 - 0x1010},
    {"1M160K", M(1), 0xd3000, 0xfb000, 0xfb000, 0xd3000 - 0x1010},
    {"1M192K", M(1), 0xcb000, 0xfb000, 0xfb000, 0xcb000 - 0x1010},
    {"1M256K", M(1), 0xbb000, 0xfb000, 0xfb000, 0xbb000 - 0x1010},
    {"1M512K", M(1), 0x7b000, 0xfb000, 0xfb000, 0x79ff0},
    {"2M64K", M(2), 0x1f0000, 0x1fb000, 0x1fb000, 0xfeff0},
    {"2M128K", M(2), 0x1e0000, 0x1fb000, 0x1fb000, 0xfeff0},
    {"2M256K", M(2), 0x1c0000, 0x1fb000, 0x1fb000, 0xfeff0},
    {"2M512K", M(2), 0x180000, 0x1fa000, 0x1fb000, 0xfeff0},
    {"2M1M", M(2), 0x100000, 0x1fa000, 0x1fb000, 0xfeff0},
    {"4M", M(4), 0x3fb000, 0x3fb000, 0x3fb000, 0xfeff0},
    {"4M1M", M(4), 0x300000, 0x3fa000, 0x3fb000, 0xfeff0},
    {"4M2M", M(4), 0x200000, 0x3fa000, 0x3fb000, 0xfeff0},
    {"4M3M", M(4), 0x100000, 0x3fa000, 0x3fb000, 0xfeff0},
    {"8M6M", M(8), 0x200000, 0x7fa000, 0x7fb000, 0xfeff0},
    {"8M7M", M(8), 0x100000, 0x7fa000, 0x7fb000, 0xfeff0},
    {"16M14M", M(16), 0x200000, 0xffa000, 0xffb000, 0xfeff0},
    {"16M15M", M(16), 0x100000, 0xffa000, 0xffb000, 0xfeff0},
};

static void names_give_the_linker_scripts_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ud_layout layout;

        print_message("%s\n", rows[i].name);
        assert_int_equal(ud_layout_parse(rows[i].name, &layout), UD_OK);
        assert_int_equal(layout.flash_size, rows[i].flash_size);
        assert_int_equal(layout.fs_start, rows[i].fs_start);
        assert_int_equal(layout.fs_end, rows[i].fs_end);
        assert_int_equal(layout.eeprom, rows[i].eeprom);
        assert_int_equal(layout.max_sketch, rows[i].max_sketch);
    }
}

static void nonsense_names_are_refused(void **state)
{
    static const char *const names[] = {
        "",       "M",     "4",         "4M2",          "4M2M ", "4M2MB", "3M",  "4M4M",
        "4M5M",   "2M2M",  "512M",      "32M",          "256K",  "4G",    "-4M", "4M-1",
        "4M4K",   "4M8K",  "2M16K",     "16M20K",       "4MM",   "4MK",   "4m",  "1M1M",
        "4M2M2M", "1M63K", "1M100000K", "99999999999M", "4M3M0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct ud_layout layout;

        print_message("'%s'\n", names[i]);
        assert_int_equal(ud_layout_parse(names[i], &layout), UD_ERR_ARGUMENT);
    }
}

/* Settings and calibration data lie at the end of the chip, whatever is asked for. */
static void no_file_system_reaches_the_settings(void **state)
{
    (void)state;
    for (uint32_t flash_size = K(512); flash_size <= M(16); flash_size *= 2)
        for (uint32_t fs_size = K(4); fs_size < flash_size; fs_size += K(4)) {
            struct ud_layout layout;

            if (ud_layout_make(flash_size, fs_size, &layout) != UD_OK)
                continue;
            assert_int_equal(layout.eeprom, flash_size - 0x5000);
            assert_true(layout.fs_start > 0x1000);
            assert_true(layout.fs_start < layout.fs_end);
            assert_true(layout.fs_end <= layout.eeprom);
            assert_true(layout.fs_end - layout.fs_start <= fs_size);
        }
}

/* Sizes beyond the menus: as small, as large and as odd as can be. */
static void sizes_are_judged_to_the_sector(void **state)
{
    static const struct {
        uint32_t flash_size, fs_size;
        int error;
    } cases[] = {
        {M(4), K(20), UD_ERR_ARGUMENT},
        {M(4), K(24), UD_OK},
        {M(1), K(4), UD_OK},
        {M(1), K(4) + 1, UD_ERR_ARGUMENT},
        {M(1), K(2), UD_ERR_ARGUMENT},
        {K(512), 0x79000, UD_OK},
        {K(512), 0x7a000, UD_ERR_ARGUMENT},
        {M(2), M(1) + K(4), UD_ERR_ARGUMENT},
        {K(256), 0, UD_ERR_ARGUMENT},
        {M(32), 0, UD_ERR_ARGUMENT},
        {M(3), 0, UD_ERR_ARGUMENT},
        {0, 0, UD_ERR_ARGUMENT},
        {M(4), UINT32_MAX & ~4095u, UD_ERR_ARGUMENT},
    };
    struct ud_layout layout;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%u, %u\n", cases[i].flash_size, cases[i].fs_size);
        assert_int_equal(ud_layout_make(cases[i].flash_size, cases[i].fs_size, &layout),
                         cases[i].error);
    }
}

/* Every size that has a name is read as what it says. */
static void names_are_read_in_decimal(void **state)
{
    struct ud_layout largest;

    (void)state;
    assert_int_equal(ud_layout_parse("16384K", &largest), UD_OK);
    assert_int_equal(largest.flash_size, M(16));
    for (uint32_t kilobytes = 4; kilobytes < 900; kilobytes += 4) {
        struct ud_layout named, made;
        char name[16];

        snprintf(name, sizeof name, "1M%uK", kilobytes);
        assert_int_equal(ud_layout_parse(name, &named), UD_OK);
        assert_int_equal(ud_layout_make(M(1), K(kilobytes), &made), UD_OK);
        assert_memory_equal(&named, &made, sizeof named);
    }
}

static void auto_maps_choose_by_the_real_chip(void **state)
{
    static const struct {
        uint32_t flash_size;
        uint32_t fs_start[3];
    } maps[] = {
        {K(512), {0x73000, 0x5b000, 0x7b000}},  {M(1), {0xeb000, 0x7b000, 0xfb000}},
        {M(2), {0x1c0000, 0x100000, 0x1fb000}}, {M(4), {0x200000, 0x100000, 0x3fb000}},
        {M(8), {0x200000, 0x100000, 0x7fb000}}, {M(16), {0x200000, 0x100000, 0xffb000}},
    };
    struct ud_layout layout;

    (void)state;
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        for (int map = UD_MAP_OTA_FS; map <= UD_MAP_NO_FS; map++) {
            assert_int_equal(ud_layout_auto(maps[i].flash_size, (enum ud_layout_map)map, &layout),
                             UD_OK);
            assert_int_equal(layout.fs_start, maps[i].fs_start[map]);
        }
    }
    assert_int_equal(ud_layout_auto(M(3), UD_MAP_OTA_FS, &layout), UD_ERR_ARGUMENT);
    assert_int_equal(ud_layout_auto(M(4), (enum ud_layout_map)3, &layout), UD_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_give_the_linker_scripts_values),
        cmocka_unit_test(nonsense_names_are_refused),
        cmocka_unit_test(no_file_system_reaches_the_settings),
        cmocka_unit_test(sizes_are_judged_to_the_sector),
        cmocka_unit_test(names_are_read_in_decimal),
        cmocka_unit_test(auto_maps_choose_by_the_real_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
