#include "boot/plan.h"

#include "updraft/layout.h"

/* Everything is counted in sectors. */
enum boot_error boot_plan(uint32_t *words, uint32_t program_size, uint32_t flash_size)
{
    const uint32_t source = words[UD_JOURNAL_SOURCE] / UD_FLASH_SECTOR;
    const uint32_t destination = words[UD_JOURNAL_DESTINATION] / UD_FLASH_SECTOR;
    const uint32_t source_end = source + boot_sectors(words[UD_JOURNAL_SIZE]);
    const uint32_t output = boot_sectors(words[UD_JOURNAL_OUTPUT_SIZE]);
    const uint32_t running = boot_sectors(program_size);
    const uint32_t settings = (flash_size - UD_LAYOUT_TAIL) / UD_FLASH_SECTOR;
    const uint32_t keep = running > output ? running : output;
    const uint32_t keep_end = keep + running;
    uint32_t end = source_end;
    uint32_t limit = settings;

    if ((words[UD_JOURNAL_SOURCE] | words[UD_JOURNAL_DESTINATION]) % UD_FLASH_SECTOR != 0)
        return BOOT_BAD_ALIGNMENT;
    if (output <= 1)
        return BOOT_BAD_SIZE;
    if (source_end > settings)
        return BOOT_BAD_SOURCE;
    /* Sectors are written in ascending order, so a raw copy towards lower addresses
     * reads each before it is overwritten, and one that was interrupted finds all it
     * still needs. Decompressing starts over from the source's first byte. */
    if (destination >= source) {
        if (destination < source_end)
            return BOOT_BAD_DESTINATION;
    } else if (words[UD_JOURNAL_OUTPUT_SIZE] != words[UD_JOURNAL_SIZE]) {
        end = limit = source;
    }
    if (output > UD_JOURNAL_STEPS || destination + output > limit)
        return BOOT_BAD_DESTINATION;
    words[UD_JOURNAL_KEEP] = keep * UD_FLASH_SECTOR;
    words[UD_JOURNAL_KEEP + 1] = BOOT_PROGRAM;
    words[UD_JOURNAL_KEEP_SIZE] = 0;
    if (destination != BOOT_PROGRAM)
        return destination < running ? BOOT_BAD_DESTINATION : BOOT_OK;
    /* Kept right behind where both programs end. That may reach into the source of a
     * raw copy, which by then has been copied that far: kept and copied are sectors in
     * turns. */
    if (keep < source && keep_end <= end && running + output <= UD_JOURNAL_STEPS &&
        ud_trial_has_room(words[UD_JOURNAL_OUTPUT_SIZE]))
        words[UD_JOURNAL_KEEP_SIZE] = program_size;
    return BOOT_OK;
}
