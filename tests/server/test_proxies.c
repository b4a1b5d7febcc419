#include "server/http/proxies.h"
#include "server/model/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void read_address(const char *text, uint8_t address[16])
{
    char mapped[ADDRESS_TEXT_SIZE + 8];

    snprintf(mapped, sizeof mapped, "%s%s", strchr(text, ':') == NULL ? "::ffff:" : "", text);
    assert_int_equal(inet_pton(AF_INET6, mapped, address), 1);
}

static bool has(const char *list, const char *text)
{
    struct http_proxies proxies;
    uint8_t address[16];

    assert_true(http_proxies_parse(list, &proxies));
    read_address(text, address);
    return http_proxies_have(&proxies, address);
}

static void addresses_and_networks_are_told_apart(void **state)
{
    (void)state;
    assert_true(has("10.0.0.5", "10.0.0.5"));
    assert_false(has("10.0.0.5", "10.0.0.4"));
    assert_true(has("192.0.2.1, 10.0.0.0/9", "10.127.255.255"));
    assert_false(has("192.0.2.1,10.0.0.0/9", "10.128.0.0"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("fd00::/8", "fdab::1"));
    assert_true(has("::1", "::1"));
    assert_false(has("::1", "::2"));
    assert_true(has("::/0", "203.0.113.9"));
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const lists[] = {
        "",
        ",",
        "10.0.0.1,",
        ",10.0.0.1",
        "10.0.0",
        "10.0.0.1/33",
        "10.0.0.1/",
        "10.0.0.1/-1",
        "10.0.0.1/8x",
        "::1/129",
        "proxy.example",
        "10.0.0.1 10.0.0.2",
        "10.0.0.1/8/8",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff:0000"};
    struct http_proxies proxies;
    char many[HTTP_PROXIES_MAX * 9 + 9] = "10.0.0.1";

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        assert_false(http_proxies_parse(lists[i], &proxies));
    for (size_t i = 1; i < HTTP_PROXIES_MAX; i++)
        strcat(many, ",10.0.0.1");
    assert_true(http_proxies_parse(many, &proxies));
    strcat(many, ",10.0.0.1");
    assert_false(http_proxies_parse(many, &proxies));
}

/* Behind 10.0.0.1, who asks? */
static void expect(const char *forwarded, const char *wanted)
{
    struct http_proxies proxies;
    char text[ADDRESS_TEXT_SIZE];
    uint8_t address[16];

    assert_true(http_proxies_parse("10.0.0.0/8,fd00::/8", &proxies));
    read_address("10.0.0.1", address);
    http_proxies_trace(&proxies, forwarded, address);
    assert_string_equal(address_format(address, text), wanted);
}

static void who_asks_is_the_last_that_is_no_proxy(void **state)
{
    (void)state;
    expect("203.0.113.9", "203.0.113.9");
    expect(" 203.0.113.9 ", "203.0.113.9");
    expect("203.0.113.9, 10.0.0.2", "203.0.113.9");
    expect("203.0.113.9,fd00::7,10.0.0.2", "203.0.113.9");
    expect("2001:db8::9", "2001:db8::9");
    expect("203.0.113.9:4711", "203.0.113.9");
    expect("[2001:db8::9]:4711, 10.1.2.3", "2001:db8::9");
}

/* Whoever asks can write what they like before what a proxy appends. */
static void what_strangers_write_is_not_believed(void **state)
{
    (void)state;
    expect("192.0.2.66, 203.0.113.9", "203.0.113.9");
    expect("10.0.0.9, 203.0.113.9, 10.0.0.2", "203.0.113.9");
    expect("192.0.2.66, nonsense, 10.0.0.2", "10.0.0.2");
    expect("unknown", "10.0.0.1");
    expect("", "10.0.0.1");
    expect(",", "10.0.0.1");
    expect("10.0.0.7, 10.0.0.2", "10.0.0.7"); /* a device in the proxies' own network */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_networks_are_told_apart),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(who_asks_is_the_last_that_is_no_proxy),
        cmocka_unit_test(what_strangers_write_is_not_believed),
    };

    return cmocka_run_group_tests_name("proxies", tests, NULL, NULL);
}
