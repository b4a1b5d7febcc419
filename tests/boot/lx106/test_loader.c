/* The segment loader over a ROM that only writes down what it is asked: what is
 * copied where, what stays in flash, and what is refused before it does harm.
 */
#include "boot/lx106/loader.h"
#include "boot/place.h"

#include "esp8266-rom/rom.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE 0x1000u

struct load {
    uint32_t source;
    uint32_t address;
    uint32_t length;
};

/* The ROM's flash, and the loads it was asked for into the chip's RAM, whose
 * addresses mean nothing here. */
static struct {
    uint8_t bytes[0x2000];
    unsigned calls;
    unsigned failing_call; /* from 1; 0: none */
    struct load loads[8];
    unsigned load_count;
} flash;

static bool is_chip_ram(uintptr_t address)
{
    return (address >= 0x3ffe8000 && address < 0x3fffc000) ||
           (address >= 0x40100000 && address < 0x4010c000);
}

int SPIRead(uint32_t address, void *data, uint32_t length)
{
    if (++flash.calls == flash.failing_call)
        return 1;
    if (is_chip_ram((uintptr_t)data)) {
        flash.loads[flash.load_count++] = (struct load){address, (uint32_t)(uintptr_t)data, length};
        return 0;
    }
    assert_true(address <= sizeof flash.bytes && length <= sizeof flash.bytes - address);
    memcpy(data, flash.bytes + address, length);
    return 0;
}

static const struct load segments[] = {
    {0, 0x40201010, 64}, {0, 0x40100000, 8}, {0, 0x3ffe8000, 12},
    {0, 0x3ffe9000, 0},  {0, 0x3ffe900c, 6},
};

#define SEGMENTS (sizeof segments / sizeof segments[0])

static void write_image(void)
{
    uint8_t *at = flash.bytes + IMAGE;
    memset(&flash, 0, sizeof flash);
    at[0] = 0xe9;
    at[1] = SEGMENTS;
    ud_put_u32(at + 4, 0x40100004);
    at += 8;
    for (size_t i = 0; i < SEGMENTS; i++) {
        ud_put_u32(at, segments[i].address);
        ud_put_u32(at + 4, segments[i].length);
        at += 8 + segments[i].length;
    }
}

static void ram_segments_are_loaded_and_mapped_ones_left(void **state)
{
    static const struct load expected[] = {
        {IMAGE + 8 + 8 + 64 + 8, 0x40100000, 8},
        {IMAGE + 8 + 8 + 64 + 8 + 8 + 8, 0x3ffe8000, 12},
        {IMAGE + 8 + 8 + 64 + 8 + 8 + 8 + 12 + 8 + 8, 0x3ffe900c, 6},
    };
    uint32_t entry = 0;
    (void)state;
    write_image();
    assert_int_equal(loader_load(IMAGE, &entry), LOADER_OK);
    assert_int_equal(entry, 0x40100004);
    assert_int_equal(flash.load_count, 3);
    assert_memory_equal(flash.loads, expected, sizeof expected);
}

/* Reads: the header, then a header for each segment and data for three. */
static void each_failing_read_has_its_number(void **state)
{
    static const enum loader_result expected[] = {
        LOADER_NO_HEADER, LOADER_NO_SEGMENT, LOADER_NO_SEGMENT, LOADER_NO_DATA, LOADER_NO_SEGMENT,
        LOADER_NO_DATA,   LOADER_NO_SEGMENT, LOADER_NO_SEGMENT, LOADER_NO_DATA, LOADER_OK,
    };
    (void)state;
    for (unsigned call = 1; call <= sizeof expected / sizeof expected[0]; call++) {
        uint32_t entry;
        write_image();
        flash.failing_call = call;
        assert_int_equal(loader_load(IMAGE, &entry), expected[call - 1]);
    }
}

static void what_is_no_image_is_refused(void **state)
{
    uint32_t entry;
    (void)state;
    write_image();
    flash.bytes[IMAGE] = 0xff;
    assert_int_equal(loader_load(IMAGE, &entry), LOADER_NO_IMAGE);
    write_image();
    flash.bytes[IMAGE + 1] = 0;
    assert_int_equal(loader_load(IMAGE, &entry), LOADER_NO_IMAGE);
    write_image();
    ud_put_u32(flash.bytes + IMAGE + 8, 0x4010f000);
    assert_int_equal(loader_load(IMAGE, &entry), LOADER_NO_IMAGE);
    assert_int_equal(flash.load_count, 0);
}

static void places_end_where_memory_does(void **state)
{
    static const struct {
        uint32_t address;
        uint32_t length;
        enum boot_place place;
    } cases[] = {
        {0x3ffe8000, 0x14000, BOOT_PLACE_COPY},
        {0x3ffe8000, 0x14001, BOOT_PLACE_REFUSED},
        {0x3ffe7fff, 4, BOOT_PLACE_REFUSED},
        {0x3fffbffc, 4, BOOT_PLACE_COPY},
        {0x3fffc000, 0, BOOT_PLACE_COPY},
        {0x3fffc000, 1, BOOT_PLACE_REFUSED},
        {0x3ffffff0, 4, BOOT_PLACE_REFUSED},
        {0x40000000, 4, BOOT_PLACE_REFUSED},
        {0x40100000, 0xc000, BOOT_PLACE_COPY},
        {0x40100000, 0xc001, BOOT_PLACE_REFUSED},
        {0x4010bfff, 0x3001, BOOT_PLACE_REFUSED},
        {0x4010f000, 4, BOOT_PLACE_REFUSED},
        {0x40201010, 0xfeff0, BOOT_PLACE_MAPPED},
        {0x40201010, 0xfeff1, BOOT_PLACE_REFUSED},
        {0x40201010, UINT32_MAX, BOOT_PLACE_REFUSED},
        {0x40300000, 4, BOOT_PLACE_REFUSED},
        {0x60001200, 4, BOOT_PLACE_REFUSED},
        {0, 4, BOOT_PLACE_REFUSED},
        {0x3ffe8000, UINT32_MAX, BOOT_PLACE_REFUSED},
        {UINT32_MAX, 4, BOOT_PLACE_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(boot_place(cases[i].address, cases[i].length), cases[i].place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ram_segments_are_loaded_and_mapped_ones_left),
        cmocka_unit_test(each_failing_read_has_its_number),
        cmocka_unit_test(what_is_no_image_is_refused),
        cmocka_unit_test(places_end_where_memory_does),
    };
    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
