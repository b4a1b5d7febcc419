/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_FLASH_ENCRYPT_H
#define STANDIN_ESP_FLASH_ENCRYPT_H

#include <stdbool.h>

bool esp_flash_encryption_enabled(void);

#endif
