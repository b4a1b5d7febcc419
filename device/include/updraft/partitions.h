/* The partition table of ESP-IDF: which part of flash is for what.
 *
 * One sector, at UD_PARTITIONS_OFFSET unless a project moved it; up to 96 records of
 * 32 bytes in its first UD_PARTITIONS_LENGTH:
 *
 *   +00 u16     AA 50
 *   +02 u8      type          +03 u8 subtype
 *   +04 u32     offset in flash
 *   +08 u32     size
 *   +0C u8[16]  label, padded with NUL; all 16 may be used
 *   +1C u32     flags: 1 encrypted, 2 read-only
 *
 * Behind the partitions one record with their MD5 (EB EB, fourteen FF, then the
 * digest of all records before it), then one of FF: the end.
 *
 * Bootloader and programs read it by rules that differ; what satisfies both, and
 * lets neither mistake a slot, is what ud_partitions_open() takes.
 */
#ifndef UPDRAFT_PARTITIONS_H
#define UPDRAFT_PARTITIONS_H

#include "updraft/digest.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_PARTITIONS_OFFSET 0x8000u
#define UD_PARTITIONS_LENGTH 0xc00u
#define UD_PARTITION_RECORD  32u
#define UD_PARTITION_LABEL   16u      /* bytes, without a NUL */
#define UD_PARTITION_APP     0x10000u /* programs start at a multiple of this */
#define UD_OTADATA_LENGTH    0x2000u  /* two sectors */
#define UD_MAX_SLOTS         16u

enum ud_partition_type {
    UD_TYPE_APP = 0,
    UD_TYPE_DATA = 1,
    UD_TYPE_BOOTLOADER = 2,
    UD_TYPE_TABLE = 3,
};

/* Those with a meaning here. */
enum ud_partition_subtype {
    UD_APP_FACTORY = 0x00,
    UD_APP_OTA_0 = 0x10, /* … UD_APP_OTA_0 + 15 */
    UD_APP_TEST = 0x20,
    UD_DATA_OTA = 0x00,
    UD_DATA_NVS = 0x02,
    UD_DATA_COREDUMP = 0x03,
    UD_DATA_FAT = 0x81,
    UD_DATA_SPIFFS = 0x82,
    UD_DATA_LITTLEFS = 0x83,
};

enum ud_partition_flag { UD_PARTITION_ENCRYPTED = 1, UD_PARTITION_READ_ONLY = 2 };

struct ud_partition {
    uint8_t type;
    uint8_t subtype;
    uint32_t offset; /* bytes from the start of flash */
    uint32_t size;   /* bytes */
    uint32_t flags;
    char label[UD_PARTITION_LABEL + 1];
};

enum ud_partition_record {
    UD_RECORD_PARTITION,
    UD_RECORD_MD5,
    UD_RECORD_END,
    UD_RECORD_BAD,
};

/* A table in flash that was found to be sound. */
struct ud_partitions {
    const struct ud_flash *flash;
    uint32_t address; /* where it is read */
    uint32_t place;   /* where it lies, or is going to */
    uint32_t count;   /* partitions, without MD5 and end */
    bool has_md5;
};

/* What a record is; *partition is filled in for UD_RECORD_PARTITION. */
enum ud_partition_record ud_partition_decode(const uint8_t record[UD_PARTITION_RECORD],
                                             struct ud_partition *partition);

void ud_partition_encode(const struct ud_partition *partition, uint8_t record[UD_PARTITION_RECORD]);

/* Reads the whole table at `address` and judges it. md5 null: a table without that
 * record is taken, and one it has is not compared.
 * UD_ERR_TABLE      a record that is none, no end, a wrong MD5, one that does not
 *                   cover all partitions; partitions that overlap each other or the
 *                   table; two of one kind where the kind chooses (slots, factory,
 *                   test, OTA data); slots that are not numbered 0, 1, 2, …;
 *                   OTA data of another size than two sectors
 * UD_ERR_SPACE      a partition beyond the end of flash
 * UD_ERR_NOT_FOUND  no MD5 record
 * UD_ERR_FLASH_READ, UD_ERR_FLASH_RANGE
 * On an error nothing is said about *table. */
UD_MUST_CHECK int ud_partitions_open(struct ud_partitions *table, const struct ud_flash *flash,
                                     uint32_t address, const struct ud_digest_class *md5);

/* The same for a table at `address` that is going to lie at `place`. */
UD_MUST_CHECK int ud_partitions_open_for(struct ud_partitions *table, const struct ud_flash *flash,
                                         uint32_t address, uint32_t place,
                                         const struct ud_digest_class *md5);

/* Reads the partition of that number. UD_ERR_NOT_FOUND beyond the last. */
UD_MUST_CHECK int ud_partitions_get(const struct ud_partitions *table, uint32_t number,
                                    struct ud_partition *partition);

/* Reads the first one of that kind. UD_ERR_NOT_FOUND. */
UD_MUST_CHECK int ud_partitions_find(const struct ud_partitions *table, uint8_t type,
                                     uint8_t subtype, struct ud_partition *partition);

/* How many slots there are: ota_0 up to the first number that is missing. */
UD_MUST_CHECK int ud_partitions_slots(const struct ud_partitions *table, uint32_t *count);

static inline bool ud_partition_is_slot(const struct ud_partition *partition)
{
    return partition->type == UD_TYPE_APP && partition->subtype >= UD_APP_OTA_0 &&
           partition->subtype < UD_APP_OTA_0 + UD_MAX_SLOTS;
}

#endif
