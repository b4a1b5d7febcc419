/* The ROM's flash functions, with its rules. They know the chip only by what
 * SPIParamCfg() said.
 */
#include "sim/qemu/board.h"
#include "sim/qemu/chip.h"
#include "sim/qemu/registers.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/variables.h"

#define OK     0
#define FAILED 1
#define WORD   4u

/* Pages are counted in a byte: at 256 of them the chip never gets to the last. */
#define PROGRAM_LIMIT 0x10000u

static const struct rom_flash_chip *believed(void)
{
    return ROM_SYSTEM->flash_chip;
}

/* The ROM loads and stores whole words, and so an address in the middle of one is
 * an exception, before anything is done. */
static void touch_word(const void *data)
{
    (void)*(const volatile uint32_t *)data;
}

int SPIRead(uint32_t address, void *data, uint32_t length)
{
    if (address + length > believed()->size)
        return FAILED;
    if (length == 0)
        return OK;
    touch_word(data);
    chip_read(address, data, (length + WORD - 1) / WORD * WORD);
    return OK;
}

int SPIWrite(uint32_t address, const void *data, uint32_t length)
{
    if (address + length > believed()->size || length % WORD != 0)
        return FAILED;
    if (length == 0)
        return OK;
    touch_word(data);
    if (length >= PROGRAM_LIMIT)
        board_fault("SPIWrite never ends on the chip for a length of", length);
    if ((uintptr_t)data - WINDOW < WINDOW_BYTES)
        board_fault("SPIWrite reads from mapped flash at", (uint32_t)(uintptr_t)data);
    chip_program(address, data, length);
    return OK;
}

static int erase(uint32_t number, uint32_t unit)
{
    if (number >= believed()->size / unit)
        return FAILED;
    chip_erase(number * unit, unit);
    return OK;
}

int SPIEraseSector(uint32_t sector)
{
    return erase(sector, believed()->sector_size);
}

int SPIEraseBlock(uint32_t block)
{
    return erase(block, believed()->block_size);
}

/* Of the whole chip, whatever its size is believed to be. One operation for each
 * block here. */
int SPIEraseChip(void)
{
    for (uint32_t address = 0; address < board.flash_size; address += BOARD_BLOCK)
        chip_erase(address, BOARD_BLOCK);
    return OK;
}

int SPIParamCfg(uint32_t id, uint32_t size, uint32_t block, uint32_t sector, uint32_t page,
                uint32_t status_mask)
{
    *ROM_SYSTEM->flash_chip = (struct rom_flash_chip){id, size, block, sector, page, status_mask};
    return OK;
}

/* Nothing is protected here, and every mode reads the same. */
int SPIUnlock(void)
{
    return OK;
}

int SPILock(void)
{
    return OK;
}

int SPIReadModeCnfig(uint32_t mode)
{
    (void)mode;
    return OK;
}
