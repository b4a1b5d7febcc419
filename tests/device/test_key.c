/* Public keys: what is one, what is none, and their ids. */
#include "updraft/key.h"

#include "device/port/bearssl/digest.h"
#include "guard_page.h"
#include "signing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name;
    enum ud_key_kind kind;
    uint32_t signature;
    uint8_t id[UD_KEY_ID_SIZE]; /* by openssl and sha256sum, as docs/trust.md says */
} vectors[] = {
    {"rsa512.pub", UD_KEY_RSA, 64, {0xd4, 0x25, 0x4a, 0x73, 0xed, 0xc1, 0xb7, 0xf5}},
    {"rsa1024.pub", UD_KEY_RSA, 128, {0x8c, 0xa4, 0xab, 0x53, 0xc6, 0x21, 0x91, 0x53}},
    {"rsa2048.pub", UD_KEY_RSA, 256, {0x18, 0x04, 0xb9, 0xfb, 0x39, 0xac, 0x82, 0x80}},
    {"rsa3072.pub", UD_KEY_RSA, 384, {0x94, 0x85, 0x01, 0x23, 0x56, 0xd1, 0x9c, 0x45}},
    {"rsa4096.pub", UD_KEY_RSA, 512, {0xe9, 0x3d, 0x91, 0xbc, 0x69, 0x52, 0x31, 0xef}},
    {"p256.pub", UD_KEY_P256, 64, {0x92, 0xeb, 0xb8, 0x40, 0xdc, 0xe2, 0xa7, 0x91}},
    {"p256-other.pub", UD_KEY_P256, 64, {0x15, 0x5c, 0xd6, 0xcb, 0x20, 0x04, 0x75, 0x1f}},
};

#define VECTORS (sizeof vectors / sizeof vectors[0])

static void keys_are_read_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t bytes[UD_KEY_DER_MAX], id[UD_KEY_ID_SIZE];
        const struct ud_key_der der = {bytes, signing_der(vectors[i].name, bytes)};
        struct ud_key key;

        print_message("%s\n", vectors[i].name);
        assert_int_equal(ud_key_decode(&der, &key), UD_OK);
        assert_int_equal(key.kind, vectors[i].kind);
        assert_int_equal(ud_key_signature_length(&key), vectors[i].signature);
        ud_key_id(&ud_sha256, &der, id);
        assert_memory_equal(id, vectors[i].id, sizeof id);
    }
}

static void numbers_are_where_they_are(void **state)
{
    uint8_t bytes[UD_KEY_DER_MAX];
    struct ud_key_der der = {bytes, signing_der("rsa2048.pub", bytes)};
    struct ud_key key;

    (void)state;
    assert_int_equal(ud_key_decode(&der, &key), UD_OK);
    assert_ptr_equal(key.number, bytes + 33);
    assert_int_equal(key.number[0], 0x9d);
    assert_ptr_equal(key.exponent, bytes + der.length - 3);
    assert_int_equal(key.exponent_length, 3);

    der.length = signing_der("p256.pub", bytes);
    assert_int_equal(ud_key_decode(&der, &key), UD_OK);
    assert_ptr_equal(key.number, bytes + 26);
    assert_int_equal(key.length, UD_KEY_P256_POINT);
}

/* Right up to a page that cannot be read. */
static void cut_and_lengthened_keys_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t bytes[UD_KEY_DER_MAX + 1] = {0};
        const uint32_t whole = signing_der(vectors[i].name, bytes);

        for (uint32_t length = 0; length <= whole + 1; length++) {
            struct guard_page page = guard_page_copy(bytes, length);
            const struct ud_key_der der = {page.data, length};
            struct ud_key key;

            assert_int_equal(ud_key_decode(&der, &key), length == whole ? UD_OK : UD_ERR_ARGUMENT);
            guard_page_free(&page);
        }
    }
}

