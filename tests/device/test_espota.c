/* The receiver of uploads, against a peer written from the protocol byte by byte. */
#include "espota_rig.h"

#include "device/port/bearssl/digest.h"
#include "guard_page.h"
#include "updraft/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define FILES      "some files"
#define FILES_SIZE 10u

/* An upload of nine bytes with the password "admin", to both chips. */
#define INVITATION   "0 48266 9 ff5c819d93087bee7cfcdf58d2b642c3\n"
#define MD5_NONCE    "25d55ad283aa400af464c76d713c07ad"
#define MD5_CNONCE   "1646d7774c859d79ccf6c1209e3bf014"
#define MD5_RESPONSE "5db094d206d1474c0db679b92f85fb09"
#define MD5_HASH     "21232f297a57a5a743894a0e4a801fc3"
#define SHA_NONCE    "78377b525757b494427f89014f97d79928f3938d14eb51e20fb5dec9834eb304"
#define SHA_CNONCE   "8011c082976c2e84ed034a6c2954c74ff0ecd6e762e9dc161d848c68545708e6"
#define SHA_RESPONSE "f9e8e7688e4e2fdbe303848829938853ad4cc759f9e6486fa41dd75f1006183c"
#define SHA_BY_MD5   "294612795f6fe5e9668b93f0a6b6b5cdcc93fac636bd9ab0b12d463d2a49e73d"
#define SHA_HASH     "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918"

#define MD5_PROOF "200 " MD5_CNONCE " " MD5_RESPONSE "\n"
#define SHA_PROOF "200 " SHA_CNONCE " " SHA_RESPONSE "\n"

static int set_up(void **state)
{
    struct espota_rig *rig = malloc(sizeof *rig);

    assert_non_null(rig);
    espota_rig_init(rig);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    espota_rig_free(*state);
    free(*state);
    return 0;
}

static void use_nonce(struct espota_rig *rig, const char *nonce)
{
    assert_int_equal(ud_hex_decode(nonce, rig->random, (uint32_t)strlen(nonce) / 2), UD_OK);
}

static void start_with_md5(struct espota_rig *rig)
{
    rig->config.digest = &ud_md5;
    rig->config.password = "admin";
    use_nonce(rig, MD5_NONCE);
    espota_rig_start(rig);
}

static void invite_files(struct espota_rig *rig)
{
    char text[80];

    espota_rig_invitation(text, UD_COMMAND_FILESYSTEM, FILES, FILES_SIZE);
    espota_rig_hear(rig, RIG_INVITER, text);
}

/* As far as the connection. */
static void connect_for_files(struct espota_rig *rig)
{
    invite_files(rig);
    assert_string_equal(rig->said, "> OK\n");
    ud_espota_connected(&rig->espota, rig->now_ms);
    espota_rig_forget(rig);
}

static void assert_idle(const struct espota_rig *rig)
{
    assert_int_equal(ud_espota_want(&rig->espota), 0);
    assert_false(ud_updater_is_running(&rig->device.updater));
}

/* ---- whole uploads ---- */

static void finish(struct espota_rig *rig)
{
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_RECEIVE);
    assert_true(espota_rig_wait(rig));
    assert_string_equal(rig->said, "< OK\n");
    ud_espota_peer_closed(&rig->espota, rig->now_ms);
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_CLOSE);
    assert_int_equal(rig->ends, 0);
    ud_espota_closed(&rig->espota);
    assert_int_equal(rig->ends, 1);
}

static void upload(struct espota_rig *rig, enum ud_command command, const struct image_bytes *image,
                   uint32_t step)
{
    char text[80];

    espota_rig_invitation(text, command, image->data, image->length);
    espota_rig_hear(rig, RIG_INVITER, text);
    assert_string_equal(rig->said, "> OK\n");
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_CONNECT);
    assert_int_equal(ud_espota_endpoint(&rig->espota).port, 48266);
    assert_int_equal(ud_espota_endpoint(&rig->espota).address[0], RIG_INVITER);
    ud_espota_connected(&rig->espota, rig->now_ms);
    espota_rig_forget(rig);
    espota_rig_receive(rig, image->data, image->length, step);
    assert_int_equal(espota_rig_counted(rig), image->length);
    espota_rig_forget(rig);
    finish(rig);
}

