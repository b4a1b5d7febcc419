#include "tools/image_file.h"

/* Names by load address. ESP32 stands for the first chip of that name; later
 * ones, told apart by chip id, have other maps. */
#define ESP32_ID   0
#define ESP32S2_ID 2
#define ESP32C3_ID 5
#define ESP32S3_ID 9

static const struct {
    enum ud_chip chip;
    uint16_t chip_id;
    uint32_t start;
    uint32_t end;
    const char *name;
} regions[] = {
    {UD_CHIP_ESP8266, 0, 0x3ffe8000, 0x3fffc000, "DRAM"},
    {UD_CHIP_ESP8266, 0, 0x40100000, 0x40110000, "IRAM"},
    {UD_CHIP_ESP8266, 0, 0x40200000, 0x40300000, "irom"},
    {UD_CHIP_ESP32, ESP32_ID, 0x3f400000, 0x3f800000, "DROM"},
    {UD_CHIP_ESP32, ESP32_ID, 0x3ff80000, 0x3ff82000, "RTC"},
    {UD_CHIP_ESP32, ESP32_ID, 0x3ffae000, 0x40000000, "DRAM"},
    {UD_CHIP_ESP32, ESP32_ID, 0x40070000, 0x400a0000, "IRAM"},
    {UD_CHIP_ESP32, ESP32_ID, 0x400c0000, 0x400c2000, "RTC"},
    {UD_CHIP_ESP32, ESP32_ID, 0x400d0000, 0x40400000, "irom"},
    {UD_CHIP_ESP32, ESP32_ID, 0x50000000, 0x50002000, "RTC"},
    {UD_CHIP_ESP32, ESP32S2_ID, 0x3f000000, 0x3ff80000, "DROM"},
    {UD_CHIP_ESP32, ESP32S2_ID, 0x3ffb0000, 0x40000000, "DRAM"},
    {UD_CHIP_ESP32, ESP32S2_ID, 0x40020000, 0x40070000, "IRAM"},
    {UD_CHIP_ESP32, ESP32S2_ID, 0x40080000, 0x40800000, "irom"},
    {UD_CHIP_ESP32, ESP32C3_ID, 0x3c000000, 0x3c800000, "DROM"},
    {UD_CHIP_ESP32, ESP32C3_ID, 0x3fc80000, 0x3fce0000, "DRAM"},
    {UD_CHIP_ESP32, ESP32C3_ID, 0x4037c000, 0x403e0000, "IRAM"},
    {UD_CHIP_ESP32, ESP32C3_ID, 0x42000000, 0x42800000, "irom"},
    {UD_CHIP_ESP32, ESP32C3_ID, 0x50000000, 0x50002000, "RTC"},
    {UD_CHIP_ESP32, ESP32S3_ID, 0x3c000000, 0x3e000000, "DROM"},
    {UD_CHIP_ESP32, ESP32S3_ID, 0x3fc88000, 0x3fd00000, "DRAM"},
    {UD_CHIP_ESP32, ESP32S3_ID, 0x40370000, 0x403e0000, "IRAM"},
    {UD_CHIP_ESP32, ESP32S3_ID, 0x42000000, 0x44000000, "irom"},
    {UD_CHIP_ESP32, ESP32S3_ID, 0x50000000, 0x50002000, "RTC"},
};

const char *image_region_name(const struct ud_image_header *header, uint32_t address)
{
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++)
        if (regions[i].chip == header->chip && regions[i].chip_id == header->chip_id &&
            address >= regions[i].start && address < regions[i].end)
            return regions[i].name;
    return NULL;
}
