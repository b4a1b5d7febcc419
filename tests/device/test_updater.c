/* The updater at work: what reaches flash and what the bootloader is told.
 * Errors have test_updater_errors.c, states test_updater_states.c, events
 * test_updater_events.c, hardware that fails test_updater_faults.c. */
#include "device/port/bearssl/digest.h"
#include "updater_rig.h"
#include "updraft/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct rig_setup plain;

static struct image_bytes build(uint32_t size, uint8_t mode)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "demo", .size = size, .flash_mode = mode};

    return image_build_firmware(&firmware);
}

static void md5_of(const uint8_t *data, uint32_t length, char text[UD_UPDATER_MD5_TEXT])
{
    uint8_t digest[16];

    assert_int_equal(EVP_Digest(data, length, digest, NULL, EVP_md5(), NULL), 1);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* ---- What reaches flash ---- */

static void an_image_is_staged_whatever_pieces_it_comes_in(void **state)
{
    static const uint32_t sizes[] = {304, 4000, 8192, 9004};
    static const uint32_t buffer_sizes[] = {64, 256, 4096};

    (void)state;
    for (size_t i = 0; i < SIZE(sizes) * SIZE(buffer_sizes) * rig_step_count; i++) {
        const struct rig_setup setup = {.buffer_size = buffer_sizes[i % SIZE(buffer_sizes)]};
        struct image_bytes image = build(sizes[i / SIZE(buffer_sizes) % SIZE(sizes)], UD_MODE_DIO);
        const uint32_t step = rig_steps[i / SIZE(buffer_sizes) / SIZE(sizes)];
        struct updater_rig rig;

        rig_init(&rig, &setup);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, step), UD_OK);
        assert_memory_equal(rig_staged(&rig, image.length), image.data, image.length);
        rig_assert_commanded(&rig, image.length, image.length, 0);
        assert_int_equal(rig.starts, 1);
        assert_int_equal(rig.ends, 1);
        assert_int_equal(rig.errors, 0);
        assert_int_equal(rig.done, image.length);
        assert_int_equal(rig.total, image.length);
        rig_free(&rig);
        image_free(&image);
    }
}

/* The chip on this board runs in DIO; an image for QIO would not start on it. */
static void the_running_flash_mode_replaces_the_images(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    struct updater_rig rig;
    char md5[UD_UPDATER_MD5_TEXT];

    (void)state;
    md5_of(image.data, image.length, md5);
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, md5), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, image.length, 1000), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);

    const uint8_t *staged = rig_staged(&rig, image.length);
    assert_int_equal(staged[2], UD_MODE_DIO);
    assert_memory_equal(staged, image.data, 2);
    assert_memory_equal(staged + 3, image.data + 3, image.length - 3);
    rig_free(&rig);
    image_free(&image);
}

/* From any mode into any other, in buffers that split the header from the rest or
 * do not; a program whose own mode means nothing imposes none. */
static void every_flash_mode_is_patched(void **state)
{
    static const uint32_t buffer_sizes[] = {64, 256, 4096};

    (void)state;
    for (uint8_t running = 0; running <= 4; running++)
        for (uint8_t mode = 0; mode <= UD_MODE_DOUT; mode++)
            for (size_t i = 0; i < SIZE(buffer_sizes); i++) {
                const struct rig_setup setup = {.buffer_size = buffer_sizes[i]};
                struct image_bytes image = build(9000, mode);
                struct updater_rig rig;

                rig_init(&rig, &setup);
                rig.flash.bytes[2] = rig.before[2] = running;
                assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 1), UD_OK);
                const uint8_t *staged = rig_staged(&rig, image.length);
                assert_int_equal(staged[2], running <= UD_MODE_DOUT ? running : mode);
                assert_memory_equal(staged + 3, image.data + 3, image.length - 3);
                rig_assert_commanded(&rig, image.length, image.length, 0);
                rig_free(&rig);
                image_free(&image);
            }
}

/* A mode was patched in the session before; this one has none to take back. */
static void a_patch_is_for_one_session(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    struct image_bytes file = image_compress(image.data, image.length);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_OK);
    assert_memory_equal(rig_staged(&rig, file.length), file.data, file.length);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &image, 0), UD_OK);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    rig_free(&rig);
    image_free(&file);
    image_free(&image);
}

static void a_compressed_image_is_staged_as_it_is(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    struct image_bytes file = image_compress(image.data, image.length);
    struct updater_rig rig;

    (void)state;
    for (size_t i = 0; i < rig_step_count; i++) {
        rig_init(&rig, &plain);
        assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, rig_steps[i]), UD_OK);
        assert_memory_equal(rig_staged(&rig, file.length), file.data, file.length);
        rig_assert_commanded(&rig, file.length, file.length, 0);
        rig_free(&rig);
    }
    image_free(&file);
    image_free(&image);
}

