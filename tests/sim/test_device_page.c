/* The page of virtual devices over real sockets, with a client that speaks just enough
 * HTTP. */
#include "image_builder.h"
#include "posix/pull.h"
#include "sim/device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000u

struct fixture {
    struct sim_device_config config;
    struct sim_device *device;
    uint32_t starts, updates;
    int number; /* of the last failed upload */
    char answer[1024];
};

static void record(void *ctx, struct sim_device *device, const struct sim_device_event *event)
{
    struct fixture *fixture = ctx;

    (void)device;
    if (event->kind == SIM_DEVICE_STARTED)
        fixture->starts++;
    if (event->kind == SIM_DEVICE_UPDATED)
        fixture->updates++;
    if (event->kind == SIM_DEVICE_UPLOAD_FAILED)
        fixture->number = event->number;
}

static struct image_bytes make_program(const char *version)
{
    const struct image_firmware firmware = {
        .version = version, .project = "demo", .size = 100000, .flash_size_code = 2};

    return image_build_firmware(&firmware);
}

static int set_up(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof fixture);
    fixture.config = (struct sim_device_config){
        .mac = {0x5c, 0xcf, 0x7f, 0x12, 0x34, 0x56},
        .page = {.address = "127.0.0.1"},
        .ctx = &fixture,
        .event = record,
    };
    assert_int_equal(ud_layout_parse("1M64K", &fixture.config.layout), UD_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    sim_device_close(((struct fixture *)*state)->device);
    return 0;
}

static void switch_on(struct fixture *fixture)
{
    struct image_bytes program = make_program("1.0.0");

    assert_int_equal(sim_device_open(&fixture->device, &fixture->config), 0);
    memcpy(nor_bytes(sim_device_nor(fixture->device)), program.data, program.length);
    sim_device_power_on(fixture->device, ud_posix_clock_ms());
    while (fixture->starts == 0)
        sim_device_service(fixture->device, ud_posix_clock_ms());
    image_free(&program);
}

static int connect_to(const struct fixture *fixture)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(sim_device_page_port(fixture->device)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* One turn of the device's loop. */
static void turn(struct fixture *fixture)
{
    struct pollfd entries[SIM_DEVICE_SOCKETS];
    const size_t count = sim_device_poll(fixture->device, entries);

    assert_true(count <= SIM_DEVICE_SOCKETS);
    assert_true(poll(entries, count, 5) >= 0);
    sim_device_service(fixture->device, ud_posix_clock_ms());
}

static size_t send_some(int fd, const uint8_t *bytes, size_t length)
{
    const ssize_t sent = length > 0 ? send(fd, bytes, length, MSG_NOSIGNAL) : 0;

    return sent > 0 ? (size_t)sent : 0;
}

/* Sends head and body, reads the answer to its end. Returns the status. */
static int play(struct fixture *fixture, const char *head, const uint8_t *body, size_t length)
{
    const uint32_t since_ms = ud_posix_clock_ms();
    const int fd = connect_to(fixture);
    size_t sent = 0, received = 0;
    ssize_t part = -1;
    int status = 0;

    assert_int_equal(send(fd, head, strlen(head), MSG_NOSIGNAL), (ssize_t)strlen(head));
    while (part != 0) {
        turn(fixture);
        sent += send_some(fd, body + sent, length - sent);
        part = recv(fd, fixture->answer + received, sizeof fixture->answer - 1 - received, 0);
        if (part < 0)
            assert_true(errno == EAGAIN || errno == EWOULDBLOCK);
        else
            received += (size_t)part;
        assert_true(ud_posix_clock_ms() - since_ms < PATIENCE_MS);
    }
    close(fd);
    fixture->answer[received] = '\0';
    turn(fixture); /* it sees the connection close */
    turn(fixture);
    assert_int_equal(sscanf(fixture->answer, "HTTP/1.1 %d ", &status), 1);
    return status;
}

static int put(struct fixture *fixture, const uint8_t *data, size_t length)
{
    char head[100];

    snprintf(head, sizeof head, "PUT /update HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", length);
    return play(fixture, head, data, length);
}

static void a_file_is_what_runs_next(void **state)
{
    struct fixture *fixture = *state;
    struct image_bytes program = make_program("2.0.0");

    switch_on(fixture);
    assert_int_equal(put(fixture, program.data, program.length), 200);
    while (fixture->starts < 2)
        turn(fixture);
    assert_int_equal(fixture->updates, 1);
    assert_string_equal(sim_device_version(fixture->device), "2.0.0");
    assert_int_equal(play(fixture, "GET /update?info HTTP/1.1\r\n\r\n", NULL, 0), 200);
    assert_non_null(strstr(fixture->answer, "{\"product\":\"demo\",\"version\":\"2.0.0\","));
    image_free(&program);
}

static void at_the_speed_of_flash(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.is_lifelike = true;
    a_file_is_what_runs_next(state);
}

static void what_is_refused_leaves_it_running(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *large = calloc(1, 900000);

    assert_non_null(large);
    switch_on(fixture);
    assert_int_equal(put(fixture, (const uint8_t *)"no program", 10), 422);
    assert_int_equal(fixture->number, 10);
    assert_int_equal(put(fixture, large, 900000), 413); /* read to its end, the answer is whole */
    assert_int_equal(fixture->number, 4);
    assert_int_equal(fixture->updates, 0);
    assert_string_equal(sim_device_version(fixture->device), "1.0.0");
    free(large);
}

static void the_port_stays_the_same(void **state)
{
    struct fixture *fixture = *state;

    switch_on(fixture);
    const uint16_t port = sim_device_page_port(fixture->device);
    assert_int_not_equal(port, 0);
    sim_device_reset(fixture->device, ud_posix_clock_ms());
    assert_int_equal(sim_device_page_port(fixture->device), port);
    assert_true(sim_device_is_running(fixture->device));
    assert_int_equal(play(fixture, "GET /update?info HTTP/1.1\r\n\r\n", NULL, 0), 200);
}

static void a_port_that_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct sim_device_config config = fixture->config;
    struct sim_device *other;

    switch_on(fixture);
    config.page.port = sim_device_page_port(fixture->device);
    assert_int_equal(sim_device_open(&other, &config), -EADDRINUSE);
}

/* More than it takes at a time: the others are served when there is room. */
static void more_connections_than_it_takes(void **state)
{
    struct fixture *fixture = *state;
    int idle[6];

    switch_on(fixture);
    for (size_t i = 0; i < 6; i++)
        idle[i] = connect_to(fixture);
    for (int i = 0; i < 10; i++)
        turn(fixture);
    for (size_t i = 0; i < 6; i++)
        close(idle[i]);
    assert_int_equal(play(fixture, "GET /update?info HTTP/1.1\r\n\r\n", NULL, 0), 200);
}

static void closing_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    static const char head[] = "PUT /update HTTP/1.1\r\nContent-Length: 9999\r\n\r\n";

    switch_on(fixture);
    const int fd = connect_to(fixture);
    assert_int_equal(send(fd, head, sizeof head - 1, 0), sizeof head - 1);
    for (int i = 0; i < 5; i++)
        turn(fixture);
    sim_device_close(fixture->device);
    fixture->device = NULL;
    assert_int_equal(recv(fd, fixture->answer, 1, 0), 0);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_what_runs_next),
        TEST(at_the_speed_of_flash),
        TEST(what_is_refused_leaves_it_running),
        TEST(the_port_stays_the_same),
        TEST(a_port_that_is_taken),
        TEST(more_connections_than_it_takes),
        TEST(closing_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
