/* The originals' numbers and texts, word for word. */
#include "updraft/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(array) (sizeof(array) / sizeof(array)[0])

static const struct row {
    int error;
    int number;
    const char *text;
} updater_rows[] = {
    {UD_OK, 0, "No Error"},
    {UD_ERR_FLASH_WRITE, 1, "Flash Write Failed"},
    {UD_ERR_FLASH_ERASE, 2, "Flash Erase Failed"},
    {UD_ERR_FLASH_READ, 3, "Flash Read Failed"},
    {UD_ERR_SPACE, 4, "Not Enough Space"},
    {UD_ERR_SIZE, 5, "Bad Size Given"},
    {UD_ERR_TIMEOUT, 6, "Stream Read Timeout"},
    {UD_ERR_MD5, 7,
     "MD5 verification failed: expected: 00112233445566778899aabbccddeeff, "
     "calculated: ffeeddccbbaa99887766554433221100"},
    {UD_ERR_FLASH_CONFIG, 8, "Flash config wrong: real: 1048576, SDK: 4294967295"},
    {UD_ERR_NEW_FLASH_CONFIG, 9, "new Flash config wrong, real size: 1048576"},
    {UD_ERR_MAGIC, 10, "Magic byte is not 0xE9"},
    {UD_ERR_BOOT_MODE, 11, "Invalid bootstrapping state, reset ESP8266 before updating"},
    {UD_ERR_SIGNATURE, 12, "Signature verification failed"},
    {UD_ERR_NO_DATA, 13, "No data supplied"},
    {UD_ERR_MEMORY, 14, "Out of memory"},
    {UD_ERR_BUSY, 15, "Update already running"},
    {UD_ERR_COMMAND, 16, "Unknown update command"},
    {UD_ERR_CHIP, 17, "Image is for another chip"},
    {UD_ERR_IMAGE, 18, "Image is damaged or not a firmware image"},
    {UD_ERR_UNFINISHED, 19, "Update is not finished"},
    {UD_ERR_COMMIT, 20, "Boot record could not be written"},
    {UD_ERR_ABORTED, 21, "Update aborted"},
    {UD_ERR_MANIFEST, 22, "Manifest is missing or damaged"},
    {UD_ERR_PRODUCT, 23, "Update is for another product"},
    {UD_ERR_KIND, 24, "Update is of another kind"},
    {UD_ERR_SECURITY, 25, "Security version is too low"},
    {UD_ERR_KEY_UPDATE, 26, "Key update cannot be used"},
    {UD_ERR_KEY_NUMBER, 27, "Key update is not the next one"},
    {UD_ERR_LAST_KEY, 28, "The last key cannot be revoked"},
    {UD_ERR_GZIP, 29, "gzip file is damaged"},
    {UD_ERR_GZIP_PLACE, 30, "gzip file cannot be decompressed here"},
    {UD_ERR_FLASH_MODE, 31, "Flash mode is not the running one"},
    {UD_ERR_UNCONFIRMED, 32, "Running program is not confirmed yet"},
    {UD_ERR_REVISION, 33, "Image is for other revisions of the chip"},
    {UD_ERR_SHA256, 34, "SHA-256 verification failed"},
    {UD_ERR_ARGUMENT, 255, "UNKNOWN"},
    {UD_ERR_STATE, 255, "UNKNOWN"},
    {UD_ERR_FLASH_RANGE, 255, "UNKNOWN"},
    {-1000, 255, "UNKNOWN"},
    {1, 255, "UNKNOWN"},
};

static const struct row pull_rows[] = {
    {UD_OK, 0, ""},
    {UD_ERR_HTTP_CONNECT, -1, "HTTP error: connection failed"},
    {UD_ERR_HTTP_SEND, -2, "HTTP error: send header failed"},
    {UD_ERR_HTTP_LOST, -5, "HTTP error: connection lost"},
    {UD_ERR_HTTP_NOT_HTTP, -7, "HTTP error: no HTTP server"},
    {UD_ERR_HTTP_ENCODING, -9, "HTTP error: Transfer-Encoding not supported"},
    {UD_ERR_HTTP_TIMEOUT, -11, "HTTP error: read Timeout"},
    {UD_ERR_HTTP_TOO_LARGE, -100, "Not Enough space"},
    {UD_ERR_HTTP_NO_LENGTH, -101, "Server Did Not Report Size"},
    {UD_ERR_HTTP_NOT_FOUND, -102, "File Not Found (404)"},
    {UD_ERR_HTTP_FORBIDDEN, -103, "Forbidden (403)"},
    {UD_ERR_HTTP_STATUS, -104, "Wrong HTTP Code"},
    {UD_ERR_HTTP_REDIRECTS, -104, "Wrong HTTP Code"},
    {UD_ERR_HTTP_BAD_MD5, -105, "Wrong MD5"},
    {UD_ERR_HTTP_BAD_HEADER, -106, "Verify Bin Header Failed"},
    {UD_ERR_HTTP_FLASH_SIZE, -107, "New Binary Does Not Fit Flash Size"},
    {UD_ERR_HTTP_UNAUTHORIZED, -108, "Unauthorized (401)"},
    {UD_ERR_HTTP_NO_VERSION, -109, "Server Did Not Report Version"},
    {UD_ERR_HTTP_URL, -110, "URL Malformed, Too Long Or Not Supported"},
};

