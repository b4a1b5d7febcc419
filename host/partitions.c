#include "host/partitions.h"

#include "device/port/bearssl/digest.h"

#include <stdarg.h>
#include <string.h>

#define NVS_LEAST 0x3000u /* bytes of settings that can be written */
#define TEE_OTA   0x90u

bool partitions_fail(struct partitions *partitions, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(partitions->error, sizeof partitions->error, format, arguments);
    va_end(arguments);
    return false;
}

void partitions_warn(struct partitions *partitions, const char *format, ...)
{
    va_list arguments;

    if (partitions->warning_count == PARTITIONS_WARNINGS)
        return;
    va_start(arguments, format);
    vsnprintf(partitions->warnings[partitions->warning_count++], sizeof partitions->warnings[0],
              format, arguments);
    va_end(arguments);
}

/* ---- Binary tables ---- */

bool partitions_is_binary(const uint8_t *data, size_t length)
{
    return length >= 2 && data[0] == 0xaa && data[1] == 0x50;
}

static void digest_rows(const uint8_t *data, size_t length, uint8_t digest[UD_MD5_SIZE])
{
    struct ud_digest md5;

    ud_digest_begin(&md5, &ud_md5);
    ud_digest_add(&md5, data, (uint32_t)length);
    ud_digest_end(&md5, digest);
}

static bool take_md5(struct partitions *partitions, const uint8_t *data, size_t at)
{
    uint8_t computed[UD_MD5_SIZE];

    if (partitions->has_md5)
        return partitions_fail(partitions, "there are two MD5 records in it");
    partitions->has_md5 = true;
    digest_rows(data, at, computed);
    return memcmp(computed, data + at + 16, sizeof computed) == 0 ||
           partitions_fail(partitions, "its MD5 is wrong: the table is damaged");
}

static bool take_row(struct partitions *partitions, const struct ud_partition *partition, size_t at)
{
    if (partitions->has_md5)
        return partitions_fail(partitions,
                               "there is a partition behind the MD5, at 0x%zx, where not every "
                               "bootloader finds it",
                               at);
    if (partitions->count == PARTITIONS_MAX)
        return partitions_fail(partitions, "there are more partitions in it than have room");
    partitions->rows[partitions->count++].partition = *partition;
    return true;
}

static bool take_record(struct partitions *partitions, const uint8_t *data, size_t at, bool *is_end)
{
    struct ud_partition partition;

    switch (ud_partition_decode(data + at, &partition)) {
    case UD_RECORD_PARTITION:
        return take_row(partitions, &partition, at);
    case UD_RECORD_MD5:
        return take_md5(partitions, data, at);
    case UD_RECORD_END:
        *is_end = true;
        return true;
    case UD_RECORD_BAD:
    default:
        return partitions_fail(partitions, "what is at 0x%zx is no record", at);
    }
}

bool partitions_from_binary(struct partitions *partitions, const struct partitions_rules *rules,
                            const uint8_t *data, size_t length)
{
    bool is_end = false;

    memset(partitions, 0, sizeof *partitions);
    if (length % UD_PARTITION_RECORD != 0 && length < UD_PARTITIONS_LENGTH)
        return partitions_fail(partitions, "its length is no multiple of %u", UD_PARTITION_RECORD);
    for (size_t at = 0; !is_end; at += UD_PARTITION_RECORD) {
        if (at >= length || at >= UD_PARTITIONS_LENGTH)
            return partitions_fail(partitions, "there is no end in it");
        if (!take_record(partitions, data, at, &is_end))
            return false;
    }
    if (!partitions->has_md5 && !rules->has_no_md5)
        partitions_warn(partitions, "the table has no MD5, which programs ask for by default");
    return partitions->count > 0 || partitions_fail(partitions, "there is no partition in it");
}

bool partitions_to_binary(struct partitions *partitions, const struct partitions_rules *rules,
                          uint8_t out[UD_PARTITIONS_LENGTH])
{
    const uint32_t room = PARTITIONS_MAX - (rules->has_no_md5 ? 0 : 1);
    const size_t length = (size_t)partitions->count * UD_PARTITION_RECORD;

    if (partitions->count > room)
        return partitions_fail(partitions, "a table has room for %u partitions, and not for %u",
                               room, partitions->count);
    memset(out, 0xff, UD_PARTITIONS_LENGTH);
    for (uint32_t i = 0; i < partitions->count; i++)
        ud_partition_encode(&partitions->rows[i].partition, out + i * UD_PARTITION_RECORD);
    if (rules->has_no_md5)
        return true;
    memset(out + length, 0xeb, 2);
    digest_rows(out, length, out + length + 16);
    return true;
}

/* ---- Checking ---- */

static bool fail_row(struct partitions *partitions, const struct partition_row *row,
                     const char *what)
{
    return partitions_fail(partitions, "partition %s: %s", row->partition.label, what);
}

static bool is_otadata(const struct ud_partition *partition, uint8_t subtype)
{
    return partition->type == UD_TYPE_DATA && partition->subtype == subtype;
}