static void an_image_in_pieces_of_any_size(void **state)
{
    const struct image_firmware firmware = {.version = "2.0.0", .project = "demo", .size = 9000};
    struct image_bytes image = image_build_firmware(&firmware);

    (void)state;
    for (size_t i = 0; i < rig_step_count; i++) {
        struct espota_rig rig;

        espota_rig_init(&rig);
        espota_rig_start(&rig);
        upload(&rig, UD_COMMAND_FIRMWARE, &image, rig_steps[i]);
        assert_int_equal(ud_espota_want(&rig.espota), UD_ESPOTA_RESTART);
        rig_assert_commanded(&rig.device, image.length, image.length, 0);
        assert_int_equal(rig.failures, 0);
        espota_rig_free(&rig);
    }
    image_free(&image);
}

static void what_comes_after_the_image_is_not_taken(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    connect_for_files(rig);
    espota_rig_receive(rig, FILES "and more", FILES_SIZE + 8, 0);
    assert_string_equal(rig->said, "< 10\n");
    espota_rig_receive(rig, "more", 4, 0);
    espota_rig_forget(rig);
    finish(rig);
}

static void a_device_that_stays_up_takes_the_next(void **state)
{
    struct espota_rig *rig = *state;

    rig->config.stays_up = true;
    espota_rig_start(rig);
    for (uint32_t i = 0; i < 2; i++) {
        connect_for_files(rig);
        espota_rig_receive(rig, FILES, FILES_SIZE, 0);
        espota_rig_forget(rig);
        finish(rig);
        assert_idle(rig);
        espota_rig_forget(rig);
        rig->ends = 0;
    }
}

/* A slow uploader's window is shut: what is taken meanwhile is one number. */
static void counts_that_cannot_be_sent_add_up(void **state)
{
    struct espota_rig *rig = *state;
    uint32_t length;

    espota_rig_start(rig);
    connect_for_files(rig);
    ud_espota_received(&rig->espota, FILES, 3, rig->now_ms);
    ud_espota_received(&rig->espota, FILES + 3, 4, rig->now_ms);
    ud_espota_received(&rig->espota, FILES + 7, 2, rig->now_ms);
    espota_rig_serve(rig);
    assert_string_equal(rig->said, "< 3\n< 6\n");
    ud_espota_received(&rig->espota, FILES + 9, 1, rig->now_ms);
    assert_memory_equal(ud_espota_send_buffer(&rig->espota, &length), "1", 1);
    assert_int_equal(length, 1);
}

static void a_count_that_is_sent_in_parts_is_whole(void **state)
{
    struct espota_rig *rig = *state;
    uint32_t length;

    espota_rig_start(rig);
    ud_espota_sent(&rig->espota, 1, rig->now_ms); /* nothing was to be sent: no matter */
    connect_for_files(rig);
    ud_espota_sent(&rig->espota, 1, rig->now_ms);
    ud_espota_received(&rig->espota, FILES, 10, rig->now_ms);
    assert_memory_equal(ud_espota_send_buffer(&rig->espota, &length), "10", 2);
    assert_int_equal(length, 2);
    ud_espota_sent(&rig->espota, 1, rig->now_ms);
    assert_memory_equal(ud_espota_send_buffer(&rig->espota, &length), "0", 1);
    assert_int_equal(length, 1);
}

/* Uploaders that look for the result in a read of its own need the gap. */
static void the_result_keeps_its_distance(void **state)
{
    struct espota_rig *rig = *state;
    uint32_t deadline_ms;

    espota_rig_start(rig);
    connect_for_files(rig);
    ud_espota_received(&rig->espota, FILES, FILES_SIZE, rig->now_ms);
    rig->now_ms += 5000; /* the count takes that long to go out */
    ud_espota_tick(&rig->espota, rig->now_ms);
    espota_rig_serve(rig);
    assert_string_equal(rig->said, "< 10\n");
    ud_espota_tick(&rig->espota, rig->now_ms + UD_ESPOTA_SETTLE_MS - 1);
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_RECEIVE);
    assert_true(espota_rig_wait(rig));
    assert_string_equal(rig->said, "< 10\n< OK\n");
    assert_true(ud_espota_deadline(&rig->espota, &deadline_ms));
    assert_int_equal(deadline_ms, rig->now_ms + UD_ESPOTA_SETTLE_MS);
    assert_true(espota_rig_wait(rig)); /* the uploader does not close; we do */
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_CLOSE);
}

