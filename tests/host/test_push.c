/* An upload against a device played line by line over real sockets, in a time of
 * its own. */
#include "host/push.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NONCE32  "25d55ad283aa400af464c76d713c07ad"
#define NONCE64  "78377b525757b494427f89014f97d79928f3938d14eb51e20fb5dec9834eb304"
#define WAIT_MS  60000 /* for the kernel to hand a message over */
#define BEGUN_MS (UINT32_MAX - 3000u)
#define IMAGE    "not firmware, but the device will not look"
#define PASSWORD "admin"

struct scene {
    struct push push;
    struct push_config config;
    struct push_image image;
    uint32_t now_ms;
    int udp; /* the device's */
    int tcp;
    struct sockaddr_in uploader;
    char heard[1024];
};

/* ---- the device's lines ---- */

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    return poll(&entry, 1, timeout_ms) > 0;
}

static void device_hears(struct scene *scene)
{
    socklen_t length = sizeof scene->uploader;

    assert_true(is_readable(scene->udp, WAIT_MS));
    const ssize_t heard = recvfrom(scene->udp, scene->heard, sizeof scene->heard - 1, 0,
                                   (struct sockaddr *)&scene->uploader, &length);
    assert_true(heard > 0);
    scene->heard[heard] = '\0';
}

static void device_hears_nothing(const struct scene *scene)
{
    assert_false(is_readable(scene->udp, 0));
}

/* Lets the upload see what is there for it. */
static void go_on(struct scene *scene)
{
    struct pollfd entries[PUSH_SOCKETS];
    const size_t count = push_poll(&scene->push, entries);

    assert_true(count == 0 || poll(entries, count, WAIT_MS) > 0);
    push_service(&scene->push, scene->now_ms);
}

static void device_says(struct scene *scene, const char *text)
{
    assert_int_equal(sendto(scene->udp, text, strlen(text), 0, (struct sockaddr *)&scene->uploader,
                            sizeof scene->uploader),
                     (int)strlen(text));
    go_on(scene);
}

static void invitation_text(const struct scene *scene, char text[128])
{
    snprintf(text, 128, "0 %u %zu %s\n", scene->push.port, scene->image.length, scene->image.md5);
}

static void device_is_invited(struct scene *scene)
{
    char expected[128];

    device_hears(scene);
    invitation_text(scene, expected);
    assert_string_equal(scene->heard, expected);
}

static void device_connects(struct scene *scene)
{
    const struct sockaddr_in address = loopback(scene->push.port);

    scene->tcp = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(scene->tcp, (const struct sockaddr *)&address, sizeof address), 0);
    go_on(scene);
}

static void device_prints(struct scene *scene, const char *text)
{
    assert_int_equal(send(scene->tcp, text, strlen(text), 0), (int)strlen(text));
    go_on(scene);
}

static void device_reads(struct scene *scene, size_t length)
{
    char data[4096];

    while (length > 0) {
        push_service(&scene->push, scene->now_ms);
        assert_true(is_readable(scene->tcp, WAIT_MS));
        const ssize_t part = recv(scene->tcp, data, length < sizeof data ? length : sizeof data, 0);
        assert_true(part > 0);
        length -= (size_t)part;
    }
}

static void device_hangs_up(struct scene *scene)
{
    close(scene->tcp);
    scene->tcp = -1;
    go_on(scene);
}

/* ---- scenes ---- */

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct sockaddr_in own = loopback(0);
    socklen_t length = sizeof own;

    assert_non_null(scene);
    scene->now_ms = BEGUN_MS;
    scene->tcp = -1;
    scene->udp = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(scene->udp, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(getsockname(scene->udp, (struct sockaddr *)&own, &length), 0);
    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, (const uint8_t *)IMAGE, sizeof IMAGE - 1);
    scene->config.image = &scene->image;
    scene->config.device.length = sizeof own;
    memcpy(&scene->config.device.socket, &own, sizeof own);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    push_close(&scene->push);
    close(scene->udp);
    if (scene->tcp >= 0)
        close(scene->tcp);
    free(scene);
    return 0;
}

static void begin(struct scene *scene)
{
    push_open(&scene->push, &scene->config, scene->now_ms);
    assert_int_equal(scene->push.outcome, PUSH_PENDING);
    device_is_invited(scene);
}

