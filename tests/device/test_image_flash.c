/* What lies in flash: the sketch's size and its description. */
#include "updraft/image.h"

#include "image_builder.h"
#include "ram_flash.h"
#include "updraft/endian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE (16 * UD_FLASH_SECTOR)

static struct ram_flash *flash_with(struct ram_flash *flash, const struct image_firmware *firmware)
{
    struct image_bytes image = image_build_firmware(firmware);

    assert_int_equal(ram_flash_init(flash, FLASH_SIZE), 0);
    assert_true(image.length <= FLASH_SIZE);
    memcpy(flash->bytes, image.data, image.length);
    image_free(&image);
    return flash;
}

static void put_segment(struct ram_flash *flash, uint32_t at, uint32_t length)
{
    ud_put_u32(flash->bytes + at, 0x40201010);
    ud_put_u32(flash->bytes + at + 4, length);
}

/* The core's own arithmetic: the end of the segments, plus 16, rounded down. */
static void the_sketch_size_ends_with_the_checksum(void **state)
{
    (void)state;
    for (uint32_t size = 304; size < 404; size += 4) {
        const struct image_firmware firmware = {.size = size};
        struct image_bytes image = image_build_firmware(&firmware);
        struct ram_flash flash;
        uint32_t sketch_size = 0;

        flash_with(&flash, &firmware);
        assert_int_equal(ud_image_sketch_size(&flash.port, &sketch_size), UD_OK);
        assert_int_equal(sketch_size, image.length);
        assert_int_equal(flash.violations, 0);
        ram_flash_free(&flash);
        image_free(&image);
    }
}

static void no_image_has_no_size(void **state)
{
    static const uint8_t headers[][2] = {{0xff, 0xff}, {0xea, 1}, {0xe9, 0}, {0xe9, 17}};
    struct ram_flash flash;
    uint32_t size;

    (void)state;
    assert_int_equal(ram_flash_init(&flash, FLASH_SIZE), 0);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        memset(flash.bytes + UD_IMAGE_APP_OFFSET, 0, 64);
        memcpy(flash.bytes + UD_IMAGE_APP_OFFSET, headers[i], 2);
        assert_int_equal(ud_image_sketch_size(&flash.port, &size), UD_ERR_IMAGE);
    }
    ram_flash_free(&flash);
}

static void segments_that_leave_the_chip_are_refused(void **state)
{
    const uint32_t first = UD_IMAGE_APP_OFFSET + 8;
    const uint32_t room = FLASH_SIZE - first - 8;
    const struct {
        uint32_t length;
        int expected;
    } rows[] = {
        {room - 1, UD_OK}, /* the checksum is the chip's last byte */
        {room, UD_ERR_IMAGE},       {room + 1, UD_ERR_IMAGE},
        {0xffffffff, UD_ERR_IMAGE}, {0u - first - 8, UD_ERR_IMAGE}, /* back to flash address 0 */
    };
    struct ram_flash flash;
    uint32_t size;

    (void)state;
    assert_int_equal(ram_flash_init(&flash, FLASH_SIZE), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        flash.bytes[UD_IMAGE_APP_OFFSET] = 0xe9;
        flash.bytes[UD_IMAGE_APP_OFFSET + 1] = 1;
        put_segment(&flash, first, rows[i].length);
        assert_int_equal(ud_image_sketch_size(&flash.port, &size), rows[i].expected);
        if (rows[i].expected == UD_OK)
            assert_int_equal(size, FLASH_SIZE);
    }
    /* A second segment whose header would lie half outside. */
    flash.bytes[UD_IMAGE_APP_OFFSET + 1] = 2;
    put_segment(&flash, first, room - 4);
    assert_int_equal(ud_image_sketch_size(&flash.port, &size), UD_ERR_IMAGE);
    ram_flash_free(&flash);
}

