/* Slots: what ESP-IDF's own tests of app_update do, by their names where there is a
 * counterpart; then what goes wrong there and must not here. */
#include "slots_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])
#define FACTORY    UD_APP_FACTORY
#define OTA0       UD_APP_OTA_0
#define OTA1       (UD_APP_OTA_0 + 1)
#define TEST       UD_APP_TEST

static const struct slots_setup plain = {.has_factory = true, .count = 2, .has_test = true};
static const struct slots_setup trials = {.has_factory = true, .count = 2, .has_rollback = true};
static const struct slots_setup two = {.count = 2, .has_rollback = true};

/* A rig whose default program runs. */
static struct slots_rig *start(const struct slots_setup *setup)
{
    static struct slots_rig rig;

    slots_rig_open(&rig, setup);
    slots_rig_flash(&rig, setup->has_factory ? FACTORY : OTA0, "1.0.0");
    assert_int_equal(slots_rig_boot(&rig), setup->has_factory ? FACTORY : OTA0);
    return &rig;
}

static int update(struct slots_rig *rig, uint8_t subtype, const char *version)
{
    const struct ud_partition slot = slots_rig_app(rig, subtype);
    struct image_bytes image = slots_rig_build(version, 0);
    const int error = slots_rig_update(rig, &slot, &image);

    image_free(&image);
    return error;
}

static void update_and_boot(struct slots_rig *rig, uint8_t subtype, const char *version)
{
    assert_int_equal(update(rig, subtype, version), UD_OK);
    assert_int_equal(slots_rig_boot(rig), subtype);
}

static int set_boot(struct slots_rig *rig, uint8_t subtype)
{
    const struct ud_partition partition = slots_rig_app(rig, subtype);

    return ud_slots_set_boot(&rig->slots, &partition);
}

static int state_of(struct slots_rig *rig, uint8_t subtype)
{
    const struct ud_partition slot = slots_rig_app(rig, subtype);
    enum ud_ota_state state;
    const int error = ud_slots_state(&rig->slots, &slot, &state);

    return error != UD_OK ? error : (int)state;
}

static void corrupt_entry(struct slots_rig *rig, int index)
{
    memset(nor_bytes(rig->nor) + RIG_OTADATA + (uint32_t)index * UD_FLASH_SECTOR, 0x5a, 0x40);
}

static struct image_bytes build(uint16_t chip_id, uint16_t min_revision, uint16_t max_revision)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32,
        .version = "2",
        .project = "demo",
        .chip_id = chip_id,
        .min_revision = min_revision,
        .max_revision = max_revision,
    };

    return image_build_firmware(&firmware);
}

/* ---- ESP-IDF's cases ---- */

static void begin_verifies_its_arguments(void **state)
{
    struct slots_rig *rig = start(&plain);
    struct ud_partition ota0 = slots_rig_app(rig, OTA0), unknown = ota0;
    const struct ud_partition factory = slots_rig_app(rig, FACTORY),
                              test = slots_rig_app(rig, TEST);
    struct ud_slots_write write = {0}, other = {0};

    (void)state;
    unknown.offset += 0x1000;
    assert_int_equal(ud_slots_begin(&rig->slots, &write, NULL, 0), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &unknown, 0), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &factory, 0), UD_ERR_RUNNING);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &test, 0), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &ota0, ota0.size + 1), UD_ERR_SPACE);
    assert_null(write.slots); /* none of them left a write under way */
    assert_null(rig->slots.writes);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &ota0, UD_SLOTS_SIZE_UNKNOWN), UD_OK);
    assert_int_equal(ud_slots_begin(&rig->slots, &other, &ota0, 0), UD_ERR_BUSY);
    assert_int_equal(ud_slots_abort(&write), UD_OK);
    assert_int_equal(ud_slots_abort(&write), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_begin(&rig->slots, &other, &ota0, 0), UD_OK);
    assert_int_equal(ud_slots_put(&other, NULL, 1), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_put(&other, "", 0), UD_OK);
    assert_int_equal(ud_slots_end(&other), UD_ERR_ARGUMENT); /* nothing was written */
    assert_int_equal(ud_slots_end(&other), UD_ERR_NOT_FOUND);
    slots_rig_close(rig);
}

