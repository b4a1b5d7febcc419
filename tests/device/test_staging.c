/* Staging in every layout of the core's menus: where images go, what is free,
 * what a program says of itself, and what the bootloader is told. */
#include "updater_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

enum { CODE_4M = 4 };

/* `top` is where staged images end: where files begin, and 4 MB at most, which is
 * as far as the bootloader reads. All of the core's menus, and two beyond. */
static const struct row {
    const char *layout;
    uint32_t top;
} rows[] = {
    {"512K", 0x7b000},    {"512K32K", 0x73000}, {"512K64K", 0x6b000}, {"512K128K", 0x5b000},
    {"1M", 0xfb000},      {"1M64K", 0xeb000},   {"1M128K", 0xdb000},  {"1M144K", 0xd7000},
    {"1M160K", 0xd3000},  {"1M192K", 0xcb000},  {"1M256K", 0xbb000},  {"1M512K", 0x7b000},
    {"2M64K", 0x1f0000},  {"2M128K", 0x1e0000}, {"2M256K", 0x1c0000}, {"2M512K", 0x180000},
    {"2M1M", 0x100000},   {"4M", 0x3fb000},     {"4M1M", 0x300000},   {"4M2M", 0x200000},
    {"4M3M", 0x100000},   {"8M6M", 0x200000},   {"8M7M", 0x100000},   {"16M14M", 0x200000},
    {"16M15M", 0x100000}, {"8M", 0x400000},     {"16M", 0x400000},
};

static void open_row(struct updater_rig *rig, const struct row *row)
{
    const struct rig_setup setup = {.layout = row->layout};

    print_message("%s\n", row->layout);
    rig_init(rig, &setup);
}

static struct ud_placement place(const struct updater_rig *rig, uint32_t size, int expected)
{
    const struct ud_target *target = &rig->updater.config.target;
    struct ud_placement placement = {0};

    assert_int_equal(target->methods->place(target->ctx, UD_COMMAND_FIRMWARE, size, &placement),
                     expected);
    return placement;
}

static void images_end_where_the_files_begin(void **state)
{
    static const uint32_t sizes[] = {1, 4095, 4096, 4097, 123457};

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct updater_rig rig;

        open_row(&rig, &rows[i]);
        for (size_t s = 0; s < SIZE(sizes); s++) {
            const uint32_t rounded = (sizes[s] + 4095) / 4096 * 4096;
            const struct ud_placement placement = place(&rig, sizes[s], UD_OK);
            assert_int_equal(placement.start, rows[i].top - rounded);
            assert_int_equal(placement.capacity, rounded);
            assert_int_equal(placement.flash_mode, UD_MODE_DIO);
            assert_int_equal(placement.max_flash_size, rig.flash.port.size);
        }
        rig_free(&rig);
    }
}

/* Examples worked out by the rule of the core. */
static void known_images_go_where_the_core_puts_them(void **state)
{
    static const struct {
        const char *layout;
        uint32_t size, start;
    } cases[] = {
        {"1M64K", 0x47f30, 0xa3000}, {"4M2M", 0x47f30, 0x1b8000}, {"4M3M", 300000, 0xb6000}};

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct rig_setup setup = {.layout = cases[i].layout};
        struct updater_rig rig;

        rig_init(&rig, &setup);
        assert_int_equal(place(&rig, cases[i].size, UD_OK).start, cases[i].start);
        rig_free(&rig);
    }
}

/* Between the running program and the files, in whole sectors. */
static void free_space_is_what_fits_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++) {
        struct updater_rig rig;
        uint32_t space;

        open_row(&rig, &rows[i]);
        const uint32_t used = (rig.running.length + 4095) / 4096 * 4096;
        assert_int_equal(ud_staging_free_space(&rig.staging, &space), UD_OK);
        assert_int_equal(space, rows[i].top - used);
        assert_int_equal(place(&rig, space, UD_OK).start, used);
        place(&rig, space + 1, UD_ERR_SPACE);
        place(&rig, UINT32_MAX, UD_ERR_SPACE);
        rig_free(&rig);
    }
}

/* A program flashed by wire may reach as far as it likes. */
static void a_program_that_reaches_the_files_leaves_no_space(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    uint32_t space;

    (void)state;
    rig_init(&rig, &setup);
    const uint32_t end = ud_flash_round_up(rig.running.length);
    for (uint32_t top = end - UD_FLASH_SECTOR; top <= end + UD_FLASH_SECTOR;
         top += UD_FLASH_SECTOR) {
        const uint32_t expected = top > end ? UD_FLASH_SECTOR : 0;

        rig.staging.config.layout.fs_start = top;
        assert_int_equal(ud_staging_free_space(&rig.staging, &space), UD_OK);
        assert_int_equal(space, expected);
        place(&rig, 1, expected > 0 ? UD_OK : UD_ERR_SPACE);
        place(&rig, expected + 1, UD_ERR_SPACE);
    }
    rig_free(&rig);
}

