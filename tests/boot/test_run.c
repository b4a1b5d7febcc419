/* Whole boots on flash in memory: every kind of order carried out or refused, the
 * records they leave to the byte, flash that fails, and trials. Power cuts are
 * tests/powercut's. */
#include "sim/boot_machine.h"

#include "image_builder.h"
#include "ram_flash.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/staging.h"
#include "updraft/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHIP         (1u << 20) /* 1M64K: files from EB000 */
#define FILES        0xeb000u
#define SIZE_CODE_1M 2u
#define JOURNAL      (CHIP - UD_JOURNAL_OFFSET)

struct device {
    struct ram_flash flash;
    uint32_t rtc_words[UD_EBOOT_BLOCK_WORDS];
    struct ud_rtc rtc;
    struct image_bytes old_image;
    struct image_bytes new_image;
    struct boot_machine *machine;
    struct boot_result result;
};

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    memcpy(data, (uint8_t *)((struct device *)ctx)->rtc_words + offset, length);
    return 0;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    memcpy((uint8_t *)((struct device *)ctx)->rtc_words + offset, data, length);
    return 0;
}

static struct image_bytes build(const char *version, uint32_t size, enum image_words words)
{
    return image_build_firmware(&(struct image_firmware){.version = version,
                                                         .project = "demo",
                                                         .size = size,
                                                         .seed = size,
                                                         .words = words,
                                                         .flash_size_code = SIZE_CODE_1M});
}

static int setup(void **state)
{
    static struct device device;

    memset(&device, 0, sizeof device);
    assert_int_equal(ram_flash_init(&device.flash, CHIP), 0);
    device.flash.port.has_block_erase = true;
    device.rtc = (struct ud_rtc){&device, rtc_read, rtc_write};
    device.old_image = build("1.0.0", 9000, IMAGE_WORDS_RIGHT);
    device.new_image = build("2.0.0", 12000, IMAGE_WORDS_RIGHT);
    device.machine = malloc(sizeof *device.machine);
    assert_non_null(device.machine);
    memcpy(device.flash.bytes, device.old_image.data, device.old_image.length);
    *state = &device;
    return 0;
}

static int teardown(void **state)
{
    struct device *device = *state;

    assert_int_equal(device->flash.violations, 0);
    image_free(&device->old_image);
    image_free(&device->new_image);
    ram_flash_free(&device->flash);
    free(device->machine);
    return 0;
}

static void boot(struct device *device)
{
    const struct boot_machine_config config = {.flash = &device->flash.port, .rtc = &device->rtc};

    memset(device->machine, 0xa5, sizeof *device->machine);
    boot_machine_run(device->machine, &config, &device->result);
}

static uint32_t stage(struct device *device, const uint8_t *data, uint32_t length)
{
    const uint32_t address = FILES - ud_flash_round_up(length);

    memset(device->flash.bytes + address, 0xff, ud_flash_round_up(length));
    memcpy(device->flash.bytes + address, data, length);
    return address;
}

static void command(struct device *device, uint32_t source, uint32_t destination, uint32_t size)
{
    const struct ud_eboot_command copy = {UD_EBOOT_COPY_RAW, source, destination, size};

    assert_int_equal(ud_eboot_store(&device->rtc, &copy), UD_OK);
}

static void stage_new(struct device *device)
{
    const struct image_bytes *image = &device->new_image;

    command(device, stage(device, image->data, image->length), 0, image->length);
}

static void assert_runs(const struct device *device, const struct image_bytes *image)
{
    assert_int_equal(device->result.end, BOOT_STARTED);
    assert_int_equal(device->result.base, 0);
    assert_memory_equal(device->flash.bytes, device->old_image.data, UD_FLASH_SECTOR);
    assert_memory_equal(device->flash.bytes + UD_FLASH_SECTOR, image->data + UD_FLASH_SECTOR,
                        image->length - UD_FLASH_SECTOR);
}

/* Nothing is left: no command, a blank journal. */
static void assert_clean(const struct device *device)
{
    struct ud_eboot_command found;

    assert_int_equal(ud_eboot_load(&device->rtc, &found), UD_ERR_STATE);
    for (uint32_t i = 0; i < UD_FLASH_SECTOR; i++)
        assert_int_equal(device->flash.bytes[JOURNAL + i], 0xff);
}

