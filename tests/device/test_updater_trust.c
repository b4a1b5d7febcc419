/* The updater with a key ring and terms: every kind of file, signed in every way,
 * with every manifest; key updates sent like firmware. */
#include "key_ring.h"
#include "signing.h"
#include "updater_rig.h"
#include "updraft/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define FILES_SIZE   9001u
#define ROOM_BEHIND  (TRUST_EXTRA_SIZE + TRUST_MANIFEST_SIZE + UD_SIGNATURE_MAX + 4)
#define SECURITY     7u
#define LENGTH(list) (sizeof(list) / sizeof(list)[0])

/* ---- files ---- */

enum signer { NOBODY, RSA, P256, ADDED, REVOKED, STRANGER, LEGACY, SIGNERS };
enum form { RAW, GZIP, FORMS };
enum use { APPLICATION, FILES_ATOMIC, FILES_IN_PLACE, USES };
enum manifest { NONE, RIGHT, OTHER_PRODUCT, OTHER_CHIP, OTHER_KIND, DOWNGRADE, MANIFESTS };

static const char *const signer_keys[SIGNERS] = {
    [RSA] = "rsa2048.key",     [P256] = "p256.key",        [ADDED] = "p256-other.key",
    [REVOKED] = "rsa3072.key", [STRANGER] = "rsa4096.key", [LEGACY] = "rsa2048.key"};

struct plan {
    enum signer signer;
    enum form form;
    enum use use;
    enum manifest manifest;
};

struct file {
    struct image_bytes bytes;
    uint32_t content; /* bytes before manifest and signature: what is to be staged */
};

static struct image_bytes build_content(const struct plan *plan)
{
    const struct image_firmware firmware = {.version = "1.1.0", .project = "demo", .size = 9000};
    struct image_bytes raw;

    if (plan->use == APPLICATION) {
        raw = image_build_firmware(&firmware);
    } else {
        raw = (struct image_bytes){malloc(FILES_SIZE), FILES_SIZE};
        assert_non_null(raw.data);
        image_fill(raw.data, raw.length, 5);
    }
    if (plan->form == RAW)
        return raw;
    struct image_bytes member = image_compress(raw.data, raw.length);
    image_free(&raw);
    return member;
}

static void build_manifest(const struct plan *plan, uint8_t record[TRUST_MANIFEST_SIZE])
{
    const bool is_application = (plan->use == APPLICATION) != (plan->manifest == OTHER_KIND);
    const struct trust_manifest manifest = {
        .product = plan->manifest == OTHER_PRODUCT ? "kettle" : "lamp",
        .kind = is_application ? TRUST_APPLICATION : TRUST_FILE_SYSTEM,
        .chip = plan->manifest == OTHER_CHIP ? 5 : 0x8266,
        .security_version = plan->manifest == DOWNGRADE ? SECURITY - 1 : SECURITY,
    };

    trust_manifest(&manifest, record);
}

static void attach_manifest(const struct plan *plan, struct file *file)
{
    uint8_t record[TRUST_MANIFEST_SIZE];
    uint8_t *data = file->bytes.data;

    if (plan->manifest == NONE)
        return;
    build_manifest(plan, record);
    if (plan->form == GZIP) {
        file->bytes.length = trust_put_inside(data, file->bytes.length, record);
        file->content = file->bytes.length;
    } else {
        memcpy(data + file->bytes.length, record, sizeof record);
        file->bytes.length += (uint32_t)sizeof record;
    }
}

static void sign(const struct plan *plan, struct file *file)
{
    uint8_t *data = file->bytes.data;
    const uint32_t length = file->bytes.length;
    const char *key = signer_keys[plan->signer];

    if (plan->signer == LEGACY)
        file->bytes.length += signing_legacy_trailer(key, data, length, data + length);
    else if (plan->signer != NOBODY)
        file->bytes.length += signing_trailer(key, data, length, data + length);
}

