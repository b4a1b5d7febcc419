/* OTA data: entries to the byte, which one decides, where the next one goes; and
 * every change with power going away at every operation, before, in and after. */
#include "device/port/bearssl/digest.h"
#include "ram_flash.h"
#include "sim/nor.h"
#include "updraft/otadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS    0x2000u
#define FLASH_SIZE 0x10000u
#define TEARS      40u /* of each operation */
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

/* ---- Entries ---- */

static void the_known_crcs(void **state)
{
    static const uint32_t crcs[] = {0xffffffff, 0x4743989a, 0x55f63774,
                                    0xed4a5011, 0x709d68a8, 0xc8210fcd};

    (void)state;
    for (uint32_t seq = 0; seq < SIZE(crcs); seq++)
        assert_int_equal(ud_otadata_crc(seq), crcs[seq]);
}

static void the_known_files(void **state)
{
    static const struct {
        const char *name;
        uint32_t seqs[2];
    } cases[] = {{"otadata-0.bin", {1, 0}}, {"otadata-01.bin", {1, 2}}};

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        uint8_t found[2 * UD_FLASH_SECTOR], made[2 * UD_FLASH_SECTOR];
        char path[256];

        snprintf(path, sizeof path, TEST_VECTORS "/slots/%s", cases[i].name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(found, 1, sizeof found, file), sizeof found);
        fclose(file);
        memset(made, 0xff, sizeof made);
        for (uint32_t e = 0; e < 2; e++)
            if (cases[i].seqs[e] != 0)
                ud_otadata_encode(cases[i].seqs[e], UD_OTA_UNDEFINED, made + e * UD_FLASH_SECTOR);
        assert_memory_equal(found, made, sizeof made);
    }
}

static void an_entry_is_a_number_with_its_crc(void **state)
{
    uint8_t bytes[UD_OTADATA_ENTRY];

    (void)state;
    ud_otadata_encode(7, UD_OTA_PENDING, bytes);
    struct ud_otadata_entry entry = ud_otadata_decode(bytes);
    assert_true(entry.is_sound);
    assert_int_equal(entry.seq, 7);
    assert_int_equal(entry.state, UD_OTA_PENDING);
    for (uint32_t bit = 0; bit < 8 * UD_OTADATA_ENTRY; bit++) {
        const bool is_covered = bit < 8 * 4 || bit >= 8 * 28;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ud_otadata_decode(bytes).is_sound, !is_covered);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    memset(bytes, 0xff, sizeof bytes);
    assert_false(ud_otadata_decode(bytes).is_sound);
    memset(bytes, 0, 4); /* has the right CRC */
    assert_false(ud_otadata_decode(bytes).is_sound);
}

/* ---- Choosing ---- */

static struct ud_otadata_entry made(uint32_t seq, enum ud_ota_state state)
{
    return (struct ud_otadata_entry){seq, state, seq != UD_OTADATA_EMPTY, false};
}

static void the_higher_number_that_can_start_decides(void **state)
{
    const uint32_t none = UD_OTADATA_EMPTY;
    const struct {
        struct ud_otadata_entry one, other;
        int active;
    } cases[] = {
        {made(none, -1), made(none, -1), -1},
        {made(1, -1), made(none, -1), 0},
        {made(none, -1), made(1, -1), 1},
        {made(1, -1), made(2, -1), 1},
        {made(3, -1), made(2, -1), 0},
        {made(2, -1), made(2, -1), 0},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_ABORTED), 0},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_INVALID), 0},
        {made(1, UD_OTA_ABORTED), made(2, UD_OTA_INVALID), -1},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_NEW), 1},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_PENDING), 1},
        {made(0xfffffffe, UD_OTA_VALID), made(2, UD_OTA_VALID), 0},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct ud_otadata otadata = {{cases[i].one, cases[i].other}};
        assert_int_equal(ud_otadata_active(&otadata), cases[i].active);
    }
}

