/* `espota`: the uploader of the Arduino cores, by their options and messages; the
 * ESP8266's, or the ESP32's where its port or its options are given.
 */
#include "updraft/espota.h"
#include "host/options.h"
#include "host/report.h"
#include "tools/command.h"
#include "tools/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BAR_WIDTH       60
#define CHUNK_ESP8266   1460u /* a dot each */
#define CHUNK_ESP32     1024u
#define TIMEOUT_LIMIT_S 3600ul
#define MS_PER_S        1000u

struct espota_order {
    const char *ip;
    const char *host_ip;
    const char *auth;
    const char *file;
    unsigned long port;
    unsigned long host_port;
    unsigned long timeout_s;
    bool spiffs;
    bool debug;
    bool progress;
    bool md5_target;
};

struct session {
    const struct espota_order *order;
    bool is_esp32;
    enum push_state shown; /* the last state told of */
    bool was_challenged;
    size_t dots;
    int percent;
};

static enum options_result parse(int argc, char **argv, struct espota_order *order)
{
    const struct option_row rows[] = {
        {"ip", 'i', OPTION_TEXT, &order->ip, "ADDRESS", "the device's address or name"},
        {"host_ip", 'I', OPTION_TEXT, &order->host_ip, "ADDRESS",
         "of this computer, for the device to connect to (default any)"},
        {"port", 'p', OPTION_NUMBER, &order->port, "PORT",
         "the device's UDP port (default 8266; ESP32: 3232)"},
        {"host_port", 'P', OPTION_NUMBER, &order->host_port, "PORT",
         "TCP port here, for the device to connect to (default any)"},
        {"auth", 'a', OPTION_TEXT, &order->auth, "PASSWORD",
         "shows in the list of processes: better in UPDRAFT_PASSWORD"},
        {"file", 'f', OPTION_TEXT, &order->file, "FILE", "the image"},
        {"spiffs", 's', OPTION_FLAG, &order->spiffs, NULL, "it is a file system, no program"},
        {"debug", 'd', OPTION_FLAG, &order->debug, NULL, "say more"},
        {"progress", 'r', OPTION_FLAG, &order->progress, NULL, "a bar in place of dots"},
        {"timeout", 't', OPTION_NUMBER, &order->timeout_s, "SECONDS",
         "patience with a silent device (default 10)"},
        {"md5-target", 'm', OPTION_FLAG, &order->md5_target, NULL,
         "an ESP32 that keeps the password's MD5: try that first"},
        {NULL},
    };
    const struct command_usage usage = {
        report_program(), "-i ADDRESS -f FILE [-p PORT] [-a PASSWORD] [-s]",
        "The Arduino cores' uploader for ESP8266 and ESP32. updraft push does more.", rows};
    int operands;

    return options_parse(&usage, argc, argv, &operands);
}

/* ---- messages, as the originals' ---- */