static struct file build(const struct plan *plan)
{
    struct file file = {.bytes = build_content(plan)};

    file.content = file.bytes.length;
    file.bytes.data = realloc(file.bytes.data, file.bytes.length + ROOM_BEHIND);
    assert_non_null(file.bytes.data);
    attach_manifest(plan, &file);
    sign(plan, &file);
    return file;
}

/* ---- the device ---- */

/* Its ring lies in a chip of its own, so that the rig can see that nothing else changed. */
struct device {
    struct ram_flash ring_flash;
    struct key_ring ring;
    struct ud_verifier verifier;
    struct ud_manifest_terms terms;
};

/* Trusts RSA, P256 and ADDED; once trusted REVOKED. */
static int setup(void **state)
{
    struct device *device = calloc(1, sizeof *device);

    if (device == NULL || ram_flash_init(&device->ring_flash, KEY_RING_FLASH) != 0)
        return -1;
    key_ring_init(&device->ring, &device->ring_flash.port, "rsa2048 rsa3072 p256");
    assert_int_equal(key_ring_start(&device->ring), UD_OK);
    assert_int_equal(key_ring_add(&device->ring, 1, "p256-other"), UD_OK);
    assert_int_equal(key_ring_revoke(&device->ring, 2, "rsa3072"), UD_OK);
    device->verifier = ud_keys_verifier(&device->ring.keys);
    device->terms = (struct ud_manifest_terms){.judge = ud_manifest_judge,
                                               .product = "lamp",
                                               .chip = UD_MANIFEST_CHIP_ESP8266,
                                               .security_version = SECURITY};
    *state = device;
    return 0;
}

static int teardown(void **state)
{
    struct device *device = *state;

    ram_flash_free(&device->ring_flash);
    free(device);
    return 0;
}

static enum ud_command command_of(const struct plan *plan)
{
    return plan->use == APPLICATION ? UD_COMMAND_FIRMWARE : UD_COMMAND_FILESYSTEM;
}

/* Installs the file; what is left must be its content, ready for the bootloader or in
 * place, or on error nothing. */
static void install(const struct rig_setup *setup, const struct plan *plan, const struct file *file,
                    uint32_t staged, int expected)
{
    struct rig_setup with_target = *setup;
    struct updater_rig rig;

    with_target.is_atomic = plan->use == FILES_ATOMIC;
    rig_init(&rig, &with_target);
    const struct ud_layout *layout = &rig.staging.config.layout;
    assert_int_equal(rig_install(&rig, command_of(plan), &file->bytes, 1000), expected);
    if (expected != UD_OK || plan->use == FILES_IN_PLACE)
        rig_assert_untouched(&rig);
    else
        rig_assert_commanded(&rig, file->bytes.length, staged,
                             plan->use == APPLICATION ? 0 : layout->fs_start);
    if (expected == UD_OK && plan->use == FILES_IN_PLACE)
        assert_memory_equal(rig.flash.bytes + layout->fs_start, file->bytes.data, file->content);
    rig_free(&rig);
}

static const char *describe(const struct plan *plan)
{
    static const char *const signers[] = {"unsigned", "rsa",      "p256",  "added",
                                          "revoked",  "stranger", "legacy"};
    static const char *const uses[] = {"application", "files, atomic", "files, in place"};
    static char text[100];

    snprintf(text, sizeof text, "%s, %s, %s, manifest %d", uses[plan->use],
             plan->form == RAW ? "raw" : "gzip", signers[plan->signer], plan->manifest);
    return text;
}

/* ---- the matrix ---- */

static void for_all(void (*play)(struct device *device, const struct plan *plan),
                    struct device *device, int manifests)
{
    for (int use = 0; use < USES; use++)
        for (int form = 0; form < FORMS; form++)
            for (int signer = 0; signer < SIGNERS; signer++)
                for (int manifest = 0; manifest < manifests; manifest++) {
                    const struct plan plan = {(enum signer)signer, (enum form)form, (enum use)use,
                                              (enum manifest)manifest};
                    if (use == FILES_IN_PLACE && form == GZIP)
                        continue; /* nobody would decompress it */
                    print_message("%s\n", describe(&plan));
                    play(device, &plan);
                }
}