static void get_next_update_partition_logic(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition factory = slots_rig_app(rig, FACTORY),
                              ota0 = slots_rig_app(rig, OTA0), ota1 = slots_rig_app(rig, OTA1);
    struct ud_partition next;

    (void)state;
    assert_int_equal(ud_slots_next(&rig->slots, &factory, &next), UD_OK);
    assert_int_equal(next.offset, ota0.offset);
    assert_int_equal(ud_slots_next(&rig->slots, &ota0, &next), UD_OK);
    assert_int_equal(next.offset, ota1.offset);
    assert_int_equal(ud_slots_next(&rig->slots, &ota1, &next), UD_OK);
    assert_int_equal(next.offset, ota0.offset);
    assert_int_equal(ud_slots_next(&rig->slots, NULL, &next), UD_OK);
    assert_int_equal(next.offset, ota0.offset);
    slots_rig_close(rig);

    const struct slots_setup one = {.count = 1};
    rig = start(&one); /* never the running one, though there is no other */
    assert_int_equal(ud_slots_next(&rig->slots, NULL, &next), UD_ERR_NOT_FOUND);
    slots_rig_close(rig);
}

static void get_partition_description(void **state)
{
    struct slots_rig *rig = start(&plain);
    struct ud_image_description description;
    struct ud_partition partition = *ud_slots_running(&rig->slots);

    (void)state;
    assert_int_equal(partition.subtype, FACTORY);
    assert_int_equal(ud_slots_description(&rig->slots, &partition, &description), UD_OK);
    assert_string_equal(description.version, "1.0.0");
    partition = slots_rig_app(rig, OTA0);
    assert_int_equal(ud_slots_description(&rig->slots, &partition, &description), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_slots_description(&rig->slots, &rig->slots.otadata, &description),
                     UD_ERR_NO_SLOT);
    slots_rig_close(rig);
}

static void switching_between_factory_ota0_ota1_ota0(void **state)
{
    struct slots_rig *rig = start(&plain);
    struct ud_partition boot;

    (void)state;
    update_and_boot(rig, OTA0, "2");
    update_and_boot(rig, OTA1, "3");
    update_and_boot(rig, OTA0, "4");
    assert_int_equal(ud_slots_boot(&rig->slots, &boot), UD_OK);
    assert_int_equal(boot.subtype, OTA0);
    assert_int_equal(slots_rig_entry(rig, 0).seq, 3);
    assert_int_equal(slots_rig_entry(rig, 1).seq, 2);
    slots_rig_close(rig);
}

static void switching_between_factory_ota0_corrupt_ota_sec1_factory(void **state)
{
    struct slots_rig *rig = start(&plain);

    (void)state;
    update_and_boot(rig, OTA0, "2");
    corrupt_entry(rig, 0);
    memset(nor_bytes(rig->nor) + RIG_OTADATA + UD_FLASH_SECTOR, 0xff, UD_FLASH_SECTOR);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    slots_rig_close(rig);
}

/* With the note that stands beside it an entry outlives even that. */
static void a_corrupt_ota_sec1_is_mended(void **state)
{
    struct slots_rig *rig = start(&plain);

    (void)state;
    update_and_boot(rig, OTA0, "2");
    corrupt_entry(rig, 0);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(slots_rig_entry(rig, 0).seq, 1);
    slots_rig_close(rig);
}

static void switching_between_factory_ota0_ota1_corrupt_ota_sec2_ota0(void **state)
{
    struct slots_rig *rig = start(&plain);

    (void)state;
    update_and_boot(rig, OTA0, "2");
    update_and_boot(rig, OTA1, "3");
    corrupt_entry(rig, 1);
    memset(nor_bytes(rig->nor) + RIG_OTADATA + UD_OTADATA_ENTRY, 0xff, 64); /* the note too */
    assert_int_equal(slots_rig_boot(rig), OTA0);
    slots_rig_close(rig);
}

static void sets_pin_factory_reset_factory(void **state)
{
    struct slots_rig *rig = start(&trials);

    (void)state;
    update_and_boot(rig, OTA0, "2"); /* on trial */
    rig->is_reset_held = true;
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    rig->is_reset_held = false;
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    assert_false(slots_rig_entry(rig, 0).is_sound);
    slots_rig_close(rig);
}

