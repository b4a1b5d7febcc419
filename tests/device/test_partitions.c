/* The partition table: known bytes, every rule of both of ESP-IDF's readers, and
 * where they disagree, what neither can mistake. */
#include "device/port/bearssl/digest.h"
#include "ram_flash.h"
#include "updraft/partitions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE 0x400000u
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

struct rig {
    struct ram_flash flash;
    uint8_t *table; /* in it */
    uint32_t rows;
};

static int open_flash(void **state)
{
    static struct rig rig;

    memset(&rig, 0, sizeof rig);
    if (ram_flash_init(&rig.flash, FLASH_SIZE) != 0)
        return -1;
    rig.table = rig.flash.bytes + UD_PARTITIONS_OFFSET;
    *state = &rig;
    return 0;
}

static int close_flash(void **state)
{
    ram_flash_free(&((struct rig *)*state)->flash);
    return 0;
}

static void read_vector(uint8_t *table)
{
    FILE *file = fopen(TEST_VECTORS "/slots/table.bin", "rb");

    assert_non_null(file);
    assert_int_equal(fread(table, 1, UD_PARTITIONS_LENGTH, file), UD_PARTITIONS_LENGTH);
    fclose(file);
}

/* ---- Making tables ---- */

static uint8_t *row_at(struct rig *rig, uint32_t row)
{
    return rig->table + row * UD_PARTITION_RECORD;
}

static void add(struct rig *rig, uint8_t type, uint8_t subtype, uint32_t offset, uint32_t size)
{
    const struct ud_partition partition = {type, subtype, offset, size, 0, "row"};

    ud_partition_encode(&partition, row_at(rig, rig->rows++));
}

static void add_md5(struct rig *rig)
{
    uint8_t *row = row_at(rig, rig->rows);
    struct ud_digest digest;

    memset(row, 0xff, UD_PARTITION_RECORD);
    memset(row, 0xeb, 2);
    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, rig->table, rig->rows * UD_PARTITION_RECORD);
    ud_digest_end(&digest, row + 16);
    rig->rows++;
}

static void restart(struct rig *rig)
{
    memset(rig->table, 0xff, UD_FLASH_SECTOR);
    rig->rows = 0;
}

static int judged(struct rig *rig)
{
    struct ud_partitions table;

    return ud_partitions_open(&table, &rig->flash.port, UD_PARTITIONS_OFFSET, &ud_md5);
}

static int judged_with_md5(struct rig *rig)
{
    add_md5(rig);
    return judged(rig);
}

/* ---- Tests ---- */

static void the_known_table_is_read(void **state)
{
    static const struct {
        const char *label;
        uint8_t type, subtype;
        uint32_t offset, size;
    } rows[] = {
        {"nvs", 1, 2, 0x9000, 0x4000},          {"otadata", 1, 0, 0xd000, 0x2000},
        {"phy_init", 1, 1, 0xf000, 0x1000},     {"factory", 0, 0, 0x10000, 0x100000},
        {"ota_0", 0, 0x10, 0x110000, 0x100000}, {"ota_1", 0, 0x11, 0x210000, 0x100000},
    };
    struct rig *rig = *state;
    struct ud_partitions table;
    struct ud_partition partition;
    uint32_t slots;

    read_vector(rig->table);
    assert_int_equal(ud_partitions_open(&table, &rig->flash.port, UD_PARTITIONS_OFFSET, &ud_md5),
                     UD_OK);
    assert_true(table.has_md5);
    assert_int_equal(table.count, SIZE(rows));
    for (uint32_t i = 0; i < SIZE(rows); i++) {
        assert_int_equal(ud_partitions_get(&table, i, &partition), UD_OK);
        assert_string_equal(partition.label, rows[i].label);
        assert_int_equal(partition.type, rows[i].type);
        assert_int_equal(partition.subtype, rows[i].subtype);
        assert_int_equal(partition.offset, rows[i].offset);
        assert_int_equal(partition.size, rows[i].size);
        assert_int_equal(partition.flags, 0);
    }
    assert_int_equal(ud_partitions_get(&table, SIZE(rows), &partition), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_partitions_find(&table, UD_TYPE_APP, 0x11, &partition), UD_OK);
    assert_int_equal(partition.offset, 0x210000);
    assert_int_equal(ud_partitions_find(&table, UD_TYPE_APP, 0x12, &partition), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_partitions_slots(&table, &slots), UD_OK);
    assert_int_equal(slots, 2);
}