static void a_chip_of_one_sector_has_no_application(void **state)
{
    struct ram_flash flash;
    uint32_t size;

    (void)state;
    assert_int_equal(ram_flash_init(&flash, UD_FLASH_SECTOR), 0);
    assert_int_equal(ud_image_sketch_size(&flash.port, &size), UD_ERR_IMAGE);
    ram_flash_free(&flash);
}

static void descriptions_are_read_from_flash(void **state)
{
    const struct image_firmware firmware = {.version = "3.1", .project = "pump"};
    struct ud_image_description description;
    struct ram_flash flash;

    (void)state;
    flash_with(&flash, &firmware);
    assert_int_equal(ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description),
                     UD_OK);
    assert_string_equal(description.version, "3.1");
    assert_string_equal(description.project, "pump");
    assert_int_equal(ud_image_read_description(&flash.port, 0, &description), UD_ERR_IMAGE);
    assert_int_equal(ud_image_read_description(&flash.port, 0xfffffff0, &description),
                     UD_ERR_IMAGE);
    ram_flash_free(&flash);
}

static void esp32_descriptions_are_read_from_flash(void **state)
{
    const struct image_firmware firmware = {.chip = UD_CHIP_ESP32, .version = "9"};
    struct ud_image_description description;
    struct ram_flash flash;

    (void)state;
    flash_with(&flash, &firmware);
    assert_int_equal(ud_image_read_description(&flash.port, 0, &description), UD_OK);
    assert_string_equal(description.version, "9");
    ram_flash_free(&flash);
}

/* The magic is there, but belongs to no first segment that could hold it all. */
static void a_short_first_segment_has_no_description(void **state)
{
    const struct image_firmware firmware = {.version = "3.1"};
    struct ud_image_description description;
    struct ram_flash flash;

    (void)state;
    flash_with(&flash, &firmware);
    put_segment(&flash, UD_IMAGE_APP_OFFSET + 8, 271);
    assert_int_equal(ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description),
                     UD_ERR_IMAGE);
    put_segment(&flash, UD_IMAGE_APP_OFFSET + 8, 272);
    assert_int_equal(ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description),
                     UD_OK);
    ram_flash_free(&flash);
}

static void an_image_without_one_has_no_description(void **state)
{
    const struct image_firmware firmware = {.seed = 1};
    struct ud_image_description description;
    struct ram_flash flash;

    (void)state;
    flash_with(&flash, &firmware);
    assert_int_equal(ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description),
                     UD_ERR_IMAGE);
    ram_flash_free(&flash);
}

static void every_failing_read_is_reported(void **state)
{
    const struct image_firmware firmware = {.version = "3.1"};
    struct ud_image_description description;
    struct ram_flash flash;
    uint32_t size, reads;

    (void)state;
    flash_with(&flash, &firmware);
    assert_int_equal(ud_image_sketch_size(&flash.port, &size), UD_OK);
    assert_int_equal(ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description),
                     UD_OK);
    reads = flash.reads;
    for (uint32_t fault = 1; fault <= reads; fault++) {
        flash.reads = 0;
        flash.fail_read = fault;
        int error = ud_image_sketch_size(&flash.port, &size);
        if (error == UD_OK)
            error = ud_image_read_description(&flash.port, UD_IMAGE_APP_OFFSET, &description);
        assert_int_equal(error, UD_ERR_FLASH_READ);
    }
    ram_flash_free(&flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sketch_size_ends_with_the_checksum),
        cmocka_unit_test(no_image_has_no_size),
        cmocka_unit_test(segments_that_leave_the_chip_are_refused),
        cmocka_unit_test(a_chip_of_one_sector_has_no_application),
        cmocka_unit_test(descriptions_are_read_from_flash),
        cmocka_unit_test(esp32_descriptions_are_read_from_flash),
        cmocka_unit_test(a_short_first_segment_has_no_description),
        cmocka_unit_test(an_image_without_one_has_no_description),
        cmocka_unit_test(every_failing_read_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