static void the_next_entry_spares_the_last_good_one(void **state)
{
    const uint32_t none = UD_OTADATA_EMPTY, top = 0xfffffffe;
    const struct {
        struct ud_otadata_entry one, other;
        uint32_t slot, slots;
        struct ud_otadata_choice expected;
    } cases[] = {
        {made(none, -1), made(none, -1), 0, 2, {0, 1, false}},
        {made(none, -1), made(none, -1), 1, 2, {0, 2, false}},
        {made(1, -1), made(none, -1), 1, 2, {1, 2, false}},
        {made(1, -1), made(2, -1), 0, 2, {0, 3, false}},
        {made(3, -1), made(2, -1), 1, 2, {1, 4, false}},
        {made(1, -1), made(2, -1), 1, 2, {1, 2, false}}, /* selected already */
        {made(1, -1), made(2, UD_OTA_NEW), 1, 2, {1, 2, false}},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_NEW), 2, 3, {1, 3, false}},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_PENDING), 0, 2, {1, 3, false}},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_ABORTED), 1, 2, {1, 2, false}},
        {made(5, UD_OTA_ABORTED), made(4, UD_OTA_VALID), 0, 2, {0, 5, false}},
        {made(1, UD_OTA_NEW), made(none, -1), 1, 2, {1, 2, false}},
        {made(1, UD_OTA_VALID), made(none, -1), 0, 1, {0, 1, false}},
        {made(7, UD_OTA_VALID), made(6, UD_OTA_VALID), 3, 16, {1, 20, false}},
        {made(7, UD_OTA_VALID), made(6, UD_OTA_VALID), 5, 16, {1, 22, false}},
        {made(top, UD_OTA_VALID), made(1, UD_OTA_VALID), 0, 2, {1, 1, true}},
        {made(top, UD_OTA_VALID), made(1, UD_OTA_VALID), 1, 2, {0, top, false}},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct ud_otadata otadata = {{cases[i].one, cases[i].other}};
        const struct ud_otadata_choice choice =
            ud_otadata_choose(&otadata, cases[i].slot, cases[i].slots);

        print_message("case %zu\n", i);
        assert_int_equal(choice.index, cases[i].expected.index);
        assert_int_equal(choice.seq, cases[i].expected.seq);
        assert_int_equal(choice.drops_other, cases[i].expected.drops_other);
        assert_int_equal(ud_otadata_slot(choice.seq, cases[i].slots), cases[i].slot);
    }
}

/* ---- Changes in flash ---- */

struct rig {
    struct power power;
    struct nor *nor;
    const struct ud_flash *flash;
};

static int open_rig(void **state)
{
    static struct rig rig;
    const struct nor_config config = {.size = FLASH_SIZE, .rules = NOR_STRICT, .power = &rig.power};

    power_on(&rig.power, NULL, NULL);
    if (nor_open(&rig.nor, &config) != 0)
        return -1;
    rig.flash = nor_flash(rig.nor);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    nor_close(((struct rig *)*state)->nor);
    return 0;
}

static void fill(struct rig *rig, const struct ud_otadata_entry entries[2])
{
    uint8_t *bytes = nor_bytes(rig->nor) + ADDRESS;

    memset(nor_bytes(rig->nor), 0xff, FLASH_SIZE);
    for (int i = 0; i < 2; i++)
        if (entries[i].is_sound)
            ud_otadata_encode(entries[i].seq, entries[i].state,
                              bytes + (uint32_t)i * UD_FLASH_SECTOR);
}

static struct ud_otadata load(const struct rig *rig)
{
    struct ud_otadata otadata;

    assert_int_equal(ud_otadata_load(rig->flash, ADDRESS, &otadata), UD_OK);
    return otadata;
}

static bool is_same(const struct ud_otadata_entry *one, const struct ud_otadata_entry *other)
{
    return one->is_sound == other->is_sound &&
           (!one->is_sound || (one->seq == other->seq && one->state == other->state));
}

static bool are_same(const struct ud_otadata *one, const struct ud_otadata *other)
{
    return is_same(&one->entries[0], &other->entries[0]) &&
           is_same(&one->entries[1], &other->entries[1]);
}

/* The n-th change: entry n % 2 in turn, or one of the two over and over. */
struct change {
    int index;
    uint32_t seq;
    enum ud_ota_state state;
};

static int apply(struct rig *rig, const struct change *change)
{
    if (change->seq == UD_OTADATA_EMPTY)
        return ud_otadata_drop(rig->flash, ADDRESS, change->index);
    return ud_otadata_replace(rig->flash, ADDRESS, change->index, change->seq, change->state);
}

