/* Requests to a whole server, each over a connection of its own: raw ones from a stranger,
 * and JSON from the operator, and from a person with a session. A request of any content is
 * answered or its connection closed, a stranger changes nothing and sees nothing, and the next one
 * is served.
 *
 * Input: records (records.h), one request each: with 'J' first, or 'S' for the person, a
 * line "METHOD PATH" and a body; else what a stranger sends. Between them the
 * server does what it does by itself. What it has learned it forgets
 * after so many inputs, or the lists would grow without end. */
#include "fuzz.h"

#include "records.h"
#include "server/server.h"
#include "tests/server/folder.h"

#include <arpa/inet.h>
#include <errno.h>
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
#define PASSWORD    "correct horse battery"
#define EVENTS      "Content-Type: text/event-stream"
#define HOSTS       200u
#define PATIENCE_MS 60000 /* nothing takes that long, not even where much else runs, */
#define STRANGER_MS 20    /* but for a request that is not whole: its rest is waited for */

struct rig {
    struct server *server;
    struct sockaddr_in address;
    char folder[FOLDER_PATH_SIZE];
    char proof[256]; /* of the person's session: header fields */
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

/* The fuzzer's alarm clock interrupts who waits with patience. */
static ssize_t receive(int connection, char *bytes, size_t size)
{
    ssize_t got;

    do
        got = recv(connection, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Sends it and reads until the end, or as long as patience lasts, or until events are to
 * come, which have none. */
static void ask(struct rig *rig, struct question question, char *answer)
{
    const struct timeval patience = {.tv_sec = question.patience_ms / 1000,
                                     .tv_usec = question.patience_ms % 1000 * 1000};
    const int connection = connect_from_next(rig);
    size_t length = 0;
    ssize_t got = 0;

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)!send(connection, question.request, question.size, MSG_NOSIGNAL);
    if (question.is_over)
        shutdown(connection, SHUT_WR);
    answer[0] = '\0';
    while (length < ANSWER_MAX && strstr(answer, EVENTS) == NULL &&
           (got = receive(connection, answer + length, ANSWER_MAX - length)) > 0) {
        length += (size_t)got;
        answer[length] = '\0';
    }
    const int error = got < 0 ? errno : 0;
    close(connection);
    errno = error;
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

/* What would reach out of this machine is left out, however it is spelled. */
static bool is_harmless(const char *target)
{
    return target[0] == '/' && strstr(target, "webhook") == NULL &&
           target[strcspn(target, "?%")] != '%';
}

/* Who may ask for what is not theirs, and is told so. */
static bool is_about_passwords(const char *target)
{
    return strncmp(target, "/session", 8) == 0 || strncmp(target, "/setup", 6) == 0;
}

/* "METHOD TARGET\n" and a body, with what proves who asks. 0: it is none that may be sent,
 * else its status. */
static unsigned ask_api(struct rig *rig, const struct record *said, const char *proof, char *answer)
{
    static char request[INPUT_MAX + 1024];
    char method[8], target[256], line[sizeof method + sizeof target];
    const uint8_t *end = said->length > 0 ? memchr(said->bytes, '\n', said->length) : NULL;

    if (end == NULL || (size_t)(end - said->bytes) >= sizeof line)
        return 0;
    memcpy(line, said->bytes, (size_t)(end - said->bytes));
    line[end - said->bytes] = '\0';
    if (sscanf(line, "%7[A-Z] %255[!-~]", method, target) != 2 || !is_harmless(target))
        return 0;
    const size_t length = said->length - (size_t)(end + 1 - said->bytes);
    const int head = snprintf(request, sizeof request,
                              "%s /api/v1%s HTTP/1.0\r\n%s" /* long answers come without chunks */
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              method, target, proof, length);
    memcpy(request + head, end + 1, length);
    ask(rig, (struct question){request, (size_t)head + length, PATIENCE_MS, false}, answer);
    const unsigned status = status_of(answer);
    if (status < 200 || status == 500)
        fprintf(stderr, "%s: %s, %.200s\n", line, strerror(errno), answer);
    require(status >= 200 && status != 500);
    if (strcmp(method, "GET") == 0)
        require_json(answer);
    return is_about_passwords(target) ? 200 : status;
}

static void as_operator(struct rig *rig, const struct record *said, char *answer)
{
    char proof[128];

    snprintf(proof, sizeof proof, "Authorization: Bearer %s\r\n", server_token(rig->server));
    const unsigned status = ask_api(rig, said, proof, answer);
    require(status != 401 && status != 403);
}

/* ---- a person, with a session that may end ---- */

static unsigned say(struct rig *rig, const char *line, char *answer)
{
    const struct record said = {(const uint8_t *)line, (uint32_t)strlen(line)};

    return ask_api(rig, &said, "", answer);
}

static void sign_in(struct rig *rig, char *answer)
{
    const char *cookie, *csrf;

    rig->proof[0] = '\0';
    say(rig, "POST /session\n{\"user\": \"ann\", \"password\": \"" PASSWORD "\"}", answer);
    cookie = strstr(answer, "Set-Cookie: ");
    csrf = strstr(answer, "\"csrf\": \"");
    if (status_of(answer) == 200 && cookie != NULL && csrf != NULL)
        snprintf(rig->proof, sizeof rig->proof, "Cookie: %.*s\r\nX-CSRF-Token: %.*s\r\n",
                 (int)strcspn(cookie + 12, ";\r"), cookie + 12, (int)strcspn(csrf + 9, "\""),
                 csrf + 9);
}

static void set_up(struct rig *rig, char *answer)
{
    char line[256];

    snprintf(line, sizeof line,
             "POST /setup\n{\"ticket\": \"%s\", \"user\": \"ann\", \"password\": \"" PASSWORD "\"}",
             server_first_ticket(rig->server));
    say(rig, line, answer);
    require(status_of(answer) == 201);
    sign_in(rig, answer);
    require(rig->proof[0] != '\0');
}

static void as_person(struct rig *rig, const struct record *said, char *answer)
{
    ask_api(rig, said, rig->proof, answer);
    if (status_of(answer) == 401)
        sign_in(rig, answer);
}

/* ---- the server ---- */

static struct rig *rig(char *answer)
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
    set_up(&only, answer);
    return &only;
}

/* It serves who comes next. */
static void require_service(struct rig *rig, char *answer)
{
    static const char ping[] =
        "GET /api/v1/devices HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    ask(rig, (struct question){ping, sizeof ping - 1, PATIENCE_MS, false}, answer);
    require(status_of(answer) == 401);
}

static void handle(struct rig *rig, const struct record *request, char *answer)
{
    if (request->length == 0)
        return;
    const struct record rest = {request->bytes + 1, request->length - 1};
    if (request->bytes[0] == 'J')
        as_operator(rig, &rest, answer);
    else if (request->bytes[0] == 'S')
        as_person(rig, &rest, answer);
    else
        as_stranger(rig, request->bytes, request->length, answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_MAX + 1];
    struct record requests[RECORDS_MAX];

    if (size < 1 || size > INPUT_MAX)
        return 0;
    struct rig *there = rig(answer);
    const uint32_t count = records_split(data, size, requests, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        handle(there, &requests[i], answer);
        server_tick(there->server);
    }
    require_service(there, answer);
    return 0;
}
