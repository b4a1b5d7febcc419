/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_ROM_MD5_H
#define STANDIN_ESP_ROM_MD5_H

#include <stdint.h>

typedef struct {
    uint32_t buf[4];
    uint32_t bits[2];
    uint8_t in[64];
} md5_context_t;

void esp_rom_md5_init(md5_context_t *context);
void esp_rom_md5_update(md5_context_t *context, const void *buffer, uint32_t length);
void esp_rom_md5_final(uint8_t *digest, md5_context_t *context);

#endif