static bool is_trusted(enum signer signer)
{
    return signer == RSA || signer == P256 || signer == ADDED;
}

static void play_with_terms(struct device *device, const struct plan *plan)
{
    static const int by_manifest[MANIFESTS] = {
        [NONE] = UD_ERR_MANIFEST,         [RIGHT] = UD_OK,
        [OTHER_PRODUCT] = UD_ERR_PRODUCT, [OTHER_CHIP] = UD_ERR_CHIP,
        [OTHER_KIND] = UD_ERR_KIND,       [DOWNGRADE] = UD_ERR_SECURITY};
    const struct rig_setup setup = {.verifier = &device->verifier, .terms = &device->terms};
    struct file file = build(plan);

    install(&setup, plan, &file, file.content,
            is_trusted(plan->signer) ? by_manifest[plan->manifest] : UD_ERR_SIGNATURE);
    image_free(&file.bytes);
}

static void a_device_with_terms_takes_only_what_is_for_it(void **state)
{
    for_all(play_with_terms, *state, MANIFESTS);
}

/* Without terms a manifest behind a raw file is part of it, as on stock devices. */
static void play_verifying(struct device *device, const struct plan *plan)
{
    const struct rig_setup setup = {.verifier = &device->verifier};
    struct file file = build(plan);
    uint32_t staged = file.content;

    if (plan->form == RAW && plan->manifest != NONE)
        staged += TRUST_MANIFEST_SIZE;
    install(&setup, plan, &file, staged, is_trusted(plan->signer) ? UD_OK : UD_ERR_SIGNATURE);
    image_free(&file.bytes);
}

static void a_device_that_only_verifies_ignores_manifests(void **state)
{
    for_all(play_verifying, *state, RIGHT + 1);
}

/* What stands behind a gzip file would keep the bootloader from decompressing it. */
static void play_trusting(struct device *device, const struct plan *plan)
{
    const struct rig_setup setup = {0};
    struct file file = build(plan);
    const bool is_stripped = plan->form == GZIP;

    (void)device;
    install(&setup, plan, &file, is_stripped ? file.content : file.bytes.length, UD_OK);
    image_free(&file.bytes);
}

static void a_device_that_does_not_verify_takes_all(void **state)
{
    for_all(play_trusting, *state, RIGHT + 1);
}

/* In pieces and buffers of any size, the flash mode patched or not. */
static void pieces_do_not_matter(void **state)
{
    struct device *device = *state;

    for (int form = 0; form < FORMS; form++) {
        const struct plan plan = {RSA, (enum form)form, APPLICATION, RIGHT};
        struct file file = build(&plan);

        for (size_t i = 0; i < rig_step_count; i++)
            for (uint32_t buffer = 64; buffer <= 4096; buffer *= 8) {
                const struct rig_setup setup = {
                    .verifier = &device->verifier, .terms = &device->terms, .buffer_size = buffer};
                struct updater_rig rig;

                rig_init(&rig, &setup);
                assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file.bytes, rig_steps[i]),
                                 UD_OK);
                rig_assert_commanded(&rig, file.bytes.length, file.content, 0);
                rig_free(&rig);
            }
        image_free(&file.bytes);
    }
}

