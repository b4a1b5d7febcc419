#include "sim/load.h"

#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX      2048u
#define BODY_STEP     1048576u
#define EVENTS        256
#define PER_OCTAVE    8.0
#define SLOW_TICK_MS  50
#define TIMEOUT_MS    100
#define SMALL_WINDOW  4096 /* what is not read waits at the server */
#define SMALL_SEGMENT 1460

enum phase { PHASE_CLOSED, PHASE_SENDING, PHASE_HEAD, PHASE_BODY };

struct slot {
    int fd;
    enum phase phase;
    bool is_registered;
    uint64_t begun_ns;
    char request[LOAD_REQUEST_MAX];
    size_t request_size, sent;
    char head[HEAD_MAX];
    size_t head_size;
    unsigned status;
    bool has_length;
    uint64_t left;   /* of the body */
    uint64_t budget; /* bytes that may be read until the next tick */
};

struct load {
    const struct load_config *config;
    struct load_result *result;
    int epoll;
    struct slot *slots;
};

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void count_latency(struct load *load, const struct slot *slot)
{
    const double us = (double)(read_clock(CLOCK_MONOTONIC) - slot->begun_ns) / 1000.0;
    const double place = us > 1.0 ? log2(us) * PER_OCTAVE : 0.0;

    load->result->buckets[place < LOAD_BUCKETS ? (size_t)place : LOAD_BUCKETS - 1]++;
}

double load_latency(const struct load_result *result, double share)
{
    const double wanted = share * (double)(result->answers + result->refusals);
    double count = 0;

    for (size_t i = 0; i < LOAD_BUCKETS; i++) {
        count += (double)result->buckets[i];
        if (count >= wanted && count > 0)
            return exp2((double)(i + 1) / PER_OCTAVE);
    }
    return 0;
}

static void begin_request(struct load *load, struct slot *slot)
{
    slot->request_size = load->config->request(load->config->ctx, slot->request);
    slot->sent = slot->head_size = 0;
    slot->begun_ns = read_clock(CLOCK_MONOTONIC);
    slot->phase = PHASE_SENDING;
}

static void watch(struct load *load, struct slot *slot, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = slot};

    epoll_ctl(load->epoll, slot->is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, slot->fd, &event);
    slot->is_registered = true;
}

/* Ends with an RST, so that no port of this side is held up by TIME-WAIT. */
static void close_slot(struct slot *slot)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (slot->fd < 0)
        return;
    setsockopt(slot->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(slot->fd);
    slot->fd = -1;
    slot->phase = PHASE_CLOSED;
    slot->is_registered = false;
}

/* As a chip's network stack is: small window, small segments. */
static void be_small(int fd)
{
    const int window = SMALL_WINDOW, segment = SMALL_SEGMENT;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

static bool connect_slot(struct load *load, struct slot *slot)
{
    begin_request(load, slot);
    slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot->fd < 0)
        return false;
    if (load->config->pause_bytes_s != 0)
        be_small(slot->fd);
    if (connect(slot->fd, (const struct sockaddr *)&load->config->server,
                sizeof load->config->server) != 0 &&
        errno != EINPROGRESS) {
        close_slot(slot);
        return false;
    }
    watch(load, slot, EPOLLOUT);
    return true;
}

static void fail(struct load *load, struct slot *slot)
{
    load->result->failures++;
    close_slot(slot);
    if (!connect_slot(load, slot))
        close_slot(slot);
}

static void finish(struct load *load, struct slot *slot)
{
    count_latency(load, slot);
    if (slot->status == load->config->status)
        load->result->answers++;
    else
        load->result->refusals++;
    if (load->config->keeps_alive) {
        begin_request(load, slot);
        watch(load, slot, EPOLLOUT);
        return;
    }
    close_slot(slot);
    if (!connect_slot(load, slot))
        load->result->failures++;
}

static void send_some(struct load *load, struct slot *slot)
{
    const ssize_t length =
        send(slot->fd, slot->request + slot->sent, slot->request_size - slot->sent, MSG_NOSIGNAL);

    if (length < 0 && errno != EAGAIN) {
        fail(load, slot);
        return;
    }
    slot->sent += length > 0 ? (size_t)length : 0;
    if (slot->sent < slot->request_size)
        return;
    slot->phase = PHASE_HEAD;
    watch(load, slot, EPOLLIN);
}

static void read_length(struct slot *slot, const char *end)
{
    static const char name[] = "\nContent-Length:";
    const char *field = NULL;

    for (const char *line = slot->head; line != NULL && line < end && field == NULL;
         line = strchr(line + 1, '\n'))
        if (strncasecmp(line, name, sizeof name - 1) == 0)
            field = line + sizeof name - 1;
    slot->has_length = field != NULL || slot->status == 304 || slot->status == 204;
    slot->left = field != NULL && slot->status != 304 ? strtoull(field, NULL, 10) : 0;
}