/* ---- Orders ---- */

static void without_an_order_flash_is_only_read(void **state)
{
    struct device *device = *state;

    memset(device->flash.bytes + JOURNAL, 0x21, 64); /* the SDK's */
    boot(device);
    assert_runs(device, &device->old_image);
    assert_int_equal(device->flash.programs + device->flash.erases, 0);
    assert_int_equal(device->result.action, BOOT_START);
}

static void a_program_is_copied_and_its_last_sector_filled_up(void **state)
{
    struct device *device = *state;

    stage_new(device);
    boot(device);
    assert_true(device->result.is_copied);
    assert_runs(device, &device->new_image);
    assert_clean(device);
    assert_int_equal(device->flash.bytes[device->new_image.length], 0xff);
}

static void sectors_that_are_right_are_left_alone(void **state)
{
    struct device *device = *state;
    const struct image_bytes *image = &device->new_image;

    memcpy(device->flash.bytes + UD_FLASH_SECTOR, image->data + UD_FLASH_SECTOR,
           image->length - UD_FLASH_SECTOR);
    stage_new(device);
    boot(device);
    assert_runs(device, image);
    assert_int_equal(device->flash.erases, 2); /* the journal's, before and after */
}

static void files_are_copied_and_never_started(void **state)
{
    struct device *device = *state;
    uint8_t files[20000];

    image_fill(files, sizeof files, 3);
    command(device, stage(device, files, sizeof files), FILES, sizeof files);
    boot(device);
    assert_true(device->result.is_copied);
    assert_runs(device, &device->old_image);
    assert_memory_equal(device->flash.bytes + FILES, files, sizeof files);
    assert_clean(device);
}

static void another_application_is_started_once(void **state)
{
    struct device *device = *state;
    const struct ud_eboot_command load = {.action = UD_EBOOT_LOAD_APP, .destination = 0x40000};

    assert_int_equal(ud_eboot_store(&device->rtc, &load), UD_OK);
    boot(device);
    assert_int_equal(device->result.base, 0x40000);
    assert_int_equal(device->flash.programs + device->flash.erases, 0);
    boot(device);
    assert_int_equal(device->result.base, 0);
}

/* What the library leaves there when it orders by journal, not by command. */
static void an_order_in_the_journal_needs_no_command(void **state)
{
    struct device *device = *state;
    const struct image_bytes *image = &device->new_image;
    const struct ud_journal_order order = {stage(device, image->data, image->length), 0,
                                           image->length};

    assert_int_equal(ud_journal_order(&device->flash.port, &order), UD_OK);
    boot(device);
    assert_runs(device, image);
    assert_clean(device);
}

/* ---- Sources that are not good ---- */

static void refuse(struct device *device, enum boot_error error)
{
    boot(device);
    assert_int_equal(device->result.error, error);
    assert_false(device->result.is_copied);
    assert_runs(device, &device->old_image);
    assert_clean(device);
}

/* What makes a program none, whatever its CRC. */
static const struct {
    uint32_t offset;
    uint8_t value;
} bad_bytes[] = {
    {0, 0xea},                           /* first byte */
    {UD_IMAGE_APP_OFFSET, 0xff},         /* the application's */
    {UD_IMAGE_APP_OFFSET + 1, 0},        /* no segments */
    {UD_IMAGE_APP_OFFSET + 1, 17},       /* too many */
    {UD_IMAGE_APP_OFFSET + 1, 3},        /* one more than there is */
    {UD_IMAGE_APP_OFFSET + 8 + 3, 0x41}, /* loaded to nowhere */
    {UD_IMAGE_APP_OFFSET + 8 + 6, 0x01}, /* longer than the file */
    {UD_IMAGE_APP_OFFSET + 8 + 7, 0x81}, /* longer than memory */
};

static void damaged_programs_are_refused(void **state)
{
    struct device *device = *state;

    for (size_t i = 0; i < sizeof bad_bytes / sizeof bad_bytes[0]; i++) {
        uint8_t *byte = &device->new_image.data[bad_bytes[i].offset];
        const uint8_t right = *byte;
        print_message("row %zu\n", i);
        assert_int_not_equal(right, bad_bytes[i].value);
        *byte = bad_bytes[i].value;
        stage_new(device);
        refuse(device, BOOT_BAD_IMAGE);
        *byte = right;
    }
}

