/* Key updates: the vectors of docs/trust.md byte for byte, and read back. */
#include "host/keys_update.h"
#include "host/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIGNING(name) TEST_VECTORS "/signing/" name
#define TRUST(name)   TEST_VECTORS "/trust/" name

static char error[KEY_ERROR_SIZE];

static struct key load_key(const char *path)
{
    struct key key;
    if (key_read_public(path, &key, error) != 0)
        fail_msg("%s", error);
    return key;
}

static struct file_bytes load(const char *path)
{
    struct file_bytes bytes;
    if (file_read(path, 1 << 20, &bytes) != 0)
        fail_msg("%s cannot be read", path);
    return bytes;
}

static const struct row {
    enum key_update_action action;
    uint32_t number;
    const char *subject, *signer, *vector;
} rows[] = {
    {KEY_UPDATE_ADD, 1, SIGNING("p256.pub"), SIGNING("rsa2048.key"), TRUST("1-add-p256.signed")},
    {KEY_UPDATE_REVOKE, 2, SIGNING("rsa2048.pub"), SIGNING("p256.key"),
     TRUST("2-revoke-rsa2048.signed")},
};

static void the_vectors_come_out_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct key subject = load_key(rows[i].subject), signer = load_key(rows[i].signer);
        const struct key_update update = {rows[i].action, rows[i].number, "lamp", &subject};
        struct file_bytes vector = load(rows[i].vector), content;
        size_t length;
        assert_int_equal(key_update_make(&update, &content, error), 0);
        assert_memory_equal(content.data, vector.data, content.length);
        assert_int_equal(sign_check(&signer, &vector, &length), SIGN_GOOD);
        assert_int_equal(length, content.length);
        free(content.data);
        free(vector.data);
        key_free(&subject);
        key_free(&signer);
    }
}

static void what_is_made_is_read(void **state)
{
    static const uint8_t p256[] = {0x92, 0xeb, 0xb8, 0x40, 0xdc, 0xe2, 0xa7, 0x91};
    static const uint8_t rsa2048[] = {0x18, 0x04, 0xb9, 0xfb, 0x39, 0xac, 0x82, 0x80};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct file_bytes vector = load(rows[i].vector);
        struct key_update_facts facts;
        assert_true(key_update_read(&vector, &facts));
        assert_int_equal(facts.action, rows[i].action);
        assert_int_equal(facts.number, rows[i].number);
        assert_string_equal(facts.product, "lamp");
        assert_memory_equal(facts.id, i == 0 ? p256 : rsa2048, KEY_ID_SIZE);
        assert_int_equal(facts.signature_length, i == 0 ? 256 : 64);
        free(vector.data);
    }
}

static void every_truncation_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct file_bytes vector = load(rows[i].vector);
        struct key_update_facts facts;
        assert_true(key_update_read(&vector, &facts));
        const size_t unsigned_length = vector.length - facts.signature_length - SIGN_LENGTH_WORD;
        for (size_t size = 0; size < vector.length; size++) {
            struct file_bytes cut = {malloc(size + 1), size};
            memcpy(cut.data, vector.data, size);
            assert_int_equal(key_update_read(&cut, &facts), size == unsigned_length);
            free(cut.data);
        }
        free(vector.data);
    }
}

static void other_files_and_versions_are_not_read(void **state)
{
    struct file_bytes vector = load(rows[0].vector);
    struct key_update_facts facts;
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        vector.data[i] ^= 0x40;
        assert_false(key_update_read(&vector, &facts));
        vector.data[i] ^= 0x40;
    }
    free(vector.data);
}

static void a_long_product_is_refused(void **state)
{
    char product[KEY_UPDATE_PRODUCT_MAX + 2];
    struct key subject = load_key(SIGNING("p256.pub"));
    const struct key_update update = {KEY_UPDATE_REVOKE, 1, product, &subject};
    struct key_update_facts facts;
    struct file_bytes content;
    (void)state;
    memset(product, 'p', sizeof product);
    product[KEY_UPDATE_PRODUCT_MAX + 1] = '\0';
    assert_int_equal(key_update_make(&update, &content, error), -1);
    assert_string_equal(error, "a product's name has at most 64 bytes");
    product[KEY_UPDATE_PRODUCT_MAX] = '\0';
    assert_int_equal(key_update_make(&update, &content, error), 0);
    assert_true(key_update_read(&content, &facts));
    assert_string_equal(facts.product, product);
    free(content.data);
    key_free(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_come_out_byte_for_byte),
        cmocka_unit_test(what_is_made_is_read),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(other_files_and_versions_are_not_read),
        cmocka_unit_test(a_long_product_is_refused),
    };
    return cmocka_run_group_tests_name("keys_update", tests, NULL, NULL);
}
