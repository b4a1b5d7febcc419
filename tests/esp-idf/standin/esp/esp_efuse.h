/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_EFUSE_H
#define STANDIN_ESP_EFUSE_H

#include "esp_err.h"

#include <stdint.h>

uint32_t esp_efuse_read_secure_version(void);
esp_err_t esp_efuse_update_secure_version(uint32_t secure_version);

#endif
