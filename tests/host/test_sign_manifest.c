/* Manifests in files: the vectors of docs/trust.md byte for byte, and found again. */
#include "host/sign.h"
#include "host/sign_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIGNING(name) TEST_VECTORS "/signing/" name
#define TRUST(name)   TEST_VECTORS "/trust/" name

static char error[KEY_ERROR_SIZE];

static struct file_bytes load(const char *path)
{
    struct file_bytes bytes;
    if (file_read(path, 1 << 20, &bytes) != 0)
        fail_msg("%s cannot be read", path);
    return bytes;
}

static const struct ud_manifest application = {.kind = UD_MANIFEST_APPLICATION,
                                               .chip = UD_MANIFEST_CHIP_ESP8266,
                                               .security_version = 3,
                                               .product = "lamp",
                                               .version = "1.4.0"};
static const struct ud_manifest files = {.kind = UD_MANIFEST_FILE_SYSTEM,
                                         .chip = UD_MANIFEST_CHIP_ANY,
                                         .product = "lamp",
                                         .version = "1.4.0"};

/* Attaches, signs and compares with the vector. */
static void check_vector(const struct ud_manifest *manifest, const struct file_bytes *content,
                         const char *vector)
{
    struct file_bytes expected = load(vector), attached, made;
    struct key key;
    assert_int_equal(key_read_private(SIGNING("rsa2048.key"), &key, error), 0);
    assert_int_equal(manifest_attach(manifest, content, &attached, error), 0);
    assert_int_equal(sign_content(&key, SIGN_STANDARD, &attached, &made, error), 0);
    assert_int_equal(made.length, expected.length);
    assert_memory_equal(made.data, expected.data, made.length);
    free(expected.data);
    free(attached.data);
    free(made.data);
    key_free(&key);
}

static void raw_vectors_come_out_byte_for_byte(void **state)
{
    struct file_bytes fw = load(SIGNING("fw.bin"));
    uint8_t text[] = {'f', 'i', 'l', 'e', 's'};
    const struct file_bytes five = {text, sizeof text};
    (void)state;
    check_vector(&application, &fw, TRUST("application.bin.signed"));
    check_vector(&files, &five, TRUST("files.bin.signed"));
    free(fw.data);
}

/* The vector's member before it got its manifest: flag and extra field taken out. */
static void the_gzip_vector_comes_out_byte_for_byte(void **state)
{
    struct file_bytes vector = load(TRUST("application.bin.gz.signed"));
    const size_t extra = 2 + 4 + UD_MANIFEST_SIZE, trailer = 256 + SIGN_LENGTH_WORD;
    struct file_bytes member = {malloc(vector.length), vector.length - extra - trailer};
    (void)state;
    memcpy(member.data, vector.data, 10);
    member.data[3] = 0;
    memcpy(member.data + 10, vector.data + 10 + extra, member.length - 10);
    check_vector(&application, &member, TRUST("application.bin.gz.signed"));
    free(member.data);
    free(vector.data);
}

static void what_is_attached_is_found(void **state)
{
    static const struct {
        const char *path;
        const struct ud_manifest *manifest;
        size_t signature;
        bool is_inside;
    } rows[] = {{TRUST("application.bin.signed"), &application, 256, false},
                {TRUST("application.bin.p256.signed"), &application, 64, false},
                {TRUST("application.bin.gz.signed"), &application, 256, true},
                {TRUST("files.bin.signed"), &files, 256, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file_bytes file = load(rows[i].path), twice;
        struct ud_manifest manifest;
        bool is_inside;
        file.length -= rows[i].signature + SIGN_LENGTH_WORD;
        assert_true(manifest_find(&file, &manifest, &is_inside));
        assert_int_equal(is_inside, rows[i].is_inside);
        assert_memory_equal(&manifest, rows[i].manifest, sizeof manifest);
        assert_int_equal(manifest_attach(&files, &file, &twice, error), -1);
        assert_string_equal(error, "it has a manifest already");
        free(file.data);
    }
}

/* Each in memory of its own length, so that sanitizers see a read past its end. */
static void nothing_is_found_where_nothing_is(void **state)
{
    static const char *const paths[] = {TRUST("application.bin.signed"),
                                        TRUST("application.bin.gz.signed")};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct file_bytes file = load(paths[i]);
        const size_t end = i == 0 ? 9 + UD_MANIFEST_SIZE : 16 + UD_MANIFEST_SIZE;
        for (size_t size = 0; size < end; size++) {
            struct file_bytes cut = {malloc(size + 1), size};
            struct ud_manifest manifest;
            bool is_inside;
            memcpy(cut.data, file.data, size);
            assert_false(manifest_find(&cut, &manifest, &is_inside));
            free(cut.data);
        }
        free(file.data);
    }
}

static void chips_and_kinds_have_names(void **state)
{
    char name[MANIFEST_CHIP_NAME_SIZE];
    (void)state;
    assert_string_equal(manifest_chip_name(UD_MANIFEST_CHIP_ESP8266, name), "ESP8266");
    assert_string_equal(manifest_chip_name(UD_MANIFEST_CHIP_ANY, name), "any chip");
    assert_string_equal(manifest_chip_name(0, name), "ESP32");
    assert_string_equal(manifest_chip_name(9, name), "ESP32-S3");
    assert_string_equal(manifest_kind_name(UD_MANIFEST_APPLICATION), "application");
    assert_string_equal(manifest_kind_name(UD_MANIFEST_FILE_SYSTEM), "files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_vectors_come_out_byte_for_byte),
        cmocka_unit_test(the_gzip_vector_comes_out_byte_for_byte),
        cmocka_unit_test(what_is_attached_is_found),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
        cmocka_unit_test(chips_and_kinds_have_names),
    };
    return cmocka_run_group_tests_name("sign_manifest", tests, NULL, NULL);
}
