/* Slots on a chip whose flash fails: each operation of the library, and the boot, with each
 * of its reads, programs and erases failing in turn. What fails is told, and whatever was
 * told, a program starts after it. */
#include "slots_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])
#define FACTORY    UD_APP_FACTORY
#define OTA0       UD_APP_OTA_0
#define OTA1       (UD_APP_OTA_0 + 1)

/* ---- A port that fails once ---- */

enum kind { READ, PROGRAM, ERASE, KINDS };

static const int told[KINDS] = {UD_ERR_FLASH_READ, UD_ERR_FLASH_WRITE, UD_ERR_FLASH_ERASE};

struct failing {
    struct ud_flash port;
    const struct ud_flash *under;
    enum kind kind;
    uint32_t left; /* operations of that kind up to the one that fails, inclusive; 0: none does */
};

static bool fails(struct failing *failing, enum kind kind)
{
    return failing->kind == kind && failing->left > 0 && --failing->left == 0;
}

static int fail_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    struct failing *failing = ctx;

    return fails(failing, READ) ? -1
                                : failing->under->read(failing->under->ctx, address, data, length);
}

static int fail_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    struct failing *failing = ctx;

    return fails(failing, PROGRAM)
               ? -1
               : failing->under->program(failing->under->ctx, address, data, length);
}

static int fail_erase(void *ctx, uint32_t address, uint32_t length)
{
    struct failing *failing = ctx;

    return fails(failing, ERASE) ? -1 : failing->under->erase(failing->under->ctx, address, length);
}

/* ---- A device that went from factory to slot 0, and runs slot 1 ---- */

struct device {
    struct slots_rig rig;
    struct failing failing;
};

static void update(struct slots_rig *rig, uint8_t subtype, const char *version)
{
    const struct ud_partition slot = slots_rig_app(rig, subtype);
    struct image_bytes image = slots_rig_build(version, 0);

    assert_int_equal(slots_rig_update(rig, &slot, &image), UD_OK);
    image_free(&image);
    assert_int_equal(slots_rig_boot(rig), subtype);
}

