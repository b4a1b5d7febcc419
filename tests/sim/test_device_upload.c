/* Uploads to virtual devices over real sockets: the uploader's own code against
 * the receiver's. */
#include "host/push.h"
#include "image_builder.h"
#include "posix/pull.h"
#include "sim/device.h"
#include "updraft/espota.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000u
#define PASSWORD    "bench"

struct fixture {
    struct sim_device_config config;
    struct sim_device *device;
    uint32_t starts, updates, failures;
    int number; /* of the last failed upload */
    char text[200];
};

static void record(void *ctx, struct sim_device *device, const struct sim_device_event *event)
{
    struct fixture *fixture = ctx;

    (void)device;
    if (event->kind == SIM_DEVICE_STARTED)
        fixture->starts++;
    if (event->kind == SIM_DEVICE_UPDATED)
        fixture->updates++;
    if (event->kind != SIM_DEVICE_UPLOAD_FAILED)
        return;
    fixture->failures++;
    fixture->number = event->number;
    strncpy(fixture->text, event->text, sizeof fixture->text - 1);
}

static struct image_bytes make_program(const char *version)
{
    const struct image_firmware firmware = {
        .version = version, .project = "demo", .size = 200000, .flash_size_code = 2};

    return image_build_firmware(&firmware);
}

static int set_up(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof fixture);
    fixture.config = (struct sim_device_config){
        .mac = {0x5c, 0xcf, 0x7f, 0x12, 0x34, 0x56},
        .upload = {.address = "127.0.0.1"},
        .ctx = &fixture,
        .event = record,
    };
    assert_int_equal(ud_layout_parse("1M64K", &fixture.config.layout), UD_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    sim_device_close(fixture->device);
    return 0;
}

static void switch_on(struct fixture *fixture)
{
    struct image_bytes image = make_program("1.0.0");

    assert_int_equal(sim_device_open(&fixture->device, &fixture->config), 0);
    memcpy(nor_bytes(sim_device_nor(fixture->device)), image.data, image.length);
    sim_device_power_on(fixture->device, ud_posix_clock_ms());
    assert_int_equal(fixture->starts, 1);
    image_free(&image);
}

static struct push_address address_of(const struct fixture *fixture)
{
    struct sockaddr_in socket = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(sim_device_upload_port(fixture->device)),
    };
    struct push_address address = {.length = sizeof socket};

    memcpy(&address.socket, &socket, sizeof socket);
    return address;
}

/* Both ends in one loop, until the upload is over and `done` says so of the device. */
static enum push_outcome upload(struct fixture *fixture, const struct push_image *image,
                                const char *password)
{
    const struct push_config config = {
        .image = image, .device = address_of(fixture), .password = password};
    const uint32_t since_ms = ud_posix_clock_ms();
    struct push push;
    uint32_t now_ms;

    push_open(&push, &config, since_ms);
    do {
        struct pollfd entries[PUSH_SOCKETS + SIM_DEVICE_SOCKETS];
        const size_t count = push_poll(&push, entries);
        const size_t all = count + sim_device_poll(fixture->device, entries + count);

        assert_true(poll(entries, all, 10) >= 0);
        now_ms = ud_posix_clock_ms();
        sim_device_service(fixture->device, now_ms);
        push_service(&push, now_ms);
        assert_true(now_ms - since_ms < PATIENCE_MS);
    } while (push.state != PUSH_DONE);
    push_close(&push);
    for (int turn = 0; turn < 10; turn++) /* it sees the connection close */
        sim_device_service(fixture->device, ud_posix_clock_ms());
    return push.outcome;
}

static void assert_updates(struct fixture *fixture, const char *password)
{
    struct image_bytes program = make_program("2.0.0");
    struct push_image image;

    switch_on(fixture);
    push_image_init(&image, UD_COMMAND_FIRMWARE, program.data, program.length);
    assert_int_equal(upload(fixture, &image, password), PUSH_OK);
    assert_int_equal(fixture->updates, 1);
    assert_int_equal(fixture->starts, 2);
    assert_string_equal(sim_device_version(fixture->device), "2.0.0");
    image_free(&program);
}

static void an_upload_is_what_runs_next(void **state)
{
    assert_updates(*state, NULL);
}

static void with_a_password_by_md5(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.upload.password = PASSWORD;
    assert_updates(fixture, PASSWORD);
}

static void with_a_password_by_sha256(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.upload.password = PASSWORD;
    fixture->config.upload.uses_sha256 = true;
    assert_updates(fixture, PASSWORD);
}

