/* Whole boots on flash in memory: every kind of order carried out or refused, the
 * records they leave to the byte, flash that fails, and trials. Power cuts are
 * tests/powercut's. */
#include "boot/run.h"

#include "image_builder.h"
#include "ram_flash.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHIP    (1u << 20) /* 1M64K: files from EB000 */
#define FILES   0xeb000u
#define JOURNAL (CHIP - UD_JOURNAL_OFFSET)

struct device {
    struct ram_flash flash;
    uint32_t rtc_words[UD_EBOOT_BLOCK_WORDS];
    struct ud_rtc rtc;
    struct image_bytes old_image;
    struct image_bytes new_image;
    struct boot_work *work;
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
    return image_build_firmware(&(struct image_firmware){
        .version = version, .project = "demo", .size = size, .seed = size, .words = words});
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
    device.work = malloc(sizeof *device.work);
    assert_non_null(device.work);
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
    free(device->work);
    return 0;
}

static void stay_silent(void *ctx, enum boot_step step, const struct boot_result *result)
{
    (void)ctx;
    (void)step;
    (void)result;
}

static void boot(struct device *device)
{
    const struct boot_config config = {
        .flash = &device->flash.port,
        .rtc = &device->rtc,
        .work = device->work,
        .step = stay_silent,
    };

    memset(device->work, 0xa5, sizeof *device->work);
    boot_run(&config, &device->result);
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
    assert_int_equal(device->result.outcome, BOOT_STARTS);
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

static void refuse(struct device *device, int error, enum boot_reason reason)
{
    boot(device);
    assert_int_equal(device->result.error, error);
    assert_int_equal(device->result.reason, reason);
    assert_false(device->result.is_copied);
    assert_runs(device, &device->old_image);
    assert_clean(device);
}

static void damaged_programs_are_refused(void **state)
{
    static const struct {
        uint32_t offset;
        uint8_t value;
        int error;
    } rows[] = {
        {0, 0xea, UD_ERR_MAGIC},                           /* first byte */
        {UD_IMAGE_APP_OFFSET, 0xff, UD_ERR_IMAGE},         /* the application's */
        {UD_IMAGE_APP_OFFSET + 1, 0, UD_ERR_IMAGE},        /* no segments */
        {UD_IMAGE_APP_OFFSET + 1, 17, UD_ERR_IMAGE},       /* too many */
        {UD_IMAGE_APP_OFFSET + 1, 3, UD_ERR_IMAGE},        /* one more than there is */
        {UD_IMAGE_APP_OFFSET + 8 + 3, 0x41, UD_ERR_IMAGE}, /* loaded to nowhere */
        {UD_IMAGE_APP_OFFSET + 8 + 6, 0x01, UD_ERR_IMAGE}, /* longer than the file */
        {UD_IMAGE_APP_OFFSET + 5000, 0x5a, UD_ERR_IMAGE},  /* not what the CRC says */
        {UD_IMAGE_CRC_WORD_OFFSET, 0x5a, UD_ERR_IMAGE},
    };
    struct device *device = *state;
    uint8_t *byte;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        byte = &device->new_image.data[rows[i].offset];
        const uint8_t right = *byte;
        print_message("row %zu\n", i);
        assert_int_not_equal(right, rows[i].value);
        *byte = rows[i].value;
        stage_new(device);
        refuse(device, rows[i].error, BOOT_FEASIBLE);
        *byte = right;
    }
}

static void every_cut_program_is_refused(void **state)
{
    struct device *device = *state;
    const uint32_t whole = device->new_image.length;

    for (uint32_t length = 1; length < whole; length += 37) {
        device->new_image.length = length;
        stage_new(device);
        boot(device);
        assert_true(device->result.error == UD_ERR_IMAGE);
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
        enum boot_reason reason;
    } rows[] = {
        {0x80004, 0, 0x2000, BOOT_BAD_ALIGNMENT},
        {0x80000, 0, 0, BOOT_EMPTY},
        {CHIP, 0, 0x2000, BOOT_BAD_SOURCE},
        {0xfffff000, 0, 0x2000, BOOT_BAD_SOURCE},
        {0x80000, FILES, 0x20000, BOOT_BAD_DESTINATION},
        {0x80000, 0x1000, 0x1000, BOOT_OVER_RUNNING},
        {0x80000, 0x81000, 0x2000, BOOT_OVERLAP},
    };
    struct device *device = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        command(device, rows[i].source, rows[i].destination, rows[i].size);
        print_message("row %zu\n", i);
        boot(device);
        assert_int_equal(device->result.reason, rows[i].reason);
        assert_true(device->result.error < 0);
        assert_runs(device, &device->old_image);
        assert_clean(device);
        memset(device->flash.bytes + JOURNAL, 0xff, UD_FLASH_SECTOR);
    }
    device->flash.violations = 0; /* sources outside the chip are asked for once */
}

/* ---- The records ---- */

static uint32_t word(const struct device *device, uint32_t address)
{
    return ud_get_u32(device->flash.bytes + address);
}