/* ---- the password ---- */

static void proof_by_md5(void **state)
{
    struct espota_rig *rig = *state;

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n");
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> OK\n");
    ud_espota_connected(&rig->espota, rig->now_ms);
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_RECEIVE);
}

static void prove_with_sha256(struct espota_rig *rig, const char *password, const char *hash,
                              const char *proof)
{
    rig->config.digest = &ud_sha256;
    rig->config.password = password;
    rig->config.password_hash = hash;
    use_nonce(rig, SHA_NONCE);
    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> AUTH " SHA_NONCE "\n");
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_INVITER, proof);
    assert_string_equal(rig->said, "> OK\n");
}

static void proof_by_sha256(void **state)
{
    prove_with_sha256(*state, "admin", NULL, SHA_PROOF);
}

static void proof_by_a_stored_hash(void **state)
{
    prove_with_sha256(*state, NULL, SHA_HASH, SHA_PROOF);
}

static void proof_by_a_stored_md5(void **state)
{
    prove_with_sha256(*state, NULL, MD5_HASH, "200 " SHA_CNONCE " " SHA_BY_MD5 "\n");
}

static void stored_hashes_in_capitals(void **state)
{
    struct espota_rig *rig = *state;

    rig->config.digest = &ud_md5;
    rig->config.password_hash = "21232F297A57A5A743894A0E4A801FC3";
    use_nonce(rig, MD5_NONCE);
    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> OK\n");
}

/* A watchdog is fed, and others are served, between the steps of a derivation. */
static void a_derivation_in_steps(void **state)
{
    struct espota_rig *rig = *state;
    const struct ud_espota_peer inviter = espota_rig_peer(RIG_INVITER, 1);
    uint32_t steps = 0;

    rig->config.digest = &ud_sha256;
    rig->config.password = "admin";
    use_nonce(rig, SHA_NONCE);
    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    ud_espota_datagram(&rig->espota, &inviter, SHA_PROOF, sizeof SHA_PROOF - 1, rig->random, 0);
    for (; ud_espota_want(&rig->espota) == UD_ESPOTA_STRETCH; steps++) {
        const uint32_t now_ms = steps * (UD_ESPOTA_TIMEOUT_MS - 1); /* each step in time */
        ud_espota_tick(&rig->espota, now_ms);
        ud_espota_datagram(&rig->espota, &inviter, INVITATION, sizeof INVITATION - 1, rig->random,
                           now_ms); /* a late copy */
        ud_espota_stretch(&rig->espota, &rig->key, 1000, now_ms);
    }
    assert_int_equal(steps, 10);
    espota_rig_serve(rig);
    assert_string_equal(rig->said, "> AUTH " SHA_NONCE "\n> OK\n");
}

static void a_wrong_password(void **state)
{
    struct espota_rig *rig = *state;

    rig->config.digest = &ud_md5;
    rig->config.password = "Admin";
    use_nonce(rig, MD5_NONCE);
    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> Authentication Failed\n");
    assert_int_equal(rig->failure, UD_ESPOTA_AUTH_FAILED);
    assert_int_equal(rig->device.starts, 0);
    assert_idle(rig);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF); /* the nonce is spent */
    assert_int_equal(rig->failures, 1);
}

