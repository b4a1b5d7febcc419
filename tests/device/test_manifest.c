/* Manifests: the record, where it lies in a file, and what a device's terms make
 * of it. With an updater: test_updater_trust.c. */
#include "updraft/manifest.h"

#include "ram_flash.h"
#include "signing.h"
#include "trust_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE (4 * UD_FLASH_SECTOR)
#define START      0x1000u
#define TRAILER    260u /* bytes of an RSA-2048 signature and its length word */

struct fixture {
    struct ram_flash flash;
    struct ud_manifest_file file;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL || ram_flash_init(&fixture->flash, FLASH_SIZE) != 0)
        return -1;
    fixture->file = (struct ud_manifest_file){&fixture->flash.port, START, 0};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t violations = fixture->flash.violations;

    ram_flash_free(&fixture->flash);
    free(fixture);
    return violations == 0 ? 0 : -1;
}

static uint8_t *staged(struct fixture *fixture)
{
    return fixture->flash.bytes + START;
}

/* ---- the record ---- */

static void vectors_are_read(void **state)
{
    uint8_t bytes[UD_MANIFEST_SIZE];
    struct ud_manifest manifest;

    (void)state;
    assert_int_equal(signing_vector("trust/application.manifest", bytes, sizeof bytes),
                     sizeof bytes);
    assert_int_equal(ud_manifest_decode(bytes, &manifest), UD_OK);
    assert_int_equal(manifest.kind, UD_MANIFEST_APPLICATION);
    assert_int_equal(manifest.chip, UD_MANIFEST_CHIP_ESP8266);
    assert_int_equal(manifest.security_version, 3);
    assert_string_equal(manifest.product, "lamp");
    assert_string_equal(manifest.version, "1.4.0");

    signing_vector("trust/files.manifest", bytes, sizeof bytes);
    assert_int_equal(ud_manifest_decode(bytes, &manifest), UD_OK);
    assert_int_equal(manifest.kind, UD_MANIFEST_FILE_SYSTEM);
    assert_int_equal(manifest.chip, UD_MANIFEST_CHIP_ANY);
    assert_int_equal(manifest.security_version, 0);
}

static void vectors_are_written(void **state)
{
    static const char *const names[] = {"trust/application.manifest", "trust/files.manifest"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[UD_MANIFEST_SIZE], again[UD_MANIFEST_SIZE];
        struct ud_manifest manifest;

        signing_vector(names[i], bytes, sizeof bytes);
        assert_int_equal(ud_manifest_decode(bytes, &manifest), UD_OK);
        ud_manifest_encode(&manifest, again);
        assert_memory_equal(again, bytes, sizeof bytes);
    }
}

static void the_longest_texts_need_no_end(void **state)
{
    struct ud_manifest manifest = {.kind = UD_MANIFEST_APPLICATION}, again;
    uint8_t bytes[UD_MANIFEST_SIZE];

    (void)state;
    memset(manifest.product, 'p', UD_MANIFEST_PRODUCT_MAX);
    memset(manifest.version, 'v', UD_MANIFEST_VERSION_MAX);
    ud_manifest_encode(&manifest, bytes);
    assert_int_equal(bytes[79], 'p');
    assert_int_equal(bytes[111], 'v');
    assert_int_equal(ud_manifest_decode(bytes, &again), UD_OK);
    assert_string_equal(again.product, manifest.product);
    assert_string_equal(again.version, manifest.version);
}

static void other_magics_versions_and_kinds_are_none(void **state)
{
    struct ud_manifest manifest;
    uint8_t bytes[UD_MANIFEST_SIZE];

    (void)state;
    trust_manifest(&(struct trust_manifest){0}, bytes);
    for (uint32_t byte = 0; byte < 6; byte++) {
        const uint8_t right = bytes[byte];
        for (uint32_t value = 0; value < 256; value++) {
            const bool is_right = value == right || (byte == 5 && value == UD_MANIFEST_FILE_SYSTEM);
            bytes[byte] = (uint8_t)value;
            assert_int_equal(ud_manifest_decode(bytes, &manifest),
                             is_right ? UD_OK : UD_ERR_MANIFEST);
        }
        bytes[byte] = right;
    }
}

/* ---- in a file ---- */

/* The content of a signed file of the vectors. */
static void load(struct fixture *fixture, const char *path)
{
    fixture->file.size = signing_vector(path, staged(fixture), FLASH_SIZE - START) - TRAILER;
}