/* Of those that say what their CRC is. */
static void programs_with_a_wrong_crc_are_refused(void **state)
{
    struct device *device = *state;

    device->new_image.data[UD_IMAGE_APP_OFFSET + 5000] ^= 1;
    stage_new(device);
    refuse(device, BOOT_BAD_IMAGE);
    image_free(&device->new_image);
    device->new_image = build("2.0.0", 12000, IMAGE_WORDS_WRONG);
    stage_new(device);
    refuse(device, BOOT_BAD_IMAGE);
}

/* ---- Compressed sources ---- */

static void stage_compressed(struct device *device)
{
    struct image_bytes sent = image_compress(device->new_image.data, device->new_image.length);

    command(device, stage(device, sent.data, sent.length), 0, sent.length);
    image_free(&sent);
}

static void a_compressed_program_is_copied(void **state)
{
    struct device *device = *state;

    stage_compressed(device);
    boot(device);
    assert_true(device->result.is_copied);
    assert_runs(device, &device->new_image);
    assert_clean(device);
    assert_int_equal(device->flash.bytes[device->new_image.length], 0xff);
}

static void compressed_files_are_copied(void **state)
{
    struct device *device = *state;
    uint8_t files[20000];

    image_fill(files, sizeof files, 3);
    struct image_bytes sent = image_compress(files, sizeof files);
    command(device, stage(device, sent.data, sent.length), FILES, sent.length);
    boot(device);
    assert_runs(device, &device->old_image);
    assert_memory_equal(device->flash.bytes + FILES, files, sizeof files);
    assert_clean(device);
    image_free(&sent);
}

/* gzip's own CRC is right: what it vouches for is no program. */
static void compressed_nonsense_is_refused(void **state)
{
    struct device *device = *state;

    for (size_t i = 0; i < sizeof bad_bytes / sizeof bad_bytes[0]; i++) {
        uint8_t *byte = &device->new_image.data[bad_bytes[i].offset];
        const uint8_t right = *byte;
        print_message("row %zu\n", i);
        *byte = bad_bytes[i].value;
        stage_compressed(device);
        refuse(device, BOOT_BAD_IMAGE);
        *byte = right;
    }
}

static void a_compressed_program_that_was_cut_is_refused(void **state)
{
    struct device *device = *state;
    const uint32_t whole = device->new_image.length;

    for (uint32_t length = 0x1001; length < whole - 16; length += 997) {
        device->new_image.length = length;
        stage_compressed(device);
        refuse(device, BOOT_BAD_IMAGE);
    }
    device->new_image.length = whole;
}

/* More comes out than the trailer says: it ends there, not at the end of the chip. */
static void more_than_was_announced_is_refused(void **state)
{
    struct device *device = *state;
    struct image_bytes sent = image_compress(device->new_image.data, device->new_image.length);

    ud_put_u32(sent.data + sent.length - 4, 0x2000);
    command(device, stage(device, sent.data, sent.length), 0, sent.length);
    refuse(device, BOOT_BAD_GZIP);
    image_free(&sent);
}

/* ---- Flash whose size nobody knows ---- */

static void without_a_size_the_program_is_started_and_no_more(void **state)
{
    struct device *device = *state;

    stage_new(device);
    device->flash.bytes[3] = device->old_image.data[3] = 0x70;
    boot(device);
    assert_runs(device, &device->old_image);
    assert_int_equal(device->flash.programs + device->flash.erases, 0);
}

/* ---- Uncompressed sources, cut or without a CRC ---- */

static void every_cut_program_is_refused(void **state)
{
    struct device *device = *state;
    const uint32_t whole = device->new_image.length;

    for (uint32_t length = 1; length < whole; length += 37) {
        device->new_image.length = length;
        stage_new(device);
        boot(device);
        assert_true(device->result.error != BOOT_OK);
        assert_runs(device, &device->old_image);
    }
    device->new_image.length = whole;
}