static void begin_sending(struct scene *scene)
{
    begin(scene);
    device_says(scene, "OK");
    assert_int_equal(scene->push.state, PUSH_ACCEPTED);
    device_connects(scene);
}

static void begin_finishing(struct scene *scene)
{
    begin_sending(scene);
    device_reads(scene, scene->image.length);
    assert_int_equal(scene->push.state, PUSH_FINISHING);
}

/* Time passes up to the next deadline. */
static void wait_a_while(struct scene *scene)
{
    const uint32_t deadline_ms = push_deadline(&scene->push);

    assert_true((int32_t)(deadline_ms - scene->now_ms) > 0);
    scene->now_ms = deadline_ms;
    push_service(&scene->push, scene->now_ms);
}

/* Returns how long it took. */
static uint32_t wait_for_the_end(struct scene *scene)
{
    const uint32_t since_ms = scene->now_ms;

    while (scene->push.state != PUSH_DONE)
        wait_a_while(scene);
    return scene->now_ms - since_ms;
}

static void assert_outcome(const struct scene *scene, enum push_outcome outcome)
{
    char text[PUSH_EXPLANATION_MAX] = "";

    assert_int_equal(scene->push.state, PUSH_DONE);
    assert_int_equal(scene->push.outcome, outcome);
    push_explain(&scene->push, text);
    print_message("%s\n", text);
    assert_true(strlen(text) > 6);
}

/* ---- as it should be ---- */

static void without_a_password(void **state)
{
    struct scene *scene = *state;
    char data[sizeof IMAGE] = "";

    begin_sending(scene);
    assert_int_equal(recv(scene->tcp, data, sizeof IMAGE - 1, MSG_WAITALL), sizeof IMAGE - 1);
    assert_string_equal(data, IMAGE);
    device_prints(scene, "42");
    assert_int_equal(scene->push.state, PUSH_FINISHING);
    device_prints(scene, "OK");
    assert_outcome(scene, PUSH_OK);
    assert_int_equal(scene->push.done, scene->image.length);
}

static void the_result_byte_by_byte(void **state)
{
    struct scene *scene = *state;

    begin_finishing(scene);
    device_prints(scene, "4");
    device_prints(scene, "2");
    device_prints(scene, "O");
    assert_int_equal(scene->push.state, PUSH_FINISHING);
    device_prints(scene, "K");
    assert_outcome(scene, PUSH_OK);
}

/* An original's last count and its result may arrive as one. */
static void the_result_with_the_last_count(void **state)
{
    struct scene *scene = *state;

    begin_finishing(scene);
    device_prints(scene, "42OK");
    assert_outcome(scene, PUSH_OK);
}

static void a_file_system(void **state)
{
    struct scene *scene = *state;

    scene->image.command = UD_COMMAND_FILESYSTEM;
    push_open(&scene->push, &scene->config, scene->now_ms);
    device_hears(scene);
    assert_memory_equal(scene->heard, "100 ", 4);
}

/* No count is waited for. */
static void the_image_is_sent_ahead(void **state)
{
    struct scene *scene = *state;
    const size_t length = 200000;
    uint8_t *image = calloc(1, length);

    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, image, length);
    begin_sending(scene);
    device_reads(scene, length);
    assert_int_equal(scene->push.state, PUSH_FINISHING);
    push_service(&scene->push, scene->now_ms);
    assert_int_equal(scene->push.done, length); /* all of it acknowledged */
    device_prints(scene, "OK");
    assert_outcome(scene, PUSH_OK);
    free(image);
}

/* ---- the password ---- */

static void assert_proof(const struct scene *scene, const char *nonce, bool by_md5)
{
    char cnonce[UD_ESPOTA_HEX_TEXT] = "", expected[2 * UD_ESPOTA_HEX_TEXT + 8];

    assert_int_equal(sscanf(scene->heard, "200 %64s", cnonce), 1);
    assert_int_equal(strlen(cnonce), strlen(nonce));
    push_proof(nonce, cnonce, PASSWORD, by_md5, expected);
    assert_string_equal(scene->heard, expected);
}

