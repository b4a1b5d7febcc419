/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_EVENT_H
#define STANDIN_ESP_EVENT_H

#include "esp_err.h"

esp_err_t esp_event_loop_create_default(void);

#endif