static void a_program_knows_its_size_and_digest(void **state)
{
    uint8_t expected[UD_MD5_SIZE];
    uint8_t found[UD_MD5_SIZE];
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    struct ud_digest digest;
    uint32_t size;

    (void)state;
    rig_init(&rig, &setup);
    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, rig.running.data, rig.running.length);
    ud_digest_end(&digest, expected);
    assert_int_equal(ud_staging_sketch_size(&rig.staging, &size), UD_OK);
    assert_int_equal(size, rig.running.length);
    static const uint32_t buffer_sizes[] = {4, 7, 64, 250, 256, 4096};
    for (size_t i = 0; i < SIZE(buffer_sizes); i++) {
        assert_int_equal(
            ud_staging_sketch_digest(&rig.staging, &ud_md5, rig.buffer, buffer_sizes[i], found),
            UD_OK);
        assert_memory_equal(found, expected, sizeof expected);
    }
    assert_int_equal(ud_staging_sketch_digest(&rig.staging, &ud_md5, rig.buffer, 3, found),
                     UD_ERR_ARGUMENT);
    rig_free(&rig);
}

/* The size says where images may go, so without one nothing goes anywhere. */
static void without_a_program_nothing_is_staged(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    uint32_t size;

    (void)state;
    rig_init(&rig, &setup);
    memset(rig.flash.bytes + UD_IMAGE_APP_OFFSET, 0xff, 8);
    assert_int_equal(ud_staging_sketch_size(&rig.staging, &size), UD_ERR_IMAGE);
    assert_int_equal(ud_staging_free_space(&rig.staging, &size), UD_ERR_IMAGE);
    place(&rig, 1000, UD_ERR_IMAGE);
    rig_free(&rig);
}

static void flash_that_cannot_be_read_is_said_to_be_so(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;
    uint8_t digest[UD_MD5_SIZE];
    uint32_t size;

    (void)state;
    rig_init(&rig, &setup);
    for (rig.flash.fail_read = 1;; rig.flash.fail_read++) {
        rig.flash.reads = 0;
        const int error = ud_staging_sketch_size(&rig.staging, &size);
        if (error == UD_OK)
            break;
        assert_int_equal(error, UD_ERR_FLASH_READ);
    }
    /* The digest finds the size first, then reads a sector at a time. */
    const uint32_t size_reads = rig.flash.fail_read - 1;
    for (rig.flash.fail_read = 1;; rig.flash.fail_read++) {
        rig.flash.reads = 0;
        const int error =
            ud_staging_sketch_digest(&rig.staging, &ud_md5, rig.buffer, sizeof rig.buffer, digest);
        if (error == UD_OK)
            break;
        assert_int_equal(error, UD_ERR_FLASH_READ);
    }
    assert_int_equal(rig.flash.fail_read - 1,
                     size_reads + ud_flash_round_up(rig.running.length) / UD_FLASH_SECTOR);
    rig_free(&rig);
}

/* A mode byte nobody knows is not worth passing on. */
static void only_known_flash_modes_are_passed_on(void **state)
{
    const struct rig_setup setup = {0};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    for (uint32_t mode = 0; mode < 256; mode++) {
        rig.flash.bytes[2] = (uint8_t)mode;
        assert_int_equal(place(&rig, 1000, UD_OK).flash_mode,
                         mode <= UD_MODE_DOUT ? mode : UD_KEEP_FLASH_MODE);
    }
    rig_free(&rig);
}

static void a_chip_smaller_than_its_layout_is_refused(void **state)
{
    const struct rig_setup setup = {.layout = "4M2M", .chip_size = 1u << 20};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    place(&rig, 1000, UD_ERR_FLASH_CONFIG);
    rig_free(&rig);
}

static void a_way_back_takes_a_program_that_can_be_read(void **state)
{
    const struct rig_setup setup = {.layout = "4M2M"};
    struct updater_rig rig;
    bool has_way_back;

    (void)state;
    rig_init(&rig, &setup);
    assert_int_equal(ud_staging_has_way_back(&rig.staging, 5000, 5000, &has_way_back), UD_OK);
    assert_true(has_way_back);
    rig.flash.reads = 0;
    rig.flash.fail_read = 1;
    assert_int_equal(ud_staging_has_way_back(&rig.staging, 5000, 5000, &has_way_back),
                     UD_ERR_FLASH_READ);
    rig_free(&rig);
}