static void switching_between_factory_test_factory(void **state)
{
    struct slots_rig *rig = start(&plain);

    (void)state;
    rig->is_test_held = true;
    assert_int_equal(slots_rig_boot(rig), FACTORY); /* there is none in its partition */
    slots_rig_flash(rig, TEST, "9");
    assert_int_equal(slots_rig_boot(rig), TEST);
    rig->is_test_held = false;
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    slots_rig_close(rig);
}

static void rollback_factory_ota0_ota0_rollback_factory(void **state)
{
    struct slots_rig *rig = start(&trials);
    struct ud_partition invalid, next;
    bool can;

    (void)state;
    assert_int_equal(state_of(rig, OTA0), UD_ERR_NO_RECORD);
    assert_int_equal(update(rig, OTA0, "2"), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_NEW);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_PENDING);
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_VALID);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(ud_slots_can_go_back(&rig->slots, &can), UD_OK);
    assert_true(can);
    assert_int_equal(ud_slots_reject(&rig->slots), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_INVALID);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    assert_int_equal(ud_slots_last_invalid(&rig->slots, &invalid), UD_OK);
    assert_int_equal(ud_slots_next(&rig->slots, NULL, &next), UD_OK);
    assert_int_equal(invalid.offset, next.offset);
    slots_rig_close(rig);
}

static void rollback_factory_ota0_ota1_rollback_ota0(void **state)
{
    struct slots_rig *rig = start(&trials);
    struct ud_partition invalid;

    (void)state;
    update_and_boot(rig, OTA0, "2");
    assert_int_equal(update(rig, OTA1, "3"), UD_ERR_UNCONFIRMED);
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    update_and_boot(rig, OTA1, "3");
    assert_int_equal(slots_rig_boot(rig), OTA0); /* nobody confirmed it */
    assert_true(rig->result.has_ended_trial);
    assert_int_equal(state_of(rig, OTA1), UD_OTA_ABORTED);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_VALID);
    assert_int_equal(ud_slots_last_invalid(&rig->slots, &invalid), UD_OK);
    assert_int_equal(invalid.subtype, OTA1);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    slots_rig_close(rig);
}

static void erase_last_boot_app_partition(void **state)
{
    struct slots_rig *rig = start(&trials);
    char version[33];

    (void)state;
    update_and_boot(rig, OTA0, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(ud_slots_erase_last(&rig->slots), UD_ERR_NO_RECORD);
    update_and_boot(rig, OTA1, "3");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(ud_slots_erase_last(&rig->slots), UD_OK);
    assert_string_equal(slots_rig_version(rig, OTA0, version), "");
    assert_int_equal(state_of(rig, OTA0), UD_ERR_NO_RECORD);
    assert_int_equal(ud_slots_erase_last(&rig->slots), UD_ERR_NO_RECORD);
    assert_int_equal(slots_rig_boot(rig), OTA1);
    slots_rig_close(rig);
}

/* The last piece first, pieces that end anywhere. */
static void using_write_with_offset(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition slot = slots_rig_app(rig, OTA0);
    struct image_bytes image = slots_rig_build("2", 0);
    struct ud_slots_write write;
    uint32_t at = image.length;

    (void)state;
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &slot, UD_SLOTS_SIZE_SEQUENTIAL), UD_OK);
    assert_int_equal(ud_slots_put_at(&write, image.data, 16, 0), UD_ERR_STATE);
    assert_int_equal(ud_slots_abort(&write), UD_OK);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &slot, 0), UD_OK);
    assert_int_equal(ud_slots_put_at(&write, image.data, 1, slot.size), UD_ERR_SPACE);
    while (at > 0) {
        const uint32_t part = at < 777 ? at : 777;
        at -= part;
        assert_int_equal(ud_slots_put_at(&write, image.data + at, part, at), UD_OK);
    }
    assert_int_equal(ud_slots_end(&write), UD_OK);
    assert_memory_equal(nor_bytes(rig->nor) + slot.offset, image.data, image.length);
    image_free(&image);
    slots_rig_close(rig);
}

