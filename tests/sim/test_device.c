/* A virtual device by itself: what it starts, what it says of itself, and how it
 * takes a server that is away. With servers: tests/interop. */
#include "sim/device.h"

#include "image_builder.h"
#include "posix/pull.h"
#include "sim/fleet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENTS 16

struct fixture {
    struct sim_device_config config;
    char url[64];
    struct sim_device *device;
    enum sim_device_event_kind events[EVENTS];
    char texts[EVENTS][80];
    int numbers[EVENTS];
    uint32_t count;
};

static void record(void *ctx, struct sim_device *device, const struct sim_device_event *event)
{
    struct fixture *fixture = ctx;

    (void)device;
    assert_true(fixture->count < EVENTS);
    fixture->events[fixture->count] = event->kind;
    fixture->numbers[fixture->count] = event->number;
    snprintf(fixture->texts[fixture->count], sizeof fixture->texts[0], "%s",
             event->text != NULL ? event->text : "");
    fixture->count++;
}

/* A port that nobody listens at: one that was free a moment ago. */
static unsigned closed_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static int setup(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof fixture);
    snprintf(fixture.url, sizeof fixture.url, "http://127.0.0.1:%u/", closed_port());
    fixture.config = (struct sim_device_config){
        .mac = {0x5c, 0xcf, 0x7f, 0x12, 0x34, 0x56},
        .url = fixture.url,
        .poll_ms = 1000,
        .first_delay_ms = 500,
        .ctx = &fixture,
        .event = record,
    };
    assert_int_equal(ud_layout_parse("1M64K", &fixture.config.layout), UD_OK);
    assert_int_equal(sim_device_open(&fixture.device, &fixture.config), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    sim_device_close(fixture->device);
    return 0;
}

static struct image_bytes put_program(struct fixture *fixture)
{
    const struct image_firmware firmware = {
        .version = "1.0.0", .project = "demo", .size = 20000, .flash_size_code = 2};
    struct image_bytes image = image_build_firmware(&firmware);

    memcpy(nor_bytes(sim_device_nor(fixture->device)), image.data, image.length);
    return image;
}

static void assert_dead(struct fixture *fixture, const char *why)
{
    fixture->count = 0;
    sim_device_power_on(fixture->device, 0);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->events[0], SIM_DEVICE_DEAD);
    assert_string_equal(fixture->texts[0], why);
    assert_false(sim_device_is_running(fixture->device));
    sim_device_service(fixture->device, 1000000);
    assert_int_equal(fixture->count, 1);
}

static void what_does_not_start_says_why(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *flash = nor_bytes(sim_device_nor(fixture->device));

    assert_dead(fixture, "no bootloader in flash, or a damaged one");
    struct image_bytes image = put_program(fixture);
    flash[100] ^= 1;
    assert_dead(fixture, "no bootloader in flash, or a damaged one");
    flash[100] ^= 1;
    flash[UD_IMAGE_APP_OFFSET] = 0xff;
    assert_dead(fixture, "no application in flash, or a damaged one");
    image_free(&image);
}

static void a_program_is_read_from_flash(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes image = put_program(fixture);

    sim_device_power_on(fixture->device, 0);
    assert_int_equal(fixture->events[fixture->count - 1], SIM_DEVICE_STARTED);
    assert_true(sim_device_is_running(fixture->device));
    assert_string_equal(sim_device_version(fixture->device), "1.0.0");
    assert_string_equal(sim_device_mac(fixture->device), "5C:CF:7F:12:34:56");
    const struct sim_device_program *program = sim_device_program(fixture->device);
    assert_string_equal(program->description.project, "demo");
    assert_int_equal(program->sketch_size, image.length);
    assert_int_equal(program->free_space, 0xeb000 - ud_flash_round_up(image.length));
    image_free(&image);
}

/* The first check-in comes after its delay, the next one a while after the last. */
static void a_server_that_is_away_is_asked_again(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes image = put_program(fixture);
    uint32_t now_ms = 0;

    sim_device_power_on(fixture->device, now_ms);
    assert_int_equal(sim_device_deadline(fixture->device), 500);
    fixture->count = 0;
    for (int round = 0; round < 2; round++) {
        now_ms = sim_device_deadline(fixture->device);
        /* A refused connection may take another look to be noticed. */
        for (int i = 0; i < 20000 && fixture->count < 2u * (unsigned)round + 2; i++) {
            sim_device_service(fixture->device, now_ms);
            usleep(1000);
        }
        assert_int_equal(fixture->events[2 * round], SIM_DEVICE_ASKING);
        assert_int_equal(fixture->events[2 * round + 1], SIM_DEVICE_FAILED);
        assert_int_equal(fixture->numbers[2 * round + 1], -1);
        assert_string_equal(fixture->texts[2 * round + 1], "HTTP error: connection failed");
        assert_int_equal(sim_device_deadline(fixture->device), now_ms + 1000);
    }
    image_free(&image);
}

/* In real time a boot takes what flash takes to be read. */
static void a_lifelike_device_takes_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes image = put_program(fixture);
    struct sim_device *device;

    fixture->config.is_lifelike = true;
    assert_int_equal(sim_device_open(&device, &fixture->config), 0);
    memcpy(nor_bytes(sim_device_nor(device)), image.data, image.length);
    sim_device_power_on(device, 100);
    assert_false(sim_device_is_running(device));
    const uint32_t ready_ms = sim_device_deadline(device);
    assert_true(ready_ms > 100);
    sim_device_service(device, ready_ms - 1);
    assert_false(sim_device_is_running(device));
    sim_device_service(device, ready_ms);
    assert_true(sim_device_is_running(device));
    sim_device_close(device);
    image_free(&image);
}

static void unsound_configurations_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sim_device *device;

    fixture->config.flash_path = "/nonexistent/flash";
    assert_int_equal(sim_device_open(&device, &fixture->config), -ENOENT);
    fixture->config.flash_path = NULL;
    fixture->config.layout.fs_start += 100;
    assert_int_equal(sim_device_open(&device, &fixture->config), -EINVAL);
    sim_device_close(NULL);
}

/* All of them are served by one loop, each at its own time. */
static void a_fleet_serves_everybody(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes image = put_program(fixture);
    struct sim_fleet *fleet = sim_fleet_new(3);

    assert_non_null(fleet);
    for (uint32_t i = 0; i < 3; i++) {
        struct sim_device *device;
        fixture->config.first_delay_ms = 20 * i;
        fixture->config.poll_ms = 100000;
        assert_int_equal(sim_device_open(&device, &fixture->config), 0);
        memcpy(nor_bytes(sim_device_nor(device)), image.data, image.length);
        sim_fleet_add(fleet, device);
    }
    assert_int_equal(sim_fleet_count(fleet), 3);
    sim_fleet_power_on(fleet, ud_posix_clock_ms());
    for (int i = 0; i < 1000 && fixture->count < 9; i++)
        assert_int_equal(sim_fleet_step(fleet, -1, 10), 0);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < fixture->count; i++)
        failed += fixture->events[i] == SIM_DEVICE_FAILED;
    assert_int_equal(failed, 3);
    sim_fleet_free(fleet);
    sim_fleet_free(NULL);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_does_not_start_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_is_read_from_flash, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_is_away_is_asked_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lifelike_device_takes_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(unsound_configurations_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fleet_serves_everybody, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