static struct ud_otadata after(struct ud_otadata otadata, const struct change *change)
{
    otadata.entries[change->index] = made(change->seq, change->state);
    return otadata;
}

/* In its place, as a reader that knows of no notes sees it. */
static void assert_mended(struct rig *rig, const struct ud_otadata *expected)
{
    assert_int_equal(ud_otadata_mend(rig->flash, ADDRESS), UD_OK);
    for (int i = 0; i < 2; i++) {
        const struct ud_otadata_entry entry =
            ud_otadata_decode(nor_bytes(rig->nor) + ADDRESS + (uint32_t)i * UD_FLASH_SECTOR);
        assert_true(is_same(&entry, &expected->entries[i]));
    }
}

/* Cuts the change at every operation, and its repetition at every operation again. */
static void cut_everywhere(struct rig *rig, const struct change *change)
{
    static uint8_t before[FLASH_SIZE];
    const struct ud_otadata old = load(rig), new = after(old, change);

    memcpy(before, nor_bytes(rig->nor), sizeof before);
    power_on(&rig->power, NULL, NULL);
    assert_int_equal(apply(rig, change), UD_OK);
    const uint64_t operations = rig->power.operations;
    const struct ud_otadata whole = load(rig);
    assert_true(are_same(&whole, &new));
    for (uint64_t n = 0; n < operations * (TEARS + 2); n++) {
        const struct cut_plan plan = {
            .operation = 1 + n / (TEARS + 2),
            .phase = n % (TEARS + 2) == 0   ? CUT_BEFORE
                     : n % (TEARS + 2) == 1 ? CUT_AFTER
                                            : CUT_TORN,
            .seed = (uint32_t)n,
        };
        memcpy(nor_bytes(rig->nor), before, sizeof before);
        power_on(&rig->power, &plan, NULL);
        (void)!apply(rig, change);
        power_on(&rig->power, NULL, NULL);
        struct ud_otadata found = load(rig);
        assert_true(are_same(&found, &old) || are_same(&found, &new));
        const struct cut_plan again = {1 + n % operations, CUT_TORN, (uint32_t)n, false};
        power_on(&rig->power, &again, NULL);
        (void)!ud_otadata_mend(rig->flash, ADDRESS);
        power_on(&rig->power, NULL, NULL);
        const struct ud_otadata healed = load(rig);
        assert_true(are_same(&found, &healed));
        assert_mended(rig, &found);
        assert_int_equal(apply(rig, change), UD_OK);
        found = load(rig);
        assert_true(are_same(&found, &new));
    }
}

static void a_cut_change_is_done_or_not_begun(void **state)
{
    const uint32_t none = UD_OTADATA_EMPTY;
    const struct ud_otadata_entry starts[][2] = {
        {made(none, -1), made(none, -1)},
        {made(1, UD_OTA_VALID), made(none, -1)},
        {made(1, UD_OTA_VALID), made(2, UD_OTA_PENDING)},
        {made(3, UD_OTA_VALID), made(2, UD_OTA_VALID)},
    };
    const struct change changes[] = {
        {0, 5, UD_OTA_NEW},          {1, 2, UD_OTA_VALID},        {1, 2, UD_OTA_INVALID},
        {0, none, UD_OTA_UNDEFINED}, {1, none, UD_OTA_UNDEFINED}, {0, 1, UD_OTA_UNDEFINED},
    };
    struct rig *rig = *state;

    for (size_t s = 0; s < SIZE(starts); s++)
        for (size_t c = 0; c < SIZE(changes); c++) {
            fill(rig, starts[s]);
            cut_everywhere(rig, &changes[c]);
        }
}

/* One change after the other, each of them cut, on flash as the one before left it. */
static void so_is_each_of_a_series(void **state)
{
    const struct ud_otadata_entry blank[2] = {made(UD_OTADATA_EMPTY, -1),
                                              made(UD_OTADATA_EMPTY, -1)};
    const struct change series[] = {
        {0, 1, UD_OTA_NEW},
        {0, 1, UD_OTA_PENDING},
        {0, 1, UD_OTA_VALID},
        {1, 2, UD_OTA_NEW},
        {1, 2, UD_OTA_PENDING},
        {1, 2, UD_OTA_ABORTED},
        {1, UD_OTADATA_EMPTY, UD_OTA_UNDEFINED},
        {1, 2, UD_OTA_NEW},
        {1, 2, UD_OTA_PENDING},
        {1, 2, UD_OTA_VALID},
        {0, 3, UD_OTA_NEW},
    };
    struct rig *rig = *state;

    fill(rig, blank);
    for (size_t i = 0; i < SIZE(series); i++)
        cut_everywhere(rig, &series[i]);
}