static void optional_manifests_let_old_files_in(void **state)
{
    struct device *device = *state;
    const struct plan plans[] = {{RSA, RAW, APPLICATION, NONE},
                                 {RSA, GZIP, APPLICATION, NONE},
                                 {RSA, RAW, FILES_ATOMIC, NONE}};
    const struct rig_setup setup = {.verifier = &device->verifier, .terms = &device->terms};

    device->terms.is_optional = true;
    for (size_t i = 0; i < LENGTH(plans); i++) {
        struct file file = build(&plans[i]);
        install(&setup, &plans[i], &file, file.content, UD_OK);
        image_free(&file.bytes);
    }
    const struct plan downgrade = {RSA, RAW, APPLICATION, DOWNGRADE};
    struct file file = build(&downgrade);
    install(&setup, &downgrade, &file, file.content, UD_ERR_SECURITY);
    image_free(&file.bytes);
}

static void terms_must_be_whole(void **state)
{
    struct device *device = *state;
    const struct rig_setup setup = {0};
    struct updater_rig rig;

    rig_init(&rig, &setup);
    struct ud_updater_config config = rig.updater.config;
    config.terms = &device->terms;
    assert_int_equal(ud_updater_init(&rig.updater, &config), UD_OK);
    device->terms.judge = NULL;
    assert_int_equal(ud_updater_init(&rig.updater, &config), UD_ERR_ARGUMENT);
    device->terms.judge = ud_manifest_judge;
    device->terms.product = NULL;
    assert_int_equal(ud_updater_init(&rig.updater, &config), UD_ERR_ARGUMENT);
    rig_free(&rig);
}

/* ---- gzip with a manifest inside ---- */

/* By whatever decodes gzip: tests/boot/test_inflate.c has the bootloader's part. */
static void decoders_skip_the_manifest(void **state)
{
    const struct plan plan = {NOBODY, GZIP, FILES_ATOMIC, RIGHT};
    struct file file = build(&plan);
    uint8_t plain[FILES_SIZE + 1];
    z_stream stream = {.next_in = file.bytes.data,
                       .avail_in = file.bytes.length,
                       .next_out = plain,
                       .avail_out = sizeof plain};

    (void)state;
    assert_int_equal(inflateInit2(&stream, 16 + 15), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, FILES_SIZE);
    inflateEnd(&stream);
    image_free(&file.bytes);
}

/* ---- key updates ---- */

static struct image_bytes build_update(struct device *device, const char *signer)
{
    const struct ud_key_der *der = &key_ring_known(&device->ring, "rsa4096")->der;
    const struct trust_update update = {.action = TRUST_ADD,
                                        .number = 3,
                                        .product = "lamp",
                                        .body = der->bytes,
                                        .length = der->length,
                                        .signer = signer};
    struct image_bytes file = {malloc(TRUST_UPDATE_MAX), 0};

    assert_non_null(file.data);
    file.length = trust_update(&update, file.data);
    return file;
}

static void assert_trusts(struct device *device, const char *names)
{
    char text[200];

    assert_string_equal(key_ring_trusted(&device->ring, text), names);
}

#define BEFORE "rsa2048 p256 p256-other "

/* Sent like firmware, in pieces of any size; the bootloader gets no order. */
static void a_key_update_changes_the_ring_and_nothing_else(void **state)
{
    struct device *device = *state;
    const struct rig_setup setup = {
        .verifier = &device->verifier, .terms = &device->terms, .buffer_size = 64};
    struct image_bytes file = build_update(device, "p256-other");
    uint8_t before[2 * UD_FLASH_SECTOR];

    memcpy(before, device->ring_flash.bytes + KEY_RING_ADDRESS, sizeof before);
    for (size_t i = 0; i < rig_step_count; i++) {
        struct updater_rig rig;

        memcpy(device->ring_flash.bytes + KEY_RING_ADDRESS, before, sizeof before);
        assert_int_equal(key_ring_start(&device->ring), UD_OK);
        assert_trusts(device, BEFORE);
        rig_init(&rig, &setup);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, rig_steps[i]), UD_OK);
        rig_assert_untouched(&rig);
        assert_int_equal(rig.ends, 1);
        assert_int_equal(rig.errors, 0);
        assert_trusts(device, BEFORE "rsa4096 ");

        const struct plan plan = {STRANGER, RAW, APPLICATION, RIGHT};
        struct file signed_by_it = build(&plan);
        install(&setup, &plan, &signed_by_it, signed_by_it.content, UD_OK);
        image_free(&signed_by_it.bytes);

        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_KEY_NUMBER);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
    image_free(&file);
}

