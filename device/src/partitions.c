#include "updraft/partitions.h"

#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

#define MAX_RECORDS (UD_PARTITIONS_LENGTH / UD_PARTITION_RECORD)

#define MAGIC_PARTITION 0x50aau
#define MAGIC_MD5       0xebebu
#define ERASED          0xffu

enum {
    AT_MAGIC = 0,
    AT_TYPE = 2,
    AT_SUBTYPE = 3,
    AT_OFFSET = 4,
    AT_SIZE = 8,
    AT_LABEL = 12,
    AT_MD5 = 16,
    AT_FLAGS = 28,
};

static bool is_all(const uint8_t *bytes, uint32_t length, uint8_t value)
{
    uint32_t i = 0;

    while (i < length && bytes[i] == value)
        i++;
    return i == length;
}

/* ---- Records ---- */

enum ud_partition_record ud_partition_decode(const uint8_t record[UD_PARTITION_RECORD],
                                             struct ud_partition *partition)
{
    const uint16_t magic = ud_get_u16(record + AT_MAGIC);

    if (magic == MAGIC_MD5)
        return is_all(record + AT_TYPE, AT_MD5 - AT_TYPE, ERASED) ? UD_RECORD_MD5 : UD_RECORD_BAD;
    if (magic != MAGIC_PARTITION)
        return is_all(record, UD_PARTITION_RECORD, ERASED) ? UD_RECORD_END : UD_RECORD_BAD;
    partition->type = record[AT_TYPE];
    partition->subtype = record[AT_SUBTYPE];
    partition->offset = ud_get_u32(record + AT_OFFSET);
    partition->size = ud_get_u32(record + AT_SIZE);
    partition->flags = ud_get_u32(record + AT_FLAGS);
    memcpy(partition->label, record + AT_LABEL, UD_PARTITION_LABEL);
    partition->label[UD_PARTITION_LABEL] = '\0';
    return UD_RECORD_PARTITION;
}

void ud_partition_encode(const struct ud_partition *partition, uint8_t record[UD_PARTITION_RECORD])
{
    memset(record, 0, UD_PARTITION_RECORD);
    ud_put_u16(record + AT_MAGIC, MAGIC_PARTITION);
    record[AT_TYPE] = partition->type;
    record[AT_SUBTYPE] = partition->subtype;
    ud_put_u32(record + AT_OFFSET, partition->offset);
    ud_put_u32(record + AT_SIZE, partition->size);
    ud_put_u32(record + AT_FLAGS, partition->flags);
    for (uint32_t i = 0; i < UD_PARTITION_LABEL && partition->label[i] != '\0'; i++)
        record[AT_LABEL + i] = (uint8_t)partition->label[i];
}

/* ---- The table ---- */

static int read_record(const struct ud_partitions *table, uint32_t number,
                       uint8_t record[UD_PARTITION_RECORD])
{
    return ud_flash_read(table->flash, table->address + number * UD_PARTITION_RECORD, record,
                         UD_PARTITION_RECORD);
}

/* One record after the other, up to the end. */
struct reading {
    struct ud_partitions *table;
    const struct ud_digest_class *md5;
    struct ud_digest digest;
};

static int take_partition(struct reading *reading, const uint8_t *record,
                          const struct ud_partition *partition)
{
    const uint32_t flash_size = reading->table->flash->size;

    if (reading->table->has_md5)
        return UD_ERR_TABLE; /* under no digest, and not counted by every bootloader */
    if (partition->offset > flash_size || partition->size > flash_size - partition->offset)
        return UD_ERR_SPACE;
    if (reading->md5 != NULL)
        ud_digest_add(&reading->digest, record, UD_PARTITION_RECORD);
    reading->table->count++;
    return UD_OK;
}

static int take_md5(struct reading *reading, const uint8_t *record)
{
    uint8_t computed[UD_MD5_SIZE];

    if (reading->table->has_md5)
        return UD_ERR_TABLE;
    reading->table->has_md5 = true;
    if (reading->md5 == NULL)
        return UD_OK;
    ud_digest_end(&reading->digest, computed);
    return memcmp(computed, record + AT_MD5, sizeof computed) == 0 ? UD_OK : UD_ERR_TABLE;
}

static int take_end(const struct reading *reading)
{
    if (reading->table->count == 0)
        return UD_ERR_TABLE;
    return reading->md5 != NULL && !reading->table->has_md5 ? UD_ERR_NOT_FOUND : UD_OK;
}

static int read_table(struct reading *reading)
{
    _Alignas(uint32_t) uint8_t record[UD_PARTITION_RECORD];
    struct ud_partition partition;

    for (uint32_t i = 0; i < MAX_RECORDS; i++) {
        int error = read_record(reading->table, i, record);
        if (error != UD_OK)
            return error;
        switch (ud_partition_decode(record, &partition)) {
        case UD_RECORD_PARTITION:
            error = take_partition(reading, record, &partition);
            break;
        case UD_RECORD_MD5:
            error = take_md5(reading, record);
            break;
        case UD_RECORD_END:
            return take_end(reading);
        case UD_RECORD_BAD:
        default:
            return UD_ERR_TABLE;
        }
        if (error != UD_OK)
            return error;
    }
    return UD_ERR_TABLE;
}