/* Bytes that are structure, not number: any other value is no key of that kind. */
static void every_structural_bit_matters(void **state)
{
    static const struct {
        const char *name;
        uint32_t first_number; /* offset of the bytes that may be anything */
    } rows[] = {{"rsa2048.pub", 32}, {"rsa512.pub", 24}, {"p256.pub", 27}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[UD_KEY_DER_MAX];
        const struct ud_key_der der = {bytes, signing_der(rows[i].name, bytes)};
        struct ud_key key;

        for (uint32_t bit = 0; bit < 8 * rows[i].first_number; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(ud_key_decode(&der, &key), UD_ERR_ARGUMENT);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_equal(ud_key_decode(&der, &key), UD_OK);
    }
}

/* ---- RSA keys made for the purpose ---- */

static uint8_t *put_length(uint8_t *at, uint32_t length)
{
    if (length >= 0x100) {
        *at++ = 0x82;
        *at++ = (uint8_t)(length >> 8);
    } else if (length >= 0x80) {
        *at++ = 0x81;
    }
    *at++ = (uint8_t)length;
    return at;
}

static uint8_t *put_value(uint8_t *at, uint8_t tag, const uint8_t *value, uint32_t length)
{
    *at++ = tag;
    at = put_length(at, length);
    memcpy(at, value, length);
    return at + length;
}

/* Where a byte too many stands. */
enum excess { NO_EXCESS, BEHIND_NUMBERS, BEHIND_SEQUENCE, BEHIND_BITS, EXCESSES };

struct rsa_numbers {
    const uint8_t *modulus;
    uint32_t modulus_length;
    const uint8_t *exponent;
    uint32_t exponent_length;
};

/* SubjectPublicKeyInfo round these two INTEGERs, whose bytes are used as they are. */
static uint32_t wrap_rsa(uint8_t *out, const struct rsa_numbers *rsa, enum excess excess)
{
    static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    uint8_t numbers[700], sequence[700] = {0}, info[700];
    uint8_t *end = put_value(numbers, 0x02, rsa->modulus, rsa->modulus_length);

    end = put_value(end, 0x02, rsa->exponent, rsa->exponent_length);
    if (excess == BEHIND_NUMBERS)
        *end++ = 0;
    end = put_value(sequence + 1, 0x30, numbers, (uint32_t)(end - numbers));
    if (excess == BEHIND_SEQUENCE)
        *end++ = 0;
    memcpy(info, algorithm, sizeof algorithm);
    end = put_value(info + sizeof algorithm, 0x03, sequence, (uint32_t)(end - sequence));
    if (excess == BEHIND_BITS)
        *end++ = 0;
    end = put_value(out, 0x30, info, (uint32_t)(end - info));
    return (uint32_t)(end - out);
}

static void excess_bytes_are_refused_at_every_depth(void **state)
{
    uint8_t modulus[257], bytes[700];
    const uint8_t exponent[] = {1, 0, 1};
    const struct rsa_numbers rsa = {modulus, sizeof modulus, exponent, sizeof exponent};
    struct ud_key key;

    (void)state;
    memset(modulus, 0xff, sizeof modulus);
    modulus[0] = 0;
    for (int excess = NO_EXCESS; excess < EXCESSES; excess++) {
        const struct ud_key_der der = {bytes, wrap_rsa(bytes, &rsa, (enum excess)excess)};
        assert_int_equal(ud_key_decode(&der, &key), excess == NO_EXCESS ? UD_OK : UD_ERR_ARGUMENT);
    }
}

/* The length of the whole in one and in two bytes more than it needs. */
static void lengths_have_one_form(void **state)
{
    uint8_t bytes[UD_KEY_DER_MAX], longer[UD_KEY_DER_MAX + 2];
    const uint32_t length = signing_der("p256.pub", bytes);
    struct ud_key key;

    (void)state;
    for (uint32_t more = 1; more <= 2; more++) {
        const struct ud_key_der der = {longer, length + more};

        longer[0] = bytes[0];
        longer[1] = (uint8_t)(0x80 + more);
        longer[2] = 0;
        memcpy(longer + 1 + more, bytes + 1, length - 1);
        assert_int_equal(ud_key_decode(&der, &key), UD_ERR_ARGUMENT);
    }
}

static void rsa_numbers_are_judged(void **state)
{
    static const struct {
        const char *what;
        uint32_t modulus_length; /* bytes, a leading zero included */
        uint8_t zero, first, last;
        uint8_t exponent[6];
        uint32_t exponent_length;
        int expected;
    } rows[] = {
        {"2048 bits", 257, 0, 0xff, 0xff, {1, 0, 1}, 3, UD_OK},
        {"2047 bits", 256, 1, 0x7f, 0xff, {1, 0, 1}, 3, UD_OK},
        {"512 bits", 65, 0, 0x80, 0x01, {1, 0, 1}, 3, UD_OK},
        {"511 bits", 64, 1, 0x7f, 0x01, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"504 bits", 64, 0, 0xff, 0x01, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"4096 bits", 513, 0, 0xff, 0x01, {1, 0, 1}, 3, UD_OK},
        {"4097 bits", 513, 1, 0x01, 0x01, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"negative", 256, 1, 0xff, 0xff, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"a zero too many", 257, 0, 0x7f, 0xff, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"even", 257, 0, 0xff, 0xfe, {1, 0, 1}, 3, UD_ERR_ARGUMENT},
        {"exponent 3", 257, 0, 0xff, 0xff, {3}, 1, UD_OK},
        {"exponent 1", 257, 0, 0xff, 0xff, {1}, 1, UD_ERR_ARGUMENT},
        {"exponent 0", 257, 0, 0xff, 0xff, {0}, 1, UD_ERR_ARGUMENT},
        {"even exponent", 257, 0, 0xff, 0xff, {1, 0, 2}, 3, UD_ERR_ARGUMENT},
        {"no exponent", 257, 0, 0xff, 0xff, {0}, 0, UD_ERR_ARGUMENT},
        {"32 bits of it", 257, 0, 0xff, 0xff, {0, 0xff, 0, 0, 1}, 5, UD_OK},
        {"33 bits of it", 257, 0, 0xff, 0xff, {1, 0, 0, 0, 1}, 5, UD_ERR_ARGUMENT},
        {"negative exponent", 257, 0, 0xff, 0xff, {0xff}, 1, UD_ERR_ARGUMENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t modulus[520], bytes[700];
        const bool has_zero = rows[i].zero == 0;
        struct ud_key key;

        print_message("%s\n", rows[i].what);
        memset(modulus, 0xff, sizeof modulus);
        modulus[0] = 0;
        modulus[has_zero ? 1 : 0] = rows[i].first;
        modulus[rows[i].modulus_length - 1] = rows[i].last;
        const struct rsa_numbers rsa = {modulus, rows[i].modulus_length, rows[i].exponent,
                                        rows[i].exponent_length};
        const struct ud_key_der der = {bytes, wrap_rsa(bytes, &rsa, NO_EXCESS)};
        assert_int_equal(ud_key_decode(&der, &key), rows[i].expected);
        if (rows[i].expected == UD_OK)
            assert_int_equal(key.length, rows[i].modulus_length - (has_zero ? 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_and_named),
        cmocka_unit_test(numbers_are_where_they_are),
        cmocka_unit_test(cut_and_lengthened_keys_are_refused),
        cmocka_unit_test(every_structural_bit_matters),
        cmocka_unit_test(excess_bytes_are_refused_at_every_depth),
        cmocka_unit_test(lengths_have_one_form),
        cmocka_unit_test(rsa_numbers_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