static bool check_alignment(struct partitions *partitions, const struct partitions_rules *rules,
                            const struct partition_row *row)
{
    const struct ud_partition *partition = &row->partition;
    const bool is_app = partition->type == UD_TYPE_APP;
    const uint32_t size_unit = rules->secure_version == 1 ? UD_PARTITION_APP : UD_FLASH_SECTOR;

    if (is_app && partition->offset % UD_PARTITION_APP != 0)
        return fail_row(partitions, row, "its offset is no multiple of 0x10000");
    if (partition->offset % UD_FLASH_SECTOR != 0)
        return fail_row(partitions, row, "its offset is no multiple of 0x1000");
    if (is_app && partition->size % size_unit != 0)
        return fail_row(partitions, row,
                        size_unit == UD_PARTITION_APP ? "its size is no multiple of 0x10000"
                                                      : "its size is no multiple of 0x1000");
    return true;
}

static bool check_kind(struct partitions *partitions, const struct partition_row *row)
{
    const struct ud_partition *partition = &row->partition;
    const bool is_read_only = partition->flags & UD_PARTITION_READ_ONLY;

    if (partition->type != UD_TYPE_DATA)
        return true;
    if (is_read_only && (partition->subtype == UD_DATA_OTA || partition->subtype == 3))
        return fail_row(partitions, row, "OTA data and core dumps are written, not readonly");
    if (partition->subtype == UD_DATA_NVS && partition->size < NVS_LEAST && !is_read_only)
        return fail_row(partitions, row, "settings take at least 0x3000, unless they are readonly");
    if ((partition->subtype == UD_DATA_OTA || partition->subtype == TEE_OTA) &&
        partition->size != UD_OTADATA_LENGTH)
        return fail_row(partitions, row, "OTA data take exactly 0x2000");
    return true;
}

/* A name that is a keyword of another kind was probably put into the wrong column. */
static void check_name(struct partitions *partitions, const struct partitions_rules *rules,
                       const struct ud_partition *partition)
{
    uint8_t type, subtype;

    if (partition_type_of(partition->label, &type) && type != partition->type)
        partitions_warn(partitions, "partition %s is of another type than its name",
                        partition->label);
    for (uint8_t t = 0; t <= UD_TYPE_TABLE; t++)
        if (partition_subtype_of(rules, t, partition->label, &subtype)) {
            if (t != partition->type || subtype != partition->subtype)
                partitions_warn(partitions, "partition %s is of another subtype than its name",
                                partition->label);
            return;
        }
}

static bool check_pair(struct partitions *partitions, const struct partition_row *row,
                       const struct partition_row *before)
{
    const struct ud_partition *one = &row->partition, *other = &before->partition;
    const bool is_same = one->type == other->type && one->subtype == other->subtype;

    if (strcmp(one->label, other->label) == 0)
        return fail_row(partitions, row, "there are two of that name");
    if (is_same && (is_otadata(one, UD_DATA_OTA) || is_otadata(one, TEE_OTA)))
        return fail_row(partitions, row, "there is one partition of OTA data already");
    if (is_same && one->type == UD_TYPE_APP)
        partitions_warn(partitions,
                        "%s and %s are of one subtype: the bootloader takes the second, programs "
                        "the first",
                        other->label, one->label);
    if (one->offset < other->offset ? other->offset - one->offset < one->size
                                    : one->offset - other->offset < other->size)
        return partitions_fail(partitions, "partition %s: it overlaps %s", one->label,
                               other->label);
    return true;
}

static bool check_place(struct partitions *partitions, const struct partitions_rules *rules,
                        const struct partition_row *row)
{
    const struct ud_partition *partition = &row->partition;
    const bool is_low = partition->type == UD_TYPE_BOOTLOADER || partition->type == UD_TYPE_TABLE;
    const uint64_t end = (uint64_t)partition->offset + partition->size;

    if (!is_low && partition->offset < rules->table_offset + UD_FLASH_SECTOR)
        return fail_row(partitions, row, "it begins before the end of the table");
    if (rules->flash_size && end > rules->flash_size)
        return partitions_fail(partitions, "partition %s: it ends at 0x%llx, and flash at 0x%llx",
                               partition->label, (unsigned long long)end,
                               (unsigned long long)rules->flash_size);
    return true;
}

/* Bootloaders count all slots, programs up to the first gap: they disagree on which is
 * which. */
static void check_slots(struct partitions *partitions)
{
    uint32_t slots = 0;

    for (uint32_t i = 0; i < partitions->count; i++)
        if (ud_partition_is_slot(&partitions->rows[i].partition))
            slots |= 1u << (partitions->rows[i].partition.subtype - UD_APP_OTA_0);
    if (slots & (slots + 1))
        partitions_warn(partitions, "the slots are not numbered from ota_0 without a gap: "
                                    "bootloader and programs count them differently");
}

bool partitions_check(struct partitions *partitions, const struct partitions_rules *rules)
{
    for (uint32_t i = 0; i < partitions->count; i++) {
        const struct partition_row *row = &partitions->rows[i];
        if (!check_alignment(partitions, rules, row) || !check_kind(partitions, row) ||
            !check_place(partitions, rules, row))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (!check_pair(partitions, row, &partitions->rows[k]))
                return false;
        check_name(partitions, rules, &row->partition);
    }
    check_slots(partitions);
    return true;
}
