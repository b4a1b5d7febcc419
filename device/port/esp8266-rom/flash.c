#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"

/* While the mapping is parked, only code in IRAM and ROM can run. */
#define IN_IRAM __attribute__((section(".iram.text"), noinline))

/* SPIWrite counts pages in a byte, which is enough for less than 64 KB. */
#define PROGRAM_LIMIT 0x8000u

#define PAGE_SIZE   256u
#define STATUS_MASK 0xffffu

static IN_IRAM void park(const struct ud_rom_flash *state)
{
    if (state->is_mapped)
        Cache_Read_Disable();
}

static IN_IRAM void unpark(const struct ud_rom_flash *state)
{
    if (state->is_mapped)
        Cache_Read_Enable(0, 0, 1);
}

static IN_IRAM int rom_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    park(ctx);
    const int result = SPIRead(address, data, length);
    unpark(ctx);
    return -result;
}

static IN_IRAM int rom_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;
    int result = 0;

    park(ctx);
    while (result == 0 && length != 0) {
        const uint32_t count = length < PROGRAM_LIMIT ? length : PROGRAM_LIMIT;

        result = SPIWrite(address, bytes, count);
        address += count;
        bytes += count;
        length -= count;
    }
    unpark(ctx);
    return -result;
}

static IN_IRAM int rom_erase(void *ctx, uint32_t address, uint32_t length)
{
    park(ctx);
    const int result = length == UD_FLASH_BLOCK ? SPIEraseBlock(address / UD_FLASH_BLOCK)
                                                : SPIEraseSector(address / UD_FLASH_SECTOR);
    unpark(ctx);
    return -result;
}

struct ud_flash ud_rom_flash_port(const struct ud_rom_flash *state, uint32_t size)
{
    /* The id is kept by the ROM and used by none of its functions. */
    SPIParamCfg(0, size, UD_FLASH_BLOCK, UD_FLASH_SECTOR, PAGE_SIZE, STATUS_MASK);
    return (struct ud_flash){
        .ctx = (void *)(uintptr_t)state,
        .size = size,
        .has_block_erase = true,
        .read = rom_read,
        .program = rom_program,
        .erase = rom_erase,
    };
}