/* What cannot be checked is no reason to refuse: older cores have no words. */
static void programs_without_a_crc_are_taken(void **state)
{
    struct device *device = *state;

    image_free(&device->new_image);
    device->new_image = build("2.0.0", 12000, IMAGE_WORDS_ABSENT);
    stage_new(device);
    boot(device);
    assert_runs(device, &device->new_image);
}

/* Updaters write the running mode into header 0, tools any mode and size. */
static void a_patched_first_header_is_no_damage(void **state)
{
    struct device *device = *state;

    device->new_image.data[2] = UD_MODE_DOUT;
    device->new_image.data[3] = 0x4f;
    stage_new(device);
    boot(device);
    assert_runs(device, &device->new_image);
}

static void impossible_orders_are_refused(void **state)
{
    static const struct {
        uint32_t source, destination, size;
        enum boot_error error;
    } rows[] = {
        {0x80004, 0, 0x2000, BOOT_BAD_ALIGNMENT},
        {0x80000, 0, 0, BOOT_BAD_SOURCE},
        {0x80000, 0, 0x1000, BOOT_BAD_SIZE},
        {CHIP, 0, 0x2000, BOOT_NO_READ}, /* outside the chip */
        {CHIP - 0x3000, 0, 0x2000, BOOT_BAD_SOURCE},
        {0xfffff000, 0, 0x2000, BOOT_NO_READ},
        {0x80000, FILES, 0x20000, BOOT_BAD_DESTINATION},
        {0x80000, 0x1000, 0x2000, BOOT_BAD_DESTINATION},
        {0x80000, 0x81000, 0x2000, BOOT_BAD_DESTINATION},
    };
    struct device *device = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        command(device, rows[i].source, rows[i].destination, rows[i].size);
        print_message("row %zu\n", i);
        refuse(device, rows[i].error);
        memset(device->flash.bytes + JOURNAL, 0xff, UD_FLASH_SECTOR);
    }
}

/* ---- The records ---- */

/* An order, and the bootloader's plan for it behind it. */
static void write_record(struct device *device, const struct ud_journal_order *order,
                         const uint32_t plan[4])
{
    uint8_t *record = device->flash.bytes + JOURNAL;

    assert_int_equal(ud_journal_order(&device->flash.port, order), UD_OK);
    if (plan == NULL)
        return;
    for (uint32_t i = 0; i < 4; i++)
        ud_put_u32(record + 0x14 + 4 * i, plan[i]);
    ud_put_u32(record + 0x24, ud_crc32_forward(UD_CRC32_FORWARD_START, record, 0x24));
}

/* What is planned was checked, and is carried out without looking at it again. */
static void a_planned_update_is_carried_out(void **state)
{
    struct device *device = *state;
    const struct image_bytes *image = &device->new_image;
    const struct ud_journal_order order = {stage(device, image->data, image->length), 0,
                                           image->length};

    device->flash.bytes[order.source + 9000] ^= 1; /* so that a check would fail */
    image->data[9000] ^= 1;
    write_record(device, &order, (const uint32_t[]){image->length, 0, 0, 0});
    boot(device);
    assert_runs(device, image);
    assert_clean(device);
}

static void sectors_marked_as_written_are_not_written(void **state)
{
    struct device *device = *state;
    const struct image_bytes *image = &device->new_image;
    const struct ud_journal_order order = {stage(device, image->data, image->length), 0,
                                           image->length};

    write_record(device, &order, (const uint32_t[]){image->length, 0, 0, 0});
    memset(device->flash.bytes + JOURNAL + 0x40 + 4 * 2, 0, 4);
    memset(device->flash.bytes + 0x2000, 0x77, 0x1000);
    memcpy(image->data + 0x2000, device->flash.bytes + 0x2000, 0x1000);
    boot(device);
    assert_runs(device, image);
    assert_clean(device);
}

/* Any bit of a record that is wrong makes it debris, which a boot clears away; but
 * what does not begin like one of ours is the SDK's. */
static void damaged_records_are_cleared_and_strange_ones_left(void **state)
{
    static const uint32_t plan[] = {0x3456, 0, 0, 0};
    struct device *device = *state;
    const struct ud_journal_order order = {0x80000, 0x0, 0x3456};

    for (uint32_t bit = 0; bit < 8 * 0x28; bit++) {
        write_record(device, &order, plan);
        device->flash.bytes[JOURNAL + bit / 8] ^= (uint8_t)(1u << bit % 8);
        print_message("bit %u\n", bit);
        boot(device);
        assert_runs(device, &device->old_image);
        assert_int_equal(device->result.action, BOOT_START);
        if (bit < 32 && (UD_JOURNAL_MAGIC >> bit & 1))
            assert_int_not_equal(device->flash.bytes[JOURNAL + bit / 8], 0xff);
        else
            assert_clean(device);
    }
}

