/* Slots where something is not there: OTA data, slots, the hash behind an image, a port's
 * callback, the least version that may start. What cannot be done is told, and the program
 * that runs goes on starting. */
#include "slots_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FACTORY UD_APP_FACTORY
#define OTA0    UD_APP_OTA_0
#define OTA1    (UD_APP_OTA_0 + 1)

static struct slots_rig rig;

static void open_rig(const struct slots_setup *setup)
{
    const uint8_t first = setup->has_factory ? FACTORY : OTA0;

    slots_rig_open(&rig, setup);
    slots_rig_flash(&rig, first, "1");
    assert_int_equal(slots_rig_boot(&rig), first);
}

/* ---- No OTA data: nothing but factory ever starts ---- */

static const struct slots_setup no_otadata = {
    .has_factory = true, .count = 2, .has_rollback = true, .has_no_otadata = true};

static void without_otadata_factory_starts_and_stays(void **state)
{
    struct ud_partition partition;
    enum ud_ota_state slot_state;
    bool can = true;

    (void)state;
    open_rig(&no_otadata);
    const struct ud_partition slot = slots_rig_app(&rig, OTA0);
    slots_rig_flash(&rig, OTA0, "2");
    assert_int_equal(ud_slots_boot(&rig.slots, &partition), UD_OK);
    assert_int_equal(partition.subtype, FACTORY);
    assert_int_equal(ud_slots_set_boot(&rig.slots, &slot), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_state(&rig.slots, &slot, &slot_state), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_last_invalid(&rig.slots, &partition), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_can_go_back(&rig.slots, &can), UD_ERR_NOT_FOUND);
    assert_false(can);
    assert_int_equal(ud_slots_reject(&rig.slots), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_forget_last(&rig.slots), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_erase_last(&rig.slots), UD_ERR_NOT_FOUND);
    assert_int_equal(slots_rig_boot(&rig), FACTORY);
    slots_rig_close(&rig);
}

static void without_otadata_a_target_takes_files_only(void **state)
{
    struct ud_placement placement;

    (void)state;
    open_rig(&no_otadata);
    const struct ud_target target = ud_slots_target(&rig.slots);
    const struct ud_target_class *methods = target.methods;
    assert_int_equal(methods->ready(target.ctx), UD_OK);
    assert_int_equal(methods->place(target.ctx, UD_COMMAND_FIRMWARE, 4096, &placement),
                     UD_ERR_SPACE);
    assert_int_equal(methods->place(target.ctx, UD_COMMAND_FILESYSTEM, 4096, &placement), UD_OK);
    assert_int_equal(placement.start, RIG_FILES);
    assert_int_equal(methods->place(target.ctx, (enum ud_command)77, 4096, &placement),
                     UD_ERR_COMMAND);
    slots_rig_close(&rig);
}

/* A slot can be written all the same: whoever has a bootloader of its own starts it. */
static void without_otadata_a_slot_can_be_written(void **state)
{
    char version[33];

    (void)state;
    open_rig(&no_otadata);
    const struct ud_partition slot = slots_rig_app(&rig, OTA1);
    struct image_bytes image = slots_rig_build("3", 0);
    assert_int_equal(slots_rig_write(&rig, &slot, &image), UD_OK);
    assert_string_equal(slots_rig_version(&rig, OTA1, version), "3");
    image_free(&image);
    slots_rig_close(&rig);
}

/* ---- No slots ---- */

static void without_slots_there_is_no_next_one(void **state)
{
    static const struct slots_setup setup = {.has_factory = true};
    struct ud_partition partition;

    (void)state;
    open_rig(&setup);
    assert_int_equal(ud_slots_next(&rig.slots, NULL, &partition), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_boot(&rig.slots, &partition), UD_OK);
    assert_int_equal(partition.subtype, FACTORY);
    slots_rig_close(&rig);
}

/* ---- No program ---- */

static void with_no_program_at_all_the_boot_says_so(void **state)
{
    static const struct slots_setup setup = {.count = 2, .has_rollback = true};

    (void)state;
    slots_rig_open(&rig, &setup);
    assert_int_equal(slots_rig_boot(&rig), -1);
    slots_rig_flash(&rig, OTA1, "1");
    assert_int_equal(slots_rig_boot(&rig), OTA1);
    slots_rig_close(&rig);
}

/* ---- No hash behind the image ---- */