static void open_device(struct device *device, bool is_confirmed)
{
    static const struct slots_setup setup = {
        .has_factory = true, .count = 2, .has_rollback = true, .has_security = true};
    struct slots_rig *rig = &device->rig;

    slots_rig_open(rig, &setup);
    device->failing = (struct failing){.under = rig->flash};
    device->failing.port = *rig->flash;
    device->failing.port.ctx = &device->failing;
    device->failing.port.read = fail_read;
    device->failing.port.program = fail_program;
    device->failing.port.erase = fail_erase;
    rig->flash = &device->failing.port;
    slots_rig_flash(rig, FACTORY, "1");
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    update(rig, OTA0, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    update(rig, OTA1, "3");
    if (is_confirmed)
        assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
}

/* ---- What is done with it ---- */

static int init(struct slots_rig *rig)
{
    const struct ud_slots_config config = rig->slots.config;

    return ud_slots_init(&rig->slots, &config);
}

static int boot_partition(struct slots_rig *rig)
{
    struct ud_partition partition;

    return ud_slots_boot(&rig->slots, &partition);
}

static int state(struct slots_rig *rig)
{
    enum ud_ota_state state;

    return ud_slots_state(&rig->slots, ud_slots_running(&rig->slots), &state);
}

static int last_invalid(struct slots_rig *rig)
{
    struct ud_partition partition;
    const int error = ud_slots_last_invalid(&rig->slots, &partition);

    return error == UD_ERR_NOT_FOUND ? UD_OK : error;
}

static int digest(struct slots_rig *rig)
{
    uint8_t sha256[UD_SHA256_SIZE];

    return ud_slots_digest(&rig->slots, ud_slots_running(&rig->slots), sha256);
}

static int confirm(struct slots_rig *rig)
{
    return ud_slots_confirm(&rig->slots);
}

static int can_go_back(struct slots_rig *rig)
{
    bool can;

    return ud_slots_can_go_back(&rig->slots, &can);
}

static int reject(struct slots_rig *rig)
{
    return ud_slots_reject(&rig->slots);
}

static int forget_last(struct slots_rig *rig)
{
    return ud_slots_forget_last(&rig->slots);
}

static int erase_last(struct slots_rig *rig)
{
    return ud_slots_erase_last(&rig->slots);
}

static int set_boot(struct slots_rig *rig, uint8_t subtype)
{
    /* Where it lies: the table is not to be read for it. */
    const struct ud_partition partition = {
        .type = UD_TYPE_APP,
        .subtype = subtype,
        .offset = RIG_APP * (subtype == FACTORY ? 1u : subtype - OTA0 + 2u),
        .size = RIG_APP,
    };

    return ud_slots_set_boot(&rig->slots, &partition);
}

static int set_factory(struct slots_rig *rig)
{
    return set_boot(rig, FACTORY);
}

static int set_slot(struct slots_rig *rig)
{
    return set_boot(rig, OTA0);
}

static int write_slot(struct slots_rig *rig)
{
    struct ud_partition slot = {.type = 0};
    struct image_bytes image = slots_rig_build("4", 0);
    int error = ud_slots_next(&rig->slots, NULL, &slot);

    if (error == UD_OK)
        error = slots_rig_write(rig, &slot, &image);
    image_free(&image);
    return error;
}

/* In pieces, so that words are flushed before a page is full; and what is meant for another. */
static int write_pieces(struct slots_rig *rig)
{
    const struct ud_partition slot = {
        .type = UD_TYPE_APP, .subtype = OTA0, .offset = 2 * RIG_APP, .size = RIG_APP};
    struct image_bytes image = slots_rig_build("4", 0);
    struct ud_slots_write write;
    int error = ud_slots_begin(&rig->slots, &write, &slot, UD_SLOTS_SIZE_SEQUENTIAL);

    if (error == UD_OK) {
        error = ud_slots_set_final(&write, &slot, false);
        for (uint32_t at = 0; at < image.length && error == UD_OK; at += 250)
            error = ud_slots_put(&write, image.data + at,
                                 image.length - at < 250 ? image.length - at : 250);
        const int ended = error == UD_OK ? ud_slots_end(&write) : ud_slots_abort(&write);
        error = error != UD_OK ? error : ended;
    }
    image_free(&image);
    return error;
}

static int put_anywhere(struct slots_rig *rig)
{
    const struct ud_partition files = {
        .type = UD_TYPE_DATA, .subtype = UD_DATA_SPIFFS, .offset = RIG_FILES, .size = 0x4000};
    struct ud_slots_write write;
    int error = ud_slots_resume(&rig->slots, &write, &files, false, 0);

    if (error != UD_OK)
        return error;
    error = ud_slots_put_at(&write, "late", 4, 0x101);
    if (error == UD_OK)
        error = ud_slots_put_at(&write, "early", 5, 0);
    const int ended = error == UD_OK ? ud_slots_end(&write) : ud_slots_abort(&write);
    return error != UD_OK ? error : ended;
}

static int digest_without_hash(struct slots_rig *rig)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32, .chip_id = RIG_CHIP, .size = 5000, .has_no_hash = true};
    const struct ud_partition slot = {
        .type = UD_TYPE_APP, .subtype = OTA0, .offset = 2 * RIG_APP, .size = RIG_APP};
    struct image_bytes image = image_build_firmware(&firmware);
    uint8_t sha256[UD_SHA256_SIZE];

    memcpy(nor_bytes(rig->nor) + slot.offset, image.data, image.length);
    image_free(&image);
    return ud_slots_digest(&rig->slots, &slot, sha256);
}

