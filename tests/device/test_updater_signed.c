/* Signed updates: who takes which, and what of a file is signed, staged and
 * checked. Numbers and texts are in test_updater_errors.c; the trailer by itself
 * in test_signature.c. */
#include "signing.h"
#include "updater_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "rsa2048"

struct fixture {
    struct signing_key key;
    struct image_bytes image; /* signed */
    uint32_t bare;            /* bytes of it before the signature */
};

static int setup(void **state)
{
    const struct image_firmware firmware = {.version = "1.1.0", .project = "demo", .size = 9000};
    struct image_bytes bare = image_build_firmware(&firmware);
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    signing_load(&fixture->key, KEY ".pub");
    fixture->bare = bare.length;
    fixture->image.data = realloc(bare.data, bare.length + UD_SIGNATURE_MAX + 4);
    assert_non_null(fixture->image.data);
    fixture->image.length =
        bare.length + signing_trailer(KEY ".key", fixture->image.data, bare.length,
                                      fixture->image.data + bare.length);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    image_free(&fixture->image);
    free(fixture);
    return 0;
}

/* Installs what the fixture holds on a device that verifies with the key. */
static int install(const struct fixture *fixture, struct updater_rig *rig, uint32_t step)
{
    const struct rig_setup verifying = {.verifier = &fixture->key.verifier, .buffer_size = 256};

    rig_init(rig, &verifying);
    return rig_install(rig, UD_COMMAND_FIRMWARE, &fixture->image, step);
}

static void assert_refused(const struct fixture *fixture)
{
    struct updater_rig rig;

    assert_int_equal(install(fixture, &rig, 1000), UD_ERR_SIGNATURE);
    rig_assert_untouched(&rig);
    rig_free(&rig);
}

/* The signature is over the file as received, whatever its mode byte becomes. */
static void a_signed_image_is_taken_and_staged_without_its_trailer(void **state)
{
    const struct fixture *fixture = *state;
    struct updater_rig rig;

    for (size_t i = 0; i < rig_step_count; i++) {
        assert_int_equal(install(fixture, &rig, rig_steps[i]), UD_OK);
        rig_assert_commanded(&rig, fixture->image.length, fixture->bare, 0);
        assert_int_equal(rig_staged(&rig, fixture->image.length)[2], UD_MODE_DIO);
        rig_free(&rig);
    }
}

static void a_device_without_a_verifier_takes_it_too(void **state)
{
    const struct fixture *fixture = *state;
    const struct rig_setup trusting = {0};
    struct updater_rig rig;

    rig_init(&rig, &trusting);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &fixture->image, 1000), UD_OK);
    rig_assert_commanded(&rig, fixture->image.length, fixture->image.length, 0);
    rig_free(&rig);
}

static void any_changed_byte_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t places[] = {2,
                               100,
                               UD_IMAGE_APP_OFFSET + 5000,
                               fixture->bare - 1,
                               fixture->bare,
                               fixture->image.length - 5,
                               fixture->image.length - 1};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        fixture->image.data[places[i]] ^= 0x02;
        assert_refused(fixture);
        fixture->image.data[places[i]] ^= 0x02;
    }
}

/* Every byte of the trailer, every 61st of the image, each bit in turn; also where
 * something else than the signature is what is wrong then. */
static void no_place_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    uint32_t tried = 0;

    for (uint32_t at = 0; at < fixture->image.length; at += at < fixture->bare - 61 ? 61 : 1) {
        struct updater_rig rig;

        fixture->image.data[at] ^= (uint8_t)(1 << tried++ % 8);
        assert_int_not_equal(install(fixture, &rig, 1000), UD_OK);
        rig_assert_untouched(&rig);
        rig_free(&rig);
        fixture->image.data[at] ^= (uint8_t)(1 << (tried - 1) % 8);
    }
    assert_true(tried > UD_SIGNATURE_MAX / 2);
}

static void a_cut_or_lengthened_trailer_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t whole = fixture->image.length;

    for (uint32_t length = fixture->bare; length < whole; length += 13) {
        fixture->image.length = length;
        assert_refused(fixture);
    }
    fixture->image.length = whole + 4;
    assert_refused(fixture);
}

static void another_key_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture->key.bytes[150] ^= 0x10; /* of its modulus */
    assert_refused(fixture);
}