static void the_last_word_is_filled_up_with_erased_bytes(void **state)
{
    struct image_bytes files = {malloc(4099), 4099};
    struct updater_rig rig;

    (void)state;
    image_fill(files.data, files.length, 3);
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &files, 7), UD_OK);
    const uint8_t *stored = rig.flash.bytes + rig.staging.config.layout.fs_start;
    assert_memory_equal(stored, files.data, files.length);
    assert_int_equal(stored[4099], 0xff);
    rig_free(&rig);
    image_free(&files);
}

/* ---- File systems ---- */

static void files_are_written_in_place_and_need_no_bootloader(void **state)
{
    struct image_bytes files = {malloc(65536), 65536};
    struct updater_rig rig;

    (void)state;
    image_fill(files.data, files.length, 3);
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &files, 1460), UD_OK);
    assert_memory_equal(rig.flash.bytes + rig.staging.config.layout.fs_start, files.data,
                        files.length);
    rig_assert_untouched(&rig);
    assert_int_equal(rig.ends, 1);
    rig_free(&rig);
    image_free(&files);
}

/* The old files stay until the bootloader has a whole new set. */
static void files_can_be_staged_like_a_program(void **state)
{
    const struct rig_setup setup = {.is_atomic = true};
    struct image_bytes files = {malloc(65536), 65536};
    struct updater_rig rig;

    (void)state;
    image_fill(files.data, files.length, 3);
    rig_init(&rig, &setup);
    const uint32_t fs_start = rig.staging.config.layout.fs_start;
    memset(rig.flash.bytes + fs_start, 0x5a, 65536);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FILESYSTEM, &files, 1460), UD_OK);
    assert_memory_equal(rig_staged(&rig, files.length), files.data, files.length);
    rig_assert_commanded(&rig, files.length, files.length, fs_start);
    for (uint32_t i = 0; i < 65536; i++)
        assert_int_equal(rig.flash.bytes[fs_start + i], 0x5a);
    rig_free(&rig);
    image_free(&files);
}

/* ---- Our own bootloader's journal ---- */

static void assert_ordered(const struct updater_rig *rig, uint32_t size)
{
    struct ud_journal_order order;

    assert_int_equal(ud_journal_load(&rig->flash.port, &order), UD_OK);
    assert_int_equal(order.source, rig->staging.config.layout.fs_start - ud_flash_round_up(size));
    assert_int_equal(order.destination, 0);
    assert_int_equal(order.size, size);
}

static void orders_go_to_the_journal_when_there_is_one(void **state)
{
    const struct rig_setup setup = {.has_journal = true};
    struct image_bytes image = build(9000, UD_MODE_DIO);
    struct ud_eboot_command command;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 1000), UD_OK);
    assert_ordered(&rig, image.length);
    assert_int_equal(ud_eboot_load(&rig.rtc, &command), UD_ERR_STATE);
    rig_free(&rig);
    image_free(&image);
}

/* Overwritten, its image is no longer there to be copied. */
static void an_order_is_withdrawn_before_its_image_is_overwritten(void **state)
{
    const struct rig_setup setup = {.has_journal = true};
    struct image_bytes image = build(9000, UD_MODE_DIO);
    struct ud_journal_order order;
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &setup);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    /* Refused before anything is written: the first one still stands. */
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, UINT32_MAX), UD_ERR_SPACE);
    assert_ordered(&rig, image.length);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, 5000, 0), UD_OK);
    ud_updater_abort(&rig.updater, UD_ERR_ABORTED);
    assert_int_equal(ud_journal_load(&rig.flash.port, &order), UD_ERR_STATE);
    rig_free(&rig);
    image_free(&image);
}

static void a_journal_that_cannot_be_written_is_told(void **state)
{
    const struct rig_setup setup = {.has_journal = true};
    struct image_bytes image = build(9000, UD_MODE_DIO);
    struct updater_rig rig;

    (void)state;
    for (int is_erase = 0; is_erase < 2; is_erase++) {
        rig_init(&rig, &setup);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
        assert_int_equal(rig_feed(&rig, image.data, image.length, 0), UD_OK);
        if (is_erase)
            rig.flash.fail_erase = rig.flash.erases + 1;
        else
            rig.flash.fail_program = rig.flash.programs + 1;
        assert_int_equal(ud_updater_end(&rig.updater), UD_ERR_COMMIT);
        rig_free(&rig);
    }
    image_free(&image);
}

