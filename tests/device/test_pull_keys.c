/* Key updates that come from a server, where firmware was asked for. */
#include "key_ring.h"
#include "pull_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct server {
    uint8_t bytes[TRUST_UPDATE_MAX + 100];
    struct rig_answer answer;
};

static void offer(struct server *server, const struct key_ring_known *key)
{
    const struct trust_update update = {.action = TRUST_ADD,
                                        .number = 1,
                                        .body = key->bytes,
                                        .length = key->der.length,
                                        .signer = "rsa2048"};
    uint8_t file[TRUST_UPDATE_MAX];
    const uint32_t length = trust_update(&update, file);
    const int head = snprintf((char *)server->bytes, 100,
                              "HTTP/1.0 200 OK\r\nContent-Length: %u\r\n\r\n", (unsigned)length);

    memcpy(server->bytes + head, file, length);
    server->answer = (struct rig_answer){.bytes = server->bytes, .length = (uint32_t)head + length};
}

/* Pulls the key update; what is trusted afterwards goes to text. */
static enum ud_pull_result pull_keys(bool takes_keys, struct rig_pieces pieces, int *error,
                                     char text[200])
{
    static struct server server;
    static struct key_ring ring;
    struct ram_flash ring_flash;
    struct pull_rig rig;

    rig_init(&rig);
    assert_int_equal(ram_flash_init(&ring_flash, KEY_RING_FLASH), 0);
    key_ring_init(&ring, &ring_flash.port, "rsa2048");
    assert_int_equal(key_ring_start(&ring), UD_OK);
    struct ud_verifier verifier = ud_keys_verifier(&ring.keys);
    if (!takes_keys)
        verifier.update_keys = NULL;
    rig.updater.config.verifier = &verifier;
    offer(&server, key_ring_known(&ring, "p256"));
    rig_play(&rig, "http://server/keys", &server.answer, 1, pieces);
    assert_int_equal(rig.commits, 0);
    assert_int_equal(rig.starts, takes_keys ? 1 : 0);
    key_ring_trusted(&ring, text);
    *error = ud_pull_error(&rig.pull);
    const enum ud_pull_result result = ud_pull_result(&rig.pull);
    ram_flash_free(&ring_flash);
    rig_free(&rig);
    return result;
}

static void a_key_update_is_carried_out(void **state)
{
    const struct rig_pieces pieces[] = {{0, 0}, {1, 0}, {100, 0}};
    char text[200];
    int error;

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(pull_keys(true, pieces[i], &error, text), UD_PULL_KEYS);
        assert_string_equal(text, "rsa2048 p256 ");
    }
}

static void who_takes_none_does_not_begin(void **state)
{
    const struct rig_pieces whole = {0, 0};
    char text[200];
    int error;

    (void)state;
    assert_int_equal(pull_keys(false, whole, &error, text), UD_PULL_FAILED);
    assert_int_equal(error, UD_ERR_HTTP_BAD_HEADER);
    assert_string_equal(text, "rsa2048 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_update_is_carried_out),
        cmocka_unit_test(who_takes_none_does_not_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