/* Every digit of a proof counts. */
static void a_digit_off(void **state)
{
    char proof[] = MD5_PROOF;

    (void)state;
    for (size_t i = 0; i < 2 * UD_MD5_SIZE; i++) {
        struct espota_rig rig;
        char *digit = strchr(strchr(proof, ' ') + 1, ' ') + 1 + i;
        const char kept = *digit;

        espota_rig_init(&rig);
        start_with_md5(&rig);
        espota_rig_hear(&rig, RIG_INVITER, INVITATION);
        *digit = kept == '0' ? '1' : '0';
        espota_rig_hear(&rig, RIG_INVITER, proof);
        *digit = kept;
        assert_int_equal(rig.failures, 1);
        assert_idle(&rig);
        espota_rig_free(&rig);
    }
}

/* How long after a refused proof the next challenge comes. */
static uint32_t fail_and_measure(struct espota_rig *rig)
{
    const uint32_t failed_at_ms = rig->now_ms;

    espota_rig_hear(rig, RIG_INVITER, "200 " MD5_CNONCE " " MD5_NONCE "\n");
    assert_non_null(strstr(rig->said, "Authentication Failed"));
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    while (rig->said[0] == '\0')
        assert_true(espota_rig_wait(rig));
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n");
    return rig->now_ms - failed_at_ms;
}

static void guessing_takes_longer_and_longer(void **state)
{
    struct espota_rig *rig = *state;

    rig->now_ms = UINT32_MAX - 2500; /* the clock wraps on the way */
    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_int_equal(fail_and_measure(rig), 1000);
    assert_int_equal(fail_and_measure(rig), 2000);
    assert_int_equal(fail_and_measure(rig), 4000);
    assert_int_equal(fail_and_measure(rig), 8000);
    assert_int_equal(fail_and_measure(rig), 8000);
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> OK\n");
    ud_espota_abort(&rig->espota);
    ud_espota_closed(&rig->espota);
    espota_rig_hear(rig, RIG_INVITER, INVITATION); /* a good proof ends it */
    assert_int_equal(fail_and_measure(rig), 1000);
}

static void a_hold_off_ends_by_itself(void **state)
{
    struct espota_rig *rig = *state;
    uint32_t deadline_ms;

    start_with_md5(rig);
    assert_false(ud_espota_deadline(&rig->espota, &deadline_ms));
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_hear(rig, RIG_INVITER, "200 " MD5_CNONCE " " MD5_NONCE "\n");
    assert_true(espota_rig_wait(rig));
    assert_false(ud_espota_deadline(&rig->espota, &deadline_ms));
    espota_rig_forget(rig);
    rig->now_ms += (uint32_t)INT32_MAX + 5; /* where the old deadline would look ahead */
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n");
}

/* ---- datagrams ---- */

static void what_is_no_invitation(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "0",
        "0 48266 9",
        "0 48266 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "1 48266 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "-0 48266 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "200 48266 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 0 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 65536 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 4294967297 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 48266 4294967296 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 48266 99999999999 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 48266 9x ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 48266 9 ff5c819d93087bee7cfcdf58d2b642c\n",
        "0 48266 9 ff5c819d93087bee7cfcdf58d2b642c33\n",
        "0 48266 9 ff5c819d93087bee7cfcdf58d2b642cg\n",
        "0 48266 9 ff5c819d93087bee7cfcdf58d2b642c3 0\n",
        "0 48266 9ff5c819d93087bee7cfcdf58d2b642c3\n",
        MD5_PROOF,
    };
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        espota_rig_hear(rig, RIG_INVITER, texts[i]);
        assert_string_equal(rig->said, "");
        assert_idle(rig);
    }
}

static void invitations_in_every_dress(void **state)
{
    static const char *const texts[] = {
        INVITATION,
        "0 48266 9 ff5c819d93087bee7cfcdf58d2b642c3",
        "0 48266 9 FF5C819D93087BEE7CFCDF58D2B642C3\r\n",
        "  0  48266  9  ff5c819d93087bee7cfcdf58d2b642c3 \n",
        "100 1 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
        "0 65535 9 ff5c819d93087bee7cfcdf58d2b642c3\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct espota_rig rig;

        espota_rig_init(&rig);
        espota_rig_start(&rig);
        espota_rig_hear(&rig, RIG_INVITER, texts[i]);
        assert_string_equal(rig.said, "> OK\n");
        espota_rig_free(&rig);
    }
}

