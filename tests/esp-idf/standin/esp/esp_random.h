/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_RANDOM_H
#define STANDIN_ESP_RANDOM_H

#include <stddef.h>

void esp_fill_random(void *buffer, size_t length);

#endif
