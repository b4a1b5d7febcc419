/* What the slots' files share: which partitions in slots.c, what starts in
 * slots_boot.c, writing in slots_write.c, the updater's target in slots_target.c. */
#ifndef UPDRAFT_SRC_SLOTS_INTERNAL_H
#define UPDRAFT_SRC_SLOTS_INTERNAL_H

#include "updraft/slots.h"

static inline uint32_t ud_slots_number(const struct ud_partition *slot)
{
    return (uint32_t)slot->subtype - UD_APP_OTA_0;
}

static inline bool ud_slots_is_running(const struct ud_slots *slots,
                                       const struct ud_partition *partition)
{
    return partition->offset == slots->running.offset;
}

/* Is the entry about that slot? */
static inline bool ud_slots_is_about(const struct ud_slots *slots,
                                     const struct ud_otadata_entry *entry,
                                     const struct ud_partition *slot)
{
    return entry->is_sound && slots->count > 0 && ud_partition_is_slot(slot) &&
           ud_otadata_slot(entry->seq, slots->count) == ud_slots_number(slot);
}

/* What images have to be like; reads the security version. */
UD_MUST_CHECK int ud_slots_terms(const struct ud_slots *slots, struct ud_slot_terms *terms);

UD_MUST_CHECK int ud_slots_get(const struct ud_slots *slots, uint32_t number,
                               struct ud_partition *slot);

/* UD_ERR_NOT_FOUND when there are none. */
UD_MUST_CHECK int ud_slots_load(const struct ud_slots *slots, struct ud_otadata *otadata);

/* The partition that starts, the OTA data being what they are. */
UD_MUST_CHECK int ud_slots_chosen(const struct ud_slots *slots, const struct ud_otadata *otadata,
                                  struct ud_partition *partition);

/* Before a slot is overwritten: what runs becomes what starts, if that slot was to,
 * and no entry is about it any more. */
UD_MUST_CHECK int ud_slots_release(struct ud_slots *slots, const struct ud_partition *slot);

/* What must hold before the running program may be updated. */
UD_MUST_CHECK int ud_slots_may_update(const struct ud_slots *slots);

#endif