static void an_image_without_a_hash_is_named_by_all_of_it(void **state)
{
    static const struct slots_setup setup = {.count = 2};
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32,
        .chip_id = RIG_CHIP,
        .version = "2",
        .project = "demo",
        .size = 5000,
        .has_no_hash = true,
    };
    struct image_bytes image = image_build_firmware(&firmware);
    uint8_t digest[UD_SHA256_SIZE], expected[UD_SHA256_SIZE];
    struct ud_digest sha256;

    (void)state;
    open_rig(&setup);
    const struct ud_partition slot = slots_rig_app(&rig, OTA1);
    assert_int_equal(slots_rig_write(&rig, &slot, &image), UD_OK);
    ud_digest_begin(&sha256, &ud_sha256);
    ud_digest_add(&sha256, image.data, image.length);
    ud_digest_end(&sha256, expected);
    assert_int_equal(ud_slots_digest(&rig.slots, &slot, digest), UD_OK);
    assert_memory_equal(digest, expected, sizeof digest);
    image_free(&image);
    slots_rig_close(&rig);
}

/* ---- The least version that may start ---- */

static int no_fuse(void *ctx, uint32_t *version)
{
    (void)ctx;
    (void)version;
    return -1;
}

static int no_fuse_to_raise(void *ctx, uint32_t version)
{
    (void)ctx;
    (void)version;
    return -1;
}

static const struct slots_setup secured = {.count = 2, .has_rollback = true, .has_security = true};

static void unreadable_fuses_start_nothing_new(void **state)
{
    uint8_t digest[UD_SHA256_SIZE];
    struct image_bytes image = slots_rig_build("2", 0);
    struct ud_image_header header;

    (void)state;
    open_rig(&secured);
    const struct ud_partition slot = slots_rig_app(&rig, OTA1);
    slots_rig_flash(&rig, OTA1, "2");
    assert_int_equal(ud_image_header_decode(image.data, image.length, &header), UD_OK);
    assert_int_equal(ud_slots_check_image(&rig.slots, UD_TYPE_APP, &header, NULL), UD_OK);
    assert_int_equal(ud_slots_check_image(&rig.slots, UD_TYPE_DATA, &header, NULL),
                     UD_ERR_ARGUMENT);
    rig.security.read = no_fuse;
    assert_int_equal(ud_slots_check_image(&rig.slots, UD_TYPE_APP, &header, NULL),
                     UD_ERR_FLASH_READ);
    assert_int_equal(ud_slots_digest(&rig.slots, &slot, digest), UD_ERR_FLASH_READ);
    assert_int_equal(ud_slots_set_boot(&rig.slots, &slot), UD_ERR_FLASH_READ);
    assert_int_equal(slots_rig_boot(&rig), -1);
    image_free(&image);
    slots_rig_close(&rig);
}

static void fuses_that_do_not_burn_are_told(void **state)
{
    (void)state;
    open_rig(&secured);
    rig.security.raise = no_fuse_to_raise;
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_ERR_COMMIT);
    assert_int_equal(slots_rig_boot(&rig), OTA0);
    slots_rig_close(&rig);
}

/* ---- What a caller forgets ---- */

static void init_says_what_is_missing(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};
    const struct ud_security no_callbacks = {.ctx = NULL};
    struct ud_slots slots;
    struct ud_slots_config config;

    (void)state;
    open_rig(&setup);
    config = rig.slots.config;
    config.sha256 = NULL;
    assert_int_equal(ud_slots_init(&slots, &config), UD_ERR_ARGUMENT);
    config = rig.slots.config;
    config.security = &no_callbacks;
    assert_int_equal(ud_slots_init(&slots, &config), UD_ERR_ARGUMENT);
    config = rig.slots.config;
    config.running_address = RIG_FILES;
    assert_int_equal(ud_slots_init(&slots, &config), UD_ERR_NOT_FOUND);
    slots_rig_close(&rig);
}

static void partitions_that_are_none_are_refused(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};
    struct ud_slots_write write = {.slots = NULL};
    enum ud_ota_state slot_state;

    (void)state;
    open_rig(&setup);
    struct ud_partition beyond = slots_rig_app(&rig, OTA1);
    beyond.subtype++;
    assert_int_equal(ud_slots_set_boot_unchecked(&rig.slots, &beyond), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_set_boot_unchecked(&rig.slots, NULL), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_state(&rig.slots, NULL, &slot_state), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_state(&rig.slots, ud_slots_running(&rig.slots), &slot_state),
                     UD_ERR_NO_SLOT);
    assert_int_equal(ud_slots_set_final(&write, &beyond, false), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_put(&write, "", 1), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_put_at(&write, "", 1, 0), UD_ERR_ARGUMENT);
    slots_rig_close(&rig);
}

