#include "slots_internal.h"

#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

/* ---- Finding one's way ---- */

/* The program's partition that holds a flash address. */
static int find_running(struct ud_slots *slots)
{
    for (uint32_t i = 0; i < slots->table.count; i++) {
        const int error = ud_partitions_get(&slots->table, i, &slots->running);
        if (error != UD_OK)
            return error;
        if (slots->running.type == UD_TYPE_APP &&
            slots->config.running_address - slots->running.offset < slots->running.size)
            return UD_OK;
    }
    return UD_ERR_NOT_FOUND;
}

static int find_otadata(struct ud_slots *slots)
{
    const int error = ud_partitions_find(&slots->table, UD_TYPE_DATA, UD_DATA_OTA, &slots->otadata);

    if (error != UD_ERR_NOT_FOUND)
        return error;
    slots->otadata.size = 0;
    return UD_OK;
}

int ud_slots_init(struct ud_slots *slots, const struct ud_slots_config *config)
{
    const struct ud_security *security = config->security;
    const uint32_t address =
        config->table_address != 0 ? config->table_address : UD_PARTITIONS_OFFSET;
    int error;

    if (ud_flash_check(config->flash) != UD_OK || config->sha256 == NULL ||
        (security != NULL && (security->read == NULL || security->raise == NULL)))
        return UD_ERR_ARGUMENT;
    memset(slots, 0, sizeof *slots);
    slots->config = *config;
    error = ud_partitions_open(&slots->table, config->flash, address, config->md5);
    if (error == UD_OK)
        error = ud_partitions_slots(&slots->table, &slots->count);
    if (error == UD_OK)
        error = find_otadata(slots);
    return error != UD_OK ? error : find_running(slots);
}

int ud_slots_get(const struct ud_slots *slots, uint32_t number, struct ud_partition *slot)
{
    return ud_partitions_find(&slots->table, UD_TYPE_APP, (uint8_t)(UD_APP_OTA_0 + number), slot);
}

int ud_slots_load(const struct ud_slots *slots, struct ud_otadata *otadata)
{
    if (slots->otadata.size == 0)
        return UD_ERR_NOT_FOUND;
    return ud_otadata_load(slots->config.flash, slots->otadata.offset, otadata);
}

/* ---- Which partitions ---- */

/* With nothing to go by: factory, or else the first slot, or else the test program. */
static int find_default(const struct ud_slots *slots, struct ud_partition *partition)
{
    static const uint8_t subtypes[] = {UD_APP_FACTORY, UD_APP_OTA_0, UD_APP_TEST};
    int error = UD_ERR_NOT_FOUND;

    for (uint32_t i = 0; i < sizeof subtypes && error == UD_ERR_NOT_FOUND; i++)
        error = ud_partitions_find(&slots->table, UD_TYPE_APP, subtypes[i], partition);
    return error;
}

int ud_slots_chosen(const struct ud_slots *slots, const struct ud_otadata *otadata,
                    struct ud_partition *partition)
{
    const int active = ud_otadata_active(otadata);

    if (active < 0 || slots->count == 0)
        return find_default(slots, partition);
    return ud_slots_get(slots, ud_otadata_slot(otadata->entries[active].seq, slots->count),
                        partition);
}

int ud_slots_boot(const struct ud_slots *slots, struct ud_partition *partition)
{
    struct ud_otadata otadata;
    const int error = ud_slots_load(slots, &otadata);

    if (error == UD_ERR_NOT_FOUND)
        return ud_partitions_find(&slots->table, UD_TYPE_APP, UD_APP_FACTORY, partition);
    return error != UD_OK ? error : ud_slots_chosen(slots, &otadata, partition);
}

int ud_slots_next(const struct ud_slots *slots, const struct ud_partition *from,
                  struct ud_partition *partition)
{
    uint32_t number = 0;

    if (from == NULL)
        from = &slots->running;
    if (slots->count == 0)
        return UD_ERR_NOT_FOUND;
    if (ud_partition_is_slot(from))
        number = (ud_slots_number(from) + 1) % slots->count;
    if (number == ud_slots_number(&slots->running))
        number = (number + 1) % slots->count;
    return number == ud_slots_number(&slots->running) ? UD_ERR_NOT_FOUND
                                                      : ud_slots_get(slots, number, partition);
}

int ud_slots_state(const struct ud_slots *slots, const struct ud_partition *partition,
                   enum ud_ota_state *state)
{
    struct ud_otadata otadata;
    uint32_t newest = 0;

    if (partition == NULL)
        return UD_ERR_ARGUMENT;
    if (!ud_partition_is_slot(partition))
        return UD_ERR_NO_SLOT;
    const int error = ud_slots_load(slots, &otadata);
    if (error != UD_OK)
        return error;
    for (int i = 0; i < 2; i++) {
        const struct ud_otadata_entry *entry = &otadata.entries[i];
        if (!ud_slots_is_about(slots, entry, partition) || entry->seq <= newest)
            continue;
        newest = entry->seq;
        *state = entry->state;
    }
    return newest != 0 ? UD_OK : UD_ERR_NO_RECORD;
}