static void get_sha256_of_partition_refuses_a_damaged_image(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition *running = ud_slots_running(&rig->slots);
    struct image_bytes image = slots_rig_build("1.0.0", 0);
    uint8_t digest[UD_SHA256_SIZE];

    (void)state;
    assert_int_equal(ud_slots_digest(&rig->slots, running, digest), UD_OK);
    assert_memory_equal(digest, image.data + image.length - sizeof digest, sizeof digest);
    memset(nor_bytes(rig->nor) + running->offset + 0x50, 0, 4);
    assert_int_equal(ud_slots_digest(&rig->slots, running, digest), UD_ERR_IMAGE);
    image_free(&image);
    slots_rig_close(rig);
}

/* Not at begin, which touches nothing, but before the first erase. */
static void updated_partition_is_invalidated_before_it_is_overwritten(void **state)
{
    struct slots_rig *rig = start(&trials);
    struct ud_partition ota0 = slots_rig_app(rig, OTA0);
    struct image_bytes image = slots_rig_build("4", 0);
    struct ud_slots_write write;

    (void)state;
    update_and_boot(rig, OTA0, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    update_and_boot(rig, OTA1, "3");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(ud_slots_begin(&rig->slots, &write, &ota0, 0), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_VALID);
    assert_int_equal(ud_slots_put(&write, image.data, 300), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_ERR_NO_RECORD);
    assert_int_equal(state_of(rig, OTA1), UD_OTA_VALID);
    assert_int_equal(ud_slots_abort(&write), UD_OK);
    assert_int_equal(slots_rig_boot(rig), OTA1);
    image_free(&image);
    slots_rig_close(rig);
}

static void two_updates_without_a_reboot_keep_the_running_slots_entry(void **state)
{
    struct slots_rig *rig = start(&trials);

    (void)state;
    update_and_boot(rig, OTA0, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(update(rig, OTA1, "3"), UD_OK);
    assert_int_equal(update(rig, OTA1, "4"), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_VALID);
    assert_int_equal(state_of(rig, OTA1), UD_OTA_NEW);
    assert_int_equal(slots_rig_boot(rig), OTA1);
    slots_rig_close(rig);
}

static void update_of_a_data_partition_via_a_slot(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition ota0 = slots_rig_app(rig, OTA0);
    struct ud_partition files;
    struct ud_slots_write write;
    uint8_t content[0x3001];

    (void)state;
    image_fill(content, sizeof content, 5);
    assert_int_equal(ud_partitions_find(&rig->slots.table, 1, UD_DATA_SPIFFS, &files), UD_OK);
    for (int copies = 0; copies < 2; copies++) {
        const struct ud_partition *to = copies ? &ota0 : &files;
        memset(nor_bytes(rig->nor) + files.offset, 0x33, files.size);
        assert_int_equal(ud_slots_begin(&rig->slots, &write, to, UD_SLOTS_SIZE_SEQUENTIAL), UD_OK);
        assert_int_equal(ud_slots_set_final(&write, &files, true), UD_OK);
        assert_int_equal(ud_slots_put(&write, content, sizeof content), UD_OK);
        assert_int_equal(ud_slots_set_final(&write, &files, true), UD_ERR_STATE);
        assert_int_equal(ud_slots_end(&write), UD_OK);
        assert_memory_equal(nor_bytes(rig->nor) + files.offset, content, sizeof content);
    }
    slots_rig_close(rig);
}

static const struct slots_setup with_system = {.has_factory = true, .count = 2, .has_system = true};

static struct ud_partition find(const struct slots_rig *rig, uint8_t type, uint8_t subtype)
{
    struct ud_partition partition;

    assert_int_equal(ud_partitions_find(&rig->slots.table, type, subtype, &partition), UD_OK);
    return partition;
}

/* Through a slot into its place, or straight there; and what is none goes nowhere. */
static int write_final(struct slots_rig *rig, const struct ud_partition *final, bool via_slot,
                       const uint8_t *bytes, uint32_t length)
{
    const struct ud_partition ota0 = slots_rig_app(rig, OTA0);
    struct ud_slots_write write;

    assert_int_equal(ud_slots_begin(&rig->slots, &write, via_slot ? &ota0 : final, 0), UD_OK);
    assert_int_equal(ud_slots_set_final(&write, final, true), UD_OK);
    const int error = ud_slots_put(&write, bytes, length);
    const int ended = error == UD_OK ? ud_slots_end(&write) : ud_slots_abort(&write);
    return error != UD_OK ? error : ended;
}

static void update_of_bootloader(void **state)
{
    struct slots_rig *rig = start(&with_system);
    const struct ud_partition boot = find(rig, UD_TYPE_BOOTLOADER, 0);
    struct image_bytes image = slots_rig_build("b", 0), other = build(9, 0, 0);

    (void)state;
    for (int via_slot = 0; via_slot < 2; via_slot++) {
        memset(nor_bytes(rig->nor) + boot.offset, 0x22, boot.size);
        assert_int_equal(write_final(rig, &boot, via_slot, other.data, other.length), UD_ERR_CHIP);
        assert_int_equal(nor_bytes(rig->nor)[boot.offset], 0x22);
        assert_int_equal(write_final(rig, &boot, via_slot, image.data, image.length), UD_OK);
        assert_memory_equal(nor_bytes(rig->nor) + boot.offset, image.data, image.length);
    }
    image.data[0x300] ^= 1;
    memset(nor_bytes(rig->nor) + boot.offset, 0x22, boot.size);
    assert_int_equal(write_final(rig, &boot, true, image.data, image.length), UD_ERR_IMAGE);
    assert_int_equal(nor_bytes(rig->nor)[boot.offset], 0x22); /* not copied */
    image_free(&image);
    image_free(&other);
    slots_rig_close(rig);
}

static void update_of_partition_table(void **state)
{
    struct slots_rig *rig = start(&with_system);
    const struct ud_partition self = find(rig, UD_TYPE_TABLE, 0);
    uint8_t table[UD_PARTITIONS_LENGTH];

    (void)state;
    memcpy(table, nor_bytes(rig->nor) + self.offset, sizeof table);
    assert_int_equal(write_final(rig, &self, true, table, sizeof table), UD_OK);
    table[4] ^= 1;
    assert_int_equal(write_final(rig, &self, true, table, sizeof table), UD_ERR_TABLE);
    table[0] = 0xe9;
    assert_int_equal(write_final(rig, &self, true, table, sizeof table), UD_ERR_MAGIC);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    slots_rig_close(rig);
}

/* By whole labels: "files" is on the list, "file" is not. */
static void a_reset_erases_the_settings_on_its_list(void **state)
{
    struct slots_rig *rig = start(&trials);

    (void)state;
    memset(nor_bytes(rig->nor) + RIG_FILES, 0x33, 0x4000);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    assert_int_equal(nor_bytes(rig->nor)[RIG_FILES], 0x33);
    rig->is_reset_held = true;
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    for (uint32_t i = 0; i < 0x4000; i++)
        assert_int_equal(nor_bytes(rig->nor)[RIG_FILES + i], 0xff);
    slots_rig_close(rig);
}

/* ---- Bytes that come in pieces ---- */

static void a_slot_takes_pieces_of_any_size(void **state)
{
    static const uint32_t steps[] = {1, 3, 16, 255, 256, 257, 4095, 4097, 100000};
    static const uint32_t sizes[] = {0, UD_SLOTS_SIZE_SEQUENTIAL};
    struct slots_rig *rig = start(&plain);
    const struct ud_partition slot = slots_rig_app(rig, OTA0);
    struct image_bytes image = slots_rig_build("2", 0);

    (void)state;
    for (size_t i = 0; i < 2 * SIZE(steps); i++) {
        struct ud_slots_write write;
        const uint32_t step = steps[i / 2];
        memset(nor_bytes(rig->nor) + slot.offset, 0, slot.size);
        assert_int_equal(ud_slots_begin(&rig->slots, &write, &slot, sizes[i % 2]), UD_OK);
        for (uint32_t at = 0; at < image.length; at += step) {
            const uint32_t left = image.length - at;
            assert_int_equal(ud_slots_put(&write, image.data + at, left < step ? left : step),
                             UD_OK);
        }
        assert_int_equal(ud_slots_end(&write), UD_OK);
        assert_memory_equal(nor_bytes(rig->nor) + slot.offset, image.data, image.length);
    }
    assert_int_equal(nor_fault(rig->nor), NOR_NO_FAULT);
    image_free(&image);
    slots_rig_close(rig);
}

static void a_write_goes_on_where_it_was_left(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition slot = slots_rig_app(rig, OTA0);
    struct image_bytes image = slots_rig_build("2", 0);
    struct ud_slots_write write;

    (void)state;
    for (uint32_t cut = 256; cut < image.length; cut += 512) {
        memset(nor_bytes(rig->nor) + slot.offset, 0, slot.size);
        assert_int_equal(ud_slots_begin(&rig->slots, &write, &slot, UD_SLOTS_SIZE_SEQUENTIAL),
                         UD_OK);
        assert_int_equal(ud_slots_put(&write, image.data, cut), UD_OK);
        assert_int_equal(ud_slots_abort(&write), UD_OK);
        assert_int_equal(ud_slots_resume(&rig->slots, &write, &slot, true, cut + 1),
                         UD_ERR_ARGUMENT);
        assert_int_equal(ud_slots_resume(&rig->slots, &write, &slot, true, slot.size + 4),
                         UD_ERR_ARGUMENT);
        assert_int_equal(ud_slots_resume(&rig->slots, &write, &slot, true, cut), UD_OK);
        assert_int_equal(ud_slots_put(&write, image.data + cut, image.length - cut), UD_OK);
        assert_int_equal(ud_slots_end(&write), UD_OK);
    }
    image_free(&image);
    slots_rig_close(rig);
}

/* ---- What must not go wrong ---- */

/* The slot still holds what it held, and its entry, if it was refused at once. */
static void refuse(struct image_bytes *image, int expected, bool at_once)
{
    struct slots_rig *rig = start(&trials);
    const struct ud_partition slot = slots_rig_app(rig, OTA0);
    char version[33];

    slots_rig_flash(rig, OTA0, "0");
    assert_int_equal(slots_rig_update(rig, &slot, image), expected);
    assert_string_equal(slots_rig_version(rig, OTA0, version), at_once ? "0" : version);
    assert_null(rig->slots.writes);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    image_free(image);
    slots_rig_close(rig);
}

static void what_is_not_for_this_chip_erases_nothing(void **state)
{
    struct image_bytes image = build(9, 0, 0);

    (void)state;
    refuse(&image, UD_ERR_CHIP, true);
    image = build(RIG_CHIP, 0, 0);
    image.data[13] = 0xfe;
    refuse(&image, UD_ERR_CHIP, true);
    image = build(RIG_CHIP, RIG_REVISION + 1, 0);
    refuse(&image, UD_ERR_REVISION, true);
    image = build(RIG_CHIP, 0, RIG_REVISION - 1);
    refuse(&image, UD_ERR_REVISION, true);
    image = build(RIG_CHIP, 0, 0);
    image_fill(image.data, image.length, 3); /* random */
    refuse(&image, UD_ERR_MAGIC, true);
}

static void what_is_not_whole_is_never_named(void **state)
{
    struct image_bytes image;

    (void)state;
    for (uint32_t cut = 1; cut < 400; cut += 7) {
        image = build(RIG_CHIP, 0, 0);
        image.length -= cut;
        refuse(&image, UD_ERR_IMAGE, false);
    }
    image = build(RIG_CHIP, 0, 0);
    image.length = 180; /* cut within the description */
    refuse(&image, UD_ERR_IMAGE, false);
    for (uint32_t at = 300; at < 8300; at += 799) {
        image = build(RIG_CHIP, 0, 0);
        image.data[at] ^= 0x10;
        refuse(&image, UD_ERR_IMAGE, false);
    }
}

static void an_image_ends_within_its_partition(void **state)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32, .chip_id = RIG_CHIP, .version = "2", .size = RIG_APP - 64};
    struct image_bytes image = image_build_firmware(&firmware);

    (void)state;
    assert_true(image.length > RIG_APP);
    refuse(&image, UD_ERR_SPACE, true);
}