/* ---- Digests ---- */

static void a_digest_may_be_written_in_either_case(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    char md5[UD_UPDATER_MD5_TEXT];
    struct updater_rig rig;

    (void)state;
    md5_of(image.data, image.length, md5);
    for (char *c = md5; *c != '\0'; c++)
        *c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, md5), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, image.length, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_free(&rig);
    image_free(&image);
}

static void what_is_no_digest_leaves_the_expectation_as_it_was(void **state)
{
    static const char *const texts[] = {
        "",
        "0",
        "0000000000000000000000000000000",
        "000000000000000000000000000000000",
        "0000000000000000000000000000000g",
        " 0000000000000000000000000000000",
    };
    struct image_bytes image = build(9000, UD_MODE_QIO);
    char md5[UD_UPDATER_MD5_TEXT];
    struct updater_rig rig;

    (void)state;
    md5_of(image.data, image.length, md5);
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, md5), UD_OK);
    for (size_t i = 0; i < SIZE(texts); i++)
        assert_int_equal(ud_updater_expect_md5(&rig.updater, texts[i]), UD_ERR_ARGUMENT);
    assert_int_equal(rig_feed(&rig, image.data, image.length, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_free(&rig);
    image_free(&image);
}

static void an_expectation_is_for_one_session(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, "00000000000000000000000000000000"),
                     UD_OK);
    ud_updater_abort(&rig.updater, UD_ERR_ABORTED);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &image, 0), UD_OK);
    rig_free(&rig);
    image_free(&image);
}

static void sha256_of(const uint8_t *bytes, uint32_t length, uint8_t *sha256)
{
    struct ud_digest digest;

    ud_digest_begin(&digest, &ud_sha256);
    ud_digest_add(&digest, bytes, length);
    ud_digest_end(&digest, sha256);
}

/* Also in the place of an MD5 that was expected before. */
static void another_digest_can_be_expected(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    uint8_t sha256[UD_SHA256_SIZE];

    (void)state;
    sha256_of(image.data, image.length, sha256);
    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        struct updater_rig rig;

        rig_init(&rig, &plain);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
        assert_int_equal(ud_updater_expect_md5(&rig.updater, "00000000000000000000000000000000"),
                         UD_OK);
        sha256[UD_SHA256_SIZE - 1] ^= is_wrong;
        assert_int_equal(ud_updater_expect(&rig.updater, &ud_sha256, sha256), UD_OK);
        assert_int_equal(rig_feed(&rig, image.data, image.length, 1000), UD_OK);
        assert_int_equal(ud_updater_end(&rig.updater), is_wrong ? UD_ERR_SHA256 : UD_OK);
        rig_free(&rig);
    }
    image_free(&image);
}

static void another_digest_is_asked_for_before_the_first_byte(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_QIO);
    const uint8_t zeros[UD_SHA256_SIZE] = {0};
    struct updater_rig rig;
    char md5[UD_UPDATER_MD5_TEXT];

    (void)state;
    md5_of(image.data, image.length, md5);
    rig_init(&rig, &plain);
    assert_int_equal(ud_updater_expect(&rig.updater, &ud_sha256, zeros), UD_ERR_STATE);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data, 1, 0), UD_OK);
    assert_int_equal(ud_updater_expect(&rig.updater, &ud_sha256, zeros), UD_ERR_STATE);
    assert_int_equal(ud_updater_expect_md5(&rig.updater, md5), UD_OK);
    assert_int_equal(rig_feed(&rig, image.data + 1, image.length - 1, 0), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    rig_free(&rig);
    image_free(&image);
}

/* ---- Sizes ---- */

/* The core's own regression cases (its issue 4674): pieces that end exactly at
 * the promised size, and one that goes beyond. */
static void writes_beyond_the_promised_size_are_refused_whole(void **state)
{
    static const struct {
        uint32_t size, piece, pieces, last;
    } cases[] = {{6000, 1000, 6, 1}, {8192, 4096, 2, 1}, {5000, 2048, 2, 2048}};
    struct image_bytes image = build(9000, UD_MODE_QIO);

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct updater_rig rig;

        rig_init(&rig, &plain);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, cases[i].size), UD_OK);
        for (uint32_t n = 0; n < cases[i].pieces; n++)
            assert_int_equal(
                ud_updater_write(&rig.updater, image.data + n * cases[i].piece, cases[i].piece),
                UD_OK);
        const uint32_t sent = cases[i].pieces * cases[i].piece;
        const uint32_t programs = rig.flash.programs;
        assert_int_equal(ud_updater_progress(&rig.updater), sent);
        assert_int_equal(ud_updater_remaining(&rig.updater), cases[i].size - sent);
        assert_int_equal(ud_updater_write(&rig.updater, image.data + sent, cases[i].last),
                         UD_ERR_SPACE);
        assert_int_equal(rig.flash.programs, programs);
        rig_assert_untouched(&rig);
        rig_free(&rig);
    }
    image_free(&image);
}