static void what_is_meant_for_elsewhere_has_to_fit_there(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};
    struct ud_slots_write write;

    (void)state;
    open_rig(&setup);
    const struct ud_partition slot = slots_rig_app(&rig, OTA0), other = slots_rig_app(&rig, OTA1);
    struct ud_partition nowhere = slot;
    uint8_t byte = UD_IMAGE_MAGIC;
    nowhere.offset += UD_FLASH_SECTOR;
    assert_int_equal(ud_slots_begin(&rig.slots, &write, &slot, 0), UD_OK);
    assert_int_equal(ud_slots_set_final(&write, &nowhere, true), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_set_final(&write, ud_slots_running(&rig.slots), true),
                     UD_ERR_RUNNING);
    assert_int_equal(ud_slots_set_final(&write, &other, true), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_set_final(&write, &slot, true), UD_OK);
    assert_int_equal(ud_slots_put(&write, &byte, slot.size + 1), UD_ERR_SPACE);
    assert_int_equal(ud_slots_abort(&write), UD_OK);
    slots_rig_close(&rig);
}

static void a_target_commits_the_next_slot_only_and_whole(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};

    (void)state;
    open_rig(&setup);
    const struct ud_target target = ud_slots_target(&rig.slots);
    struct ud_placement placement = {.start = slots_rig_app(&rig, OTA1).offset};
    assert_int_equal(target.methods->commit(target.ctx, UD_COMMAND_FIRMWARE, &placement, 4096),
                     UD_ERR_COMMIT);
    placement.start = slots_rig_app(&rig, OTA0).offset; /* nothing was written */
    assert_int_equal(target.methods->commit(target.ctx, UD_COMMAND_FIRMWARE, &placement, 4096),
                     UD_ERR_MAGIC);
    assert_int_equal(slots_rig_boot(&rig), FACTORY);
    slots_rig_close(&rig);
}

/* ---- Entries of OTA data ---- */

static void update(uint8_t subtype, const char *version)
{
    const struct ud_partition slot = slots_rig_app(&rig, subtype);
    struct image_bytes image = slots_rig_build(version, 0);

    assert_int_equal(slots_rig_update(&rig, &slot, &image), UD_OK);
    image_free(&image);
}

static void what_runs_and_is_settled_stays_as_it_is(void **state)
{
    static const struct slots_setup setup = {.count = 2, .has_rollback = true};

    (void)state;
    open_rig(&setup);
    update(OTA1, "2");
    assert_int_equal(slots_rig_boot(&rig), OTA1);
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_OK);
    const struct ud_otadata_entry before = slots_rig_entry(&rig, 1);
    assert_int_equal(ud_slots_set_boot(&rig.slots, ud_slots_running(&rig.slots)), UD_OK);
    const struct ud_otadata_entry after = slots_rig_entry(&rig, 1);
    assert_int_equal(after.seq, before.seq);
    assert_int_equal(after.state, before.state);
    slots_rig_close(&rig);
}

static void erased_otadata_are_written_anew_by_a_slot_that_works(void **state)
{
    static const struct slots_setup setup = {.count = 2, .has_rollback = true};
    enum ud_ota_state slot_state;

    (void)state;
    open_rig(&setup);
    memset(nor_bytes(rig.nor) + RIG_OTADATA, 0xff, UD_OTADATA_LENGTH);
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_OK);
    assert_int_equal(ud_slots_state(&rig.slots, ud_slots_running(&rig.slots), &slot_state), UD_OK);
    assert_int_equal(slot_state, UD_OTA_VALID);
    slots_rig_close(&rig);
}

/* Factory runs, and the slot that was to start next is overwritten instead. */
static void a_chosen_slot_that_is_overwritten_is_chosen_no_more(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};

    (void)state;
    open_rig(&setup);
    update(OTA0, "2");
    const struct ud_partition slot = slots_rig_app(&rig, OTA0);
    struct ud_slots_write write;
    struct image_bytes image = slots_rig_build("3", 0);
    assert_int_equal(ud_slots_begin(&rig.slots, &write, &slot, 0), UD_OK);
    assert_int_equal(ud_slots_put(&write, image.data, image.length - 4), UD_OK);
    assert_int_equal(ud_slots_end(&write), UD_ERR_IMAGE);
    image_free(&image);
    assert_int_equal(slots_rig_boot(&rig), FACTORY);
    assert_false(rig.result.has_fallen_back);
    slots_rig_close(&rig);
}

