/* Requests to a whole server, each over a connection of its own: raw ones from a stranger,
 * and JSON from the operator. A request of any content is answered or its connection
 * closed, a stranger changes nothing and sees nothing, and the next one is served.
 *
 * Input: records (records.h), one request each: with 'J' first, a line "METHOD PATH" and a
 * body; else what a stranger sends. What a server has learned it forgets after so many
 * inputs, or the lists would grow without end. */
#include "fuzz.h"

#include "records.h"
#include "server/server.h"
#include "tests/server/folder.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define INPUT_MAX   16384u
#define RECORDS_MAX 8u
#define ANSWER_MAX  262144u
#define LIFE_INPUTS 500u /* of a server */
#define EVENTS      "text/event-stream"
#define HOSTS       200u
#define PATIENCE_MS 60000 /* nothing takes that long, not even where much else runs, */
#define STRANGER_MS 20    /* but for a request that is not whole: its rest is waited for */

struct rig {
    struct server *server;
    struct sockaddr_in address;
    char folder[FOLDER_PATH_SIZE];
    unsigned inputs;
    uint32_t hosts; /* that have asked */
};

static struct rig only;

static void stop(void)
{
    if (only.server == NULL)
        return;
    server_stop(only.server, 0);
    folder_remove(only.folder);
    only.server = NULL;
}

static struct rig *rig(void)
{
    char error[SERVER_ERROR_SIZE];
    bool is_usage;

    if (only.inputs++ % LIFE_INPUTS != 0)
        return &only;
    stop();
    const struct server_config config = {
        .data = folder_make(only.folder), .listen = "127.0.0.1:0", .upload_limit = 1u << 20};
    only.server = server_start(&config, error, &is_usage);
    require(only.server != NULL);
    only.address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    only.address.sin_port =
        htons((uint16_t)strtoul(strrchr(server_address(only.server), ':') + 1, NULL, 10));
    if (only.inputs == 1)
        atexit(stop);
    return &only;
}

struct question {
    const void *request;
    size_t size;
    int patience_ms; /* with each piece of the answer */
    bool is_over;    /* says that no more comes: the library then drops what still waits */
};

/* From one host after the other: each has only so many ports, which rest after use. */
static int connect_from_next(struct rig *rig)
{
    const uint32_t host = INADDR_LOOPBACK + 1 + rig->hosts++ % HOSTS;
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    const int connection = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    require(connection >= 0);
    setsockopt(connection, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    require(bind(connection, (const struct sockaddr *)&from, sizeof from) == 0);
    require(connect(connection, (const struct sockaddr *)&rig->address, sizeof rig->address) == 0);
    return connection;
}

/* Sends it and reads until the end, or as long as patience lasts, or until events are to
 * come, which have none. */
static void ask(struct rig *rig, struct question question, char *answer)
{
    const struct timeval patience = {.tv_sec = question.patience_ms / 1000,
                                     .tv_usec = question.patience_ms % 1000 * 1000};
    const int connection = connect_from_next(rig);
    size_t length = 0;
    ssize_t got;

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)!send(connection, question.request, question.size, MSG_NOSIGNAL);
    if (question.is_over)
        shutdown(connection, SHUT_WR);
    answer[0] = '\0';
    while (length < ANSWER_MAX && strstr(answer, EVENTS) == NULL &&
           (got = recv(connection, answer + length, ANSWER_MAX - length, 0)) > 0) {
        length += (size_t)got;
        answer[length] = '\0';
    }
    close(connection);
}

static unsigned status_of(const char *answer)
{
    unsigned status = 0;

    return sscanf(answer, "HTTP/1.%*1d %3u ", &status) == 1 ? status : 0;
}

/* An answer of the operator's API is JSON, whatever it says. */
static void require_json(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");

    if (body == NULL || strstr(answer, "application/json") == NULL)
        return;
    json_t *value = json_loads(body + 4, JSON_DECODE_ANY, NULL);
    require(value != NULL);
    json_decref(value);
}

static bool begins(const uint8_t *data, size_t size, const char *text)
{
    return size >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

static void as_stranger(struct rig *rig, const uint8_t *data, size_t size, char *answer)
{
    ask(rig, (struct question){data, size, STRANGER_MS, true}, answer);
    const unsigned status = status_of(answer);

    require(answer[0] == '\0' || status >= 100);
    require(status != 500);
    if (begins(data, size, "GET /api/v1/devices") || begins(data, size, "GET /api/v1/releases") ||
        begins(data, size, "PUT /api/v1/") || begins(data, size, "DELETE /api/v1/"))
        require(status == 0 || status >= 400);
}

/* What would reach out of this machine, or take minutes, is left out. */
static bool is_harmless(const char *target)
{
    return target[0] == '/' && strstr(target, "webhook") == NULL && strchr(target, '%') == NULL;
}

static void as_operator(struct rig *rig, const uint8_t *data, size_t size, char *answer)
{
    static char request[INPUT_MAX + 512];
    char method[8], target[256];
    const uint8_t *end = memchr(data, '\n', size);
    char line[sizeof method + sizeof target];

    if (end == NULL || (size_t)(end - data) >= sizeof line)
        return;
    memcpy(line, data, (size_t)(end - data));
    line[end - data] = '\0';
    if (sscanf(line, "%7[A-Z] %255[!-~]", method, target) != 2 || !is_harmless(target))
        return;
    const size_t length = size - (size_t)(end + 1 - data);
    const int head = snprintf(request, sizeof request,
                              "%s /api/v1%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                              "Connection: close\r\nContent-Length: %zu\r\n\r\n",
                              method, target, server_token(rig->server), length);
    memcpy(request + head, end + 1, length);
    ask(rig, (struct question){request, (size_t)head + length, PATIENCE_MS, false}, answer);
    const unsigned status = status_of(answer);
    require(status >= 200 && status != 500 && status != 401 && status != 403);
    if (strcmp(method, "GET") == 0)
        require_json(answer);
}

/* It serves who comes next, and whatever it does by itself it still can. */
static void require_service(struct rig *rig, char *answer)
{
    static const char ping[] =
        "GET /api/v1/devices HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    server_tick(rig->server);
    ask(rig, (struct question){ping, sizeof ping - 1, PATIENCE_MS, false}, answer);
    require(status_of(answer) == 401);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_MAX + 1];
    struct record requests[RECORDS_MAX];

    if (size < 1 || size > INPUT_MAX)
        return 0;
    struct rig *there = rig();
    const uint32_t count = records_split(data, size, requests, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (requests[i].length > 0 && requests[i].bytes[0] == 'J')
            as_operator(there, requests[i].bytes + 1, requests[i].length - 1, answer);
        else
            as_stranger(there, requests[i].bytes, requests[i].length, answer);
    require_service(there, answer);
    return 0;
}
