/* How fast an image gets to a device that is far away: our uploader beside one that
 * waits for an answer to every chunk, as the originals do. The device is the
 * library's receiver; between the two a proxy holds every byte back for half the
 * round trip, and lets only so many be under way as the device's window has room
 * for. Prints rows for ./bench.
 */
#include "host/push.h"
#include "bearssl/digest.h"
#include "posix/espota.h"
#include "posix/pull.h"
#include "updraft/updater.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK      1460u
#define LWIP_SIZE  (4 * CHUNK) /* an ESP8266's window, as the Arduino core builds lwIP */
#define NO_LIMIT   (64u << 20)
#define PIECE      2048u
#define FLASH_SIZE (4u << 20)

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_socket(int type, uint16_t *port)
{
    struct sockaddr_in own = loopback(0);
    socklen_t length = sizeof own;
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &length) != 0 ||
        (type == SOCK_STREAM && listen(fd, 4) != 0))
        die("socket");
    *port = ntohs(own.sin_port);
    return fd;
}

static void send_at_once(int fd)
{
    const int yes = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* ---- the device: takes any file system, and forgets it ---- */

struct device {
    struct ud_updater updater;
    struct ud_espota espota;
    struct ud_posix_espota driver;
    struct ud_flash flash;
    uint8_t *bytes;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    uint64_t begun_us, ended_us; /* of the image */
};

static int flash_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    memcpy(data, ((struct device *)ctx)->bytes + address, length);
    return 0;
}

static int flash_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    memcpy(((struct device *)ctx)->bytes + address, data, length);
    return 0;
}

static int flash_erase(void *ctx, uint32_t address, uint32_t length)
{
    memset(((struct device *)ctx)->bytes + address, 0xff, length);
    return 0;
}

static int ready(void *ctx)
{
    (void)ctx;
    return UD_OK;
}

static int place(void *ctx, enum ud_command command, uint32_t size, struct ud_placement *placement)
{
    (void)ctx, (void)command, (void)size;
    *placement = (struct ud_placement){.capacity = FLASH_SIZE, .flash_mode = UD_KEEP_FLASH_MODE};
    return UD_OK;
}

static int open_place(void *ctx, const struct ud_placement *placement, const uint8_t *first,
                      uint32_t length)
{
    (void)ctx, (void)placement, (void)first, (void)length;
    return UD_OK;
}

static int commit(void *ctx, enum ud_command command, const struct ud_placement *placement,
                  uint32_t size)
{
    (void)ctx, (void)command, (void)placement, (void)size;
    return UD_OK;
}

static void started(void *ctx)
{
    ((struct device *)ctx)->begun_us = now_us();
}

static void ended(void *ctx)
{
    ((struct device *)ctx)->ended_us = now_us();
}

static uint16_t open_device(struct device *device)
{
    static const struct ud_target_class target = {ready, place, open_place, commit};
    const struct ud_updater_config updater = {
        .flash = &device->flash,
        .target = {&target, device, UD_CHIP_ESP8266, .part_count = 1},
        .md5 = &ud_md5,
        .buffer = device->buffer,
        .buffer_size = sizeof device->buffer,
        .events = {.ctx = device, .start = started, .end = ended},
    };
    const struct ud_espota_config espota = {.updater = &device->updater, .stays_up = true};

    memset(device, 0, sizeof *device);
    device->bytes = malloc(FLASH_SIZE);
    device->flash = (struct ud_flash){.ctx = device,
                                      .size = FLASH_SIZE,
                                      .read = flash_read,
                                      .program = flash_program,
                                      .erase = flash_erase};
    if (device->bytes == NULL || ud_updater_init(&device->updater, &updater) != UD_OK ||
        ud_espota_init(&device->espota, &espota) != UD_OK ||
        ud_posix_espota_open(&device->driver, &device->espota, "127.0.0.1", 0) != 0)
        die("device");
    return ud_posix_espota_port(&device->driver);
}

static void close_device(struct device *device)
{
    ud_posix_espota_close(&device->driver);
    free(device->bytes);
}

/* ---- the way between: one direction of a connection ---- */

/* Bytes under way, from when they were sent until their acknowledgement is back. */
struct piece {
    struct piece *next;
    uint64_t sent_us;
    bool is_delivered;
    uint32_t length;
    uint8_t bytes[PIECE];
};

struct line {
    int from, to;
    uint32_t window;    /* bytes that may be under way */
    uint64_t delay_us;  /* one way */
    uint32_t under_way; /* bytes */
    struct piece *first, **last;
    bool is_closed;
};

static void open_line(struct line *line, int from, int to, uint32_t window, uint64_t delay_us)
{
    *line = (struct line){.from = from, .to = to, .window = window, .delay_us = delay_us};
    line->last = &line->first;
}