/* With a verifier, an MD5 adds nothing, and a wrong one takes nothing away: as
 * the core has it. */
static void an_expected_md5_is_not_consulted(void **state)
{
    const struct fixture *fixture = *state;
    const struct rig_setup verifying = {.verifier = &fixture->key.verifier};
    struct updater_rig rig;

    rig_init(&rig, &verifying);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, fixture->image.length),
                     UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, "00000000000000000000000000000000"),
                     UD_OK);
    assert_int_equal(rig_feed(&rig, fixture->image.data, fixture->image.length, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_free(&rig);
}

static void an_expected_sha256_is_consulted(void **state)
{
    const struct fixture *fixture = *state;
    const struct rig_setup verifying = {.verifier = &fixture->key.verifier};
    const uint8_t zeros[UD_SHA256_SIZE] = {0};
    struct updater_rig rig;

    rig_init(&rig, &verifying);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, fixture->image.length),
                     UD_OK);
    assert_int_equal(ud_updater_expect(&rig.updater, &ud_sha256, zeros), UD_OK);
    assert_int_equal(rig_feed(&rig, fixture->image.data, fixture->image.length, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_SHA256);
    rig_free(&rig);
}

/* Signs what the fixture's image holds, which may have become shorter. */
static void sign_again(struct fixture *fixture)
{
    fixture->image.length =
        fixture->bare + signing_trailer(KEY ".key", fixture->image.data, fixture->bare,
                                        fixture->image.data + fixture->bare);
}

/* Signed after compressing: the bootloader gets what gzip made. */
static void a_signed_compressed_image_is_staged_without_its_trailer(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes file = image_compress(fixture->image.data, fixture->bare);

    fixture->bare = file.length;
    memcpy(fixture->image.data, file.data, file.length);
    image_free(&file);
    sign_again(fixture);
    for (size_t i = 0; i < rig_step_count; i++) {
        struct updater_rig rig;

        assert_int_equal(install(fixture, &rig, rig_steps[i]), UD_OK);
        rig_assert_commanded(&rig, fixture->image.length, fixture->bare, 0);
        assert_memory_equal(rig_staged(&rig, fixture->image.length), fixture->image.data,
                            fixture->image.length);
        rig_free(&rig);
    }
    fixture->image.data[fixture->bare / 2] ^= 1;
    assert_refused(fixture);
}

/* Sizes that are no whole number of words leave the trailer unaligned in flash. */
static void files_of_any_size_are_signed_like_a_program(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t bare = 4093; bare <= 4100; bare++)
        for (int is_atomic = 0; is_atomic < 2; is_atomic++) {
            const struct rig_setup verifying = {.verifier = &fixture->key.verifier,
                                                .is_atomic = is_atomic};
            struct updater_rig rig;

            fixture->bare = bare;
            image_fill(fixture->image.data, bare, 3);
            sign_again(fixture);
            rig_init(&rig, &verifying);
            const uint32_t fs_start = rig.staging.config.layout.fs_start;
            assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &fixture->image, 1000),
                             UD_OK);
            if (is_atomic)
                rig_assert_commanded(&rig, fixture->image.length, bare, fs_start);
            else
                rig_assert_untouched(&rig);
            fixture->image.data[bare - 1] ^= 1;
            assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &fixture->image, 1000),
                             UD_ERR_SIGNATURE);
            rig_free(&rig);
        }
}

/* A right signature does not make a damaged image sound. */
static void a_signed_wreck_is_refused_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct updater_rig rig;

    fixture->image.data[UD_IMAGE_APP_OFFSET + 1] = 0;
    signing_trailer(KEY ".key", fixture->image.data, fixture->bare,
                    fixture->image.data + fixture->bare);
    assert_int_equal(install(fixture, &rig, 1000), UD_ERR_IMAGE);
    rig_assert_untouched(&rig);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_image_is_taken_and_staged_without_its_trailer,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_without_a_verifier_takes_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(any_changed_byte_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(no_place_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_or_lengthened_trailer_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_key_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_expected_md5_is_not_consulted, setup, teardown),
        cmocka_unit_test_setup_teardown(an_expected_sha256_is_consulted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signed_compressed_image_is_staged_without_its_trailer,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(files_of_any_size_are_signed_like_a_program, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_signed_wreck_is_refused_all_the_same, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
