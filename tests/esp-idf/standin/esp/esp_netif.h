/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_NETIF_H
#define STANDIN_ESP_NETIF_H

#include "esp_err.h"

esp_err_t esp_netif_init(void);

#endif