/* However far beyond, from whatever part of a buffer. */
static void lengths_beyond_all_bounds_are_refused(void **state)
{
    static const uint32_t received[] = {0, 1, 4095, 4096, 4097, 5000};
    static const uint32_t beyond[] = {1, 4096, 0x7fffffff, UINT32_MAX - 5000};
    struct image_bytes image = build(9000, UD_MODE_QIO);

    (void)state;
    for (size_t r = 0; r < SIZE(received); r++)
        for (size_t b = 0; b < SIZE(beyond); b++) {
            struct updater_rig rig;

            rig_init(&rig, &plain);
            assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, 5000), UD_OK);
            assert_int_equal(rig_feed(&rig, image.data, received[r], 0), UD_OK);
            const uint32_t remaining = ud_updater_remaining(&rig.updater);
            assert_int_equal(ud_updater_write(&rig.updater, image.data, remaining + beyond[b]),
                             UD_ERR_SPACE);
            rig_assert_untouched(&rig);
            rig_free(&rig);
        }
    image_free(&image);
}

/* Of known size or cut there: never taken, and without a whole header never written. */
static void the_first_bytes_of_an_image_are_no_image(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_DIO);

    (void)state;
    for (uint32_t length = 1; length <= 64; length++)
        for (int is_cut = 0; is_cut < 2; is_cut++) {
            struct updater_rig rig;
            const uint32_t promised = is_cut ? 10000 : length;

            rig_init(&rig, &plain);
            assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, promised), UD_OK);
            int error = rig_feed(&rig, image.data, length, 1);
            if (is_cut)
                assert_int_equal(ud_updater_truncate(&rig.updater), UD_OK);
            if (error == UD_OK)
                error = ud_updater_end(&rig.updater);
            assert_int_equal(error, UD_ERR_IMAGE);
            assert_int_equal(rig.flash.erases, length < 8 ? 0 : 1);
            rig_assert_untouched(&rig);
            rig_free(&rig);
        }
    image_free(&image);
}

static void the_first_byte_of_gzip_is_not_gzip(void **state)
{
    uint8_t byte = UD_IMAGE_GZIP_MAGIC0;
    const struct image_bytes file = {&byte, 1};
    struct updater_rig rig;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(rig_install(&rig, UD_COMMAND_FIRMWARE, &file, 0), UD_ERR_MAGIC);
    rig_assert_untouched(&rig);
    rig_free(&rig);
}

/* A sender that cannot tell the size begins with all the room there is. */
static void a_session_can_be_cut_to_what_arrived(void **state)
{
    struct image_bytes image = build(9000, UD_MODE_DIO);
    struct updater_rig rig;
    uint32_t space;

    (void)state;
    for (size_t i = 0; i < rig_step_count; i++) {
        rig_init(&rig, &plain);
        assert_int_equal(ud_staging_free_space(&rig.staging, &space), UD_OK);
        assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, space), UD_OK);
        assert_int_equal(rig_feed(&rig, image.data, image.length, rig_steps[i]), UD_OK);
        assert_int_equal(ud_updater_truncate(&rig.updater), UD_OK);
        assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
        assert_memory_equal(rig_staged(&rig, space), image.data, image.length);
        rig_assert_commanded(&rig, space, image.length, 0);
        rig_free(&rig);
    }
    image_free(&image);
}

static void the_largest_image_fits_and_one_more_byte_does_not(void **state)
{
    struct updater_rig rig;
    uint32_t space;

    (void)state;
    rig_init(&rig, &plain);
    assert_int_equal(ud_staging_free_space(&rig.staging, &space), UD_OK);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, space + 1), UD_ERR_SPACE);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, UINT32_MAX), UD_ERR_SPACE);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, space), UD_OK);
    rig_free(&rig);
}

/* ---- The flash a program is made for ---- */

static int install_for(struct updater_rig *rig, uint8_t size_code)
{
    const struct image_firmware firmware = {.project = "demo", .flash_size_code = size_code};
    struct image_bytes image = image_build_firmware(&firmware);
    const int error = rig_install(rig, UD_COMMAND_FIRMWARE, &image, 0);

    image_free(&image);
    return error;
}

