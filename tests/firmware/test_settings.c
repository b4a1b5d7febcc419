/* What a device was told: what is written is read, nothing else is, and power that goes in
 * the middle of a save leaves what was told before.
 */
#include "firmware/settings.h"

#include "sim/nor.h"
#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHIP  0x400000u
#define SEEDS 40u

struct rig {
    struct nor *nor;
    struct power power;
    struct settings_place place;
    struct settings_record record;
    struct settings settings;
    uint32_t bytes[UD_FLASH_SECTOR / sizeof(uint32_t)];
    char text[SETTINGS_TEXT_MAX];
};

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    const struct nor_config config = {.size = CHIP, .rules = NOR_STRICT, .power = &rig->power};

    *state = rig;
    return nor_open(&rig->nor, &config) == 0 && settings_find_place(CHIP, &rig->place) == UD_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    const enum nor_fault fault = nor_fault(rig->nor);

    nor_close(rig->nor);
    free(rig);
    return fault == NOR_NO_FAULT ? 0 : -1;
}

static void load(struct rig *rig)
{
    assert_int_equal(
        settings_record_load(nor_flash(rig->nor), &rig->place, (uint8_t *)rig->bytes, &rig->record),
        UD_OK);
    settings_decode(&rig->record, &rig->settings);
}

static int save(struct rig *rig)
{
    return settings_record_save(nor_flash(rig->nor), &rig->place, &rig->record);
}

static int set(struct rig *rig, const char *name, const char *text)
{
    const struct settings_field *field = settings_field_named(name, (uint32_t)strlen(name));

    assert_non_null(field);
    return settings_set(&rig->record, field, text);
}

static const char *show(struct rig *rig, const char *name)
{
    settings_decode(&rig->record, &rig->settings);
    return settings_show(&rig->settings, settings_field_named(name, (uint32_t)strlen(name)),
                         rig->text);
}

static void store(struct rig *rig, const char *name, const char *text)
{
    load(rig);
    assert_int_equal(set(rig, name, text), UD_OK);
    assert_int_equal(save(rig), UD_OK);
    load(rig);
}

/* ---- Values ---- */