/* No header can help there: its files would lie beyond the chip. */
static void an_automatic_layout_still_fits_its_chip(void **state)
{
    const struct rig_setup setup = {.layout = "4M2M", .chip_size = 1u << 20};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    rig.staging.config.auto_map = true;
    place(&rig, 1000, UD_ERR_FLASH_CONFIG);
    rig_free(&rig);
}

/* A board may carry more flash than its program was linked for. A new one may be
 * linked for all of it. */
static void a_larger_chip_takes_larger_programs(void **state)
{
    const struct rig_setup setup = {.layout = "1M64K", .chip_size = 4u << 20};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    const struct ud_placement placement = place(&rig, 1000, UD_OK);
    assert_int_equal(placement.start, 0xeb000 - 4096);
    assert_int_equal(placement.max_flash_size, 4u << 20);
    assert_int_equal(placement.running_flash_size, 1u << 20);
    rig_free(&rig);
}

/* Layouts chosen at boot go by the chip, whatever headers say. */
static void an_automatic_layout_binds_no_header(void **state)
{
    const struct rig_setup setup = {.running_size_code = CODE_4M};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    place(&rig, 1000, UD_ERR_FLASH_CONFIG);
    rig.staging.config.auto_map = true;
    assert_int_equal(place(&rig, 1000, UD_OK).max_flash_size, 0);
    rig_free(&rig);
}

static void files_fit_their_place_to_the_byte(void **state)
{
    static const struct {
        uint32_t size;
        bool is_atomic;
        int error;
        uint32_t start;
    } cases[] = {
        {1, false, UD_OK, 0xeb000},          {65536, false, UD_OK, 0xeb000},
        {65537, false, UD_ERR_SPACE, 0},     {65536, true, UD_OK, 0xdb000},
        {4097, true, UD_OK, 0xeb000 - 8192}, {65537, true, UD_ERR_SPACE, 0},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct rig_setup setup = {.is_atomic = cases[i].is_atomic};
        struct ud_placement placement;
        struct updater_rig rig;

        rig_init(&rig, &setup);
        const struct ud_target *target = &rig.updater.config.target;
        assert_int_equal(
            target->methods->place(target->ctx, UD_COMMAND_FILESYSTEM, cases[i].size, &placement),
            cases[i].error);
        if (cases[i].error == UD_OK) {
            assert_int_equal(placement.start, cases[i].start);
            assert_int_equal(placement.capacity,
                             cases[i].is_atomic ? ud_flash_round_up(cases[i].size) : 65536);
            assert_int_equal(placement.flash_mode, UD_KEEP_FLASH_MODE);
            assert_int_equal(placement.max_flash_size, 0);
        }
        rig_free(&rig);
    }
}

/* In place they may lie anywhere; the bootloader copies within 4 MB. */
static void files_are_not_staged_for_where_the_bootloader_cannot_copy(void **state)
{
    static const struct {
        const char *layout;
        uint32_t size;
        int atomic_error;
    } cases[] = {
        {"8M6M", 0x1fa000, UD_OK}, {"8M5M", 0x100000, UD_OK},   {"8M5M", 0x100001, UD_ERR_SPACE},
        {"8M4M", 1, UD_ERR_SPACE}, {"16M14M", 0x1fa000, UD_OK}, {"16M8M", 4096, UD_ERR_SPACE},
        {"4M1M", 0xfa000, UD_OK},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++)
        for (int is_atomic = 0; is_atomic < 2; is_atomic++) {
            const struct rig_setup setup = {.layout = cases[i].layout, .is_atomic = is_atomic};
            struct ud_placement placement;
            struct updater_rig rig;

            print_message("%s, %u\n", cases[i].layout, cases[i].size);
            rig_init(&rig, &setup);
            const struct ud_target *target = &rig.updater.config.target;
            assert_int_equal(target->methods->place(target->ctx, UD_COMMAND_FILESYSTEM,
                                                    cases[i].size, &placement),
                             is_atomic ? cases[i].atomic_error : UD_OK);
            rig_free(&rig);
        }
}

static void unknown_commands_have_no_place(void **state)
{
    static const int commands[] = {-1, 1, 99, 101, 200};
    const struct rig_setup setup = {0};
    struct ud_placement placement;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    const struct ud_target *target = &rig.updater.config.target;
    for (size_t i = 0; i < SIZE(commands); i++)
        assert_int_equal(
            target->methods->place(target->ctx, (enum ud_command)commands[i], 1000, &placement),
            UD_ERR_COMMAND);
    rig_free(&rig);
}

