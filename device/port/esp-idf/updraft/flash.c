#include "system.h"

#include "esp_flash.h"

#include <stddef.h>

/* Null is the chip that programs run from. */
#define MAIN_CHIP NULL

static int flash_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    (void)ctx;
    return esp_flash_read(MAIN_CHIP, data, address, length) == ESP_OK ? UD_OK : UD_ERR_FLASH_READ;
}

static int flash_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    (void)ctx;
    return esp_flash_write(MAIN_CHIP, data, address, length) == ESP_OK ? UD_OK : UD_ERR_FLASH_WRITE;
}

static int flash_erase(void *ctx, uint32_t address, uint32_t length)
{
    (void)ctx;
    return esp_flash_erase_region(MAIN_CHIP, address, length) == ESP_OK ? UD_OK
                                                                        : UD_ERR_FLASH_ERASE;
}

int updraft_flash_init(struct ud_flash *flash)
{
    uint32_t size;

    if (esp_flash_get_size(MAIN_CHIP, &size) != ESP_OK)
        return UD_ERR_FLASH_READ;
    *flash = (struct ud_flash){
        .size = size,
        .has_block_erase = true,
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
    };
    return UD_OK;
}