/* A bootloader that knows no notes fell back: the entry that power cut is put back, and
 * what it is about starts, rather than what confirms itself. */
static void an_entry_in_notes_alone_goes_before_what_runs(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2, .has_rollback = true};

    (void)state;
    open_rig(&setup);
    update(OTA0, "2");
    assert_int_equal(slots_rig_boot(&rig), OTA0);
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_OK);
    update(OTA1, "3");
    assert_int_equal(slots_rig_boot(&rig), OTA1);
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_OK);
    struct ud_slots_config config = rig.slots.config;
    memset(nor_bytes(rig.nor) + RIG_OTADATA + UD_FLASH_SECTOR, 0xff, UD_OTADATA_ENTRY);
    config.running_address = slots_rig_app(&rig, OTA0).offset;
    assert_int_equal(ud_slots_init(&rig.slots, &config), UD_OK);
    assert_int_equal(ud_slots_confirm(&rig.slots), UD_ERR_STATE);
    assert_int_equal(slots_rig_boot(&rig), OTA1);
    slots_rig_close(&rig);
}

/* Factory may be too old for the fuses: it does not count as a way back. */
static void factory_is_no_way_back_where_versions_count(void **state)
{
    static const struct slots_setup setup = {
        .has_factory = true, .count = 2, .has_rollback = true, .has_security = true};
    bool can = true;

    (void)state;
    open_rig(&setup);
    update(OTA0, "2");
    assert_int_equal(slots_rig_boot(&rig), OTA0);
    assert_int_equal(ud_slots_can_go_back(&rig.slots, &can), UD_OK);
    assert_false(can);
    assert_int_equal(ud_slots_reject(&rig.slots), UD_ERR_NO_WAY_BACK);
    slots_rig_close(&rig);
}

/* ---- Two writes at once ---- */

static void writes_end_in_any_order(void **state)
{
    static const struct slots_setup setup = {.has_factory = true, .count = 2};
    struct ud_slots_write first, second, third;

    (void)state;
    open_rig(&setup);
    const struct ud_partition slot = slots_rig_app(&rig, OTA0), other = slots_rig_app(&rig, OTA1);
    assert_int_equal(ud_slots_begin(&rig.slots, &first, &slot, 4096), UD_OK);
    assert_int_equal(ud_slots_begin(&rig.slots, &second, &other, 4096), UD_OK);
    assert_int_equal(ud_slots_begin(&rig.slots, &third, &slot, 4096), UD_ERR_BUSY);
    assert_int_equal(ud_slots_abort(&first), UD_OK);
    assert_int_equal(ud_slots_begin(&rig.slots, &third, &slot, 4096), UD_OK);
    assert_int_equal(ud_slots_abort(&second), UD_OK);
    assert_int_equal(ud_slots_abort(&third), UD_OK);
    assert_null(rig.slots.writes);
    slots_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_otadata_factory_starts_and_stays),
        cmocka_unit_test(without_otadata_a_target_takes_files_only),
        cmocka_unit_test(without_otadata_a_slot_can_be_written),
        cmocka_unit_test(without_slots_there_is_no_next_one),
        cmocka_unit_test(with_no_program_at_all_the_boot_says_so),
        cmocka_unit_test(an_image_without_a_hash_is_named_by_all_of_it),
        cmocka_unit_test(unreadable_fuses_start_nothing_new),
        cmocka_unit_test(fuses_that_do_not_burn_are_told),
        cmocka_unit_test(init_says_what_is_missing),
        cmocka_unit_test(partitions_that_are_none_are_refused),
        cmocka_unit_test(what_is_meant_for_elsewhere_has_to_fit_there),
        cmocka_unit_test(a_target_commits_the_next_slot_only_and_whole),
        cmocka_unit_test(what_runs_and_is_settled_stays_as_it_is),
        cmocka_unit_test(erased_otadata_are_written_anew_by_a_slot_that_works),
        cmocka_unit_test(a_chosen_slot_that_is_overwritten_is_chosen_no_more),
        cmocka_unit_test(an_entry_in_notes_alone_goes_before_what_runs),
        cmocka_unit_test(factory_is_no_way_back_where_versions_count),
        cmocka_unit_test(writes_end_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