/* A datagram is whole or nothing: its beginnings are no messages, and nothing
 * behind its end is looked at. */
static void every_beginning_of_a_datagram(void **state)
{
    static const char *const texts[] = {INVITATION, MD5_PROOF};
    const struct ud_espota_peer from = espota_rig_peer(RIG_INVITER, 1);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t length = 0; length < strlen(texts[i]) - 1; length++) {
            struct guard_page guard = guard_page_copy(texts[i], length);
            struct espota_rig rig;

            espota_rig_init(&rig);
            start_with_md5(&rig);
            if (i == 1)
                espota_rig_hear(&rig, RIG_INVITER, INVITATION);
            ud_espota_datagram(&rig.espota, &from, guard.data, length, rig.random, 0);
            assert_int_equal(ud_espota_want(&rig.espota), 0);
            assert_int_equal(rig.failures, 0);
            guard_page_free(&guard);
            espota_rig_free(&rig);
        }
    }
}

/* Datagrams with bytes changed, in any state: whatever the engine makes of them,
 * it neither trips nor takes one for a proof. */
static void datagrams_of_noise(void **state)
{
    static const char *const texts[] = {INVITATION, MD5_PROOF};
    const unsigned seed = 20240817;
    struct espota_rig *rig = *state;
    char text[sizeof MD5_PROOF];

    print_message("seed %u\n", seed);
    srand(seed);
    start_with_md5(rig);
    for (int i = 0; i < 20000; i++) {
        const char *whole = texts[rand() % 2];
        const size_t length = strlen(whole);

        memcpy(text, whole, length + 1);
        for (int changes = 1 + rand() % 3; changes > 0; changes--)
            text[(size_t)rand() % length] = (char)('!' + rand() % 94);
        if (strncasecmp(text, whole, length - 1) == 0)
            continue; /* the same to whoever reads it */
        rig->now_ms += (uint32_t)rand() % 3000;
        ud_espota_tick(&rig->espota, rig->now_ms);
        espota_rig_forget(rig);
        espota_rig_hear(rig, RIG_INVITER, text);
        assert_null(strstr(rig->said, "> OK"));
    }
    assert_int_equal(rig->device.starts, 0);
    assert_true(rig->failures > 10); /* the proofs came close enough to be judged */
}

static void proofs_of_strangers_do_not_count(void **state)
{
    struct espota_rig *rig = *state;

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_STRANGER, MD5_PROOF);
    espota_rig_hear(rig, RIG_STRANGER, "200 " MD5_CNONCE " " MD5_NONCE "\n");
    assert_string_equal(rig->said, "");
    assert_int_equal(rig->failures, 0);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> OK\n");
    assert_int_equal(ud_espota_endpoint(&rig->espota).address[0], RIG_INVITER);
}

static void a_proof_from_another_socket_of_the_inviter(void **state)
{
    struct espota_rig *rig = *state;
    const struct ud_espota_peer from = espota_rig_peer(RIG_INVITER, 50001);

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_int_equal(rig->replied_to.port, RIG_INVITER_PORT);
    ud_espota_datagram(&rig->espota, &from, MD5_PROOF, sizeof MD5_PROOF - 1, rig->random, 0);
    espota_rig_serve(rig);
    assert_int_equal(rig->replied_to.port, 50001);
    assert_int_equal(ud_espota_endpoint(&rig->espota).port, 48266);
}

static void another_invitation_starts_over(void **state)
{
    struct espota_rig *rig = *state;

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, "0 48266 8 ff5c819d93087bee7cfcdf58d2b642c3\n");
    rig->random[0] = 0;
    espota_rig_hear(rig, RIG_STRANGER, INVITATION);
    use_nonce(rig, MD5_NONCE);
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n");
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> OK\n");
}