/* Only one setting of the pins leads back into the serial loader. */
static void pins_are_looked_at_when_there_is_somebody_to_ask(void **state)
{
    struct updater_rig rig;

    (void)state;
    for (uint32_t straps = 0; straps < 16; straps++) {
        const struct rig_setup setup = {.straps = straps};
        rig_init(&rig, &setup);
        const struct ud_target *target = &rig.updater.config.target;
        assert_int_equal(target->methods->ready(target->ctx),
                         straps == 1 ? UD_ERR_BOOT_MODE : UD_OK);
        rig.staging.config.straps = NULL;
        assert_int_equal(target->methods->ready(target->ctx), UD_OK);
        rig_free(&rig);
    }
}

/* Each changes one thing of a sound 1M64K. */
static void unsound_layouts_are_refused(void **state)
{
    static const struct {
        uint32_t flash_size, fs_start, fs_end, eeprom;
        int error;
    } cases[] = {
        {0x100000, 0xeb000, 0xfb000, 0xfb000, UD_OK},
        {0x100000, 0xfb000, 0xfb000, 0xfb000, UD_OK}, /* no files */
        {0x100000, 0x2000, 0xfb000, 0xfb000, UD_OK},
        {0x100000, 0x1000, 0xfb000, 0xfb000, UD_ERR_ARGUMENT}, /* no room for a program */
        {0x100000, 0, 0xfb000, 0xfb000, UD_ERR_ARGUMENT},
        {0x100000, 0xeb064, 0xfb000, 0xfb000, UD_ERR_ARGUMENT},
        {0x100000, 0xfc000, 0xfb000, 0xfb000, UD_ERR_ARGUMENT},
        {0x100000, 0xeb000, 0xfc000, 0xfb000, UD_ERR_ARGUMENT},
        {0x100000, 0xeb000, 0xfb000, 0x100000, UD_ERR_ARGUMENT},
        {0x100004, 0xeb000, 0xfb000, 0xfb000, UD_ERR_ARGUMENT},
        {0, 0xeb000, 0xfb000, 0xfb000, UD_ERR_ARGUMENT},
    };
    const struct rig_setup setup = {0};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct ud_staging_config config = rig.staging.config;
        struct ud_staging staging;

        print_message("case %zu\n", i);
        config.layout.flash_size = cases[i].flash_size;
        config.layout.fs_start = cases[i].fs_start;
        config.layout.fs_end = cases[i].fs_end;
        config.layout.eeprom = cases[i].eeprom;
        assert_int_equal(ud_staging_init(&staging, &config), cases[i].error);
    }
    rig_free(&rig);
}

static void missing_ports_are_refused(void **state)
{
    const struct rig_setup setup = {0};
    struct ud_staging_config config;
    struct ud_staging staging;
    struct updater_rig rig;
    struct ud_rtc rtc;

    (void)state;
    rig_init(&rig, &setup);
    config = rig.staging.config;
    config.flash = NULL;
    assert_int_equal(ud_staging_init(&staging, &config), UD_ERR_ARGUMENT);
    config = rig.staging.config;
    config.rtc = NULL;
    assert_int_equal(ud_staging_init(&staging, &config), UD_ERR_ARGUMENT);
    config.rtc = &rtc;
    rtc = rig.rtc;
    rtc.read = NULL;
    assert_int_equal(ud_staging_init(&staging, &config), UD_ERR_ARGUMENT);
    rtc = rig.rtc;
    rtc.write = NULL;
    assert_int_equal(ud_staging_init(&staging, &config), UD_ERR_ARGUMENT);
    rtc = rig.rtc;
    assert_int_equal(ud_staging_init(&staging, &config), UD_OK);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_end_where_the_files_begin),
        cmocka_unit_test(known_images_go_where_the_core_puts_them),
        cmocka_unit_test(free_space_is_what_fits_to_the_byte),
        cmocka_unit_test(a_program_that_reaches_the_files_leaves_no_space),
        cmocka_unit_test(a_program_knows_its_size_and_digest),
        cmocka_unit_test(without_a_program_nothing_is_staged),
        cmocka_unit_test(flash_that_cannot_be_read_is_said_to_be_so),
        cmocka_unit_test(only_known_flash_modes_are_passed_on),
        cmocka_unit_test(a_chip_smaller_than_its_layout_is_refused),
        cmocka_unit_test(a_larger_chip_takes_larger_programs),
        cmocka_unit_test(an_automatic_layout_binds_no_header),
        cmocka_unit_test(a_way_back_takes_a_program_that_can_be_read),
        cmocka_unit_test(an_automatic_layout_still_fits_its_chip),
        cmocka_unit_test(files_fit_their_place_to_the_byte),
        cmocka_unit_test(files_are_not_staged_for_where_the_bootloader_cannot_copy),
        cmocka_unit_test(unknown_commands_have_no_place),
        cmocka_unit_test(pins_are_looked_at_when_there_is_somebody_to_ask),
        cmocka_unit_test(unsound_layouts_are_refused),
        cmocka_unit_test(missing_ports_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