static void what_is_decoded_encodes_to_the_same_bytes(void **state)
{
    struct rig *rig = *state;
    uint8_t record[UD_PARTITION_RECORD];
    struct ud_partition partition;

    read_vector(rig->table);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(ud_partition_decode(row_at(rig, i), &partition), UD_RECORD_PARTITION);
        ud_partition_encode(&partition, record);
        assert_memory_equal(record, row_at(rig, i), sizeof record);
    }
    memcpy(row_at(rig, 0) + 12, "0123456789abcdef", 16); /* not terminated */
    row_at(rig, 0)[28] = UD_PARTITION_ENCRYPTED | UD_PARTITION_READ_ONLY;
    assert_int_equal(ud_partition_decode(row_at(rig, 0), &partition), UD_RECORD_PARTITION);
    assert_string_equal(partition.label, "0123456789abcdef");
    assert_int_equal(partition.flags, 3);
    ud_partition_encode(&partition, record);
    assert_memory_equal(record, row_at(rig, 0), sizeof record);
}

/* Of the rows, the MD5 and the beginning of the end. */
static void no_bit_may_be_wrong(void **state)
{
    struct rig *rig = *state;

    read_vector(rig->table);
    for (uint32_t bit = 0; bit < 8 * 8 * UD_PARTITION_RECORD; bit++) {
        rig->table[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(judged(rig), UD_OK);
        rig->table[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(judged(rig), UD_OK);
}

static void a_table_without_md5_is_taken_where_none_is_asked_for(void **state)
{
    struct rig *rig = *state;
    struct ud_partitions table;

    restart(rig);
    add(rig, UD_TYPE_APP, UD_APP_FACTORY, 0x10000, 0x10000);
    assert_int_equal(judged(rig), UD_ERR_NOT_FOUND);
    assert_int_equal(ud_partitions_open(&table, &rig->flash.port, UD_PARTITIONS_OFFSET, NULL),
                     UD_OK);
    assert_false(table.has_md5);
    add_md5(rig);
    rig->table[UD_PARTITION_RECORD + 16] ^= 1;
    assert_int_equal(judged(rig), UD_ERR_TABLE);
    assert_int_equal(ud_partitions_open(&table, &rig->flash.port, UD_PARTITIONS_OFFSET, NULL),
                     UD_OK);
    assert_true(table.has_md5);
}

static void what_is_behind_the_md5_is_no_part_of_a_table(void **state)
{
    struct rig *rig = *state;

    restart(rig);
    add(rig, UD_TYPE_APP, UD_APP_FACTORY, 0x10000, 0x10000);
    add_md5(rig);
    add(rig, UD_TYPE_DATA, UD_DATA_NVS, 0x9000, 0x1000);
    assert_int_equal(judged(rig), UD_ERR_TABLE);
    rig->rows--;
    add_md5(rig);
    assert_int_equal(judged(rig), UD_ERR_TABLE);
}

static void a_table_needs_an_end_and_a_beginning(void **state)
{
    struct rig *rig = *state;

    restart(rig);
    assert_int_equal(judged(rig), UD_ERR_TABLE);
    for (uint32_t i = 0; i < 95; i++)
        add(rig, 0x40, (uint8_t)i, 0x10000 + i * 0x1000, 0x1000);
    assert_int_equal(judged_with_md5(rig), UD_ERR_TABLE); /* all 96 taken */
    restart(rig);
    for (uint32_t i = 0; i < 94; i++)
        add(rig, 0x40, (uint8_t)i, 0x10000 + i * 0x1000, 0x1000);
    assert_int_equal(judged_with_md5(rig), UD_OK);
}

static void a_partition_ends_with_flash_at_the_latest(void **state)
{
    struct rig *rig = *state;
    static const struct {
        uint32_t offset, size;
        int expected;
    } cases[] = {
        {FLASH_SIZE - 0x1000, 0x1000, UD_OK},         {FLASH_SIZE - 0x1000, 0x1001, UD_ERR_SPACE},
        {FLASH_SIZE, 0x1000, UD_ERR_SPACE},           {0x10000, UINT32_MAX, UD_ERR_SPACE},
        {UINT32_MAX & ~0xfffu, 0x2000, UD_ERR_SPACE},
    };

    for (size_t i = 0; i < SIZE(cases); i++) {
        restart(rig);
        add(rig, UD_TYPE_DATA, UD_DATA_SPIFFS, cases[i].offset, cases[i].size);
        assert_int_equal(judged_with_md5(rig), cases[i].expected);
    }
}

static void contradictions_are_refused(void **state)
{
    static const struct {
        const char *what;
        struct ud_partition one, other;
        int expected;
    } cases[] = {
        {"beside each other", {0, 0x10, 0x10000, 0x10000}, {0, 0x11, 0x20000, 0x10000}, UD_OK},
        {"overlap", {0, 0x10, 0x10000, 0x20000}, {0, 0x11, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"inside", {1, 0x82, 0x20000, 0x1000}, {0, 0x10, 0x10000, 0x20000}, UD_ERR_TABLE},
        {"two slots 0", {0, 0x10, 0x10000, 0x10000}, {0, 0x10, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"two factories", {0, 0, 0x10000, 0x10000}, {0, 0, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"two OTA data", {1, 0, 0x9000, 0x2000}, {1, 0, 0xb000, 0x2000}, UD_ERR_TABLE},
        {"two settings", {1, 2, 0x9000, 0x2000}, {1, 2, 0xb000, 0x2000}, UD_OK},
        {"a gap", {0, 0x10, 0x10000, 0x10000}, {0, 0x12, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"no slot 0", {0, 0x11, 0x10000, 0x10000}, {0, 0x12, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"15 and 0", {0, 0x1f, 0x10000, 0x10000}, {0, 0x10, 0x20000, 0x10000}, UD_ERR_TABLE},
        {"test is no slot", {0, 0x20, 0x10000, 0x10000}, {0, 0x10, 0x20000, 0x10000}, UD_OK},
        {"app off", {0, 0x10, 0x11000, 0x10000}, {1, 2, 0x9000, 0x1000}, UD_ERR_TABLE},
        {"app size", {0, 0x10, 0x10000, 0x10800}, {1, 2, 0x9000, 0x1000}, UD_ERR_TABLE},
        {"data size", {1, 2, 0x9000, 0x1234}, {1, 2, 0xb000, 0x1000}, UD_OK},
        {"OTA data size", {1, 0, 0x9000, 0x1000}, {1, 2, 0xb000, 0x1000}, UD_ERR_TABLE},
        {"over the table", {1, 2, 0x8000, 0x1000}, {1, 2, 0xb000, 0x1000}, UD_ERR_TABLE},
        {"the table itself", {3, 0, 0x8000, 0x1000}, {2, 0, 0x1000, 0x7000}, UD_OK},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct ud_partition *one = &cases[i].one, *other = &cases[i].other;

        print_message("%s\n", cases[i].what);
        restart(rig);
        add(rig, one->type, one->subtype, one->offset, one->size);
        add(rig, other->type, other->subtype, other->offset, other->size);
        assert_int_equal(judged_with_md5(rig), cases[i].expected);
        restart(rig);
        add(rig, other->type, other->subtype, other->offset, other->size);
        add(rig, one->type, one->subtype, one->offset, one->size);
        assert_int_equal(judged_with_md5(rig), cases[i].expected);
    }
}

static void all_sixteen_slots_count(void **state)
{
    struct rig *rig = *state;
    struct ud_partitions table;
    uint32_t slots;

    restart(rig);
    for (uint32_t i = 0; i <= UD_MAX_SLOTS; i++) /* the test program follows the last */
        add(rig, UD_TYPE_APP, (uint8_t)(UD_APP_OTA_0 + i), 0x10000 * (1 + i), 0x10000);
    add_md5(rig);
    assert_int_equal(ud_partitions_open(&table, &rig->flash.port, UD_PARTITIONS_OFFSET, &ud_md5),
                     UD_OK);
    assert_int_equal(ud_partitions_slots(&table, &slots), UD_OK);
    assert_int_equal(slots, UD_MAX_SLOTS);
}

static void no_read_goes_unchecked(void **state)
{
    struct rig *rig = *state;

    read_vector(rig->table);
    rig->flash.reads = 0;
    assert_int_equal(judged(rig), UD_OK);
    const uint32_t reads = rig->flash.reads;
    for (uint32_t i = 1; i <= reads; i++) {
        rig->flash.reads = 0;
        rig->flash.fail_read = i;
        assert_int_equal(judged(rig), UD_ERR_FLASH_READ);
    }
    struct ud_partitions table;
    rig->flash.fail_read = 0;
    assert_int_equal(ud_partitions_open(&table, &rig->flash.port, FLASH_SIZE, &ud_md5),
                     UD_ERR_FLASH_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_table_is_read),
        cmocka_unit_test(what_is_decoded_encodes_to_the_same_bytes),
        cmocka_unit_test(no_bit_may_be_wrong),
        cmocka_unit_test(a_table_without_md5_is_taken_where_none_is_asked_for),
        cmocka_unit_test(what_is_behind_the_md5_is_no_part_of_a_table),
        cmocka_unit_test(a_table_needs_an_end_and_a_beginning),
        cmocka_unit_test(a_partition_ends_with_flash_at_the_latest),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(all_sixteen_slots_count),
        cmocka_unit_test(no_read_goes_unchecked),
    };

    return cmocka_run_group_tests(tests, open_flash, close_flash);
}