/* The copy gets the same nonce, so that the proof already on its way is right. */
static void a_copy_of_an_invitation(void **state)
{
    struct espota_rig *rig = *state;

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    rig->random[0] = (uint8_t)~rig->random[0];
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> AUTH " MD5_NONCE "\n");
    espota_rig_forget(rig);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);  /* a copy, which says nothing new */
    espota_rig_hear(rig, RIG_INVITER, INVITATION); /* the first "OK" may be lost */
    assert_string_equal(rig->said, "> OK\n> OK\n");
    ud_espota_connected(&rig->espota, rig->now_ms);
    espota_rig_receive(rig, "\xe9", 1, 0);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_hear(rig, RIG_STRANGER, INVITATION);
    assert_string_equal(rig->said, "> OK\n> OK\n< 1\n");
    assert_int_equal(rig->device.starts, 1);
}

/* It comes while the challenge has not been sent. */
static void a_broken_proof_leaves_the_challenge(void **state)
{
    static const char broken[] = "200 0123456789abcdef0123456789abcdef 0123\n";
    struct espota_rig *rig = *state;
    const struct ud_espota_peer from = espota_rig_peer(RIG_INVITER, 1);

    start_with_md5(rig);
    ud_espota_datagram(&rig->espota, &from, INVITATION, sizeof INVITATION - 1, rig->random, 0);
    ud_espota_datagram(&rig->espota, &from, broken, sizeof broken - 1, rig->random, 0);
    espota_rig_serve(rig);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n");
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> OK\n");
}

/* In the wrong order they make no sense, and no harm. */
static void a_proof_before_its_invitation(void **state)
{
    struct espota_rig *rig = *state;

    start_with_md5(rig);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "");
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    espota_rig_hear(rig, RIG_INVITER, MD5_PROOF);
    assert_string_equal(rig->said, "> AUTH " MD5_NONCE "\n> OK\n");
}

/* A reply that is still to be sent gives way to the answer to a later datagram. */
static void replies_that_wait(void **state)
{
    struct espota_rig *rig = *state;
    const struct ud_espota_peer inviter = espota_rig_peer(RIG_INVITER, 1);

    start_with_md5(rig);
    ud_espota_datagram(&rig->espota, &inviter, INVITATION, sizeof INVITATION - 1, rig->random, 0);
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_REPLY);
    ud_espota_datagram(&rig->espota, &inviter, MD5_PROOF, sizeof MD5_PROOF - 1, rig->random, 0);
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_REPLY | UD_ESPOTA_CONNECT);
    ud_espota_connected(&rig->espota, 0);
    ud_espota_received(&rig->espota, "\xe9", 1, 0);
    espota_rig_serve(rig);
    assert_string_equal(rig->said, "> OK\n< 1\n");
}

/* ---- failures ---- */

static void an_image_that_does_not_fit(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, "0 48266 2000000 ff5c819d93087bee7cfcdf58d2b642c3\n");
    assert_string_equal(rig->said, "> ERR: ERROR[4]: Not Enough Space\n\n");
    assert_int_equal(rig->failure, UD_ESPOTA_BEGIN_FAILED);
    assert_idle(rig);
    espota_rig_hear(rig, RIG_INVITER, "0 48266 0 ff5c819d93087bee7cfcdf58d2b642c3\n");
    assert_non_null(strstr(rig->said, "> ERR: ERROR[5]: Bad Size Given\n"));
}

static void an_update_from_elsewhere_goes_on(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    assert_int_equal(ud_updater_begin(&rig->device.updater, UD_COMMAND_FILESYSTEM, 5), UD_OK);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> ERR: ERROR[15]: Update already running\n\n");
    ud_espota_abort(&rig->espota);
    assert_true(ud_updater_is_running(&rig->device.updater));
    assert_int_equal(ud_updater_write(&rig->device.updater, "12345", 5), UD_OK);
    assert_int_equal(ud_updater_end(&rig->device.updater), UD_OK);
}

static void an_uploader_that_cannot_be_reached(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    invite_files(rig);
    ud_espota_connection_failed(&rig->espota);
    assert_int_equal(rig->failure, UD_ESPOTA_CONNECT_FAILED);
    assert_int_equal(rig->failures, 1);
    assert_idle(rig);
}