static void load(struct line *line)
{
    while (!line->is_closed && line->under_way < line->window) {
        const uint32_t room = line->window - line->under_way;
        struct piece *piece = calloc(1, sizeof *piece);
        if (piece == NULL)
            die("memory");
        const ssize_t length =
            recv(line->from, piece->bytes, room < PIECE ? room : PIECE, MSG_DONTWAIT);
        if (length <= 0) {
            line->is_closed = length == 0;
            free(piece);
            return;
        }
        piece->length = (uint32_t)length;
        piece->sent_us = now_us();
        line->under_way += piece->length;
        *line->last = piece;
        line->last = &piece->next;
    }
}

static void unload(struct line *line)
{
    const uint64_t now = now_us();

    for (struct piece *i = line->first; i != NULL; i = i->next) {
        if (i->is_delivered || i->sent_us + line->delay_us > now)
            continue;
        if (send(line->to, i->bytes, i->length, MSG_NOSIGNAL) != (ssize_t)i->length)
            line->is_closed = true;
        i->is_delivered = true;
    }
    while (line->first != NULL && line->first->sent_us + 2 * line->delay_us <= now) {
        struct piece *piece = line->first;
        line->under_way -= piece->length;
        line->first = piece->next;
        if (line->first == NULL)
            line->last = &line->first;
        free(piece);
    }
}

static void close_line(struct line *line)
{
    while (line->first != NULL) {
        struct piece *piece = line->first;
        line->first = piece->next;
        free(piece);
    }
}

/* ---- the proxy ---- */

struct proxy {
    int front, back; /* datagrams: to the uploader, to the device */
    int listener;    /* for the device to connect to */
    uint16_t port;   /* of it */
    uint16_t front_port;
    struct sockaddr_in uploader; /* where its answers go */
    uint16_t uploader_port;      /* where it listens */
    int up, down;                /* connections: to the uploader, to the device */
    struct line to_device, to_uploader;
    uint32_t window;
    uint64_t delay_us;
};

static void open_proxy(struct proxy *proxy, uint16_t device_port, uint32_t window, uint64_t rtt_us)
{
    const struct sockaddr_in device = loopback(device_port);
    uint16_t unused;

    *proxy = (struct proxy){.window = window, .delay_us = rtt_us / 2, .up = -1, .down = -1};
    proxy->front = open_socket(SOCK_DGRAM, &proxy->front_port);
    proxy->back = open_socket(SOCK_DGRAM, &unused);
    proxy->listener = open_socket(SOCK_STREAM, &proxy->port);
    if (connect(proxy->back, (const struct sockaddr *)&device, sizeof device) != 0)
        die("proxy");
}

/* The device is to connect here. */
static void pass_datagrams(struct proxy *proxy)
{
    char text[512], passed[600], md5[40] = "";
    socklen_t length = sizeof proxy->uploader;
    unsigned command, port, size;
    ssize_t heard = recvfrom(proxy->front, text, sizeof text - 1, MSG_DONTWAIT,
                             (struct sockaddr *)&proxy->uploader, &length);

    if (heard > 0) {
        text[heard] = '\0';
        if (sscanf(text, "%u %u %u %32s", &command, &port, &size, md5) != 4)
            die("invitation");
        proxy->uploader_port = (uint16_t)port;
        snprintf(passed, sizeof passed, "%u %u %u %s\n", command, proxy->port, size, md5);
        (void)!send(proxy->back, passed, strlen(passed), 0);
    }
    heard = recv(proxy->back, text, sizeof text, MSG_DONTWAIT);
    if (heard > 0)
        (void)!sendto(proxy->front, text, (size_t)heard, 0, (struct sockaddr *)&proxy->uploader,
                      sizeof proxy->uploader);
}

static void pass_connection(struct proxy *proxy)
{
    struct pollfd entry = {.fd = proxy->listener, .events = POLLIN};
    const struct sockaddr_in uploader = loopback(proxy->uploader_port);

    if (proxy->down >= 0 || poll(&entry, 1, 0) <= 0)
        return;
    proxy->down = accept(proxy->listener, NULL, NULL);
    proxy->up = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(proxy->up, (const struct sockaddr *)&uploader, sizeof uploader) != 0)
        die("connection to the uploader");
    send_at_once(proxy->up);
    send_at_once(proxy->down);
    open_line(&proxy->to_device, proxy->up, proxy->down, proxy->window, proxy->delay_us);
    open_line(&proxy->to_uploader, proxy->down, proxy->up, NO_LIMIT, proxy->delay_us);
}

static void serve_proxy(struct proxy *proxy)
{
    pass_datagrams(proxy);
    pass_connection(proxy);
    if (proxy->down < 0)
        return;
    load(&proxy->to_device);
    load(&proxy->to_uploader);
    unload(&proxy->to_device);
    unload(&proxy->to_uploader);
}