/* ---- Flash that fails ---- */

/* Each operation fails once; the next boots find their way. */
static void every_flash_operation_may_fail(void **state)
{
    struct device *device = *state;
    uint32_t *const counters[] = {&device->flash.reads, &device->flash.programs,
                                  &device->flash.erases};
    uint32_t *const failing[] = {&device->flash.fail_read, &device->flash.fail_program,
                                 &device->flash.fail_erase};

    for (size_t kind = 0; kind < 3; kind++) {
        uint32_t operations = UINT32_MAX;
        for (uint32_t number = 1; number <= operations; number++) {
            memset(device->flash.bytes, 0xff, CHIP);
            memcpy(device->flash.bytes, device->old_image.data, device->old_image.length);
            stage_new(device);
            *counters[kind] = 0;
            *failing[kind] = number;
            boot(device);
            if (*counters[kind] < number)
                operations = *counters[kind];
            *failing[kind] = 0;
            for (int i = 0; i < 3 && device->result.end != BOOT_STARTED; i++)
                boot(device);
            boot(device);
            assert_int_equal(device->result.end, BOOT_STARTED);
            if (memcmp(device->flash.bytes + 0x1000, device->old_image.data + 0x1000,
                       device->old_image.length - 0x1000) != 0)
                assert_runs(device, &device->new_image);
        }
    }
}

/* ---- Trials ---- */

static void stage_trial(struct device *device)
{
    image_free(&device->new_image);
    device->new_image =
        image_build_firmware(&(struct image_firmware){.version = "2.0.0",
                                                      .project = "demo",
                                                      .size = 12000,
                                                      .wants_trial = true,
                                                      .flash_size_code = SIZE_CODE_1M});
    stage_new(device);
}

static void a_confirmed_image_stays(void **state)
{
    struct device *device = *state;

    stage_trial(device);
    boot(device);
    assert_int_equal(device->result.action, BOOT_TRY);
    assert_runs(device, &device->new_image);
    assert_int_equal(ud_trial_confirm(&device->flash.port), UD_OK);
    for (int i = 0; i < 6; i++) {
        boot(device);
        assert_int_equal(device->result.action, BOOT_START);
        assert_runs(device, &device->new_image);
    }
}

static void an_image_that_does_not_confirm_has_three_boots(void **state)
{
    struct device *device = *state;

    stage_trial(device);
    for (uint32_t i = 0; i < UD_TRIAL_BOOTS; i++) {
        boot(device);
        assert_int_equal(device->result.action, BOOT_TRY);
        assert_runs(device, &device->new_image);
    }
    boot(device);
    assert_true(device->result.is_returned);
    assert_runs(device, &device->old_image);
    assert_clean(device);
    boot(device);
    assert_int_equal(device->result.action, BOOT_START);
    assert_runs(device, &device->old_image);
}

static void an_image_that_does_not_ask_is_not_tried(void **state)
{
    struct device *device = *state;

    stage_new(device);
    for (int i = 0; i < 6; i++) {
        boot(device);
        assert_int_equal(device->result.action, BOOT_START);
        assert_runs(device, &device->new_image);
    }
    assert_int_equal(ud_trial_confirm(&device->flash.port), UD_OK);
}

static uint32_t record_of(const struct image_bytes *image)
{
    return ud_flash_round_up(image->length) - UD_TRIAL_SIZE;
}

