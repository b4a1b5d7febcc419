/* ets_vprintf(): as much of printf as programs rely on. */
#include "sim/qemu/rom.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS_MAX 11 /* of -2147483648 */

struct output {
    ets_putc_function *put;
    int count;
};

/* One conversion: %[-][0][width][l]letter */
struct conversion {
    bool is_left;
    bool has_zeros;
    uint32_t width;
};

static void put(struct output *output, int character)
{
    output->put(character);
    output->count++;
}

static void pad(struct output *output, int character, uint32_t width, uint32_t length)
{
    for (; length < width; length++)
        put(output, character);
}

static void put_text(struct output *output, const struct conversion *how, const char *text,
                     uint32_t length)
{
    if (how->has_zeros && !how->is_left && length != 0 && *text == '-') {
        put(output, *text++);
        length--;
        pad(output, '0', how->width - (how->width != 0), length);
    } else if (!how->is_left) {
        pad(output, how->has_zeros ? '0' : ' ', how->width, length);
    }
    for (uint32_t i = 0; i < length; i++)
        put(output, text[i]);
    if (how->is_left)
        pad(output, ' ', how->width, length);
}

static void put_number(struct output *output, const struct conversion *how, uint32_t value,
                       char letter)
{
    const char *digits = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const uint32_t base = letter == 'd' || letter == 'u' ? 10 : 16;
    const bool is_negative = letter == 'd' && value > INT32_MAX;
    char text[DIGITS_MAX];
    uint32_t at = sizeof text;

    if (is_negative)
        value = 0 - value;
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value != 0);
    if (is_negative)
        text[--at] = '-';
    put_text(output, how, text + at, sizeof text - at);
}

static const char *parse(const char *format, struct conversion *how)
{
    *how = (struct conversion){.is_left = *format == '-'};
    format += how->is_left;
    how->has_zeros = *format == '0';
    for (; *format >= '0' && *format <= '9'; format++)
        how->width = how->width * 10 + (uint32_t)(*format - '0');
    return *format == 'l' ? format + 1 : format;
}

int ets_vprintf(ets_putc_function *put_function, const char *format, va_list arguments)
{
    struct output output = {.put = put_function};
    struct conversion how;
    char letter;

    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(&output, *format);
            continue;
        }
        format = parse(format + 1, &how);
        switch (*format) {
        case 'd':
        case 'u':
        case 'x':
        case 'X':
        case 'p':
            put_number(&output, &how, va_arg(arguments, uint32_t), *format);
            break;
        case 's': {
            const char *text = va_arg(arguments, const char *);
            put_text(&output, &how, text, (uint32_t)strlen(text));
            break;
        }
        case 'c':
            letter = (char)va_arg(arguments, int);
            put_text(&output, &how, &letter, 1);
            break;
        case '\0':
            return output.count;
        default:
            put(&output, *format);
            break;
        }
    }
    return output.count;
}
