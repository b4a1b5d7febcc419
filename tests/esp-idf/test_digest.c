/* SHA-256 of mbedTLS as a digest port: right in pieces, side by side, and holding nothing of
 * the chip between calls, since the library gives digests up without a word. */
#include "device/port/bearssl/digest.h"
#include "device/port/esp-idf/updraft/digest.h"
#include "tests/esp-idf/standin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t content[1000];

static void assert_digest_of(struct ud_digest *digest, uint32_t length)
{
    uint8_t expected[UD_SHA256_SIZE], found[UD_SHA256_SIZE];
    struct ud_digest other;

    ud_digest_begin(&other, &ud_sha256);
    ud_digest_add(&other, content, length);
    ud_digest_end(&other, expected);
    ud_digest_end(digest, found);
    assert_memory_equal(found, expected, sizeof found);
    assert_false(standin_sha_is_held());
}

static void pieces_make_the_digest_of_the_whole(void **state)
{
    static const uint32_t steps[] = {1, 63, 64, 65, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct ud_digest digest;
        uint32_t at = 0;

        ud_digest_begin(&digest, &updraft_sha256);
        while (at < sizeof content) {
            const uint32_t left = (uint32_t)sizeof content - at;
            const uint32_t part = left < steps[i] ? left : steps[i];
            ud_digest_add(&digest, content + at, part);
            assert_false(standin_sha_is_held());
            at += part;
        }
        assert_digest_of(&digest, sizeof content);
    }
}

static void what_is_given_up_holds_nothing(void **state)
{
    struct ud_digest digest, other;

    (void)state;
    ud_digest_begin(&digest, &updraft_sha256);
    ud_digest_add(&digest, content, 500);
    memset(&digest, 0xff, sizeof digest); /* its memory is somebody else's by now */
    assert_false(standin_sha_is_held());
    ud_digest_begin(&other, &updraft_sha256);
    ud_digest_add(&other, content, 100);
    assert_digest_of(&other, 100);
}

static void two_go_on_side_by_side(void **state)
{
    struct ud_digest one, other;

    (void)state;
    ud_digest_begin(&one, &updraft_sha256);
    ud_digest_begin(&other, &updraft_sha256);
    for (uint32_t at = 0; at < 640; at += 64) {
        ud_digest_add(&one, content + at, 64);
        ud_digest_add(&other, content + at / 2, 32);
    }
    assert_digest_of(&one, 640);
    assert_digest_of(&other, 320);
}

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + i / 256);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_the_digest_of_the_whole),
        cmocka_unit_test(what_is_given_up_holds_nothing),
        cmocka_unit_test(two_go_on_side_by_side),
    };

    return cmocka_run_group_tests_name("esp-idf/digest", tests, fill, NULL);
}