static void a_failed_erase_leaves_no_write_behind(void **state)
{
    struct slots_rig *rig = start(&plain);
    const struct ud_partition slot = slots_rig_app(rig, OTA0);
    struct image_bytes image = slots_rig_build("2", 0);

    (void)state;
    nor_fail(rig->nor, NOR_ERASE, 1);
    assert_int_equal(slots_rig_write(rig, &slot, &image), UD_ERR_FLASH_ERASE);
    assert_int_equal(slots_rig_write(rig, &slot, &image), UD_OK);
    image_free(&image);
    slots_rig_close(rig);
}

static void the_test_program_is_no_slot(void **state)
{
    struct slots_rig *rig = start(&plain);

    (void)state;
    slots_rig_flash(rig, TEST, "9");
    slots_rig_flash(rig, OTA0, "2");
    assert_int_equal(set_boot(rig, TEST), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_set_boot(&rig->slots, NULL), UD_ERR_ARGUMENT);
    assert_int_equal(ud_slots_set_boot(&rig->slots, &rig->slots.otadata), UD_ERR_ARGUMENT);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    assert_int_equal(set_boot(rig, OTA0), UD_OK);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(set_boot(rig, FACTORY), UD_OK);
    assert_int_equal(slots_rig_boot(rig), FACTORY);
    slots_rig_close(rig);
}