static const char digits_64[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void what_is_set_is_read_and_shown(void **state)
{
    static const char *const rows[][2] = {
        {"name", "kitchen-1"}, {"server", "http://10.0.2.2:8080/update"},
        {"poll", "3600"},      {"trial", "off"},
        {"patience", "0"},     {"uploads", "8266"},
        {"page", "80"},        {"user", "me"},
        {"sha256", "on"},      {"announce", "off"},
        {"manifest", "on"},    {"product", "coffee machine"},
        {"pin", digits_64},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        store(rig, rows[i][0], rows[i][1]);
        assert_string_equal(show(rig, rows[i][0]), rows[i][1]);
    }
    assert_string_equal(rig->settings.server, "http://10.0.2.2:8080/update");
    assert_int_equal(rig->settings.poll_s, 3600);
    assert_int_equal(rig->settings.waits_for_server, 0);
    assert_int_equal(rig->settings.page_port, 80);
    assert_int_equal(rig->settings.pin[31], 0xff);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(show(rig, rows[i][0]), rows[i][1]);
}

static void defaults_are_what_an_empty_text_gives_back(void **state)
{
    struct rig *rig = *state;

    load(rig);
    assert_int_equal(rig->record.length, 0);
    for (size_t i = 0; i < SETTINGS_FIELDS; i++) {
        const struct settings_field *field = &settings_fields[i];
        assert_string_equal(show(rig, field->name), field->initial);
        if (field->kind != SETTINGS_SWITCH)
            continue;
        assert_int_equal(set(rig, field->name, "on"), UD_OK);
        assert_int_equal(set(rig, field->name, ""), UD_OK);
        assert_string_equal(show(rig, field->name), field->initial);
    }
    assert_int_equal(rig->record.length, 0);
}

static void a_password_is_not_shown(void **state)
{
    struct rig *rig = *state;

    store(rig, "password", "open sesame");
    assert_string_equal(show(rig, "password"), "(set)");
    assert_string_equal(rig->settings.password, "open sesame");
}

static void values_that_make_no_sense_are_refused(void **state)
{
    static const char *const rows[][2] = {
        {"name", "under_score"},
        {"name", "-a"},
        {"name", "a-"},
        {"name", "two words"},
        {"server", "nowhere"},
        {"server", "ftp://x/"},
        {"poll", "0"},
        {"poll", "86401"},
        {"poll", "1x"},
        {"poll", "-1"},
        {"poll", "99999999999"},
        {"page", "65536"},
        {"trial", "maybe"},
        {"user", "a\nb"},
        {"pin", "00"},
        {"pin", "x0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
    };
    struct rig *rig = *state;
    char longer[SETTINGS_URL_MAX + 1];

    load(rig);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(set(rig, rows[i][0], rows[i][1]), UD_ERR_ARGUMENT);
    for (size_t i = 0; i < SETTINGS_FIELDS; i++) {
        if (settings_fields[i].kind > SETTINGS_LABEL)
            continue;
        memset(longer, 'x', settings_fields[i].room);
        longer[settings_fields[i].room] = '\0';
        assert_int_equal(settings_set(&rig->record, &settings_fields[i], longer), UD_ERR_ARGUMENT);
        longer[settings_fields[i].room - 1] = '\0';
        assert_int_equal(settings_set(&rig->record, &settings_fields[i], longer), UD_OK);
    }
    assert_null(settings_field_named("nam", 3));
    assert_null(settings_field_named("names", 5));
}

/* ---- Records ---- */

/* As the header draws it: other tools may write it. */
static void the_record_is_as_documented(void **state)
{
    static const uint8_t expected[] = {'U', 'S', 'E', 'T', 0, 0, 0,   0,   2, 0,    16,
                                       0,   0,   0,   0,   0, 3, 0,   4,   0, 0x10, 0x0e,
                                       0,   0,   1,   0,   2, 0, 'm', 'e', 0, 0};
    struct rig *rig = *state;
    uint8_t found[sizeof expected];

    load(rig);
    assert_int_equal(set(rig, "poll", "3600"), UD_OK);
    assert_int_equal(set(rig, "name", "me"), UD_OK);
    assert_int_equal(save(rig), UD_OK);
    memcpy(found, nor_bytes(rig->nor) + CHIP - 0x5000, sizeof found);
    assert_int_equal(ud_get_u32(found + 4), ud_crc32_reflected(0, found + 8, sizeof found - 8));
    memset(found + 4, 0, 4);
    assert_memory_equal(found, expected, sizeof expected);
    /* The next one goes to the other sector. */
    assert_int_equal(save(rig), UD_OK);
    assert_int_equal(ud_get_u32(nor_bytes(rig->nor) + rig->place.sectors[1] + 12), 1);
    assert_true(rig->place.sectors[1] < rig->place.key_ring);
    assert_int_equal(rig->place.sectors[1], rig->place.layout.fs_end);
}

static void keys_are_kept_beside_each_other(void **state)
{
    static const uint8_t key[300] = {0x30, 1, 2, 3};
    struct rig *rig = *state;
    struct settings_item item = {SETTINGS_KEY, 91, key};
    uint32_t offset = 0;

    load(rig);
    assert_int_equal(settings_record_add(&rig->record, &item), UD_OK);
    assert_int_equal(set(rig, "name", "me"), UD_OK);
    item.length = 294;
    assert_int_equal(settings_record_add(&rig->record, &item), UD_OK);
    assert_int_equal(save(rig), UD_OK);
    load(rig);
    assert_true(settings_record_next(&rig->record, &offset, &item));
    assert_int_equal(item.length, 91);
    assert_memory_equal(item.bytes, key, 91);
    settings_record_remove(&rig->record, SETTINGS_KEY);
    assert_false(settings_record_find(&rig->record, SETTINGS_KEY, &item));
    assert_string_equal(show(rig, "name"), "me");
    assert_int_equal(rig->record.length, 8);
}

static void a_record_that_is_full_takes_no_more(void **state)
{
    static const uint8_t bytes[SETTINGS_LIMIT];
    struct rig *rig = *state;
    struct settings_item item = {99, SETTINGS_LIMIT - 3, bytes};

    load(rig);
    assert_int_equal(settings_record_add(&rig->record, &item), UD_ERR_SPACE);
    item.length = SETTINGS_LIMIT - 4;
    assert_int_equal(settings_record_add(&rig->record, &item), UD_OK);
    assert_int_equal(set(rig, "poll", "9"), UD_ERR_SPACE);
    assert_int_equal(save(rig), UD_OK);
    load(rig);
    assert_int_equal(rig->record.length, SETTINGS_LIMIT);
}

static void any_bit_that_flips_is_noticed(void **state)
{
    struct rig *rig = *state;
    uint8_t *sector = nor_bytes(rig->nor) + rig->place.sectors[0];

    store(rig, "name", "kitchen");
    const size_t length = SETTINGS_HEAD + rig->record.length;
    for (size_t bit = 0; bit < 8 * length; bit++) {
        sector[bit / 8] ^= (uint8_t)(1 << bit % 8);
        load(rig);
        assert_int_equal(rig->record.length, 0);
        sector[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    load(rig);
    assert_string_equal(rig->settings.name, "kitchen");
}

/* Whoever can compute a CRC is believed no more for it. */
static void items_that_make_no_sense_count_as_absent(void **state)
{
    static const struct settings_item rows[] = {
        {SETTINGS_POLL, 3, (const uint8_t *)"\1\0\0"},
        {SETTINGS_POLL, 4, (const uint8_t *)"\0\0\0\0"},
        {SETTINGS_PAGE, 4, (const uint8_t *)"\0\0\1\0"},
        {SETTINGS_NAME, 3, (const uint8_t *)"a\0b"},
        {SETTINGS_NAME, 0, (const uint8_t *)""},
        {SETTINGS_PIN, 31, (const uint8_t *)digits_64},
        {77, 5, (const uint8_t *)"hello"},
    };
    struct rig *rig = *state;

    load(rig);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(settings_record_add(&rig->record, &rows[i]), UD_OK);
    assert_int_equal(save(rig), UD_OK);
    load(rig);
    for (size_t i = 0; i < SETTINGS_FIELDS; i++)
        assert_string_equal(show(rig, settings_fields[i].name), settings_fields[i].initial);
}

static void items_that_do_not_fill_the_record_are_none(void **state)
{
    struct rig *rig = *state;
    uint8_t *sector = nor_bytes(rig->nor) + rig->place.sectors[0];

    store(rig, "name", "kitchen");
    for (uint16_t length = 0; length <= 4096; length++) {
        ud_put_u16(sector + 10, length);
        ud_put_u32(sector + 4, ud_crc32_reflected(0, sector + 8, 8u + (length % 4080u)));
        load(rig);
        assert_true(rig->record.length == 0 || length == 12 || length == 0);
    }
}

/* ---- Power ---- */

static void check_cut(struct rig *rig, const struct cut_plan *plan)
{
    char id[CUT_ID_MAX];

    load(rig);
    const char *old = rig->settings.poll_s == 111 ? "111" : "222";
    const char *new = rig->settings.poll_s == 111 ? "222" : "111";
    assert_int_equal(set(rig, "poll", new), UD_OK);
    power_on(&rig->power, plan, NULL);
    const int error = save(rig);
    power_on(&rig->power, NULL, NULL);
    load(rig);
    const char *found = show(rig, "poll");
    if (strcmp(found, old) != 0 && strcmp(found, new) != 0)
        fail_msg("cut %s: poll is %s", cut_print(plan, id), found);
    assert_string_equal(show(rig, "name"), "kitchen");
    if (error == UD_OK)
        assert_string_equal(show(rig, "poll"), new);
}

static void power_cuts_leave_the_old_settings_or_the_new(void **state)
{
    struct rig *rig = *state;

    store(rig, "name", "kitchen");
    store(rig, "poll", "111");
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        for (uint64_t operation = 1; operation <= 3; operation++) {
            check_cut(rig, &(struct cut_plan){operation, CUT_BEFORE, 0, false});
            check_cut(rig, &(struct cut_plan){operation, CUT_TORN, seed, false});
            check_cut(rig, &(struct cut_plan){operation, CUT_AFTER, 0, false});
        }
    }
}

static void flash_that_fails_is_reported(void **state)
{
    struct rig *rig = *state;

    store(rig, "name", "kitchen");
    nor_fail(rig->nor, NOR_READ, 1);
    assert_int_equal(
        settings_record_load(nor_flash(rig->nor), &rig->place, (uint8_t *)rig->bytes, &rig->record),
        UD_ERR_FLASH_READ);
    load(rig);
    nor_fail(rig->nor, NOR_ERASE, 1);
    assert_int_equal(save(rig), UD_ERR_FLASH_ERASE);
    nor_fail(rig->nor, NOR_PROGRAM, 1);
    assert_int_equal(save(rig), UD_ERR_FLASH_WRITE);
    load(rig);
    assert_string_equal(rig->settings.name, "kitchen");
}

static void every_chip_has_a_place(void **state)
{
    struct settings_place place;

    (void)state;
    for (uint32_t size = 0x80000; size <= 0x1000000; size *= 2) {
        assert_int_equal(settings_find_place(size, &place), UD_OK);
        assert_int_equal(place.sectors[0], size - 0x5000);
        assert_true(place.sectors[1] + SETTINGS_RESERVED <= size - 0x5000);
        assert_true(place.layout.fs_start < place.layout.fs_end);
    }
    assert_int_equal(settings_find_place(0x300000, &place), UD_ERR_ARGUMENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_read_and_shown),
        TEST(defaults_are_what_an_empty_text_gives_back),
        TEST(a_password_is_not_shown),
        TEST(values_that_make_no_sense_are_refused),
        TEST(the_record_is_as_documented),
        TEST(keys_are_kept_beside_each_other),
        TEST(a_record_that_is_full_takes_no_more),
        TEST(any_bit_that_flips_is_noticed),
        TEST(items_that_make_no_sense_count_as_absent),
        TEST(items_that_do_not_fill_the_record_are_none),
        TEST(power_cuts_leave_the_old_settings_or_the_new),
        TEST(flash_that_fails_is_reported),
        TEST(every_chip_has_a_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
