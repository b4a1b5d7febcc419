#include "boot/plan.h"

#include "updraft/layout.h"

static uint32_t sectors(uint32_t bytes)
{
    return ud_flash_round_up(bytes) / UD_FLASH_SECTOR;
}

/* Images are staged right below the file system, so a program that grows past
 * the end of its own source would overwrite files. */
static uint32_t destination_limit(const struct boot_task *task, uint32_t settings)
{
    const struct ud_journal_order *order = &task->order;

    if (order->destination != BOOT_PROGRAM)
        return settings;
    return task->is_gzip ? order->source : ud_flash_round_up(order->source + order->size);
}

/* Sectors are written in ascending order, so a raw copy towards lower addresses
 * reads each before it is overwritten, and one that was interrupted finds all
 * it still needs. Decompressing starts over from the source's first byte. */
static bool overlaps(const struct boot_task *task)
{
    const struct ud_journal_order *order = &task->order;

    if (order->destination < order->source)
        return task->is_gzip &&
               order->source - order->destination < ud_flash_round_up(task->output_size);
    return order->destination - order->source < ud_flash_round_up(order->size);
}

/* The running image is kept right behind the new one and the sector that records
 * the trial. It may reach into the source of a raw copy, which by then has been
 * copied that far: kept and copied are sectors in turns. */
static void plan_keep(const struct boot_task *task, struct ud_journal_plan *plan)
{
    const struct ud_journal_order *order = &task->order;
    const uint32_t running = ud_flash_round_up(task->running_size);
    const uint32_t output = ud_flash_round_up(task->output_size);
    const uint32_t keep = (running > output ? running : output) + UD_FLASH_SECTOR;
    const uint32_t end =
        task->is_gzip ? order->source : ud_flash_round_up(order->source + order->size);

    plan->output_size = task->output_size;
    plan->keep = UD_JOURNAL_NO_KEEP;
    plan->keep_size = 0;
    if (order->destination != BOOT_PROGRAM || running == 0 || keep >= order->source ||
        running > end - keep || sectors(running) + sectors(output) > UD_JOURNAL_STEPS)
        return;
    plan->keep = keep;
    plan->keep_size = task->running_size;
}

enum boot_reason boot_plan(const struct boot_task *task, struct ud_journal_plan *plan)
{
    const struct ud_journal_order *order = &task->order;
    const uint32_t settings = task->flash_size - UD_LAYOUT_TAIL;
    const uint32_t output = ud_flash_round_up(task->output_size);

    if ((order->source | order->destination) % UD_FLASH_SECTOR != 0)
        return BOOT_BAD_ALIGNMENT;
    /* Nothing compresses to its own length; the journal tells the two kinds apart by
     * that. */
    if (order->size == 0 || task->output_size == 0 ||
        (task->is_gzip && task->output_size == order->size))
        return BOOT_EMPTY;
    if (order->source > settings || order->size > settings - order->source)
        return BOOT_BAD_SOURCE;
    const uint32_t limit = destination_limit(task, settings);
    if (order->destination > limit || output > limit - order->destination ||
        sectors(output) > UD_JOURNAL_STEPS)
        return BOOT_BAD_DESTINATION;
    if (order->destination != BOOT_PROGRAM && order->destination < task->running_size)
        return BOOT_OVER_RUNNING;
    if (overlaps(task))
        return BOOT_OVERLAP;
    plan_keep(task, plan);
    return BOOT_FEASIBLE;
}