/* The slot that was named does not start, and the one that does confirms itself. */
static void confirmed_is_what_runs(void **state)
{
    struct slots_rig *rig = start(&two);

    (void)state;
    update_and_boot(rig, OTA1, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    nor_bytes(rig->nor)[slots_rig_app(rig, OTA1).offset + 0x200] ^= 1;
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_true(rig->result.has_fallen_back);
    assert_int_equal(ud_slots_reject(&rig->slots), UD_ERR_NO_RECORD);
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(state_of(rig, OTA0), UD_OTA_VALID);
    nor_bytes(rig->nor)[slots_rig_app(rig, OTA1).offset + 0x200] ^= 1;
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_false(rig->result.has_fallen_back);
    slots_rig_close(rig);
}

/* Overwriting the slot that is named (but does not run) with what is not committed. */
static void what_is_not_committed_does_not_start(void **state)
{
    struct slots_rig *rig = start(&two);
    struct image_bytes image = slots_rig_build("3", 0);
    const struct ud_partition ota1 = slots_rig_app(rig, OTA1);

    (void)state;
    update_and_boot(rig, OTA1, "2");
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    nor_bytes(rig->nor)[ota1.offset + 0x200] ^= 1;
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(slots_rig_write(rig, &ota1, &image), UD_OK); /* whole, but not chosen */
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_false(rig->result.has_fallen_back);
    image_free(&image);
    slots_rig_close(rig);
}

static void both_slots_bad_and_no_factory_is_not_the_end(void **state)
{
    struct slots_rig *rig = start(&two);

    (void)state;
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    update_and_boot(rig, OTA1, "2");
    assert_int_equal(ud_slots_reject(&rig->slots), UD_OK);
    assert_int_equal(slots_rig_boot(rig), OTA0);
    assert_int_equal(ud_slots_reject(&rig->slots), UD_ERR_NO_WAY_BACK);
    uint8_t *entries = nor_bytes(rig->nor) + RIG_OTADATA;
    ud_otadata_encode(1, UD_OTA_ABORTED, entries);
    assert_int_equal(slots_rig_boot(rig), OTA0); /* the lowest of two that are called bad */
    slots_rig_close(rig);
    const struct slots_setup three = {.count = 3, .has_rollback = true};
    rig = start(&three);
    slots_rig_flash(rig, OTA0 + 2, "9");
    entries = nor_bytes(rig->nor) + RIG_OTADATA;
    ud_otadata_encode(1, UD_OTA_ABORTED, entries);
    ud_otadata_encode(2, UD_OTA_INVALID, entries + UD_FLASH_SECTOR);
    assert_int_equal(slots_rig_boot(rig), OTA0 + 2); /* the one nobody called bad */
    slots_rig_close(rig);
}

static void a_security_version_only_rises(void **state)
{
    const struct slots_setup setup = {.count = 2, .has_rollback = true, .has_security = true};
    struct slots_rig *rig = start(&setup);
    const struct ud_partition ota1 = slots_rig_app(rig, OTA1), ota0 = slots_rig_app(rig, OTA0);
    struct image_bytes new = slots_rig_build("2", 3), old = slots_rig_build("1", 2);
    char version[33];

    (void)state;
    assert_int_equal(slots_rig_update(rig, &ota1, &new), UD_OK);
    assert_int_equal(slots_rig_boot(rig), OTA1);
    assert_int_equal(rig->fuse, 0); /* it might have to go back yet */
    assert_int_equal(ud_slots_confirm(&rig->slots), UD_OK);
    assert_int_equal(rig->fuse, 3);
    assert_int_equal(slots_rig_update(rig, &ota0, &old), UD_ERR_SECURITY);
    assert_string_equal(slots_rig_version(rig, OTA0, version), "1.0.0"); /* not erased */
    assert_int_equal(ud_slots_set_boot(&rig->slots, &ota0), UD_ERR_SECURITY);
    assert_string_equal(slots_rig_version(rig, OTA0, version), "1.0.0");
    bool can;
    assert_int_equal(ud_slots_can_go_back(&rig->slots, &can), UD_OK);
    assert_false(can);
    image_free(&new);
    image_free(&old);
    slots_rig_close(rig);
}

static void errors_have_their_numbers(void **state)
{
    static const struct {
        int error, number;
    } rows[] = {
        {UD_OK, 0},
        {UD_ERR_ARGUMENT, 0x102},
        {UD_ERR_STATE, 0x103},
        {UD_ERR_SPACE, 0x104},
        {UD_ERR_NOT_FOUND, 0x105},
        {UD_ERR_NO_SLOT, 0x106},
        {UD_ERR_CHIP, 0x10a},
        {UD_ERR_RUNNING, 0x1501},
        {UD_ERR_IMAGE, 0x1503},
        {UD_ERR_SECURITY, 0x1504},
        {UD_ERR_NO_WAY_BACK, 0x1505},
        {UD_ERR_UNCONFIRMED, 0x1506},
        {UD_ERR_BUSY, 0x1507},
        {UD_ERR_NO_RECORD, -1},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(rows); i++)
        assert_int_equal(ud_slots_error_number(rows[i].error), rows[i].number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_verifies_its_arguments),
        cmocka_unit_test(get_next_update_partition_logic),
        cmocka_unit_test(get_partition_description),
        cmocka_unit_test(switching_between_factory_ota0_ota1_ota0),
        cmocka_unit_test(switching_between_factory_ota0_corrupt_ota_sec1_factory),
        cmocka_unit_test(a_corrupt_ota_sec1_is_mended),
        cmocka_unit_test(switching_between_factory_ota0_ota1_corrupt_ota_sec2_ota0),
        cmocka_unit_test(sets_pin_factory_reset_factory),
        cmocka_unit_test(switching_between_factory_test_factory),
        cmocka_unit_test(rollback_factory_ota0_ota0_rollback_factory),
        cmocka_unit_test(rollback_factory_ota0_ota1_rollback_ota0),
        cmocka_unit_test(erase_last_boot_app_partition),
        cmocka_unit_test(using_write_with_offset),
        cmocka_unit_test(get_sha256_of_partition_refuses_a_damaged_image),
        cmocka_unit_test(updated_partition_is_invalidated_before_it_is_overwritten),
        cmocka_unit_test(two_updates_without_a_reboot_keep_the_running_slots_entry),
        cmocka_unit_test(update_of_a_data_partition_via_a_slot),
        cmocka_unit_test(update_of_bootloader),
        cmocka_unit_test(update_of_partition_table),
        cmocka_unit_test(a_reset_erases_the_settings_on_its_list),
        cmocka_unit_test(a_slot_takes_pieces_of_any_size),
        cmocka_unit_test(a_write_goes_on_where_it_was_left),
        cmocka_unit_test(what_is_not_for_this_chip_erases_nothing),
        cmocka_unit_test(what_is_not_whole_is_never_named),
        cmocka_unit_test(an_image_ends_within_its_partition),
        cmocka_unit_test(a_failed_erase_leaves_no_write_behind),
        cmocka_unit_test(the_test_program_is_no_slot),
        cmocka_unit_test(confirmed_is_what_runs),
        cmocka_unit_test(what_is_not_committed_does_not_start),
        cmocka_unit_test(both_slots_bad_and_no_factory_is_not_the_end),
        cmocka_unit_test(a_security_version_only_rises),
        cmocka_unit_test(errors_have_their_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