/* Codes without a meaning promise nothing; a layout chosen at boot asks nothing. */
static void a_program_may_name_any_flash_up_to_the_chips(void **state)
{
    static const uint32_t kilobytes[16] = {512, 256, 1024, 2048, 4096, 2048, 4096, 0, 8192, 16384};
    static const struct {
        const char *layout;
        uint32_t kilobytes;
    } chips[] = {{"512K", 512}, {"1M64K", 1024}, {"2M1M", 2048}, {"4M2M", 4096}, {"8M6M", 8192}};

    (void)state;
    for (size_t i = 0; i < SIZE(chips); i++)
        for (uint8_t code = 0; code < 16; code++) {
            const struct rig_setup setup = {.layout = chips[i].layout};
            const bool is_too_large = kilobytes[code] > chips[i].kilobytes;
            struct updater_rig rig;

            rig_init(&rig, &setup);
            assert_int_equal(install_for(&rig, code),
                             is_too_large ? UD_ERR_NEW_FLASH_CONFIG : UD_OK);
            if (is_too_large) {
                assert_int_equal(rig.updater.flash_size_found, kilobytes[code] * 1024);
                assert_int_equal(rig.flash.erases, 0);
                rig_assert_untouched(&rig);
            }
            rig.staging.config.auto_map = true;
            assert_int_equal(install_for(&rig, code), UD_OK);
            rig_free(&rig);
        }
}

/* ---- Configurations ---- */

static void unsound_configurations_are_refused(void **state)
{
    struct updater_rig rig;
    struct ud_updater_config config;
    struct ud_updater updater;

    (void)state;
    rig_init(&rig, &plain);
    static const uint32_t sizes[] = {1, 32, 63, 65, 100, 4095, 8192};
    for (size_t i = 0; i < SIZE(sizes); i++) {
        config = rig.updater.config;
        config.buffer_size = sizes[i];
        assert_int_equal(ud_updater_init(&updater, &config), UD_ERR_ARGUMENT);
    }
    config = rig.updater.config;
    config.buffer = (uint8_t *)rig.buffer + 1;
    assert_int_equal(ud_updater_init(&updater, &config), UD_ERR_ARGUMENT);
    config.buffer = NULL;
    assert_int_equal(ud_updater_init(&updater, &config), UD_ERR_ARGUMENT);
    config = rig.updater.config;
    config.md5 = NULL;
    assert_int_equal(ud_updater_init(&updater, &config), UD_ERR_ARGUMENT);
    config = rig.updater.config;
    config.target.methods = NULL;
    assert_int_equal(ud_updater_init(&updater, &config), UD_ERR_ARGUMENT);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_staged_whatever_pieces_it_comes_in),
        cmocka_unit_test(the_running_flash_mode_replaces_the_images),
        cmocka_unit_test(every_flash_mode_is_patched),
        cmocka_unit_test(a_patch_is_for_one_session),
        cmocka_unit_test(a_compressed_image_is_staged_as_it_is),
        cmocka_unit_test(the_last_word_is_filled_up_with_erased_bytes),
        cmocka_unit_test(files_are_written_in_place_and_need_no_bootloader),
        cmocka_unit_test(files_can_be_staged_like_a_program),
        cmocka_unit_test(orders_go_to_the_journal_when_there_is_one),
        cmocka_unit_test(an_order_is_withdrawn_before_its_image_is_overwritten),
        cmocka_unit_test(a_journal_that_cannot_be_written_is_told),
        cmocka_unit_test(a_digest_may_be_written_in_either_case),
        cmocka_unit_test(what_is_no_digest_leaves_the_expectation_as_it_was),
        cmocka_unit_test(an_expectation_is_for_one_session),
        cmocka_unit_test(another_digest_can_be_expected),
        cmocka_unit_test(another_digest_is_asked_for_before_the_first_byte),
        cmocka_unit_test(writes_beyond_the_promised_size_are_refused_whole),
        cmocka_unit_test(lengths_beyond_all_bounds_are_refused),
        cmocka_unit_test(the_first_byte_of_gzip_is_not_gzip),
        cmocka_unit_test(the_first_bytes_of_an_image_are_no_image),
        cmocka_unit_test(a_session_can_be_cut_to_what_arrived),
        cmocka_unit_test(the_largest_image_fits_and_one_more_byte_does_not),
        cmocka_unit_test(a_program_may_name_any_flash_up_to_the_chips),
        cmocka_unit_test(unsound_configurations_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
