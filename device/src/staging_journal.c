/* Orders in the journal of our bootloader. */
#include "staging_orders.h"

#include "updraft/journal.h"

static int withdraw_order(const struct ud_flash *flash, const struct ud_placement *placement)
{
    struct ud_journal_order order;
    const int error = ud_journal_load(flash, &order);

    if (error == UD_ERR_STATE)
        return UD_OK;
    if (error != UD_OK)
        return UD_ERR_COMMIT;
    if (!ud_staging_overlaps(placement, order.source, order.size))
        return UD_OK;
    return ud_journal_clear(flash) == UD_OK ? UD_OK : UD_ERR_COMMIT;
}

static int leave_order(const struct ud_flash *flash, uint32_t source, uint32_t destination,
                       uint32_t size)
{
    const struct ud_journal_order order = {source, destination, size};

    return ud_journal_order(flash, &order) == UD_OK ? UD_OK : UD_ERR_COMMIT;
}

const struct ud_staging_orders ud_staging_journal = {withdraw_order, leave_order};