/* ---- What the partitions say together ---- */

static bool overlaps(const struct ud_partition *partition, uint32_t offset, uint32_t size)
{
    return partition->offset < offset ? offset - partition->offset < partition->size
                                      : partition->offset - offset < size;
}

static bool is_otadata(const struct ud_partition *partition)
{
    return partition->type == UD_TYPE_DATA && partition->subtype == UD_DATA_OTA;
}

/* Of these the kind alone decides which is meant. */
static bool is_single(const struct ud_partition *partition)
{
    return partition->type == UD_TYPE_APP || is_otadata(partition);
}

static bool are_compatible(const struct ud_partition *one, const struct ud_partition *other)
{
    const bool is_same = one->type == other->type && one->subtype == other->subtype;

    return !(is_same && is_single(one)) && !overlaps(one, other->offset, other->size);
}

static bool is_placed(const struct ud_partitions *table, const struct ud_partition *partition)
{
    const uint32_t unit = partition->type == UD_TYPE_APP ? UD_PARTITION_APP : UD_FLASH_SECTOR;
    const bool is_low = partition->type == UD_TYPE_BOOTLOADER || partition->type == UD_TYPE_TABLE;

    if (partition->offset % unit != 0)
        return false;
    if (partition->type == UD_TYPE_APP && partition->size % UD_FLASH_SECTOR != 0)
        return false;
    if (is_otadata(partition) && partition->size != UD_OTADATA_LENGTH)
        return false;
    return is_low || !overlaps(partition, table->place, UD_FLASH_SECTOR);
}

/* Compares a partition with those before it. */
static int judge_partition(const struct ud_partitions *table, uint32_t number, uint32_t *slots_seen)
{
    struct ud_partition partition, before;
    int error = ud_partitions_get(table, number, &partition);

    if (error == UD_OK && !is_placed(table, &partition))
        error = UD_ERR_TABLE;
    for (uint32_t i = 0; i < number && error == UD_OK; i++) {
        error = ud_partitions_get(table, i, &before);
        if (error == UD_OK && !are_compatible(&partition, &before))
            error = UD_ERR_TABLE;
    }
    if (error == UD_OK && ud_partition_is_slot(&partition))
        *slots_seen |= (uint32_t)1 << (partition.subtype - UD_APP_OTA_0);
    return error;
}

static int judge(const struct ud_partitions *table)
{
    uint32_t slots_seen = 0;

    for (uint32_t i = 0; i < table->count; i++) {
        const int error = judge_partition(table, i, &slots_seen);
        if (error != UD_OK)
            return error;
    }
    /* Numbers without a gap are bits without one. */
    return (slots_seen & (slots_seen + 1)) == 0 ? UD_OK : UD_ERR_TABLE;
}

int ud_partitions_open_for(struct ud_partitions *table, const struct ud_flash *flash,
                           uint32_t address, uint32_t place, const struct ud_digest_class *md5)
{
    struct reading reading = {.table = table, .md5 = md5};

    *table = (struct ud_partitions){.flash = flash, .address = address, .place = place};
    if (md5 != NULL)
        ud_digest_begin(&reading.digest, md5);
    const int error = read_table(&reading);
    return error != UD_OK ? error : judge(table);
}

int ud_partitions_open(struct ud_partitions *table, const struct ud_flash *flash, uint32_t address,
                       const struct ud_digest_class *md5)
{
    return ud_partitions_open_for(table, flash, address, address, md5);
}

int ud_partitions_get(const struct ud_partitions *table, uint32_t number,
                      struct ud_partition *partition)
{
    _Alignas(uint32_t) uint8_t record[UD_PARTITION_RECORD];

    if (number >= table->count)
        return UD_ERR_NOT_FOUND;
    const int error = read_record(table, number, record);
    if (error != UD_OK)
        return error;
    return ud_partition_decode(record, partition) == UD_RECORD_PARTITION ? UD_OK : UD_ERR_TABLE;
}

int ud_partitions_find(const struct ud_partitions *table, uint8_t type, uint8_t subtype,
                       struct ud_partition *partition)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const int error = ud_partitions_get(table, i, partition);
        if (error != UD_OK)
            return error;
        if (partition->type == type && partition->subtype == subtype)
            return UD_OK;
    }
    return UD_ERR_NOT_FOUND;
}

int ud_partitions_slots(const struct ud_partitions *table, uint32_t *count)
{
    struct ud_partition partition;
    int error = UD_OK;

    for (*count = 0; *count < UD_MAX_SLOTS; ++*count) {
        error =
            ud_partitions_find(table, UD_TYPE_APP, (uint8_t)(UD_APP_OTA_0 + *count), &partition);
        if (error != UD_OK)
            break;
    }
    return error == UD_ERR_NOT_FOUND ? UD_OK : error;
}
