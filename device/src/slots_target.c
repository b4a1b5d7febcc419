#include "slots_internal.h"

#include <stddef.h>

static int target_ready(void *ctx)
{
    return ud_slots_may_update(ctx);
}

static int find_files(const struct ud_slots *slots, struct ud_partition *partition)
{
    static const uint8_t subtypes[] = {UD_DATA_SPIFFS, UD_DATA_LITTLEFS, UD_DATA_FAT};
    int error = UD_ERR_NOT_FOUND;

    for (uint32_t i = 0; i < sizeof subtypes && error == UD_ERR_NOT_FOUND; i++)
        error = ud_partitions_find(&slots->table, UD_TYPE_DATA, subtypes[i], partition);
    return error;
}

static int find_partition(const struct ud_slots *slots, enum ud_command command,
                          struct ud_partition *partition)
{
    switch (command) {
    case UD_COMMAND_FIRMWARE:
        if (slots->otadata.size == 0)
            return UD_ERR_NOT_FOUND; /* nothing could make it start */
        return ud_slots_next(slots, NULL, partition);
    case UD_COMMAND_FILESYSTEM:
        return find_files(slots, partition);
    default:
        return UD_ERR_COMMAND;
    }
}

static int target_place(void *ctx, enum ud_command command, uint32_t size,
                        struct ud_placement *placement)
{
    const struct ud_slots *slots = ctx;
    struct ud_partition partition;
    const int error = find_partition(slots, command, &partition);

    if (error != UD_OK)
        return error == UD_ERR_NOT_FOUND ? UD_ERR_SPACE : error;
    if (size > partition.size)
        return UD_ERR_SPACE;
    placement->start = partition.offset;
    placement->capacity = partition.size;
    placement->flash_mode = UD_KEEP_FLASH_MODE; /* the hash behind the image covers it */
    placement->max_flash_size = slots->config.flash->size;
    return UD_OK;
}

static bool is_next_slot(const struct ud_slots *slots, const struct ud_placement *placement,
                         struct ud_partition *slot)
{
    return ud_slots_next(slots, NULL, slot) == UD_OK && slot->offset == placement->start;
}

static int target_open(void *ctx, const struct ud_placement *placement, const uint8_t *first,
                       uint32_t length)
{
    struct ud_slots *slots = ctx;
    struct ud_slot_terms terms;
    struct ud_partition slot;
    int error = UD_OK;

    if (!is_next_slot(slots, placement, &slot))
        return UD_OK; /* files */
    /* What does not begin as an image is a key update, and the updater knows it. */
    if (first != NULL && first[0] == UD_IMAGE_MAGIC) {
        error = ud_slots_terms(slots, &terms);
        if (error == UD_OK)
            error = ud_slot_judge_head(&terms, UD_TYPE_APP, first, length);
    }
    if (error != UD_OK)
        return error;
    return ud_slots_release(slots, &slot) == UD_OK ? UD_OK : UD_ERR_COMMIT;
}

static int target_commit(void *ctx, enum ud_command command, const struct ud_placement *placement,
                         uint32_t size)
{
    struct ud_slots *slots = ctx;
    struct ud_partition slot;

    (void)size; /* the image says how long it is */
    if (command != UD_COMMAND_FIRMWARE)
        return UD_OK; /* written in place */
    if (!is_next_slot(slots, placement, &slot))
        return UD_ERR_COMMIT;
    const int error = ud_slots_verify(slots, &slot);
    if (error != UD_OK)
        return error;
    return ud_slots_set_boot_unchecked(slots, &slot) == UD_OK ? UD_OK : UD_ERR_COMMIT;
}

static const struct ud_target_class slots_class = {
    .ready = target_ready,
    .place = target_place,
    .open = target_open,
    .commit = target_commit,
};

struct ud_target ud_slots_target(struct ud_slots *slots)
{
    return (struct ud_target){
        .methods = &slots_class,
        .ctx = slots,
        .chip = UD_CHIP_ESP32,
        .part_count = 1,
    };
}