/* An updater whose session ended in `error`, with figures for the texts. */
static void set_up(struct ud_updater *updater, struct ud_flash *flash, int error)
{
    memset(updater, 0, sizeof *updater);
    memset(flash, 0, sizeof *flash);
    flash->size = 1u << 20;
    updater->config.flash = flash;
    updater->error = error;
    updater->flash_size_found = UINT32_MAX;
    for (unsigned i = 0; i < UD_MD5_SIZE; i++) {
        updater->expected[i] = (uint8_t)(0x11 * i);
        updater->actual[i] = (uint8_t)(0xff - 0x11 * i);
    }
}

static void the_updaters_table(void **state)
{
    struct ud_flash flash;
    struct ud_updater updater;

    (void)state;
    for (size_t i = 0; i < SIZE(updater_rows); i++) {
        const struct row *row = &updater_rows[i];
        char text[UD_MESSAGE_MAX], expected[UD_MESSAGE_MAX];

        set_up(&updater, &flash, row->error);
        assert_int_equal(ud_updater_error_number(row->error), row->number);
        ud_updater_error_text(&updater, text, sizeof text);
        assert_string_equal(text, row->text);
        snprintf(expected, sizeof expected, "ERROR[%d]: %s", row->number, row->text);
        ud_updater_error_line(&updater, row->error, text, sizeof text);
        assert_string_equal(text, expected);
    }
}

static void the_pulls_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(pull_rows); i++) {
        char text[UD_MESSAGE_MAX];

        assert_int_equal(ud_pull_error_number(pull_rows[i].error), pull_rows[i].number);
        ud_pull_error_text(pull_rows[i].error, NULL, text, sizeof text);
        assert_string_equal(text, pull_rows[i].text);
    }
}

static void the_updaters_errors_pass_through_the_pull(void **state)
{
    struct ud_flash flash;
    struct ud_updater updater;

    (void)state;
    for (size_t i = 1; i < SIZE(updater_rows); i++) {
        const struct row *row = &updater_rows[i];
        char text[UD_MESSAGE_MAX], expected[UD_MESSAGE_MAX + 1];

        set_up(&updater, &flash, row->error);
        assert_int_equal(ud_pull_error_number(row->error), row->number);
        ud_pull_error_text(row->error, &updater, text, sizeof text);
        const int length = snprintf(expected, sizeof expected, "Update error: ERROR[%d]: %s",
                                    row->number, row->text);
        assert_in_range(length, 1, UD_MESSAGE_MAX - 1);
        assert_string_equal(text, expected);
    }
}

/* A buffer too small cuts the text and keeps its end; nothing behind is touched. */
static void small_buffers_cut(void **state)
{
    struct ud_flash flash;
    struct ud_updater updater;
    char whole[UD_MESSAGE_MAX];

    (void)state;
    set_up(&updater, &flash, UD_ERR_MD5);
    ud_pull_error_text(UD_ERR_MD5, &updater, whole, sizeof whole);
    for (uint32_t size = 0; size <= strlen(whole); size++) {
        char text[UD_MESSAGE_MAX + 1];

        memset(text, 'x', sizeof text);
        ud_pull_error_text(UD_ERR_MD5, &updater, text, size);
        assert_int_equal(text[size], 'x');
        if (size == 0)
            continue;
        assert_memory_equal(text, whole, size - 1);
        assert_int_equal(text[size - 1], '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_updaters_table),
        cmocka_unit_test(the_pulls_table),
        cmocka_unit_test(the_updaters_errors_pass_through_the_pull),
        cmocka_unit_test(small_buffers_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
