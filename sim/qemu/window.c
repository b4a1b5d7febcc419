/* The flash cache: the megabyte of flash that programs see at 40200000. */
#include "sim/qemu/board.h"
#include "sim/qemu/chip.h"
#include "sim/qemu/host_file.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/rom.h"

#include <string.h>

#define LARGE_CACHE 0x40108000u
#define SMALL_CACHE 0x4010c000u

/* What was in the RAM that becomes the cache is lost: zeros, which are no
 * instruction. */
static void take_cache(uint32_t is_large)
{
    const uint32_t start = is_large ? LARGE_CACHE : SMALL_CACHE;

    memset((void *)start, 0, CODE_RAM_END - start);
    board.has_cache = true;
}

void Cache_Read_Enable(uint32_t is_odd, uint32_t page, uint32_t is_large)
{
    if (board.options.stops_at_application)
        board_end(BOARD_EXIT_APPLICATION);
    if (!board.has_cache)
        take_cache(is_large);
    chip_map((2 * page + is_odd) * WINDOW_BYTES, (void *)WINDOW, WINDOW_BYTES);
}

/* Nothing is there any more; whoever runs on from there finds no instruction. */
void Cache_Read_Disable(void)
{
    if (!host_file_get(board.zeros, (void *)WINDOW, WINDOW_BYTES))
        board_fault("no zeros for the window at", WINDOW);
}