static void key_updates_need_a_trusted_signature(void **state)
{
    static const char *const signers[] = {NULL, "rsa3072", "rsa4096"};
    struct device *device = *state;
    const struct rig_setup setup = {.verifier = &device->verifier};

    for (size_t i = 0; i < LENGTH(signers); i++) {
        struct image_bytes file = build_update(device, signers[i]);
        struct updater_rig rig;

        rig_init(&rig, &setup);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 100), UD_ERR_SIGNATURE);
        rig_assert_untouched(&rig);
        assert_trusts(device, BEFORE);
        rig_free(&rig);
        image_free(&file);
    }
}

static void any_changed_bit_of_a_key_update_is_refused(void **state)
{
    struct device *device = *state;
    const struct rig_setup setup = {.verifier = &device->verifier};
    struct image_bytes file = build_update(device, "p256");
    struct updater_rig rig;

    rig_init(&rig, &setup);
    for (uint32_t byte = 1; byte < file.length; byte++) {
        file.data[byte] ^= (uint8_t)(1u << byte % 8);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_SIGNATURE);
        file.data[byte] ^= (uint8_t)(1u << byte % 8);
    }
    while (--file.length > 0)
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_SIGNATURE);
    assert_trusts(device, BEFORE);
    rig_free(&rig);
    image_free(&file);
}

/* No verifier, or one whose keys are built in for ever; and files are files. */
static void elsewhere_a_key_update_is_no_image(void **state)
{
    struct device *device = *state;
    struct image_bytes file = build_update(device, "p256");
    struct ud_verifier fixed = device->verifier;
    const struct rig_setup setups[] = {{0}, {.verifier = &fixed}};
    struct updater_rig rig;

    fixed.update_keys = NULL;
    for (size_t i = 0; i < LENGTH(setups); i++) {
        rig_init(&rig, &setups[i]);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_MAGIC);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
    const struct rig_setup whole = {.verifier = &device->verifier, .is_atomic = true};
    rig_init(&rig, &whole);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &file, 0), UD_OK);
    assert_trusts(device, BEFORE);
    rig_free(&rig);
    image_free(&file);
}

static void refusals_have_numbers_and_texts(void **state)
{
    struct device *device = *state;
    const struct rig_setup setup = {.verifier = &device->verifier, .terms = &device->terms};
    const struct plan plan = {RSA, RAW, APPLICATION, OTHER_PRODUCT};
    struct file file = build(&plan);
    struct updater_rig rig;
    char text[UD_MESSAGE_MAX];

    rig_init(&rig, &setup);
    (void)rig_install(&rig, UD_COMMAND_FIRMWARE, &file.bytes, 0);
    ud_updater_error_line(&rig.updater, rig.updater.error, text, sizeof text);
    assert_string_equal(text, "ERROR[23]: Update is for another product");
    rig_free(&rig);
    image_free(&file.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_with_terms_takes_only_what_is_for_it),
        TEST(a_device_that_only_verifies_ignores_manifests),
        TEST(a_device_that_does_not_verify_takes_all),
        TEST(pieces_do_not_matter),
        TEST(optional_manifests_let_old_files_in),
        TEST(terms_must_be_whole),
        cmocka_unit_test(decoders_skip_the_manifest),
        TEST(a_key_update_changes_the_ring_and_nothing_else),
        TEST(key_updates_need_a_trusted_signature),
        TEST(any_changed_bit_of_a_key_update_is_refused),
        TEST(elsewhere_a_key_update_is_no_image),
        TEST(refusals_have_numbers_and_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
