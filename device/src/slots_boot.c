#include "slots_internal.h"

#include <stddef.h>

static enum ud_ota_state settled_state(const struct ud_slots *slots)
{
    return slots->config.has_rollback ? UD_OTA_VALID : UD_OTA_UNDEFINED;
}

static int select_slot(const struct ud_slots *slots, const struct ud_partition *slot,
                       enum ud_ota_state state)
{
    return ud_otadata_select(slots->config.flash, slots->otadata.offset, ud_slots_number(slot),
                             slots->count, state);
}

static int erase_otadata(const struct ud_slots *slots)
{
    return ud_otadata_erase(slots->config.flash, slots->otadata.offset);
}

static int drop(const struct ud_slots *slots, int index)
{
    return ud_otadata_drop(slots->config.flash, slots->otadata.offset, index);
}

/* ---- Choosing what starts ---- */

/* Nothing would change but that a settled program were on trial again. */
static bool is_there_already(const struct ud_slots *slots, const struct ud_otadata *otadata,
                             const struct ud_partition *slot)
{
    const int active = ud_otadata_active(otadata);

    return active >= 0 && ud_slots_is_running(slots, slot) && !otadata->entries[active].is_noted &&
           ud_slots_is_about(slots, &otadata->entries[active], slot) &&
           ud_otadata_is_settled(&otadata->entries[active]);
}

int ud_slots_set_boot_unchecked(struct ud_slots *slots, const struct ud_partition *partition)
{
    struct ud_otadata otadata;

    if (partition == NULL || partition->type != UD_TYPE_APP)
        return UD_ERR_ARGUMENT;
    const bool is_factory = partition->subtype == UD_APP_FACTORY;
    if (!is_factory &&
        (!ud_partition_is_slot(partition) || ud_slots_number(partition) >= slots->count))
        return UD_ERR_ARGUMENT;
    const int error = ud_slots_load(slots, &otadata);
    if (error != UD_OK)
        return error;
    if (is_factory)
        return erase_otadata(slots);
    if (is_there_already(slots, &otadata, partition))
        return UD_OK;
    return select_slot(slots, partition,
                       slots->config.has_rollback ? UD_OTA_NEW : UD_OTA_UNDEFINED);
}

int ud_slots_set_boot(struct ud_slots *slots, const struct ud_partition *partition)
{
    if (partition == NULL || partition->type != UD_TYPE_APP)
        return UD_ERR_ARGUMENT;
    const int error = ud_slots_verify(slots, partition);
    return error != UD_OK ? error : ud_slots_set_boot_unchecked(slots, partition);
}

/* Makes what runs what starts, whatever the OTA data say now. */
static int choose_running(const struct ud_slots *slots)
{
    if (ud_partition_is_slot(&slots->running))
        return select_slot(slots, &slots->running, settled_state(slots));
    return erase_otadata(slots);
}

static int drop_all_about(const struct ud_slots *slots, const struct ud_partition *slot)
{
    struct ud_otadata otadata;
    int error = ud_slots_load(slots, &otadata);

    for (int i = 0; i < 2 && error == UD_OK; i++)
        if (ud_slots_is_about(slots, &otadata.entries[i], slot))
            error = drop(slots, i);
    return error;
}

int ud_slots_release(struct ud_slots *slots, const struct ud_partition *slot)
{
    struct ud_partition chosen;
    struct ud_otadata otadata;
    int error = ud_slots_load(slots, &otadata);

    if (error == UD_ERR_NOT_FOUND)
        return UD_OK;
    if (error == UD_OK)
        error = ud_slots_chosen(slots, &otadata, &chosen);
    if (error == UD_OK && chosen.offset == slot->offset)
        error = choose_running(slots);
    return error != UD_OK ? error : drop_all_about(slots, slot);
}

int ud_slots_may_update(const struct ud_slots *slots)
{
    enum ud_ota_state state;

    if (!slots->config.has_rollback || !ud_partition_is_slot(&slots->running))
        return UD_OK;
    const int error = ud_slots_state(slots, &slots->running, &state);
    if (error == UD_OK && state == UD_OTA_PENDING)
        return UD_ERR_UNCONFIRMED;
    return error == UD_ERR_NO_RECORD || error == UD_ERR_NOT_FOUND ? UD_OK : error;
}

/* ---- The running program about itself ---- */

static int raise_security(struct ud_slots *slots)
{
    const struct ud_security *security = slots->config.security;
    struct ud_image_description description;

    if (security == NULL)
        return UD_OK;
    const int error = ud_slots_description(slots, &slots->running, &description);
    if (error != UD_OK)
        return error;
    return security->raise(security->ctx, description.secure_version) == 0 ? UD_OK : UD_ERR_COMMIT;
}