static void challenge(struct scene *scene, const char *nonce, bool by_md5)
{
    char text[80];

    snprintf(text, sizeof text, "AUTH %s", nonce);
    device_says(scene, text);
    device_hears(scene);
    assert_proof(scene, nonce, by_md5);
    assert_int_equal(scene->push.state, PUSH_AUTHENTICATING);
}

static void with_the_password(struct scene *scene, const char *nonce)
{
    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, nonce, scene->config.md5_first);
    device_says(scene, "OK");
    assert_int_equal(scene->push.state, PUSH_ACCEPTED);
    device_connects(scene);
    assert_int_equal(scene->push.state, PUSH_FINISHING);
}

static void a_proof_by_md5(void **state)
{
    with_the_password(*state, NONCE32);
}

static void a_proof_by_sha256(void **state)
{
    with_the_password(*state, NONCE64);
}

static void a_proof_from_the_md5(void **state)
{
    struct scene *scene = *state;

    scene->config.md5_first = true;
    with_the_password(scene, NONCE64);
}

static void the_other_hash_is_tried_too(void **state)
{
    struct scene *scene = *state;

    for (int md5_first = 0; md5_first < 2; md5_first++) {
        scene->config.password = PASSWORD;
        scene->config.md5_first = md5_first;
        begin(scene);
        challenge(scene, NONCE64, md5_first);
        device_says(scene, "Authentication Failed");
        device_is_invited(scene);
        challenge(scene, NONCE64, !md5_first);
        device_says(scene, "OK");
        assert_int_equal(scene->push.state, PUSH_ACCEPTED);
        push_close(&scene->push);
    }
}

static void a_wrong_password(void **state)
{
    struct scene *scene = *state;

    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, NONCE32, false);
    device_says(scene, "Authentication Failed");
    assert_outcome(scene, PUSH_PASSWORD_WRONG);
    begin(scene);
    challenge(scene, NONCE64, false);
    device_says(scene, "Authentication Failed");
    device_is_invited(scene);
    challenge(scene, NONCE64, true);
    device_says(scene, "Authentication Failed");
    assert_outcome(scene, PUSH_PASSWORD_WRONG);
}

static void no_password_at_hand(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    device_says(scene, "AUTH " NONCE32);
    device_hears_nothing(scene);
    assert_outcome(scene, PUSH_PASSWORD_ASKED);
}

/* ---- datagrams lost, doubled, out of order ---- */

static void a_lost_invitation(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    push_service(&scene->push, scene->now_ms + 999);
    device_hears_nothing(scene);
    wait_a_while(scene);
    device_is_invited(scene);
    assert_int_equal(scene->now_ms - BEGUN_MS, 1000);
    device_says(scene, "OK");
    assert_int_equal(scene->push.state, PUSH_ACCEPTED);
}

static void a_lost_ok(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    device_connects(scene);
    device_reads(scene, scene->image.length);
    device_prints(scene, "OK");
    assert_outcome(scene, PUSH_OK);
}

static void a_lost_proof(void **state)
{
    struct scene *scene = *state;
    char proof[sizeof scene->heard];

    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, NONCE32, false);
    memcpy(proof, scene->heard, sizeof proof);
    for (int again = 0; again < 2; again++) {
        wait_a_while(scene);
        device_hears(scene);
        assert_string_equal(scene->heard, proof);
    }
    device_says(scene, "OK");
    assert_int_equal(scene->push.state, PUSH_ACCEPTED);
}

/* An original has then forgotten the challenge: it gives a new one. */
static void a_device_that_forgot_its_challenge(void **state)
{
    struct scene *scene = *state;

    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, NONCE32, false);
    for (int again = 0; again < 2; again++) {
        wait_a_while(scene);
        device_hears(scene);
    }
    wait_a_while(scene);
    device_is_invited(scene);
    challenge(scene, "00000000000000000000000000000000", false);
    device_says(scene, "OK");
    assert_int_equal(scene->push.state, PUSH_ACCEPTED);
}

static void a_challenge_that_comes_twice(void **state)
{
    struct scene *scene = *state;

    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, NONCE32, false);
    device_says(scene, "AUTH " NONCE32);
    device_hears_nothing(scene);
    challenge(scene, "00000000000000000000000000000000", false);
}

/* From an attempt before. */
static void a_refusal_that_comes_late(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    device_says(scene, "Authentication Failed");
    assert_int_equal(scene->push.state, PUSH_INVITING);
}