/* Bytes arrive up to `received`, then the uploader is gone. */
static void cut_off(uint32_t received)
{
    struct espota_rig rig;

    espota_rig_init(&rig);
    espota_rig_start(&rig);
    connect_for_files(&rig);
    espota_rig_receive(&rig, FILES, received, 0);
    ud_espota_peer_closed(&rig.espota, rig.now_ms);
    assert_int_equal(ud_espota_want(&rig.espota), UD_ESPOTA_CLOSE);
    assert_int_equal(rig.failure, UD_ESPOTA_RECEIVE_FAILED);
    assert_int_equal(rig.device.last_error, UD_ERR_UNFINISHED);
    ud_espota_closed(&rig.espota);
    assert_idle(&rig);
    assert_int_equal(rig.ends, 0);
    espota_rig_free(&rig);
}

static void an_uploader_that_goes_away(void **state)
{
    (void)state;
    for (uint32_t received = 0; received < FILES_SIZE; received++)
        cut_off(received);
}

static void an_uploader_that_falls_silent(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    connect_for_files(rig);
    espota_rig_receive(rig, FILES, 3, 0);
    assert_true(espota_rig_wait(rig));
    assert_string_equal(rig->said, "< 3\n< ERROR[6]: Stream Read Timeout\n\n");
    assert_int_equal(rig->failure, UD_ESPOTA_RECEIVE_FAILED);
    assert_true(espota_rig_wait(rig));
    assert_int_equal(ud_espota_want(&rig->espota), UD_ESPOTA_CLOSE);
    ud_espota_closed(&rig->espota);
    assert_idle(rig);
}

static void an_image_that_is_not_what_was_announced(void **state)
{
    struct espota_rig *rig = *state;

    espota_rig_start(rig);
    connect_for_files(rig);
    espota_rig_receive(rig, "same files", FILES_SIZE, 0);
    const char *line = strstr(rig->said, "< ERROR[7]: MD5 verification failed: expected: ");
    assert_non_null(line);
    line = strstr(line, ", calculated: "); /* the longest line there is goes out whole */
    assert_non_null(line);
    assert_int_equal(strlen(line), strlen(", calculated: ") + 2 * UD_MD5_SIZE + 2);
    assert_null(strstr(rig->said, "OK"));
    assert_int_equal(rig->failure, UD_ESPOTA_END_FAILED);
    rig_assert_untouched(&rig->device);
}

static void an_image_that_is_none(void **state)
{
    struct espota_rig *rig = *state;
    char text[80];

    espota_rig_start(rig);
    espota_rig_invitation(text, UD_COMMAND_FIRMWARE, FILES, FILES_SIZE);
    espota_rig_hear(rig, RIG_INVITER, text);
    ud_espota_connected(&rig->espota, rig->now_ms);
    espota_rig_receive(rig, FILES, FILES_SIZE, 0);
    assert_non_null(strstr(rig->said, "< ERROR[10]: Magic byte is not 0xE9\n"));
    assert_int_equal(rig->failure, UD_ESPOTA_END_FAILED);
}

/* ---- settings ---- */

static void erase_with(struct espota_rig *rig, int error, bool needs_erase)
{
    rig->erase_error = error;
    rig->config.needs_erase = needs_erase;
    espota_rig_start(rig);
    connect_for_files(rig);
    espota_rig_receive(rig, FILES, FILES_SIZE, 0);
    assert_int_equal(rig->erases, 1);
    assert_int_equal(rig->failure, UD_ESPOTA_ERASE_FAILED);
}

static void settings_that_cannot_be_erased_may_stay(void **state)
{
    struct espota_rig *rig = *state;

    erase_with(rig, UD_ERR_FLASH_ERASE, false);
    espota_rig_forget(rig);
    finish(rig);
}

static void settings_that_must_be_erased(void **state)
{
    struct espota_rig *rig = *state;

    erase_with(rig, UD_ERR_FLASH_ERASE, true);
    assert_string_equal(rig->said, "< ERROR[21]: Update aborted\n\n");
    while (espota_rig_wait(rig))
        ;
    assert_idle(rig);
    assert_int_equal(rig->ends, 0);
}