/* The entry that decides becomes a settled one about the running slot. */
static int settle(struct ud_slots *slots, const struct ud_otadata *otadata)
{
    const int active = ud_otadata_active(otadata);

    if (active < 0)
        return slots->count > 0 ? choose_running(slots) : UD_OK;
    const struct ud_otadata_entry *entry = &otadata->entries[active];
    if (!ud_slots_is_about(slots, entry, &slots->running)) {
        if (!entry->is_noted)
            return choose_running(slots);
        const int error = ud_otadata_mend(slots->config.flash, slots->otadata.offset);
        return error != UD_OK ? error : UD_ERR_STATE;
    }
    if (ud_otadata_is_settled(entry))
        return ud_otadata_mend(slots->config.flash, slots->otadata.offset);
    return ud_otadata_replace(slots->config.flash, slots->otadata.offset, active, entry->seq,
                              settled_state(slots));
}

int ud_slots_confirm(struct ud_slots *slots)
{
    struct ud_otadata otadata;
    int error;

    if (!ud_partition_is_slot(&slots->running))
        return UD_OK; /* nothing is ever said about the others */
    error = ud_slots_load(slots, &otadata);
    if (error == UD_OK)
        error = settle(slots, &otadata);
    return error != UD_OK ? error : raise_security(slots);
}

/* Would a program start in place of the one that entry `active` is about? */
static int find_way_back(struct ud_slots *slots, const struct ud_otadata *otadata, int active,
                         bool *can)
{
    const struct ud_otadata_entry *other = &otadata->entries[1 - active];
    struct ud_partition partition;
    int error;

    *can = false;
    if (ud_otadata_can_start(other))
        error = ud_slots_get(slots, ud_otadata_slot(other->seq, slots->count), &partition);
    else if (slots->config.security == NULL)
        error = ud_partitions_find(&slots->table, UD_TYPE_APP, UD_APP_FACTORY, &partition);
    else
        return UD_OK; /* factory may be too old, and no bootloader starts it then */
    if (error == UD_OK)
        error = ud_slots_is_running(slots, &partition) ? UD_ERR_NOT_FOUND
                                                       : ud_slots_verify(slots, &partition);
    *can = error == UD_OK;
    return error == UD_ERR_FLASH_READ ? error : UD_OK;
}

int ud_slots_can_go_back(struct ud_slots *slots, bool *can)
{
    struct ud_otadata otadata;
    const int error = ud_slots_load(slots, &otadata);

    *can = false;
    if (error != UD_OK)
        return error;
    const int active = ud_otadata_active(&otadata);
    return active < 0 ? UD_OK : find_way_back(slots, &otadata, active, can);
}

int ud_slots_reject(struct ud_slots *slots)
{
    struct ud_otadata otadata;
    bool can;
    int error = ud_slots_load(slots, &otadata);

    if (error != UD_OK)
        return error;
    const int active = ud_otadata_active(&otadata);
    if (active < 0 || !ud_slots_is_about(slots, &otadata.entries[active], &slots->running))
        return UD_ERR_NO_RECORD;
    error = find_way_back(slots, &otadata, active, &can);
    if (error != UD_OK)
        return error;
    if (!can)
        return UD_ERR_NO_WAY_BACK;
    return ud_otadata_replace(slots->config.flash, slots->otadata.offset, active,
                              otadata.entries[active].seq, UD_OTA_INVALID);
}

/* ---- The one before ---- */

/* The entry that does not decide, and the slot it is about. */
static int find_last(const struct ud_slots *slots, int *index, struct ud_partition *slot)
{
    struct ud_otadata otadata;
    const int error = ud_slots_load(slots, &otadata);

    if (error != UD_OK)
        return error;
    const int active = ud_otadata_active(&otadata);
    *index = 1 - active;
    if (active < 0 || !otadata.entries[*index].is_sound || slots->count == 0 ||
        ud_slots_is_about(slots, &otadata.entries[*index], &slots->running))
        return UD_ERR_NO_RECORD;
    return ud_slots_get(slots, ud_otadata_slot(otadata.entries[*index].seq, slots->count), slot);
}

int ud_slots_forget_last(struct ud_slots *slots)
{
    struct ud_partition slot;
    int index;
    const int error = find_last(slots, &index, &slot);

    return error != UD_OK ? error : drop(slots, index);
}

int ud_slots_erase_last(struct ud_slots *slots)
{
    struct ud_partition slot;
    int index;
    int error = find_last(slots, &index, &slot);

    if (error == UD_OK)
        error = ud_slots_release(slots, &slot);
    return error != UD_OK ? error : ud_flash_erase(slots->config.flash, slot.offset, slot.size);
}