static void take_body(struct load *load, struct slot *slot, uint64_t length)
{
    slot->left -= slot->has_length && length < slot->left ? length : slot->left;
    if (slot->has_length && slot->left == 0)
        finish(load, slot);
}

static void read_head(struct load *load, struct slot *slot)
{
    const ssize_t length =
        recv(slot->fd, slot->head + slot->head_size, HEAD_MAX - 1 - slot->head_size, 0);

    if (length <= 0 && !(length < 0 && errno == EAGAIN)) {
        fail(load, slot);
        return;
    }
    slot->head_size += length > 0 ? (size_t)length : 0;
    load->result->bytes += length > 0 ? (uint64_t)length : 0;
    slot->head[slot->head_size] = '\0';
    const char *end = strstr(slot->head, "\r\n\r\n");
    if (end == NULL) {
        if (slot->head_size == HEAD_MAX - 1)
            fail(load, slot);
        return;
    }
    slot->status = slot->head_size > 12 ? (unsigned)strtoul(slot->head + 9, NULL, 10) : 0;
    read_length(slot, end + 2);
    slot->phase = PHASE_BODY;
    take_body(load, slot, slot->head_size - (size_t)(end + 4 - slot->head));
}

static void read_body(struct load *load, struct slot *slot)
{
    const bool is_slow = load->config->pause_bytes_s != 0;
    const size_t room = is_slow && slot->budget < BODY_STEP ? (size_t)slot->budget : BODY_STEP;

    if (room == 0) {
        watch(load, slot, 0); /* until the next tick */
        return;
    }
    const ssize_t length = recv(slot->fd, NULL, room, MSG_TRUNC); /* taken, and not copied */
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0 && (slot->has_length || length < 0)) {
        fail(load, slot);
        return;
    }
    if (length == 0) {
        finish(load, slot);
        return;
    }
    load->result->bytes += (uint64_t)length;
    slot->budget -= is_slow ? (uint64_t)length : 0;
    take_body(load, slot, (uint64_t)length);
}

static void serve(struct load *load, struct slot *slot, uint32_t events)
{
    if (slot->phase == PHASE_SENDING && (events & (EPOLLERR | EPOLLHUP)))
        fail(load, slot);
    else if (slot->phase == PHASE_SENDING)
        send_some(load, slot);
    else if (slot->phase == PHASE_HEAD)
        read_head(load, slot);
    else if (slot->phase == PHASE_BODY)
        read_body(load, slot);
}

/* Slow readers get what they may read until the next tick. */
static void tick(struct load *load)
{
    const uint64_t share = (uint64_t)load->config->pause_bytes_s * SLOW_TICK_MS / 1000 + 1;

    for (unsigned i = 0; i < load->config->connections; i++) {
        struct slot *slot = &load->slots[i];
        slot->budget = share;
        if (slot->phase == PHASE_BODY)
            watch(load, slot, EPOLLIN);
    }
}

static void run(struct load *load)
{
    const struct load_config *config = load->config;
    const uint64_t begun = read_clock(CLOCK_MONOTONIC);
    const uint64_t end = begun + (uint64_t)config->duration_ms * 1000000u;
    struct epoll_event events[EVENTS];
    uint64_t ticked = 0;

    for (uint64_t now = begun; now < end; now = read_clock(CLOCK_MONOTONIC)) {
        if (config->pause_bytes_s != 0 && now - ticked >= SLOW_TICK_MS * 1000000u) {
            tick(load);
            ticked = now;
        }
        const int timeout = config->pause_bytes_s != 0 ? SLOW_TICK_MS : TIMEOUT_MS;
        const int count = epoll_wait(load->epoll, events, EVENTS, timeout);
        for (int i = 0; i < count; i++)
            serve(load, events[i].data.ptr, events[i].events);
    }
    load->result->wall_ns = read_clock(CLOCK_MONOTONIC) - begun;
}

static void end_all(struct load *load)
{
    for (unsigned i = 0; i < load->config->connections; i++) {
        load->result->open += load->slots[i].phase == PHASE_BODY;
        close_slot(&load->slots[i]);
    }
}

int load_run(const struct load_config *config, struct load_result *result)
{
    struct load load = {.config = config, .result = result, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    const uint64_t cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);

    memset(result, 0, sizeof *result);
    load.slots = calloc(config->connections, sizeof *load.slots);
    const bool is_ready = load.epoll >= 0 && load.slots != NULL;
    for (unsigned i = 0; is_ready && i < config->connections; i++) {
        load.slots[i].fd = -1;
        if (!connect_slot(&load, &load.slots[i]))
            result->failures++;
    }
    if (is_ready) {
        run(&load);
        end_all(&load);
    }
    if (load.epoll >= 0)
        close(load.epoll);
    free(load.slots);
    result->cpu_ns = read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return is_ready ? 0 : -ENOMEM;
}