/* The image was committed already: the command is gone again. */
static void an_image_without_its_erase_is_withdrawn(void **state)
{
    const struct image_firmware firmware = {.version = "2.0.0", .project = "demo", .size = 9000};
    struct image_bytes image = image_build_firmware(&firmware);
    struct espota_rig *rig = *state;
    struct ud_eboot_command command;
    char text[80];

    rig->erase_error = UD_ERR_FLASH_ERASE;
    rig->config.needs_erase = true;
    espota_rig_start(rig);
    espota_rig_invitation(text, UD_COMMAND_FIRMWARE, image.data, image.length);
    espota_rig_hear(rig, RIG_INVITER, text);
    ud_espota_connected(&rig->espota, rig->now_ms);
    espota_rig_receive(rig, image.data, image.length, 0);
    assert_int_equal(rig->device.ends, 1);
    assert_int_not_equal(ud_eboot_load(&rig->device.rtc, &command), UD_OK);
    image_free(&image);
}

/* ---- config ---- */

static void assert_refused(struct ud_espota_config config)
{
    struct ud_espota espota;

    assert_int_equal(ud_espota_init(&espota, &config), UD_ERR_ARGUMENT);
}

static void configs_that_make_no_sense(void **state)
{
    struct espota_rig *rig = *state;
    struct ud_updater *updater = &rig->device.updater;

    assert_refused((struct ud_espota_config){0});
    assert_refused((struct ud_espota_config){updater, .password = "x"});
    assert_refused((struct ud_espota_config){updater, &ud_md5, .password_hash = SHA_HASH});
    assert_refused((struct ud_espota_config){updater, &ud_md5, .password_hash = ""});
    assert_refused((struct ud_espota_config){updater, &ud_sha256, .password_hash = "zz"});
    assert_refused((struct ud_espota_config){updater, &ud_md5,
                                             .password_hash = "2123Zf297a57a5a743894a0e4a801fc3"});
    assert_refused((struct ud_espota_config){updater, .timeout_ms = 1u << 31});
}

static void an_empty_password_is_none(void **state)
{
    struct espota_rig *rig = *state;

    rig->config.digest = &ud_md5;
    rig->config.password = "";
    espota_rig_start(rig);
    espota_rig_hear(rig, RIG_INVITER, INVITATION);
    assert_string_equal(rig->said, "> OK\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_image_in_pieces_of_any_size),
        TEST(what_comes_after_the_image_is_not_taken),
        TEST(a_device_that_stays_up_takes_the_next),
        TEST(counts_that_cannot_be_sent_add_up),
        TEST(a_count_that_is_sent_in_parts_is_whole),
        TEST(the_result_keeps_its_distance),
        TEST(proof_by_md5),
        TEST(proof_by_sha256),
        TEST(proof_by_a_stored_hash),
        TEST(proof_by_a_stored_md5),
        TEST(stored_hashes_in_capitals),
        TEST(a_derivation_in_steps),
        TEST(a_wrong_password),
        TEST(a_digit_off),
        TEST(guessing_takes_longer_and_longer),
        TEST(a_hold_off_ends_by_itself),
        TEST(what_is_no_invitation),
        TEST(invitations_in_every_dress),
        TEST(every_beginning_of_a_datagram),
        TEST(datagrams_of_noise),
        TEST(proofs_of_strangers_do_not_count),
        TEST(a_proof_from_another_socket_of_the_inviter),
        TEST(another_invitation_starts_over),
        TEST(a_copy_of_an_invitation),
        TEST(a_broken_proof_leaves_the_challenge),
        TEST(a_proof_before_its_invitation),
        TEST(replies_that_wait),
        TEST(an_image_that_does_not_fit),
        TEST(an_update_from_elsewhere_goes_on),
        TEST(an_uploader_that_cannot_be_reached),
        TEST(an_uploader_that_goes_away),
        TEST(an_uploader_that_falls_silent),
        TEST(an_image_that_is_not_what_was_announced),
        TEST(an_image_that_is_none),
        TEST(settings_that_cannot_be_erased_may_stay),
        TEST(settings_that_must_be_erased),
        TEST(an_image_without_its_erase_is_withdrawn),
        TEST(configs_that_make_no_sense),
        TEST(an_empty_password_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