static void at_the_speed_of_flash(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.is_lifelike = true;
    struct image_bytes program = make_program("2.0.0");
    struct push_image image;
    const uint32_t since_ms = ud_posix_clock_ms();

    assert_int_equal(sim_device_open(&fixture->device, &fixture->config), 0);
    memcpy(nor_bytes(sim_device_nor(fixture->device)), program.data, program.length);
    sim_device_power_on(fixture->device, since_ms);
    while (fixture->starts == 0)
        sim_device_service(fixture->device, ud_posix_clock_ms());
    push_image_init(&image, UD_COMMAND_FIRMWARE, program.data, program.length);
    assert_int_equal(upload(fixture, &image, NULL), PUSH_OK);
    assert_true(ud_posix_clock_ms() - since_ms > 1500); /* 50 sectors to be erased */
    image_free(&program);
}

static void assert_refused(struct fixture *fixture, const struct push_image *image,
                           const char *password, enum push_outcome outcome, int number)
{
    assert_int_equal(upload(fixture, image, password), outcome);
    assert_int_equal(fixture->number, number);
    assert_int_equal(fixture->updates, 0);
    assert_string_equal(sim_device_version(fixture->device), "1.0.0");
}

static void what_is_refused_leaves_it_running(void **state)
{
    static const uint8_t text[] = "no program";
    struct fixture *fixture = *state;
    struct image_bytes program = make_program("2.0.0");
    struct push_image image;

    fixture->config.upload.password = PASSWORD;
    switch_on(fixture);
    push_image_init(&image, UD_COMMAND_FIRMWARE, program.data, program.length);
    assert_refused(fixture, &image, "wrong", PUSH_PASSWORD_WRONG, UD_ESPOTA_AUTH_FAILED);
    push_image_init(&image, UD_COMMAND_FIRMWARE, text, sizeof text);
    assert_refused(fixture, &image, PASSWORD, PUSH_FAILED, UD_ESPOTA_END_FAILED);
    assert_non_null(strstr(fixture->text, "Magic byte is not 0xE9"));
    image = (struct push_image){program.data, 2000000, UD_COMMAND_FIRMWARE, ""};
    memset(image.md5, '0', sizeof image.md5 - 1);
    assert_refused(fixture, &image, PASSWORD, PUSH_REFUSED, UD_ESPOTA_BEGIN_FAILED);
    image_free(&program);
}

static void the_port_stays_the_same(void **state)
{
    struct fixture *fixture = *state;

    switch_on(fixture);
    const uint16_t port = sim_device_upload_port(fixture->device);
    assert_int_not_equal(port, 0);
    sim_device_reset(fixture->device, ud_posix_clock_ms());
    assert_int_equal(sim_device_upload_port(fixture->device), port);
    assert_true(sim_device_is_running(fixture->device));
}

static void a_port_that_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct sim_device_config config = fixture->config;
    struct sim_device *other;

    switch_on(fixture);
    config.upload.port = sim_device_upload_port(fixture->device);
    assert_int_equal(sim_device_open(&other, &config), -EADDRINUSE);
}

static void a_device_that_takes_none(void **state)
{
    struct fixture *fixture = *state;
    struct pollfd entries[SIM_DEVICE_SOCKETS];

    fixture->config.upload.address = NULL;
    switch_on(fixture);
    assert_int_equal(sim_device_upload_port(fixture->device), 0);
    assert_int_equal(sim_device_poll(fixture->device, entries), 0);
}

/* As pulling the plug in the middle. */
static void closing_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes program = make_program("2.0.0");
    struct push_image image;
    struct push push;

    switch_on(fixture);
    push_image_init(&image, UD_COMMAND_FIRMWARE, program.data, program.length);
    const struct push_config config = {.image = &image, .device = address_of(fixture)};
    push_open(&push, &config, 0);
    while (push.done == 0) {
        sim_device_service(fixture->device, ud_posix_clock_ms());
        push_service(&push, 0);
    }
    sim_device_close(fixture->device);
    fixture->device = NULL;
    while (push.state != PUSH_DONE)
        push_service(&push, 0);
    assert_int_not_equal(push.outcome, PUSH_OK);
    image_free(&program);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_is_what_runs_next),
        TEST(with_a_password_by_md5),
        TEST(with_a_password_by_sha256),
        TEST(at_the_speed_of_flash),
        TEST(what_is_refused_leaves_it_running),
        TEST(the_port_stays_the_same),
        TEST(a_port_that_is_taken),
        TEST(a_device_that_takes_none),
        TEST(closing_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