/* ---- failures ---- */

static void nobody_answers(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    assert_int_equal(wait_for_the_end(scene), PUSH_TIMEOUT_MS);
    assert_outcome(scene, PUSH_NO_ANSWER);
    for (int again = 0; again < 9; again++)
        device_is_invited(scene);
    device_hears_nothing(scene);
}

static void no_verdict(void **state)
{
    struct scene *scene = *state;

    scene->config.password = PASSWORD;
    begin(scene);
    challenge(scene, NONCE64, false);
    assert_int_equal(wait_for_the_end(scene), PUSH_TIMEOUT_MS);
    assert_outcome(scene, PUSH_NO_VERDICT);
}

static void no_connection(void **state)
{
    struct scene *scene = *state;

    scene->config.timeout_ms = 3000;
    begin(scene);
    device_says(scene, "OK");
    assert_int_equal(wait_for_the_end(scene), 3000);
    assert_outcome(scene, PUSH_NO_CONNECTION);
}

static void a_closed_port(void **state)
{
    struct scene *scene = *state;

    close(scene->udp);
    push_open(&scene->push, &scene->config, scene->now_ms);
    go_on(scene);
    assert_outcome(scene, PUSH_PORT_CLOSED);
    scene->udp = -1;
}

static void a_listening_port_that_is_taken(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_in own = loopback(0);
    socklen_t length = sizeof own;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &length), 0);
    scene->config.listen_port = ntohs(own.sin_port);
    push_open(&scene->push, &scene->config, scene->now_ms);
    assert_outcome(scene, PUSH_NO_LISTENER);
    assert_int_equal(scene->push.error, EADDRINUSE);
    close(fd);
}

static void an_address_that_is_not_ours(void **state)
{
    static const char *const addresses[] = {"192.0.2.1", "::1", "kitchen"};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        scene->config.bind_to = addresses[i];
        push_open(&scene->push, &scene->config, scene->now_ms);
        assert_outcome(scene, PUSH_NO_LISTENER);
        assert_int_equal(scene->push.error, EADDRNOTAVAIL);
    }
}

static void a_device_that_does_not_begin(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    device_says(scene, "ERR: ERROR[4]: Not Enough Space\n");
    assert_outcome(scene, PUSH_REFUSED);
    assert_int_equal(scene->push.number, 4);
    assert_string_equal(scene->push.words, "Not Enough Space");
}

static void something_else_on_that_port(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    device_says(scene, "HELLO");
    assert_outcome(scene, PUSH_BAD_ANSWER);
}

static void an_image_that_is_not_taken(void **state)
{
    struct scene *scene = *state;

    begin_finishing(scene);
    device_prints(scene, "42ERROR[10]: Magic byte is not 0xE9\n");
    assert_outcome(scene, PUSH_FAILED);
    assert_int_equal(scene->push.number, 10);
    assert_string_equal(scene->push.words, "Magic byte is not 0xE9");
}

/* The reason counts, though the connection breaks with it. */
static void a_device_that_fails_halfway(void **state)
{
    struct scene *scene = *state;
    const size_t length = 32u << 20;
    uint8_t *image = calloc(1, length);

    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, image, length);
    begin_sending(scene);
    device_reads(scene, 5000);
    assert_int_equal(scene->push.state, PUSH_SENDING);
    assert_true(send(scene->tcp, "ERROR[1]: Flash Write Failed\n", 29, 0) == 29);
    device_hangs_up(scene); /* with bytes unread: a reset */
    assert_outcome(scene, PUSH_FAILED);
    assert_int_equal(scene->push.number, 1);
    free(image);
}

static void a_connection_that_breaks(void **state)
{
    struct scene *scene = *state;
    const size_t length = 32u << 20;
    uint8_t *image = calloc(1, length);

    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, image, length);
    begin_sending(scene);
    device_reads(scene, 5000);
    device_hangs_up(scene);
    assert_outcome(scene, PUSH_BROKEN);
    free(image);
}

