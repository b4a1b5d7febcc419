/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_LOG_H
#define STANDIN_ESP_LOG_H

#include <stdio.h>

#define ESP_LOGI(tag, format, ...) printf("I %s: " format "\n", tag, ##__VA_ARGS__)
#define ESP_LOGE(tag, format, ...) printf("E %s: " format "\n", tag, ##__VA_ARGS__)

#endif
