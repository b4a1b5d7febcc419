/* BearSSL's digests behind the port's tables, against published values and
 * OpenSSL, in pieces of every size. */
#include "device/port/bearssl/digest.h"

#include "updraft/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define SEED 20260102u

static void digest_text(const struct ud_digest_class *class, const char *text, char *hex)
{
    uint8_t value[UD_DIGEST_MAX_SIZE];
    struct ud_digest digest;

    ud_digest_begin(&digest, class);
    ud_digest_add(&digest, text, (uint32_t)strlen(text));
    ud_digest_end(&digest, value);
    ud_hex_encode(value, class->size, hex);
}

static void published_values_come_out(void **state)
{
    char hex[2 * UD_DIGEST_MAX_SIZE + 1];

    (void)state;
    digest_text(&ud_md5, "", hex);
    assert_string_equal(hex, "d41d8cd98f00b204e9800998ecf8427e");
    digest_text(&ud_md5, "message digest", hex);
    assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
    digest_text(&ud_sha256, "", hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_text(&ud_sha256, "abc", hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void assert_pieces_agree(const struct ud_digest_class *class, const EVP_MD *reference,
                                const uint8_t *data, uint32_t length, uint32_t piece)
{
    uint8_t expected[EVP_MAX_MD_SIZE], actual[UD_DIGEST_MAX_SIZE];
    struct ud_digest digest;

    assert_int_equal(EVP_Digest(data, length, expected, NULL, reference, NULL), 1);
    ud_digest_begin(&digest, class);
    for (uint32_t done = 0; done < length; done += piece)
        ud_digest_add(&digest, data + done, piece < length - done ? piece : length - done);
    ud_digest_end(&digest, actual);
    assert_memory_equal(actual, expected, class->size);
}

static void pieces_of_any_size_give_the_same_digest(void **state)
{
    uint8_t data[300];

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (uint32_t length = 0; length <= sizeof data; length += 1 + length / 16) {
        for (uint32_t i = 0; i < length; i++)
            data[i] = (uint8_t)rand();
        for (uint32_t piece = 1; piece <= 130; piece += 1 + piece / 8) {
            assert_pieces_agree(&ud_md5, EVP_md5(), data, length, piece);
            assert_pieces_agree(&ud_sha256, EVP_sha256(), data, length, piece);
        }
    }
}

static void tables_tell_the_room_they_need(void **state)
{
    (void)state;
    assert_int_equal(ud_md5.size, UD_MD5_SIZE);
    assert_int_equal(ud_sha256.size, UD_SHA256_SIZE);
    assert_in_range(ud_md5.context_size, UD_MD5_SIZE, UD_DIGEST_CONTEXT_SIZE);
    assert_in_range(ud_sha256.context_size, UD_SHA256_SIZE, UD_DIGEST_CONTEXT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values_come_out),
        cmocka_unit_test(pieces_of_any_size_give_the_same_digest),
        cmocka_unit_test(tables_tell_the_room_they_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
