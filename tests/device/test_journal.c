/* The journal and the trial of an ESP8266 whose flash does not say how large it is, or
 * fails: they are told apart, and nothing is changed before the place is known. What they
 * write is tests/boot/test_run.c's, and every cut in it tests/powercut's. */
#include "ram_flash.h"

#include "updraft/error.h"
#include "updraft/journal.h"
#include "updraft/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE 0x80000u /* 512 KB: size code 0 in an image's header */
#define MAGIC      0xe9u
#define SIZE_AT    3u /* in its upper half */

static const struct ud_journal_order order = {.source = 0x10000, .destination = 0, .size = 0x1000};

static int load(const struct ud_flash *flash)
{
    struct ud_journal_order loaded;

    return ud_journal_load(flash, &loaded);
}

static int give_order(const struct ud_flash *flash)
{
    return ud_journal_order(flash, &order);
}

static int confirm(const struct ud_flash *flash)
{
    return ud_trial_confirm(flash);
}

static int (*const operations[])(const struct ud_flash *flash) = {
    load, give_order, ud_journal_clear,
    confirm, /* of a trial, whose place the image's length says */
};
#define OPERATIONS (sizeof operations / sizeof operations[0])
#define JOURNALS   (OPERATIONS - 1) /* the first are about the journal */

static void open_flash(struct ram_flash *flash, uint8_t size_code)
{
    assert_int_equal(ram_flash_init(flash, FLASH_SIZE), 0);
    flash->bytes[0] = MAGIC;
    flash->bytes[SIZE_AT] = (uint8_t)(size_code << 4);
}

static void a_header_that_promises_too_much_leaves_all_as_it_is(void **state)
{
    static const uint8_t codes[] = {2 /* 1 MB */, 4 /* 4 MB */, 15 /* none */};
    struct ram_flash flash;

    (void)state;
    for (uint32_t code = 0; code < sizeof codes; code++)
        for (uint32_t i = 0; i < JOURNALS; i++) {
            open_flash(&flash, codes[code]);
            assert_int_equal(operations[i](&flash.port), UD_ERR_FLASH_CONFIG);
            assert_int_equal(flash.programs + flash.erases, 0);
            ram_flash_free(&flash);
        }
}

static void a_header_that_cannot_be_read_leaves_all_as_it_is(void **state)
{
    struct ram_flash flash;

    (void)state;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        open_flash(&flash, 0);
        flash.fail_read = 1;
        assert_int_equal(operations[i](&flash.port), UD_ERR_FLASH_READ);
        assert_int_equal(flash.programs + flash.erases, 0);
        ram_flash_free(&flash);
    }
}

static void without_an_image_there_is_no_trial(void **state)
{
    struct ram_flash flash;

    (void)state;
    open_flash(&flash, 0);
    flash.bytes[0] = 0;
    assert_int_equal(ud_trial_confirm(&flash.port), UD_ERR_IMAGE);
    assert_int_equal(flash.programs + flash.erases, 0);
    ram_flash_free(&flash);
}

static void what_was_ordered_is_there_until_it_is_cleared(void **state)
{
    struct ud_journal_order loaded;
    struct ram_flash flash;

    (void)state;
    open_flash(&flash, 0);
    assert_int_equal(ud_journal_order(&flash.port, &order), UD_OK);
    assert_int_equal(ud_journal_load(&flash.port, &loaded), UD_OK);
    assert_int_equal(loaded.source, order.source);
    assert_int_equal(loaded.size, order.size);
    assert_int_equal(ud_journal_clear(&flash.port), UD_OK);
    assert_int_equal(ud_journal_load(&flash.port, &loaded), UD_ERR_STATE);
    assert_int_equal(flash.violations, 0);
    ram_flash_free(&flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_that_promises_too_much_leaves_all_as_it_is),
        cmocka_unit_test(a_header_that_cannot_be_read_leaves_all_as_it_is),
        cmocka_unit_test(without_an_image_there_is_no_trial),
        cmocka_unit_test(what_was_ordered_is_there_until_it_is_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