/* Power cut in the middle of each operation, and then the other entry is changed by
 * one who has put nothing back: what a note alone knew is not lost with its sector. */
static void a_change_of_the_other_entry_loses_none(void **state)
{
    const struct ud_otadata_entry entries[2] = {made(1, UD_OTA_VALID), made(2, UD_OTA_PENDING)};
    const struct change first = {1, 2, UD_OTA_VALID}, second = {0, 3, UD_OTA_NEW};
    struct rig *rig = *state;

    for (uint32_t n = 0; n < 6 * TEARS; n++) {
        const struct cut_plan plan = {1 + n / TEARS, CUT_TORN, n, false};
        fill(rig, entries);
        power_on(&rig->power, &plan, NULL);
        (void)!apply(rig, &first);
        power_on(&rig->power, NULL, NULL);
        const struct ud_otadata cut = load(rig), expected = after(cut, &second);
        assert_int_equal(apply(rig, &second), UD_OK);
        const struct ud_otadata found = load(rig);
        assert_true(are_same(&found, &expected));
    }
}

/* Number and CRC may be there yet while the state between them is gone. */
static void a_half_erased_entry_is_none(void **state)
{
    const struct ud_otadata_entry entries[2] = {made(1, UD_OTA_VALID), made(2, UD_OTA_PENDING)};
    const struct change change = {1, 2, UD_OTA_INVALID};
    struct rig *rig = *state;

    /* The second operation ends the entry, the third erases its sector. */
    for (uint32_t seed = 0; seed < 60000; seed++) {
        const struct cut_plan plan = {2 + seed % 2, CUT_TORN, seed, false};
        fill(rig, entries);
        power_on(&rig->power, &plan, NULL);
        (void)!apply(rig, &change);
        assert_true(rig->power.is_off);
        power_on(&rig->power, NULL, NULL);
        const struct ud_otadata found = load(rig), wanted = after(found, &change);
        assert_true(are_same(&found, &wanted));
    }
}

/* A thousand failed updates: one sector is written again and again, and the notes
 * about it fill the other. */
static void notes_never_run_out_of_room(void **state)
{
    struct rig *rig = *state;
    const struct ud_otadata_entry entries[2] = {made(1, UD_OTA_VALID), made(UD_OTADATA_EMPTY, -1)};

    fill(rig, entries);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct change change = {1, 2, (enum ud_ota_state)(i % 4)};
        assert_int_equal(apply(rig, &change), UD_OK);
        const struct ud_otadata found = load(rig);
        assert_true(is_same(&found.entries[0], &entries[0]));
    }
    assert_true(nor_wear(rig->nor, ADDRESS) < 10);
}

static void nor_does_a_cut_lose_any_when_there_is_none(void **state)
{
    struct rig *rig = *state;
    const struct ud_otadata_entry entries[2] = {made(1, UD_OTA_VALID), made(UD_OTADATA_EMPTY, -1)};
    const uint8_t *last_note = nor_bytes(rig->nor) + ADDRESS + UD_FLASH_SECTOR - UD_OTADATA_NOTE;
    uint32_t i = 0;

    fill(rig, entries);
    for (; *last_note == 0xff; i++)
        assert_int_equal(apply(rig, &(struct change){1, 2, (enum ud_ota_state)(i % 4)}), UD_OK);
    assert_int_equal(i, (UD_FLASH_SECTOR - UD_OTADATA_ENTRY) / UD_OTADATA_NOTE);
    cut_everywhere(rig, &(struct change){1, 2, (enum ud_ota_state)(i % 4)});
}

