/* Load on one server, and what it costs that server:
 *
 *   load PORT KIND CONNECTIONS MS DEVICES PATH [PID…]
 *
 * KIND is poll (HTTP/1.0, a connection for each check-in), keep (HTTP/1.1, kept),
 * get (HTTP/1.0 downloads) or slow (downloads at 2 KB a second each). Check-ins are those of an
 * ESP8266; their MACs go through DEVICES, each once before any comes again, and scattered, as
 * fleets ask. For a file server they carry If-None-Match too, so that it answers 304. LOAD_MD5 is
 * what they say of their sketch. The processes named, their threads and children are the server:
 * what they spend is counted. Prints NAME=VALUE pairs on a line.
 */
#include "sim/load.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAC_FIRST  0x5CCF7F000000
#define MAC_STEP   611953u /* a prime: all have their turn, none after its neighbour's */
#define SLOW_RATE  2048u
#define GOOD_POLL  304
#define GOOD_FETCH 200

struct asking {
    bool is_poll;
    const char *version; /* "1.0", "1.1" */
    const char *path;
    const char *md5; /* 32 hexadecimal digits */
    uint32_t devices;
    uint32_t next;
};

static size_t write_poll(struct asking *asking, char *text)
{
    const uint64_t mac = MAC_FIRST + asking->next;

    asking->next = (asking->next + MAC_STEP) % asking->devices;
    return (size_t)snprintf(
        text, LOAD_REQUEST_MAX,
        "GET %s HTTP/%s\r\nHost: 127.0.0.1\r\nUser-Agent: ESP8266-http-Update\r\n"
        "x-ESP8266-Chip-ID: %u\r\nx-ESP8266-STA-MAC: %02X:%02X:%02X:%02X:%02X:%02X\r\n"
        "x-ESP8266-AP-MAC: 5E:CF:7F:00:00:01\r\nx-ESP8266-free-space: 2097152\r\n"
        "x-ESP8266-sketch-size: 300000\r\n"
        "x-ESP8266-sketch-md5: %s\r\n"
        "x-ESP8266-chip-size: 4194304\r\nx-ESP8266-sdk-version: 2.2.2-dev(38a443e)\r\n"
        "x-ESP8266-mode: sketch\r\nx-ESP8266-version: 1.0.0\r\nIf-None-Match: *\r\n%s\r\n",
        asking->path, asking->version, (unsigned)(mac & 0xffffff), (unsigned)(mac >> 40 & 0xff),
        (unsigned)(mac >> 32 & 0xff), (unsigned)(mac >> 24 & 0xff), (unsigned)(mac >> 16 & 0xff),
        (unsigned)(mac >> 8 & 0xff), (unsigned)(mac & 0xff), asking->md5,
        asking->version[2] == '0' ? "Connection: close\r\n" : "");
}

static size_t write_request(void *ctx, char *text)
{
    struct asking *asking = ctx;

    if (asking->is_poll)
        return write_poll(asking, text);
    return (size_t)snprintf(text, LOAD_REQUEST_MAX,
                            "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                            asking->path);
}

/* Nanoseconds a process has been on a processor, over all its threads; dead ones' time is
 * lost, so servers that keep their threads are what this can compare. */
static uint64_t spent_by(const char *pid)
{
    char path[320];
    uint64_t sum = 0, ns;

    snprintf(path, sizeof path, "/proc/%s/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return 0;
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        if (fscanf(file, "%" SCNu64, &ns) == 1)
            sum += ns;
        fclose(file);
    }
    closedir(tasks);
    return sum;
}

static uint64_t spent_by_all(char *const *pids, int count)
{
    uint64_t sum = 0;

    for (int i = 0; i < count; i++)
        sum += spent_by(pids[i]);
    return sum;
}

static void print(const struct load_result *result, uint64_t server_ns)
{
    const double seconds = (double)result->wall_ns / 1e9;
    const double answers = result->answers > 0 ? (double)result->answers : 1;

    printf("answers=%" PRIu64 " refusals=%" PRIu64 " failures=%" PRIu64
           " per_s=%.0f cpu_us=%.2f p50_us=%.0f p99_us=%.0f own=%.2f open=%u mb_s=%.1f\n",
           result->answers, result->refusals, result->failures, answers / seconds,
           (double)server_ns / 1e3 / answers, load_latency(result, 0.5), load_latency(result, 0.99),
           (double)result->cpu_ns / (double)result->wall_ns, result->open,
           (double)result->bytes / seconds / 1e6);
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: load PORT poll|keep|get|slow CONNECTIONS MS DEVICES PATH [PID…]\n");
        return 2;
    }
    const bool keeps = strcmp(argv[2], "keep") == 0;
    const char *md5 = getenv("LOAD_MD5");
    struct asking asking = {
        .md5 = md5 != NULL ? md5 : "0123456789abcdef0123456789abcdef",
        .is_poll = keeps || strcmp(argv[2], "poll") == 0,
        .version = keeps ? "1.1" : "1.0",
        .path = argv[6],
        .devices = (uint32_t)strtoul(argv[5], NULL, 10),
    };
    const struct load_config config = {
        .server = {.sin_family = AF_INET,
                   .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .connections = (unsigned)strtoul(argv[3], NULL, 10),
        .keeps_alive = keeps,
        .status = asking.is_poll ? GOOD_POLL : GOOD_FETCH,
        .duration_ms = (uint32_t)strtoul(argv[4], NULL, 10),
        .pause_bytes_s = strcmp(argv[2], "slow") == 0 ? SLOW_RATE : 0,
        .ctx = &asking,
        .request = write_request,
    };
    struct load_result result;
    const uint64_t before = spent_by_all(argv + 7, argc - 7);
    const int error = load_run(&config, &result);

    if (error != 0) {
        fprintf(stderr, "load: %s\n", strerror(-error));
        return 1;
    }
    print(&result, spent_by_all(argv + 7, argc - 7) - before);
    return 0;
}