static void a_device_that_stalls(void **state)
{
    struct scene *scene = *state;
    const size_t length = 32u << 20;
    uint8_t *image = calloc(1, length);

    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, image, length);
    begin_sending(scene);
    device_reads(scene, 5000);
    for (int turn = 0; turn < 1000; turn++) /* until the kernel takes no more */
        push_service(&scene->push, scene->now_ms);
    assert_true(wait_for_the_end(scene) <= PUSH_TIMEOUT_MS + 1000);
    assert_outcome(scene, PUSH_STALLED);
    assert_true(scene->push.done < length);
    free(image);
}

static void a_device_that_is_gone_in_the_end(void **state)
{
    struct scene *scene = *state;

    begin_finishing(scene);
    device_prints(scene, "42");
    device_hangs_up(scene);
    assert_outcome(scene, PUSH_GONE);
}

static void a_device_that_says_nothing_in_the_end(void **state)
{
    struct scene *scene = *state;

    begin_finishing(scene);
    const uint32_t waited_ms = wait_for_the_end(scene);
    assert_in_range(waited_ms, PUSH_RESULT_MS, PUSH_RESULT_MS + 1000);
    assert_outcome(scene, PUSH_NO_RESULT);
}

static void an_ok_before_its_time(void **state)
{
    struct scene *scene = *state;
    const size_t length = 32u << 20;
    uint8_t *image = calloc(1, length);

    push_image_init(&scene->image, UD_COMMAND_FIRMWARE, image, length);
    begin_sending(scene);
    device_reads(scene, 5000);
    device_prints(scene, "OK");
    assert_outcome(scene, PUSH_BAD_ANSWER);
    free(image);
}

/* ---- strangers ---- */

static void a_stranger_that_connects(void **state)
{
    struct scene *scene = *state;
    const struct sockaddr_in address = loopback(0);
    struct sockaddr_in own = loopback(0);
    char byte;

    begin(scene);
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    const int stranger = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(stranger, (struct sockaddr *)&own, sizeof own), 0);
    own = address;
    own.sin_port = htons(scene->push.port);
    assert_int_equal(connect(stranger, (struct sockaddr *)&own, sizeof own), 0);
    go_on(scene);
    assert_int_equal(scene->push.state, PUSH_INVITING);
    assert_true(recv(stranger, &byte, 1, 0) <= 0);
    close(stranger);
    device_says(scene, "OK");
    device_connects(scene);
    device_reads(scene, scene->image.length);
}

static void a_stranger_that_answers(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    const int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(
        sendto(stranger, "OK", 2, 0, (struct sockaddr *)&scene->uploader, sizeof scene->uploader),
        2);
    push_service(&scene->push, scene->now_ms);
    assert_int_equal(scene->push.state, PUSH_INVITING);
    close(stranger);
}

static void cancelling(void **state)
{
    struct scene *scene = *state;

    begin_sending(scene);
    push_close(&scene->push);
    assert_outcome(scene, PUSH_CANCELLED);
    push_close(&scene->push);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_password),
        TEST(the_result_byte_by_byte),
        TEST(the_result_with_the_last_count),
        TEST(a_file_system),
        TEST(the_image_is_sent_ahead),
        TEST(a_proof_by_md5),
        TEST(a_proof_by_sha256),
        TEST(a_proof_from_the_md5),
        TEST(the_other_hash_is_tried_too),
        TEST(a_wrong_password),
        TEST(no_password_at_hand),
        TEST(a_lost_invitation),
        TEST(a_lost_ok),
        TEST(a_lost_proof),
        TEST(a_device_that_forgot_its_challenge),
        TEST(a_challenge_that_comes_twice),
        TEST(a_refusal_that_comes_late),
        TEST(nobody_answers),
        TEST(no_verdict),
        TEST(no_connection),
        TEST(a_closed_port),
        TEST(a_listening_port_that_is_taken),
        TEST(an_address_that_is_not_ours),
        TEST(a_device_that_does_not_begin),
        TEST(something_else_on_that_port),
        TEST(an_image_that_is_not_taken),
        TEST(a_device_that_fails_halfway),
        TEST(a_connection_that_breaks),
        TEST(a_device_that_stalls),
        TEST(a_device_that_is_gone_in_the_end),
        TEST(a_device_that_says_nothing_in_the_end),
        TEST(an_ok_before_its_time),
        TEST(a_stranger_that_connects),
        TEST(a_stranger_that_answers),
        TEST(cancelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
