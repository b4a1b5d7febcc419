/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_MAC_H
#define STANDIN_ESP_MAC_H

#include "esp_err.h"

#include <stdint.h>

typedef enum { ESP_MAC_WIFI_STA, ESP_MAC_WIFI_SOFTAP } esp_mac_type_t;

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type);

#endif
