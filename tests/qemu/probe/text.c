/* Memory, texts and printing, at the ROM's addresses. */
#include "orders.h"

#include "esp8266-rom/rom.h"

#include <stddef.h>

typedef void *copy(void *, const void *, size_t);
typedef void *fill(void *, int, size_t);
typedef int compare(const void *, const void *, size_t);
typedef void clear(void *, size_t);
typedef size_t measure(const char *);
typedef int order(const char *, const char *);
typedef int order_part(const char *, const char *, size_t);
typedef char *copy_text(char *, const char *);
typedef char *copy_part(char *, const char *, size_t);
typedef char *find(const char *, const char *);

#define MEMCPY  ROM_FUNCTION(copy, 0x4000df48)
#define MEMMOVE ROM_FUNCTION(copy, 0x4000e04c)
#define MEMSET  ROM_FUNCTION(fill, 0x4000e190)
#define MEMCMP  ROM_FUNCTION(compare, 0x4000dea8)
#define BZERO   ROM_FUNCTION(clear, 0x4000de84)
#define STRLEN  ROM_FUNCTION(measure, 0x4000bf4c)
#define STRCMP  ROM_FUNCTION(order, 0x4000bdc8)
#define STRNCMP ROM_FUNCTION(order_part, 0x4000bfa8)
#define STRCPY  ROM_FUNCTION(copy_text, 0x4000bec8)
#define STRNCPY ROM_FUNCTION(copy_part, 0x4000c0a0)
#define STRSTR  ROM_FUNCTION(find, 0x4000e1e0)

/* The same again, under the ROM's own names. */
#define ETS_MEMSET  ROM_FUNCTION(fill, 0x400018a4)
#define ETS_MEMCPY  ROM_FUNCTION(copy, 0x400018b4)
#define ETS_MEMMOVE ROM_FUNCTION(copy, 0x400018c4)
#define ETS_MEMCMP  ROM_FUNCTION(compare, 0x400018d4)
#define ETS_STRLEN  ROM_FUNCTION(measure, 0x40002ac8)
#define ETS_STRCMP  ROM_FUNCTION(order, 0x40002aa8)
#define ETS_BZERO   ROM_FUNCTION(clear, 0x40002ae8)

#define SIZE 64u

static bool is_filled(const char *bytes, char value, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* At every alignment of both sides, and not a byte more. */
static bool copies(copy *function)
{
    char from[SIZE], to[SIZE];

    for (uint32_t i = 0; i < SIZE; i++)
        from[i] = (char)i;
    for (uint32_t shift = 0; shift < 16; shift++) {
        ETS_MEMSET(to, 'x', SIZE);
        if (function(to + shift / 4, from + shift % 4, 33) != to + shift / 4)
            return false;
        if (MEMCMP(to + shift / 4, from + shift % 4, 33) != 0)
            return false;
        if (!is_filled(to, 'x', 0, shift / 4) || !is_filled(to, 'x', shift / 4 + 33, SIZE))
            return false;
    }
    return true;
}

static bool moves(copy *function)
{
    char text[] = "0123456789";

    function(text + 2, text, 8);
    function(text, text + 1, 8);
    return MEMCMP(text, "1012345667", 10) == 0;
}

static bool fills(void)
{
    char bytes[SIZE];

    MEMSET(bytes, 'a', SIZE);
    MEMSET(bytes + 3, 'b', 21);
    BZERO(bytes + 30, 9);
    ETS_BZERO(bytes + 50, 2);
    return is_filled(bytes, 'a', 0, 3) && is_filled(bytes, 'b', 3, 24) &&
           is_filled(bytes, 'a', 24, 30) && is_filled(bytes, 0, 30, 39) &&
           is_filled(bytes, 'a', 39, 50) && is_filled(bytes, 0, 50, 52);
}

static bool compares(compare *function)
{
    return function("abc", "abd", 2) == 0 && function("abc", "abd", 3) < 0 &&
           function("\xff", "\x01", 1) > 0;
}

void check_text(uint32_t count)
{
    char text[16] = "abcdefghijklmno";

    (void)count;
    expect(copies(MEMCPY) && copies(ETS_MEMCPY), "memcpy");
    expect(copies(MEMMOVE) && moves(MEMMOVE) && moves(ETS_MEMMOVE), "memmove");
    expect(fills(), "memset bzero");
    expect(compares(MEMCMP) && compares(ETS_MEMCMP), "memcmp");
    expect(STRLEN("") == 0 && STRLEN("four") == 4 && ETS_STRLEN("four") == 4, "strlen");
    expect(STRCMP("a", "b") < 0 && ETS_STRCMP("b", "b") == 0 && STRCMP("ba", "b") > 0, "strcmp");
    expect(STRNCMP("abc", "abd", 2) == 0 && STRNCMP("abc", "abd", 3) < 0, "strncmp");
    expect(STRCPY(text, "xyz") == text && STRCMP(text, "xyz") == 0 && text[4] == 'e', "strcpy");
    expect(STRNCPY(text, "q", 3) == text && text[0] == 'q' && text[1] == 0 && text[2] == 0,
           "strncpy");
    expect(STRCMP(STRSTR("one two", "two"), "two") == 0 && STRSTR("one", "two") == NULL, "strstr");
}

static void put_in_brackets(int character)
{
    ets_putc('[');
    ets_putc(character);
    ets_putc(']');
}

typedef void install(void (*)(int));
#define INSTALL_PUTC2 ROM_FUNCTION(install, 0x4000248c)

void print_lines(uint32_t count)
{
    ets_printf("|%d|%u|%x|%s|%c|\n", -5, 4000000000u, 0xbeefu, "text", 'z');
    ets_printf("|%08x|%4d|%04d|%5s|%02x|\n", 0x12abu, -7, -7, "ab", 0x123u);
    ets_printf("|%d|%x|%u|\n", (int)0x80000000, 0xffffffffu, 0u);
    ets_putc('\r');
    ets_putc('q');
    ets_putc('\n');
    INSTALL_PUTC2(put_in_brackets);
    ets_printf("%u", (unsigned)count % 10);
    INSTALL_PUTC2(NULL);
    ets_printf("\n");
}
