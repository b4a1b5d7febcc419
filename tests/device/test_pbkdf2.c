/* Derived keys against OpenSSL's, in steps of any size. */
#include "device/port/bearssl/digest.h"
#include "updraft/hex.h"
#include "updraft/pbkdf2.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void derive(const struct ud_digest_class *digest, const char *password, const char *salt,
                   uint32_t rounds, uint32_t step, uint8_t *out)
{
    struct ud_pbkdf2 key;

    memset(&key, 0xa5, sizeof key);
    ud_pbkdf2_begin(&key, digest, password, (uint32_t)strlen(password));
    ud_pbkdf2_salt(&key, salt, (uint32_t)strlen(salt));
    ud_pbkdf2_start(&key, rounds);
    while (ud_pbkdf2_step(&key, step) > 0)
        ;
    memcpy(out, key.sum, digest->size);
}

static void assert_as_openssl(const struct ud_digest_class *digest, const EVP_MD *md,
                              const char *password, const char *salt, uint32_t rounds)
{
    static const uint32_t steps[] = {1, 3, 100, UINT32_MAX};
    uint8_t expected[UD_DIGEST_MAX_SIZE];
    uint8_t actual[UD_DIGEST_MAX_SIZE];

    assert_int_equal(PKCS5_PBKDF2_HMAC(password, -1, (const uint8_t *)salt, (int)strlen(salt),
                                       (int)rounds, md, (int)digest->size, expected),
                     1);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        derive(digest, password, salt, rounds, steps[i], actual);
        assert_memory_equal(actual, expected, digest->size);
    }
}

static void any_step_gives_the_key_openssl_gives(void **state)
{
    static const uint32_t rounds[] = {1, 2, 3, 99, 100, 101};

    (void)state;
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        assert_as_openssl(&ud_sha256, EVP_sha256(), "password", "salt", rounds[i]);
        assert_as_openssl(&ud_md5, EVP_md5(), "password", "salt", rounds[i]);
    }
}

/* Up to a block the password is used as it is, beyond that its digest is. */
static void passwords_of_every_length(void **state)
{
    char password[131];

    (void)state;
    for (size_t length = 0; length < sizeof password; length++) {
        memset(password, 'p', length);
        password[length] = '\0';
        assert_as_openssl(&ud_sha256, EVP_sha256(), password, "", 2);
    }
}

static void salt_may_come_in_parts(void **state)
{
    uint8_t whole[UD_SHA256_SIZE];
    struct ud_pbkdf2 key;

    (void)state;
    derive(&ud_sha256, "pw", "nonce:cnonce", 5, 5, whole);
    ud_pbkdf2_begin(&key, &ud_sha256, "pw", 2);
    ud_pbkdf2_salt(&key, "nonce", 5);
    ud_pbkdf2_salt(&key, "", 0);
    ud_pbkdf2_salt(&key, ":cnonce", 7);
    ud_pbkdf2_start(&key, 5);
    assert_int_equal(ud_pbkdf2_step(&key, 3), 1);
    assert_int_equal(ud_pbkdf2_step(&key, 3), 0);
    assert_memory_equal(key.sum, whole, sizeof whole);
}

/* The key of an upload to an ESP32: password "admin". */
static void key_of_an_upload(void **state)
{
    static const char hash[] = "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918";
    static const char salt[] = "78377b525757b494427f89014f97d79928f3938d14eb51e20fb5dec9834eb304:"
                               "8011c082976c2e84ed034a6c2954c74ff0ecd6e762e9dc161d848c68545708e6";
    uint8_t key[UD_SHA256_SIZE];
    char text[2 * UD_SHA256_SIZE + 1];

    (void)state;
    derive(&ud_sha256, hash, salt, 10000, 64, key);
    ud_hex_encode(key, sizeof key, text);
    assert_string_equal(text, "40e2a81aaad0bdc80c1ceddad5fd128d5e735f21098383c5abc19bb329db97b3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_step_gives_the_key_openssl_gives),
        cmocka_unit_test(passwords_of_every_length),
        cmocka_unit_test(salt_may_come_in_parts),
        cmocka_unit_test(key_of_an_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
