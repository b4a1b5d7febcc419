/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_NVS_FLASH_H
#define STANDIN_NVS_FLASH_H

#include "esp_err.h"

esp_err_t nvs_flash_init(void);

#endif