/* Notes of nobody's in both sectors, to the last byte, behind entries or without any. */
static void rubbish_is_no_obstacle(void **state)
{
    const struct ud_otadata_entry entries[2] = {made(1, UD_OTA_VALID), made(2, UD_OTA_VALID)};
    struct rig *rig = *state;

    for (int has_entries = 0; has_entries < 2; has_entries++) {
        fill(rig, entries);
        for (uint32_t i = 0; i < 2; i++) {
            uint8_t *sector = nor_bytes(rig->nor) + ADDRESS + i * UD_FLASH_SECTOR;
            const uint32_t from = has_entries ? UD_OTADATA_ENTRY : 0;
            memset(sector + from, 0x5a, UD_FLASH_SECTOR - from);
        }
        assert_int_equal(ud_otadata_select(rig->flash, ADDRESS, 0, 2, UD_OTA_NEW), UD_OK);
        const struct ud_otadata found = load(rig);
        const int active = ud_otadata_active(&found);
        assert_true(active >= 0);
        assert_int_equal(ud_otadata_slot(found.entries[active].seq, 2), 0);
        assert_int_equal(found.entries[active].state, UD_OTA_NEW);
    }
}

static void select_and_erase_come_to_what_was_wanted(void **state)
{
    struct rig *rig = *state;
    const struct ud_otadata_entry blank[2] = {made(UD_OTADATA_EMPTY, -1),
                                              made(UD_OTADATA_EMPTY, -1)};
    const struct ud_otadata_entry top[2] = {made(0xfffffffe, UD_OTA_VALID), made(2, UD_OTA_VALID)};

    fill(rig, blank);
    for (uint32_t i = 0; i < 20; i++) {
        const uint32_t slot = i * 7 % 3;
        assert_int_equal(
            ud_otadata_select(rig->flash, ADDRESS, slot, 3, (enum ud_ota_state)(i % 3)), UD_OK);
        const struct ud_otadata found = load(rig);
        const int active = ud_otadata_active(&found);
        assert_true(active >= 0);
        assert_int_equal(ud_otadata_slot(found.entries[active].seq, 3), slot);
        assert_int_equal(found.entries[active].state, i % 3);
    }
    assert_int_equal(ud_otadata_erase(rig->flash, ADDRESS), UD_OK);
    struct ud_otadata found = load(rig);
    assert_int_equal(ud_otadata_active(&found), -1);
    fill(rig, top);
    assert_int_equal(ud_otadata_select(rig->flash, ADDRESS, 0, 2, UD_OTA_VALID), UD_OK);
    found = load(rig);
    assert_int_equal(ud_otadata_active(&found), 1);
    assert_int_equal(found.entries[1].seq, 1);
}

static void faults_of_flash_are_reported(void **state)
{
    struct ram_flash flash;

    (void)state;
    assert_int_equal(ram_flash_init(&flash, FLASH_SIZE), 0);
    assert_int_equal(ud_otadata_select(&flash.port, ADDRESS, 0, 2, UD_OTA_NEW), UD_OK);
    for (uint32_t i = 1; i <= flash.programs; i++) {
        flash.programs = 0;
        flash.fail_program = i;
        assert_int_equal(ud_otadata_select(&flash.port, ADDRESS, 1, 2, UD_OTA_NEW),
                         UD_ERR_FLASH_WRITE);
        flash.fail_program = 0;
    }
    flash.erases = 0;
    flash.fail_erase = 1;
    assert_int_equal(ud_otadata_erase(&flash.port, ADDRESS), UD_ERR_FLASH_ERASE);
    flash.reads = 0;
    flash.fail_read = 1;
    assert_int_equal(ud_otadata_mend(&flash.port, ADDRESS), UD_ERR_FLASH_READ);
    ram_flash_free(&flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_crcs),
        cmocka_unit_test(the_known_files),
        cmocka_unit_test(an_entry_is_a_number_with_its_crc),
        cmocka_unit_test(the_higher_number_that_can_start_decides),
        cmocka_unit_test(the_next_entry_spares_the_last_good_one),
        cmocka_unit_test_setup_teardown(a_cut_change_is_done_or_not_begun, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(so_is_each_of_a_series, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_change_of_the_other_entry_loses_none, open_rig,
                                        close_rig),
        cmocka_unit_test_setup_teardown(a_half_erased_entry_is_none, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(notes_never_run_out_of_room, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(nor_does_a_cut_lose_any_when_there_is_none, open_rig,
                                        close_rig),
        cmocka_unit_test_setup_teardown(rubbish_is_no_obstacle, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(select_and_erase_come_to_what_was_wanted, open_rig,
                                        close_rig),
        cmocka_unit_test(faults_of_flash_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