int ud_slots_last_invalid(struct ud_slots *slots, struct ud_partition *partition)
{
    struct ud_otadata otadata;
    const struct ud_otadata_entry *last = NULL;
    int error = ud_slots_load(slots, &otadata);

    if (error != UD_OK)
        return error;
    for (int i = 0; i < 2; i++) {
        const struct ud_otadata_entry *entry = &otadata.entries[i];
        const bool is_invalid = entry->is_sound && !ud_otadata_can_start(entry);
        if (is_invalid && (last == NULL || entry->seq > last->seq))
            last = entry;
    }
    if (last == NULL || slots->count == 0)
        return UD_ERR_NOT_FOUND;
    error = ud_slots_get(slots, ud_otadata_slot(last->seq, slots->count), partition);
    if (error == UD_OK)
        error = ud_slots_verify(slots, partition);
    return error == UD_OK || error == UD_ERR_FLASH_READ ? error : UD_ERR_NOT_FOUND;
}

/* ---- What is in them ---- */

int ud_slots_terms(const struct ud_slots *slots, struct ud_slot_terms *terms)
{
    const struct ud_slots_config *config = &slots->config;

    *terms = (struct ud_slot_terms){
        .sha256 = config->sha256,
        .chip_id = config->chip_id,
        .revision = config->revision,
    };
    if (config->security == NULL)
        return UD_OK;
    return config->security->read(config->security->ctx, &terms->security_version) == 0
               ? UD_OK
               : UD_ERR_FLASH_READ;
}

int ud_slots_verify(struct ud_slots *slots, const struct ud_partition *partition)
{
    struct ud_slot_terms terms;
    const int error = ud_slots_terms(slots, &terms);

    if (error != UD_OK)
        return error;
    return ud_slot_verify(&terms, slots->config.flash, partition, &slots->image);
}

int ud_slots_description(const struct ud_slots *slots, const struct ud_partition *partition,
                         struct ud_image_description *description)
{
    if (partition->type != UD_TYPE_APP)
        return UD_ERR_NO_SLOT;
    const int error =
        ud_image_read_description(slots->config.flash, partition->offset, description);
    return error == UD_ERR_IMAGE ? UD_ERR_NOT_FOUND : error;
}

/* Digest of all of an image that has none behind it. */
static int digest_all(const struct ud_slots *slots, const struct ud_partition *partition,
                      uint32_t length, uint8_t digest[UD_SHA256_SIZE])
{
    _Alignas(uint32_t) uint8_t bytes[UD_SLOTS_PAGE];
    struct ud_digest sha256;

    ud_digest_begin(&sha256, slots->config.sha256);
    for (uint32_t at = 0; at < length; at += sizeof bytes) {
        const uint32_t part = length - at < sizeof bytes ? length - at : (uint32_t)sizeof bytes;
        const int error = ud_flash_read(slots->config.flash, partition->offset + at, bytes, part);
        if (error != UD_OK)
            return error;
        ud_digest_add(&sha256, bytes, part);
    }
    ud_digest_end(&sha256, digest);
    return UD_OK;
}

int ud_slots_digest(struct ud_slots *slots, const struct ud_partition *partition,
                    uint8_t digest[UD_SHA256_SIZE])
{
    const struct ud_image_report *report = &slots->image.parser.report;
    const int error = ud_slots_verify(slots, partition);

    if (error != UD_OK)
        return error;
    if (report->hash == UD_HASH_ABSENT)
        return digest_all(slots, partition, report->length, digest);
    return ud_flash_read(slots->config.flash, partition->offset + report->length - UD_SHA256_SIZE,
                         digest, UD_SHA256_SIZE);
}

int ud_slots_check_image(const struct ud_slots *slots, uint8_t type,
                         const struct ud_image_header *header,
                         const struct ud_image_description *description)
{
    struct ud_slot_terms terms;
    const int error = ud_slots_terms(slots, &terms);

    if (type != UD_TYPE_APP && type != UD_TYPE_BOOTLOADER)
        return UD_ERR_ARGUMENT;
    if (error != UD_OK)
        return error;
    return ud_slot_judge_header(&terms, type, header,
                                description != NULL ? &description->secure_version : NULL);
}

int32_t ud_slots_error_number(int error)
{
    static const struct {
        int8_t error;
        int16_t number;
    } rows[] = {
        {UD_OK, 0},
        {UD_ERR_MEMORY, 0x101},
        {UD_ERR_ARGUMENT, 0x102},
        {UD_ERR_STATE, 0x103},
        {UD_ERR_SPACE, 0x104},
        {UD_ERR_NOT_FOUND, 0x105},
        {UD_ERR_NO_SLOT, 0x106},
        {UD_ERR_CHIP, 0x10a},
        {UD_ERR_REVISION, 0x10a},
        {UD_ERR_RUNNING, 0x1501},
        {UD_ERR_IMAGE, 0x1503},
        {UD_ERR_MAGIC, 0x1503},
        {UD_ERR_TABLE, 0x1503},
        {UD_ERR_SECURITY, 0x1504},
        {UD_ERR_NO_WAY_BACK, 0x1505},
        {UD_ERR_UNCONFIRMED, 0x1506},
        {UD_ERR_BUSY, 0x1507},
        {UD_ERR_FLASH_MODE, 0x1508},
        {UD_ERR_FLASH_WRITE, 0x6001},
        {UD_ERR_FLASH_ERASE, 0x6001},
        {UD_ERR_FLASH_READ, 0x6001},
    };

    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].error == error)
            return rows[i].number;
    return -1;
}
