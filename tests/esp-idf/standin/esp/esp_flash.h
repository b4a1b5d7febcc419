/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_FLASH_H
#define STANDIN_ESP_FLASH_H

#include "esp_err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct esp_flash_t esp_flash_t;
extern esp_flash_t *esp_flash_default_chip;

esp_err_t esp_flash_read(esp_flash_t *chip, void *buffer, uint32_t address, uint32_t length);
esp_err_t esp_flash_write(esp_flash_t *chip, const void *buffer, uint32_t address, uint32_t length);
esp_err_t esp_flash_erase_region(esp_flash_t *chip, uint32_t start, uint32_t length);
esp_err_t esp_flash_get_size(esp_flash_t *chip, uint32_t *size);
esp_err_t esp_flash_set_dangerous_write_protection(esp_flash_t *chip, const bool protect);

#endif
