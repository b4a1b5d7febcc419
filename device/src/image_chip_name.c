#include "image_internal.h"

/* In the order of ud_image_find_chip(). */
static const char *const names[UD_IMAGE_CHIPS] = {
    "ESP32",    "ESP32-S2",  "ESP32-C3", "ESP32-S3",  "ESP32-C2", "ESP32-C6",  "ESP32-H2",
    "ESP32-P4", "ESP32-C61", "ESP32-C5", "ESP32-H21", "ESP32-H4", "ESP32-S31",
};

const char *ud_image_chip_name(const struct ud_image_header *header)
{
    const uint32_t chip = ud_image_find_chip(header->chip_id);

    if (header->chip == UD_CHIP_ESP8266)
        return "ESP8266";
    return header->chip == UD_CHIP_ESP32 && chip < UD_IMAGE_CHIPS ? names[chip] : "unknown";
}