static void the_journal_is_as_its_header_draws_it(void **state)
{
    struct device *device = *state;
    const struct ud_flash *flash = &device->flash.port;
    const struct ud_journal_order order = {0x12000, 0x0, 0x3456};
    const struct ud_journal_plan plan = {0x3456, 0x8000, 0x2345};
    struct ud_journal_order found_order;
    struct ud_journal_plan found_plan;
    enum ud_journal_state found;

    assert_int_equal(ud_journal_order(flash, &order), UD_OK);
    assert_int_equal(word(device, JOURNAL), UD_JOURNAL_MAGIC);
    assert_int_equal(word(device, JOURNAL + 4), 1);
    assert_int_equal(word(device, JOURNAL + 8), 0x12000);
    assert_int_equal(word(device, JOURNAL + 0x10), 0x3456);
    assert_int_equal(word(device, JOURNAL + 0x14),
                     ud_crc32_forward(UD_CRC32_FORWARD_START, device->flash.bytes + JOURNAL, 20));
    assert_int_equal(ud_journal_load(flash, &found, &found_order, &found_plan), UD_OK);
    assert_int_equal(found, UD_JOURNAL_ORDERED);
    assert_memory_equal(&found_order, &order, sizeof order);

    assert_int_equal(ud_journal_plan(flash, &plan), UD_OK);
    assert_int_equal(word(device, JOURNAL + 0x18), 0x3456);
    assert_int_equal(word(device, JOURNAL + 0x1c), 0x8000);
    assert_int_equal(
        word(device, JOURNAL + 0x24),
        ud_crc32_forward(UD_CRC32_FORWARD_START, device->flash.bytes + JOURNAL + 0x18, 12));
    assert_int_equal(ud_journal_load(flash, &found, &found_order, &found_plan), UD_OK);
    assert_int_equal(found, UD_JOURNAL_PLANNED);
    assert_memory_equal(&found_plan, &plan, sizeof plan);

    assert_false(ud_journal_is_marked(flash, UD_JOURNAL_VERIFIED));
    assert_int_equal(ud_journal_mark(flash, UD_JOURNAL_VERIFIED), UD_OK);
    assert_int_equal(word(device, JOURNAL + 0x28), 0);
    assert_true(ud_journal_is_marked(flash, UD_JOURNAL_VERIFIED));
    assert_int_equal(ud_journal_mark(flash, UD_JOURNAL_STEP + UD_JOURNAL_STEPS - 1), UD_OK);
    assert_int_equal(word(device, JOURNAL + UD_FLASH_SECTOR - 4), 0);
    assert_int_equal(ud_journal_clear(flash), UD_OK);
    assert_int_equal(ud_journal_load(flash, &found, &found_order, &found_plan), UD_OK);
    assert_int_equal(found, UD_JOURNAL_NONE);
}

/* Any bit of a record that is wrong makes it debris, which a boot clears away; but
 * what only begins like nothing of ours is the SDK's. */
static void damaged_records_are_cleared_and_strange_ones_left(void **state)
{
    struct device *device = *state;
    const struct ud_flash *flash = &device->flash.port;
    const struct ud_journal_order order = {0x80000, 0x0, 0x3456};
    const struct ud_journal_plan plan = {0x3456, 0, 0};
    struct ud_journal_order found_order;
    struct ud_journal_plan found_plan;
    enum ud_journal_state found;

    for (uint32_t bit = 0; bit < 8 * 0x28; bit++) {
        assert_int_equal(ud_journal_order(flash, &order), UD_OK);
        assert_int_equal(ud_journal_plan(flash, &plan), UD_OK);
        device->flash.bytes[JOURNAL + bit / 8] ^= (uint8_t)(1u << bit % 8);
        const bool is_magic_less = bit < 32 && (UD_JOURNAL_MAGIC >> bit & 1);
        assert_int_equal(ud_journal_load(flash, &found, &found_order, &found_plan), UD_OK);
        if (bit < 32 && !is_magic_less)
            assert_int_equal(found, UD_JOURNAL_DEBRIS);
        else
            assert_int_equal(found, is_magic_less ? UD_JOURNAL_NONE : UD_JOURNAL_DEBRIS);
        if (found == UD_JOURNAL_DEBRIS) {
            boot(device);
            assert_clean(device);
        }
        assert_runs(device, &device->old_image);
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
            for (int i = 0; i < 3 && device->result.outcome != BOOT_STARTS; i++)
                boot(device);
            boot(device);
            assert_int_equal(device->result.outcome, BOOT_STARTS);
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
    device->new_image = image_build_firmware(&(struct image_firmware){
        .version = "2.0.0", .project = "demo", .size = 12000, .wants_trial = true});
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

/* Flashed by cable, another program of the same size finds the trial of one that
 * is gone. */
static void a_trial_is_of_one_program_only(void **state)
{
    struct device *device = *state;

    stage_trial(device);
    boot(device);
    device->flash.bytes[UD_IMAGE_APP_OFFSET + 0x30] ^= 1; /* its version */
    for (int i = 0; i < 6; i++) {
        boot(device);
        assert_int_equal(device->result.action, BOOT_START);
    }
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
        cmocka_unit_test_setup_teardown(every_cut_program_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_without_a_crc_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_patched_first_header_is_no_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_orders_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_journal_is_as_its_header_draws_it, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_records_are_cleared_and_strange_ones_left, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_flash_operation_may_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(a_confirmed_image_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(an_image_that_does_not_confirm_has_three_boots, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_image_that_does_not_ask_is_not_tried, setup, teardown),
        cmocka_unit_test_setup_teardown(a_trial_is_of_one_program_only, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