static void manifests_are_found_behind_and_inside(void **state)
{
    static const struct {
        const char *path;
        bool is_inside;
        enum ud_manifest_kind kind;
    } rows[] = {
        {"trust/application.bin.signed", false, UD_MANIFEST_APPLICATION},
        {"trust/application.bin.gz.signed", true, UD_MANIFEST_APPLICATION},
        {"trust/files.bin.signed", false, UD_MANIFEST_FILE_SYSTEM},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ud_manifest manifest;
        bool is_inside;

        load(fixture, rows[i].path);
        assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_OK);
        assert_int_equal(is_inside, rows[i].is_inside);
        assert_int_equal(manifest.kind, rows[i].kind);
        assert_string_equal(manifest.version, "1.4.0");
    }
}

/* Also files too short for one, down to nothing. */
static void shorter_files_have_none(void **state)
{
    static const char *const paths[] = {"trust/application.bin.signed", "trust/files.bin.signed"};
    struct fixture *fixture = *state;
    struct ud_manifest manifest;
    bool is_inside;

    for (size_t i = 0; i < 2; i++) {
        load(fixture, paths[i]);
        while (fixture->file.size-- > 0)
            assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside),
                             UD_ERR_MANIFEST);
    }
    load(fixture, "trust/application.bin.gz.signed");
    for (fixture->file.size = 0; fixture->file.size < 128; fixture->file.size++)
        assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_ERR_MANIFEST);
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_OK);
}

static void a_manifest_alone_is_no_file(void **state)
{
    struct fixture *fixture = *state;
    struct ud_manifest manifest;
    bool is_inside;

    fixture->file.size =
        signing_vector("trust/files.manifest", staged(fixture), FLASH_SIZE - START);
    assert_int_equal(fixture->file.size, UD_MANIFEST_SIZE);
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_ERR_MANIFEST);
}

/* A gzip file's place is the header, whatever lies behind the member; and the extra
 * field must say so. */
static void each_kind_of_file_has_one_place(void **state)
{
    static const uint32_t marks[] = {3, 12, 13, 14, 15}; /* flags, name, length */
    struct fixture *fixture = *state;
    uint8_t record[UD_MANIFEST_SIZE];
    struct ud_manifest manifest;
    bool is_inside;

    trust_manifest(&(struct trust_manifest){.version = "behind"}, record);
    load(fixture, "trust/application.bin.gz.signed");
    memcpy(staged(fixture) + fixture->file.size, record, sizeof record);
    fixture->file.size += (uint32_t)sizeof record;
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_OK);
    assert_string_equal(manifest.version, "1.4.0");
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        staged(fixture)[marks[i]] ^= 4;
        assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_ERR_MANIFEST);
        staged(fixture)[marks[i]] ^= 4;
    }
    staged(fixture)[0] ^= 1; /* no gzip any more */
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_OK);
    assert_string_equal(manifest.version, "behind");
    assert_false(is_inside);
}

static void faults_of_flash_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct ud_manifest manifest;
    bool is_inside;

    load(fixture, "trust/application.bin.signed");
    fixture->flash.reads = 0;
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_OK);
    const uint32_t reads = fixture->flash.reads;
    for (uint32_t fault = 1; fault <= reads; fault++) {
        fixture->flash.reads = 0;
        fixture->flash.fail_read = fault;
        assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside),
                         UD_ERR_FLASH_READ);
    }
    fixture->flash.fail_read = 0;
    fixture->file.start = FLASH_SIZE - 8;
    assert_int_equal(ud_manifest_read(&fixture->file, &manifest, &is_inside), UD_ERR_FLASH_RANGE);
}

/* ---- terms ---- */

