/* What devices say of themselves over mDNS. */
#include "updraft/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t mac[6] = {0x5c, 0xcf, 0x7f, 0x01, 0x0b, 0xce};

static void default_names(void **state)
{
    char name[UD_SERVICE_NAME_MAX];

    (void)state;
    ud_service_name(UD_CHIP_ESP8266, mac, name);
    assert_string_equal(name, "esp8266-010bce");
    ud_service_name(UD_CHIP_ESP32, mac, name);
    assert_string_equal(name, "esp32-5ccf7f010bce");
}

static void assert_texts(enum ud_chip chip, const char *board, bool needs_password,
                         const char *expected)
{
    char all[UD_SERVICE_TEXTS * UD_SERVICE_TEXT_MAX] = "";
    char text[UD_SERVICE_TEXT_MAX];

    for (uint32_t i = 0; i < UD_SERVICE_TEXTS; i++) {
        ud_service_text(chip, board, needs_password, i, text);
        strcat(strcat(all, text), " ");
    }
    assert_string_equal(all, expected);
}

static void texts_in_the_cores_order(void **state)
{
    (void)state;
    assert_texts(UD_CHIP_ESP8266, NULL, false,
                 "tcp_check=no ssh_upload=no board=generic auth_upload=no ");
    assert_texts(UD_CHIP_ESP8266, "d1_mini", true,
                 "tcp_check=no ssh_upload=no board=d1_mini auth_upload=yes ");
    assert_texts(UD_CHIP_ESP32, NULL, true,
                 "board=esp32 tcp_check=no ssh_upload=no auth_upload=yes ");
}

static void long_boards_are_cut(void **state)
{
    char board[200], text[UD_SERVICE_TEXT_MAX];

    (void)state;
    memset(board, 'b', sizeof board - 1);
    board[sizeof board - 1] = '\0';
    ud_service_text(UD_CHIP_ESP32, board, false, 0, text);
    assert_int_equal(strlen(text), UD_SERVICE_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_names),
        cmocka_unit_test(texts_in_the_cores_order),
        cmocka_unit_test(long_boards_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
