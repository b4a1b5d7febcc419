#include "host/flash_names.h"

#include <stddef.h>
#include <string.h>

static const char *const modes[] = {"qio", "qout", "dio", "dout"};

static const struct {
    const char *name;
    uint8_t code;
} sizes[] = {
    {"512K", 0}, {"256K", 1}, {"1M", 2}, {"2M", 3}, {"4M", 4}, {"8M", 8}, {"16M", 9},
};

static const struct {
    const char *name;
    unsigned mhz;
    uint8_t code;
} frequencies[] = {{"40", 40, 0x0}, {"26", 26, 0x1}, {"20", 20, 0x2}, {"80", 80, 0xf}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *flash_mode_name(uint8_t mode)
{
    return mode < COUNT(modes) ? modes[mode] : NULL;
}

bool flash_mode_parse(const char *name, uint8_t *mode)
{
    for (uint8_t i = 0; i < COUNT(modes); i++)
        if (strcmp(modes[i], name) == 0) {
            *mode = i;
            return true;
        }
    return false;
}

bool flash_size_parse(const char *name, uint8_t *code)
{
    for (size_t i = 0; i < COUNT(sizes); i++)
        if (strcmp(sizes[i].name, name) == 0) {
            *code = sizes[i].code;
            return true;
        }
    return false;
}

bool flash_size_parse_esp32(const char *name, uint8_t *code)
{
    static const char *const names[] = {"1M", "2M", "4M", "8M", "16M", "32M", "64M", "128M"};

    for (uint8_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0) {
            *code = i;
            return true;
        }
    return false;
}

unsigned flash_frequency_mhz(uint8_t code)
{
    for (size_t i = 0; i < COUNT(frequencies); i++)
        if (frequencies[i].code == code)
            return frequencies[i].mhz;
    return 0;
}

bool flash_frequency_parse(const char *name, uint8_t *code)
{
    for (size_t i = 0; i < COUNT(frequencies); i++)
        if (strcmp(frequencies[i].name, name) == 0) {
            *code = frequencies[i].code;
            return true;
        }
    return false;
}
