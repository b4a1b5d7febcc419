/* Partition tables and OTA data of any content: what is taken is sound, reads the same
 * in each form, and what is chosen is what starts. Where a byte asks for it, digests and
 * CRCs are put right first.
 */
#include "fuzz.h"

#include "device/port/bearssl/digest.h"
#include "host/partitions.h"
#include "ram_flash.h"
#include "updraft/endian.h"
#include "updraft/otadata.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define INPUT_MAX  16384u
#define FLASH_SIZE 0x10000u
#define CHIP_SIZE  (16u << 20)
#define SLOTS      3u
#define MENDS      1u /* a bit of the byte in the middle */

#define OTADATA_CRC 28u /* where an entry has it */

static const struct partitions_rules rules = {
    .table_offset = UD_PARTITIONS_OFFSET,
    .bootloader_offset = 0x1000,
    .recovery_offset = UINT32_MAX,
    .flash_size = CHIP_SIZE,
};

static void require_same_rows(const struct partitions *one, const struct partitions *other)
{
    require(one->count == other->count);
    for (uint32_t i = 0; i < one->count; i++) {
        const struct ud_partition *a = &one->rows[i].partition, *b = &other->rows[i].partition;
        require(a->type == b->type && a->subtype == b->subtype && a->offset == b->offset);
        require(a->size == b->size && strcmp(a->label, b->label) == 0);
    }
}

/* ---- A table, for people and for chips ---- */

/* What was read and found sound is the same after a time as a binary table. */
static void check_binary(struct partitions *table)
{
    static struct partitions again;
    uint8_t bytes[UD_PARTITIONS_LENGTH];

    if (!partitions_to_binary(table, &rules, bytes))
        return;
    require(partitions_from_binary(&again, &rules, bytes, sizeof bytes));
    require_same_rows(table, &again);
}

static void try_csv(const uint8_t *data, size_t size)
{
    static struct partitions table;

    if (partitions_from_csv(&table, &rules, data, size) && partitions_check(&table, &rules))
        check_binary(&table);
    else
        require(table.error[0] != '\0');
}

static void mend_table(uint8_t *table)
{
    uint32_t at = 0;

    while (at < UD_PARTITIONS_LENGTH && (table[at] != 0xeb || table[at + 1] != 0xeb))
        at += UD_PARTITION_RECORD;
    if (at < UD_PARTITIONS_LENGTH)
        EVP_Digest(table, at, table + at + 16, NULL, EVP_md5(), NULL);
}

/* A chip takes nothing that the tool would refuse. */
static void try_table(struct ram_flash *flash, const uint8_t *data, size_t size)
{
    static struct partitions table;
    struct ud_partitions on_chip;

    memset(flash->bytes + UD_PARTITIONS_OFFSET, 0xff, UD_FLASH_SECTOR);
    memcpy(flash->bytes + UD_PARTITIONS_OFFSET, data, size < 0xc00 ? size : 0xc00);
    if (data[size / 2] & MENDS)
        mend_table(flash->bytes + UD_PARTITIONS_OFFSET);
    flash->port.size = CHIP_SIZE; /* only the table is read */
    const bool is_taken =
        ud_partitions_open(&on_chip, &flash->port, UD_PARTITIONS_OFFSET, &ud_md5) == UD_OK;
    flash->port.size = FLASH_SIZE;
    if (!is_taken)
        return;
    require(partitions_from_binary(&table, &rules, flash->bytes + UD_PARTITIONS_OFFSET,
                                   UD_PARTITIONS_LENGTH));
    require(table.count == on_chip.count);
    check_binary(&table);
}

/* ---- OTA data ---- */

static bool is_same(const struct ud_otadata_entry *one, const struct ud_otadata_entry *other)
{
    return one->is_sound == other->is_sound && one->seq == other->seq && one->state == other->state;
}

/* As a reader sees them who knows of no notes. */
static struct ud_otadata in_place(const struct ram_flash *flash)
{
    return (struct ud_otadata){
        {ud_otadata_decode(flash->bytes), ud_otadata_decode(flash->bytes + UD_FLASH_SECTOR)}};
}

static void try_otadata(struct ram_flash *flash, const uint8_t *data, size_t size)
{
    const size_t half = size / 2;
    const uint32_t slot = data[0] % SLOTS;
    struct ud_otadata before, after;

    memset(flash->bytes, 0xff, 2 * UD_FLASH_SECTOR);
    memcpy(flash->bytes, data, half < UD_FLASH_SECTOR ? half : UD_FLASH_SECTOR);
    memcpy(flash->bytes + UD_FLASH_SECTOR, data + half,
           size - half < UD_FLASH_SECTOR ? size - half : UD_FLASH_SECTOR);
    for (uint32_t at = 0; data[size / 2] & MENDS && at < 2 * UD_FLASH_SECTOR; at += UD_FLASH_SECTOR)
        ud_put_u32(flash->bytes + at + OTADATA_CRC, ud_otadata_crc(ud_get_u32(flash->bytes + at)));
    require(ud_otadata_load(&flash->port, 0, &before) == UD_OK);
    require(ud_otadata_mend(&flash->port, 0) == UD_OK);
    after = in_place(flash);
    require(is_same(&before.entries[0], &after.entries[0]));
    require(is_same(&before.entries[1], &after.entries[1]));
    require(ud_otadata_select(&flash->port, 0, slot, SLOTS, UD_OTA_NEW) == UD_OK);
    after = in_place(flash);
    const int active = ud_otadata_active(&after);
    require(active >= 0 && ud_otadata_slot(after.entries[active].seq, SLOTS) == slot);
    require(ud_otadata_erase(&flash->port, 0) == UD_OK);
    after = in_place(flash);
    require(!after.entries[0].is_sound && !after.entries[1].is_sound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ram_flash flash;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    if (flash.bytes == NULL)
        require(ram_flash_init(&flash, FLASH_SIZE) == 0);
    ram_flash_renew(&flash, NULL);
    try_csv(data, size);
    try_table(&flash, data, size);
    try_otadata(&flash, data, size);
    require(flash.violations == 0);
    return 0;
}