static const struct {
    const char *name;
    int (*run)(struct slots_rig *rig);
    bool is_confirmed; /* the running program, before */
} operations[] = {
    {"init", init, true},
    {"boot", boot_partition, true},
    {"state", state, true},
    {"last invalid", last_invalid, true},
    {"digest", digest, true},
    {"confirm", confirm, false},
    {"confirm again", confirm, true},
    {"can go back", can_go_back, false},
    {"reject", reject, false},
    {"forget last", forget_last, true},
    {"erase last", erase_last, true},
    {"set factory", set_factory, true},
    {"set slot", set_slot, true},
    {"write", write_slot, true},
    {"write in pieces", write_pieces, true},
    {"put anywhere", put_anywhere, true},
    {"digest without hash", digest_without_hash, true},
};

/* ---- Each failure in turn ---- */

/* Runs it with that operation of flash failing. False when there are not so many. */
static bool fail_at(uint32_t operation, enum kind kind, uint32_t number)
{
    static struct device device;
    const char *name = operations[operation].name;
    int error;

    open_device(&device, operations[operation].is_confirmed);
    device.failing.kind = kind;
    device.failing.left = number;
    error = operations[operation].run(&device.rig);
    const bool has_failed = device.failing.left == 0;
    device.failing.left = 0;
    if (error != (has_failed ? told[kind] : UD_OK))
        fail_msg("%s, with failure %u of kind %d: %d", name, (unsigned)number, kind, error);
    if (slots_rig_boot(&device.rig) < 0)
        fail_msg("%s, with failure %u of kind %d: nothing starts", name, (unsigned)number, kind);
    slots_rig_close(&device.rig);
    return has_failed;
}

static void fail_each(enum kind kind)
{
    uint32_t failures = 0;

    for (uint32_t operation = 0; operation < SIZE(operations); operation++)
        for (uint32_t number = 1; fail_at(operation, kind, number); number++)
            failures++;
    print_message("# %u failures\n", (unsigned)failures);
    assert_true(failures >= (kind == READ ? SIZE(operations) : 4));
}

static void each_read_that_fails_is_told(void **unused)
{
    (void)unused;
    fail_each(READ);
}

static void each_program_that_fails_is_told(void **unused)
{
    (void)unused;
    fail_each(PROGRAM);
}

static void each_erase_that_fails_is_told(void **unused)
{
    (void)unused;
    fail_each(ERASE);
}

/* ---- The boot ---- */

static int boot(struct device *device, struct slots_result *result)
{
    static struct slots_run run;
    const struct slots_run_config config = {
        .flash = &device->failing.port,
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = RIG_CHIP,
        .revision = RIG_REVISION,
        .has_trials = true,
    };

    return slots_run(&run, &config, result);
}

enum before { ON_TRIAL, CONFIRMED, UPDATED, BEFORES };

/* A boot with that failure: false when there are not so many. */
static bool boot_fails_at(enum kind kind, uint32_t number, enum before before)
{
    static struct device device;
    struct slots_result result;

    open_device(&device, before != ON_TRIAL);
    if (before == UPDATED)
        assert_int_equal(set_slot(&device.rig), UD_OK);
    device.failing.kind = kind;
    device.failing.left = number;
    const int error = boot(&device, &result);
    const bool has_failed = device.failing.left == 0;
    device.failing.left = 0;
    /* What cannot be read can be the table or the OTA data, and then who should start is
     * not known; what cannot be written keeps nobody from starting. */
    if (error != UD_OK && (kind != READ || error != UD_ERR_FLASH_READ))
        fail_msg("boot, with failure %u of kind %d: %d", (unsigned)number, kind, error);
    if (error == UD_OK)
        assert_int_equal(result.partition.type, UD_TYPE_APP);
    assert_int_equal(boot(&device, &result), UD_OK);
    slots_rig_close(&device.rig);
    return has_failed;
}

static void a_boot_survives_each_failure(void **unused)
{
    (void)unused;
    for (enum kind kind = READ; kind < KINDS; kind++)
        for (enum before before = ON_TRIAL; before < BEFORES; before++)
            for (uint32_t number = 1; boot_fails_at(kind, number, before);)
                number++;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_read_that_fails_is_told),
        cmocka_unit_test(each_program_that_fails_is_told),
        cmocka_unit_test(each_erase_that_fails_is_told),
        cmocka_unit_test(a_boot_survives_each_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