static void close_proxy(struct proxy *proxy)
{
    const int sockets[] = {proxy->front, proxy->back, proxy->listener, proxy->up, proxy->down};

    close_line(&proxy->to_device);
    close_line(&proxy->to_uploader);
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
}

/* ---- two uploaders, each in a thread of its own ---- */

struct upload {
    const struct push_image *image;
    uint16_t device_port;
};

static void *upload_ahead(void *argument)
{
    const struct upload *upload = argument;
    const struct sockaddr_in device = loopback(upload->device_port);
    struct push_config config = {.image = upload->image, .device.length = sizeof device};
    struct push push;

    memcpy(&config.device.socket, &device, sizeof device);
    push_open(&push, &config, ud_posix_clock_ms());
    while (push.state != PUSH_DONE) {
        struct pollfd entries[PUSH_SOCKETS];
        const size_t count = push_poll(&push, entries);
        const int32_t left = (int32_t)(push_deadline(&push) - ud_posix_clock_ms());
        (void)poll(entries, count, left > 0 ? left : 0);
        push_service(&push, ud_posix_clock_ms());
    }
    if (push.outcome != PUSH_OK)
        die("upload ahead");
    return NULL;
}

static void send_and_wait(int fd, const struct push_image *image)
{
    char answer[32];

    for (size_t at = 0; at < image->length; at += CHUNK) {
        const size_t left = image->length - at;
        if (send(fd, image->data + at, left < CHUNK ? left : CHUNK, 0) <= 0 ||
            recv(fd, answer, sizeof answer, 0) <= 0)
            die("chunk");
    }
    if (recv(fd, answer, sizeof answer, 0) <= 0)
        die("result");
}

static void *upload_chunk_by_chunk(void *argument)
{
    const struct upload *upload = argument;
    const struct sockaddr_in device = loopback(upload->device_port);
    uint16_t port, unused;
    const int listener = open_socket(SOCK_STREAM, &port);
    const int udp = open_socket(SOCK_DGRAM, &unused);
    char text[128];

    snprintf(text, sizeof text, "%d %u %zu %s\n", (int)upload->image->command, port,
             upload->image->length, upload->image->md5);
    if (sendto(udp, text, strlen(text), 0, (const struct sockaddr *)&device, sizeof device) < 0 ||
        recv(udp, text, sizeof text, 0) <= 0)
        die("invitation");
    const int fd = accept(listener, NULL, NULL);
    send_at_once(fd);
    send_and_wait(fd, upload->image);
    close(fd);
    close(udp);
    close(listener);
    return NULL;
}

/* ---- figures ---- */

/* Runs device and proxy until the device has the image. KB/s. */
static double run(void *(*uploader)(void *), size_t size, uint32_t window, uint64_t rtt_us)
{
    static struct device device;
    struct proxy proxy;
    struct push_image image;
    struct upload upload = {.image = &image};
    uint8_t *bytes = calloc(1, size);
    pthread_t thread;

    push_image_init(&image, UD_COMMAND_FILESYSTEM, bytes, size);
    open_proxy(&proxy, open_device(&device), window, rtt_us);
    upload.device_port = proxy.front_port;
    if (pthread_create(&thread, NULL, uploader, &upload) != 0)
        die("thread");
    const struct timespec pause = {.tv_nsec = 50000};
    while (ud_espota_want(&device.espota) != 0 || device.ended_us == 0) {
        serve_proxy(&proxy);
        ud_posix_espota_service(&device.driver, ud_posix_clock_ms());
        nanosleep(&pause, NULL);
    }
    for (int turn = 0; turn < 10000 && pthread_tryjoin_np(thread, NULL) != 0; turn++) {
        serve_proxy(&proxy);
        nanosleep(&pause, NULL);
    }
    close_proxy(&proxy);
    close_device(&device);
    free(bytes);
    return (double)size / 1024 / ((double)(device.ended_us - device.begun_us) / 1e6);
}

static void print_row(unsigned rtt_ms, uint32_t window, const char *of_window, const char *budget)
{
    /* The slow one takes a tenth of the image: its speed does not depend on that. */
    const size_t size = 400u << 10;
    const double ours = run(upload_ahead, size, window, rtt_ms * 1000u);
    const double theirs = run(upload_chunk_by_chunk, size / 10, window, rtt_ms * 1000u);

    printf("upload at %u ms round trip%s\t%.0f\tKB/s\t%.0f\t%s\n", rtt_ms, of_window, ours, theirs,
           budget);
    fflush(stdout);
}

int main(void)
{
    print_row(1, NO_LIMIT, "", "-");
    print_row(20, NO_LIMIT, "", ">= 5x");
    print_row(100, NO_LIMIT, "", "-");
    print_row(20, LWIP_SIZE, ", a window of four segments", "-");
    print_row(100, LWIP_SIZE, ", a window of four segments", "-");
    return 0;
}