static void the_trials_record_is_as_its_header_draws_it(void **state)
{
    static const uint32_t boots[] = {0xffffff00, 0xffff0000, 0xff000000};
    struct device *device = *state;

    stage_trial(device);
    for (uint32_t i = 0; i < UD_TRIAL_BOOTS; i++) {
        const uint8_t *record = device->flash.bytes + record_of(&device->new_image);
        boot(device);
        assert_int_equal(ud_get_u32(record), UD_TRIAL_MAGIC);
        assert_int_equal(ud_get_u32(record + 4), ud_flash_round_up(device->new_image.length));
        assert_int_equal(ud_get_u32(record + 8), 0);
        assert_int_equal(ud_get_u32(record + 12), device->old_image.length);
        assert_int_equal(ud_get_u32(record + 16),
                         ud_crc32_forward(UD_CRC32_FORWARD_START, record, 16));
        assert_int_equal(ud_get_u32(record + 20), boots[i]);
        assert_int_equal(ud_get_u32(record + 24) & ud_get_u32(record + 28), 0xffffffff);
        assert_memory_equal(device->flash.bytes + ud_get_u32(record + 4), device->old_image.data,
                            device->old_image.length);
    }
}

/* Damaged, it is no trial: the program stays. */
static void a_damaged_record_is_no_trial(void **state)
{
    struct device *device = *state;

    stage_trial(device);
    boot(device);
    for (uint32_t bit = 0; bit < 8 * 20; bit++) {
        uint8_t *byte = device->flash.bytes + record_of(&device->new_image) + bit / 8;
        *byte ^= (uint8_t)(1u << bit % 8);
        boot(device);
        assert_int_equal(device->result.action, BOOT_START);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}

/* Where the kept program was overwritten, the new one stays, and is started. */
static void a_way_back_that_is_gone_is_not_gone(void **state)
{
    struct device *device = *state;

    stage_trial(device);
    for (uint32_t i = 0; i < UD_TRIAL_BOOTS; i++)
        boot(device);
    device->flash.bytes[ud_flash_round_up(device->new_image.length) + 5000] ^= 1;
    boot(device);
    assert_int_equal(device->result.error, BOOT_BAD_IMAGE);
    assert_runs(device, &device->new_image);
    assert_clean(device);
    boot(device);
    assert_int_equal(device->result.action, BOOT_START);
}

static void while_a_trial_is_open_its_way_back_is_not_staged_over(void **state)
{
    struct device *device = *state;
    const struct ud_staging_config config = {
        .flash = &device->flash.port,
        .rtc = &device->rtc,
        .layout = {.flash_size = CHIP, .fs_start = FILES, .fs_end = 0xfb000, .eeprom = 0xfb000},
    };
    struct ud_staging staging;
    uint32_t space;

    stage_trial(device);
    boot(device);
    assert_int_equal(ud_staging_init(&staging, &config), UD_OK);
    assert_int_equal(ud_staging_free_space(&staging, &space), UD_OK);
    assert_int_equal(space, FILES - ud_flash_round_up(device->new_image.length) -
                                ud_flash_round_up(device->old_image.length));
    assert_int_equal(ud_trial_confirm(&device->flash.port), UD_OK);
    assert_int_equal(ud_staging_free_space(&staging, &space), UD_OK);
    assert_int_equal(space, FILES - ud_flash_round_up(device->new_image.length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_an_order_flash_is_only_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_is_copied_and_its_last_sector_filled_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(sectors_that_are_right_are_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_copied_and_never_started, setup, teardown),
        cmocka_unit_test_setup_teardown(another_application_is_started_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_order_in_the_journal_needs_no_command, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_programs_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_with_a_wrong_crc_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_compressed_program_is_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(compressed_files_are_copied, setup, teardown),
        cmocka_unit_test_setup_teardown(compressed_nonsense_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_compressed_program_that_was_cut_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(more_than_was_announced_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_size_the_program_is_started_and_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_cut_program_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_without_a_crc_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_patched_first_header_is_no_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_orders_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_planned_update_is_carried_out, setup, teardown),
        cmocka_unit_test_setup_teardown(sectors_marked_as_written_are_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_records_are_cleared_and_strange_ones_left, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_flash_operation_may_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(a_confirmed_image_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(an_image_that_does_not_confirm_has_three_boots, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_image_that_does_not_ask_is_not_tried, setup, teardown),
        cmocka_unit_test_setup_teardown(the_trials_record_is_as_its_header_draws_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_damaged_record_is_no_trial, setup, teardown),
        cmocka_unit_test_setup_teardown(a_way_back_that_is_gone_is_not_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(while_a_trial_is_open_its_way_back_is_not_staged_over,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