static void terms_are_applied_in_order(void **state)
{
    static const struct {
        struct trust_manifest manifest;
        enum ud_manifest_kind asked;
        int expected;
    } rows[] = {
        {{0}, UD_MANIFEST_APPLICATION, UD_ERR_SECURITY},
        {{.security_version = 6}, UD_MANIFEST_APPLICATION, UD_ERR_SECURITY},
        {{.security_version = 7}, UD_MANIFEST_APPLICATION, UD_OK},
        {{.security_version = 8}, UD_MANIFEST_APPLICATION, UD_OK},
        {{.security_version = UINT32_MAX}, UD_MANIFEST_APPLICATION, UD_OK},
        {{.security_version = 7}, UD_MANIFEST_FILE_SYSTEM, UD_ERR_KIND},
        {{.kind = TRUST_FILE_SYSTEM, .security_version = 7}, UD_MANIFEST_FILE_SYSTEM, UD_OK},
        {{.kind = TRUST_FILE_SYSTEM, .security_version = 7}, UD_MANIFEST_APPLICATION, UD_ERR_KIND},
        {{.chip = 0xffff, .security_version = 7}, UD_MANIFEST_APPLICATION, UD_OK},
        {{.chip = 9, .security_version = 7}, UD_MANIFEST_APPLICATION, UD_ERR_CHIP},
        {{.product = "lam", .security_version = 7}, UD_MANIFEST_APPLICATION, UD_ERR_PRODUCT},
        {{.product = "lamp2", .security_version = 7}, UD_MANIFEST_APPLICATION, UD_ERR_PRODUCT},
        {{.product = "", .security_version = 7}, UD_MANIFEST_APPLICATION, UD_ERR_PRODUCT},
        {{.product = "x", .chip = 9}, UD_MANIFEST_FILE_SYSTEM, UD_ERR_PRODUCT},
        {{.chip = 9}, UD_MANIFEST_FILE_SYSTEM, UD_ERR_CHIP},
        {{0}, UD_MANIFEST_FILE_SYSTEM, UD_ERR_KIND},
    };
    const struct ud_manifest_terms terms = {
        .product = "lamp", .chip = UD_MANIFEST_CHIP_ESP8266, .security_version = 7};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("row %zu\n", i);
        memset(staged(fixture), 0x5a, 100);
        trust_manifest(&rows[i].manifest, staged(fixture) + 100);
        fixture->file.size = 100 + UD_MANIFEST_SIZE;
        assert_int_equal(ud_manifest_judge(&terms, rows[i].asked, &fixture->file),
                         rows[i].expected);
        assert_int_equal(fixture->file.size,
                         rows[i].expected == UD_OK ? 100 : 100 + UD_MANIFEST_SIZE);
    }
}

static void a_manifest_inside_stays_in_the_file(void **state)
{
    const struct ud_manifest_terms terms = {.product = "lamp", .chip = UD_MANIFEST_CHIP_ESP8266};
    struct fixture *fixture = *state;

    load(fixture, "trust/application.bin.gz.signed");
    const uint32_t size = fixture->file.size;
    assert_int_equal(ud_manifest_judge(&terms, UD_MANIFEST_APPLICATION, &fixture->file), UD_OK);
    assert_int_equal(fixture->file.size, size);
}

/* But one that is there counts. */
static void a_missing_manifest_may_be_allowed(void **state)
{
    struct ud_manifest_terms terms = {.product = "lamp", .chip = UD_MANIFEST_CHIP_ESP8266};
    struct fixture *fixture = *state;

    fixture->file.size = 1000;
    assert_int_equal(ud_manifest_judge(&terms, UD_MANIFEST_APPLICATION, &fixture->file),
                     UD_ERR_MANIFEST);
    terms.is_optional = true;
    assert_int_equal(ud_manifest_judge(&terms, UD_MANIFEST_APPLICATION, &fixture->file), UD_OK);
    assert_int_equal(fixture->file.size, 1000);
    load(fixture, "trust/files.bin.signed");
    assert_int_equal(ud_manifest_judge(&terms, UD_MANIFEST_APPLICATION, &fixture->file),
                     UD_ERR_KIND);
    fixture->flash.reads = 0;
    fixture->flash.fail_read = 1;
    assert_int_equal(ud_manifest_judge(&terms, UD_MANIFEST_APPLICATION, &fixture->file),
                     UD_ERR_FLASH_READ);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_read),
        cmocka_unit_test(vectors_are_written),
        cmocka_unit_test(the_longest_texts_need_no_end),
        cmocka_unit_test(other_magics_versions_and_kinds_are_none),
        TEST(manifests_are_found_behind_and_inside),
        TEST(shorter_files_have_none),
        TEST(a_manifest_alone_is_no_file),
        TEST(each_kind_of_file_has_one_place),
        TEST(faults_of_flash_are_told),
        TEST(terms_are_applied_in_order),
        TEST(a_manifest_inside_stays_in_the_file),
        TEST(a_missing_manifest_may_be_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
