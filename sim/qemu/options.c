#include "sim/qemu/options.h"

#include "sim/qemu/host_file.h"
#include "sim/qemu/registers.h"

#include <string.h>

#define CAUSE_POWER 1u

void options_init(struct board_options *options)
{
    *options = (struct board_options){
        .flash = HOST_NO_FILE,
        .rtc = HOST_NO_FILE,
        .report = HOST_NO_FILE,
        .pulse = HOST_NO_FILE,
        .cause = CAUSE_POWER,
        .straps = STRAPS_FLASH,
        .seed = 1,
    };
}

static bool parse_number(const char *text, uint32_t limit, uint32_t *number)
{
    uint32_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const uint32_t digit = (uint32_t)(*text - '0');
        if (digit > 9 || digit > limit || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static bool parse_file(const char *text, int *file)
{
    uint32_t number;

    if (!parse_number(text, INT32_MAX, &number))
        return false;
    *file = (int)number;
    return true;
}

static int hex_digit(char digit)
{
    const char lower = (char)(digit | 0x20);

    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool parse_mac(const char *text, struct board_options *options)
{
    for (uint32_t i = 0; i < BOARD_MAC_SIZE; i++, text += 3) {
        const int high = hex_digit(text[0]);
        const int low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || text[2] != (i == BOARD_MAC_SIZE - 1 ? '\0' : ':'))
            return false;
        options->mac[i] = (uint8_t)(high << 4 | low);
    }
    options->has_ethernet = true;
    return true;
}

static bool parse_stop(const char *text, struct board_options *options)
{
    options->stops_at_reset |= strcmp(text, "reset") == 0;
    options->stops_at_application |= strcmp(text, "app") == 0;
    return strcmp(text, "reset") == 0 || strcmp(text, "app") == 0;
}

/* The value of the word if it has this name, else null. */
static const char *value_of(const char *word, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

bool options_take(struct board_options *options, const char *word)
{
    const char *value;

    if ((value = value_of(word, "flash")) != NULL)
        return parse_file(value, &options->flash);
    if ((value = value_of(word, "rtc")) != NULL)
        return parse_file(value, &options->rtc);
    if ((value = value_of(word, "report")) != NULL)
        return parse_file(value, &options->report);
    if ((value = value_of(word, "pulse")) != NULL)
        return parse_file(value, &options->pulse);
    if ((value = value_of(word, "reset")) != NULL)
        return parse_number(value, RTC_CAUSE_MASK, &options->cause);
    if ((value = value_of(word, "straps")) != NULL)
        return parse_number(value, STRAPS(UINT32_MAX), &options->straps);
    if ((value = value_of(word, "seed")) != NULL)
        return parse_number(value, UINT32_MAX, &options->seed);
    if ((value = value_of(word, "mac")) != NULL)
        return parse_mac(value, options);
    if ((value = value_of(word, "cut")) != NULL)
        return cut_parse(value, &options->cut);
    if ((value = value_of(word, "stop")) != NULL)
        return parse_stop(value, options);
    return false;
}
