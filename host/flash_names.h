/* Names for the header codes of images, in both directions. */
#ifndef HOST_FLASH_NAMES_H
#define HOST_FLASH_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* "qio", "qout", "dio", "dout"; null for other codes. */
const char *flash_mode_name(uint8_t mode);
bool flash_mode_parse(const char *name, uint8_t *mode);

/* "4M" and so on: the sizes a boards menu offers. */
bool flash_size_parse(const char *name, uint8_t *code);

/* The same for ESP32s, which number sizes otherwise: "1M" to "128M". */
bool flash_size_parse_esp32(const char *name, uint8_t *code);

/* MHz the code stands for, 0 for other codes. */
unsigned flash_frequency_mhz(uint8_t code);
bool flash_frequency_parse(const char *name, uint8_t *code);

#endif
