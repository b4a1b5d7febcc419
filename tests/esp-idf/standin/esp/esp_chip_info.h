/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_CHIP_INFO_H
#define STANDIN_ESP_CHIP_INFO_H

#include <stdint.h>

typedef struct {
    int model;
    uint32_t features;
    uint16_t revision; /* major * 100 + minor */
    uint8_t cores;
} esp_chip_info_t;

void esp_chip_info(esp_chip_info_t *out_info);

#endif