static void log_line(const char *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void log_line(const char *level, const char *format, ...)
{
    const time_t now = time(NULL);
    struct tm parts;
    char clock[16] = "";
    va_list arguments;

    if (localtime_r(&now, &parts) != NULL)
        strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    fprintf(stderr, "%s [%s]: ", clock, level);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void show_bar(struct session *session, size_t done, size_t total)
{
    const int percent = (int)(done * 100 / total);
    const int width = (int)(done * BAR_WIDTH / total);

    if (percent == session->percent)
        return;
    session->percent = percent;
    fprintf(stderr, "\rUploading: [%.*s%*s] %d%% %s", width,
            "============================================================", BAR_WIDTH - width, "",
            percent, done == total ? "Done...\r\n" : "");
}

static void show_dots(struct session *session, size_t done)
{
    const size_t chunk = session->is_esp32 ? CHUNK_ESP32 : CHUNK_ESP8266;

    for (; session->dots < (done + chunk - 1) / chunk; session->dots++)
        fputc('.', stderr);
}

static void show_progress(struct session *session, const struct push *push)
{
    if (session->order->progress)
        show_bar(session, push->done, push->config.image->length);
    else
        show_dots(session, push->done);
}

/* The password's part: its beginning, and what came of it. */
static void show_authentication(struct session *session, const struct push *push)
{
    const bool has_passed = push->state >= PUSH_ACCEPTED && push->outcome != PUSH_PASSWORD_WRONG &&
                            push->outcome != PUSH_NO_VERDICT;

    if (push->was_challenged && !session->was_challenged) {
        session->was_challenged = true;
        fputs(push->uses_sha256 ? "Authenticating (PBKDF2-HMAC-SHA256)..." : "Authenticating...",
              stderr);
    }
    if (session->was_challenged && session->shown < PUSH_ACCEPTED && push->state >= PUSH_ACCEPTED)
        fputs(has_passed ? "OK\n" : "FAIL\n", stderr);
}

static void look(void *ctx, size_t index, const struct push *push)
{
    struct session *session = ctx;

    (void)index;
    show_authentication(session, push);
    if (push->state >= PUSH_SENDING && session->shown < PUSH_SENDING && push->sent > 0 &&
        !session->order->progress)
        fputs("Uploading", stderr);
    if (push->state >= PUSH_SENDING && push->done > 0)
        show_progress(session, push);
    session->shown = push->state;
}

/* ---- the end ---- */

/* In the originals' words; those of their two scripts differ here and there. */
static void log_failure(const struct session *session, const struct push *push)
{
    switch (push->outcome) {
    case PUSH_NO_LISTENER:
        log_line("ERROR", "Listen Failed");
        break;
    case PUSH_NO_ROUTE:
        log_line("ERROR", "Host %s Not Found", session->order->ip);
        break;
    case PUSH_PORT_CLOSED:
    case PUSH_NO_ANSWER:
        log_line("ERROR", session->is_esp32 ? "No response from the ESP" : "No Answer");
        break;
    case PUSH_PASSWORD_ASKED:
    case PUSH_PASSWORD_WRONG:
        log_line("ERROR", "Authentication Failed");
        break;
    case PUSH_NO_VERDICT:
        log_line("ERROR", "No Answer to our Authentication");
        break;
    case PUSH_REFUSED:
    case PUSH_BAD_ANSWER:
        log_line("ERROR", "Bad Answer: %s", push->words);
        break;
    case PUSH_NO_CONNECTION:
        log_line("ERROR", "No response from device");
        break;
    case PUSH_FAILED:
        log_line("ERROR", "ERROR[%d]: %s", push->number, push->words);
        break;
    case PUSH_NO_RESULT:
    case PUSH_GONE:
        log_line("ERROR", "No Result!");
        break;
    case PUSH_STALLED:
    case PUSH_BROKEN:
    case PUSH_CANCELLED:
    case PUSH_PENDING:
    case PUSH_OK:
    default:
        log_line("ERROR", "Error Uploading");
        break;
    }
}

static int report_end(const struct session *session, const struct push *push)
{
    char text[PUSH_EXPLANATION_MAX];

    if (push->sent > 0 && !session->order->progress)
        fputc('\n', stderr);
    if (push->outcome == PUSH_OK) {
        if (session->order->debug)
            log_line("INFO", "Result: OK");
        return EXIT_OK;
    }
    log_failure(session, push);
    push_explain(push, text);
    return report_failure("%s: %s", session->order->ip, text);
}

/* ---- the upload ---- */

static int upload(const struct espota_order *order, const struct push_image *image,
                  const char *password)
{
    struct session session = {
        .order = order,
        .is_esp32 =
            order->port == UD_ESPOTA_PORT_ESP32 || order->md5_target || order->timeout_s != 0,
        .percent = -1,
    };
    struct push_config config = {
        .image = image,
        .password = password,
        .bind_to = order->host_ip,
        .listen_port = (uint16_t)order->host_port,
        .timeout_ms = (uint32_t)order->timeout_s * MS_PER_S,
        .md5_first = order->md5_target,
    };
    const struct push_watch watch = {&session, look};
    struct push push;

    const char *why_not = push_resolve(order->ip, (uint16_t)order->port, &config.device);
    if (why_not != NULL) {
        log_line("ERROR", "Host %s Not Found", order->ip);
        return report_failure("%s: its address is not known: %s", order->ip, why_not);
    }
    if (session.is_esp32 || order->debug)
        fprintf(stderr, "Sending invitation to %s \n", order->ip);
    push_loop(&push, &config, 1, &watch);
    return report_end(&session, &push);
}

static int upload_file(const struct espota_order *order, const char *password)
{
    struct push_file file;
    const int loaded = push_file_load(
        order->file, order->spiffs ? UD_COMMAND_FILESYSTEM : UD_COMMAND_FIRMWARE, &file);

    if (loaded != EXIT_OK)
        return loaded;
    if (file.is_signed)
        fprintf(stderr, "Detected Signed Update. %s will be uploaded instead.\n", file.path);
    const int status = upload(order, &file.image, password);
    free(file.bytes.data);
    return status;
}

static int run(const struct espota_order *order, char *password)
{
    if (order->ip == NULL || order->file == NULL) {
        log_line("CRITICAL", "Not enough arguments.");
        return EXIT_FAILED;
    }
    if (order->port == 0 || order->port > UINT16_MAX || order->host_port > UINT16_MAX)
        return report_usage("ports are numbers up to 65535");
    if (order->timeout_s > TIMEOUT_LIMIT_S)
        return report_usage("--timeout takes at most %lu seconds", TIMEOUT_LIMIT_S);
    return upload_file(order, password);
}

/* The command line is for everybody to see; the password was there long enough. */
static void hide_password(int argc, char **argv, const char *auth)
{
    for (int i = 1; i < argc; i++) {
        char *argument = argv[i];
        if (auth >= argument && auth < argument + strlen(argument))
            memset(argument + (auth - argument), 'x', strlen(auth));
    }
}

/* An IDE passes the option also where there is no password. */
static int take_password(int argc, char **argv, const char *auth, char **password)
{
    if (auth == NULL || auth[0] == '\0')
        return push_password_find(NULL, password);
    *password = strdup(auth);
    hide_password(argc, argv, auth);
    return *password != NULL ? EXIT_OK : report_failure("out of memory");
}

int command_espota(int argc, char **argv)
{
    struct espota_order order = {.port = UD_ESPOTA_PORT_ESP8266};
    const enum options_result parsed = parse(argc, argv, &order);
    char *password;

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    int status = take_password(argc, argv, order.auth, &password);
    if (status == EXIT_OK)
        status = run(&order, password);
    push_password_free(password);
    return status;
}
