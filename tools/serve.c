/* `updraft serve`: the update server, until it is told to stop. */
#include "host/keys.h"
#include "host/options.h"
#include "host/report.h"
#include "server/http/proxies.h"
#include "server/log/log.h"
#include "server/server.h"
#include "tools/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_DEFAULT "127.0.0.1:8266"

/* For downloads in flight when the server is told to stop: a 1 MB image at the
 * 20 KB/s of a bad radio link. */
#define DRAIN_SECONDS_DEFAULT 60

/* Of unassigned devices: a stranger who makes up addresses costs so many rows, some
 * megabytes, at most. */
#define UNKNOWN_LIMIT_DEFAULT 10000

struct serve_options {
    const char *data;
    const char *database;
    const char *blobs;
    const char *listen;
    const char *unknown;
    unsigned long unknown_limit;
    const char *device_auth;
    const char *device_ca;
    enum device_policy device_policy;
    const char *sign;
    const char *tls_certificate;
    const char *tls_key;
    const char *listen_plain;
    const char *listen_metrics;
    const char *proxy;
    struct http_proxies proxies;
    unsigned long session_idle, session_life; /* seconds; 0 = the default */
    unsigned long drain_seconds;
    unsigned long downloads, site_downloads, rate, site_rate; /* 0 = any number */
};

static enum options_result parse(int argc, char **argv, struct serve_options *options)
{
    const struct option_row rows[] = {
        {"data", 'd', OPTION_TEXT, &options->data, "DIR", "where it keeps everything"},
        {"database", 0, OPTION_TEXT, &options->database, "URL",
         "postgres://…: keep everything there instead"},
        {"blobs", 0, OPTION_TEXT, &options->blobs, "DIR",
         "firmware files for all nodes in a folder they share, instead of the database"},
        {"listen", 'l', OPTION_TEXT, &options->listen, "ADDR:PORT",
         "default " LISTEN_DEFAULT "; 0.0.0.0:8266 for a whole network, port 0 for any"},
        {"tls-cert", 0, OPTION_TEXT, &options->tls_certificate, "FILE",
         "serve https: the certificate, PEM, its issuers' after it"},
        {"tls-key", 0, OPTION_TEXT, &options->tls_key, "FILE", "and its private key, PEM"},
        {"listen-plain", 0, OPTION_TEXT, &options->listen_plain, "ADDR:PORT",
         "beside https, plain http for devices; they get signed files only"},
        {"metrics-listen", 0, OPTION_TEXT, &options->listen_metrics, "ADDR:PORT",
         "/metrics without a token there, for Prometheus"},
        {"proxy", 0, OPTION_TEXT, &options->proxy, "ADDRESSES",
         "proxies in front, like 10.0.0.5,10.1.0.0/16: who asks is whom they say"},
        {"unknown-devices", 0, OPTION_TEXT, &options->unknown, "register|refuse",
         "what devices get that nobody entered (default register)"},
        {"unknown-limit", 0, OPTION_NUMBER, &options->unknown_limit, "N",
         "how many of these are kept until somebody assigns them (default 10000; 0: any)"},
        {"device-auth", 0, OPTION_TEXT, &options->device_auth, "KIND",
         "what devices must have: open (default): nothing; shared, own: a secret; certificate"},
        {"device-ca", 0, OPTION_TEXT, &options->device_ca, "FILE",
         "whose certificates these are, PEM; common names are MAC addresses"},
        {"sign", 0, OPTION_TEXT, &options->sign, "KEY",
         "a private key: what is published unsigned gets a signed form, too"},
        {"downloads", 0, OPTION_NUMBER, &options->downloads, "N",
         "how many may go on at once; the rest wait for their next check-in"},
        {"site-downloads", 0, OPTION_NUMBER, &options->site_downloads, "N",
         "the same for devices of one source network (/24, or /64 of IPv6)"},
        {"rate", 0, OPTION_NUMBER, &options->rate, "BYTES",
         "bytes a second downloads may take on the average, like 500k; the rest wait"},
        {"site-rate", 0, OPTION_NUMBER, &options->site_rate, "BYTES",
         "the same for devices of one source network"},
        {"session-idle", 0, OPTION_NUMBER, &options->session_idle, "SECONDS",
         "after which who does nothing is signed out (default 43200)"},
        {"session-life", 0, OPTION_NUMBER, &options->session_life, "SECONDS",
         "after which everybody signs in anew (default 604800)"},
        {"drain", 0, OPTION_NUMBER, &options->drain_seconds, "SECONDS",
         "how long downloads may go on after the order to stop (default 60)"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft serve",
        "--data DIR [--listen ADDR:PORT] [--unknown-devices register|refuse]\n"
        "                     [--sign KEY] [--tls-cert FILE --tls-key FILE]",
        "Answers devices and operators, and shows the dashboard, until it gets SIGINT or SIGTERM.\n"
        "The first start makes DIR/operator.token, which opens everything, and prints a link to\n"
        "make the first user with. A certificate is read again when its files change, and on\n"
        "SIGHUP; `updraft keygen --tls` makes one.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 0)
        return result;
    report_usage("%s is not expected: the folder goes after --data", argv[1]);
    return OPTIONS_BAD;
}

static bool is_sound(struct serve_options *options)
{
    if (options->data == NULL || options->data[0] == '\0')
        report_usage("--data is missing: the folder where the server keeps everything");
    else if (options->database != NULL && strncmp(options->database, "postgres://", 11) != 0 &&
             strncmp(options->database, "postgresql://", 13) != 0)
        report_usage("--database takes postgres://USER@HOST/DATABASE, not %s", options->database);
    else if (strcmp(options->unknown, "register") != 0 && strcmp(options->unknown, "refuse") != 0)
        report_usage("--unknown-devices takes register or refuse, not %s", options->unknown);
    else if (options->unknown_limit > UINT32_MAX)
        report_usage("--unknown-limit takes at most %u", UINT32_MAX);
    else if (!device_policy_parse(options->device_auth, &options->device_policy))
        report_usage("--device-auth takes open, shared, own or certificate, not %s",
                     options->device_auth);
    else if ((options->device_policy == DEVICE_POLICY_CERTIFICATE) != (options->device_ca != NULL))
        report_usage("--device-auth certificate and --device-ca FILE go together");
    else if (options->device_ca != NULL && options->tls_certificate == NULL)
        report_usage("--device-ca needs https: --tls-cert and --tls-key");
    else if ((options->tls_certificate == NULL) != (options->tls_key == NULL))
        report_usage("--tls-cert and --tls-key are given together or not at all");
    else if (options->listen_plain != NULL && options->tls_certificate == NULL)
        report_usage("--listen-plain goes beside https: without --tls-cert give --listen");
    else if (options->proxy != NULL && !http_proxies_parse(options->proxy, &options->proxies))
        report_usage("--proxy takes up to %d addresses and networks, like 10.0.0.5,10.1.0.0/16, "
                     "not %s",
                     HTTP_PROXIES_MAX, options->proxy);
    else if (options->drain_seconds > 86400)
        report_usage("--drain takes at most 86400 seconds");
    else if (options->session_idle > UINT32_MAX || options->session_life > UINT32_MAX)
        report_usage("--session-idle and --session-life take at most %u", UINT32_MAX);
    else if (options->downloads > UINT32_MAX || options->site_downloads > UINT32_MAX)
        report_usage("--downloads and --site-downloads take at most %u", UINT32_MAX);
    else if (options->rate > UINT32_MAX || options->site_rate > UINT32_MAX)
        report_usage("--rate and --site-rate take at most %u bytes a second", UINT32_MAX);
    else
        return true;
    return false;
}

/* A browser on this machine cannot open "any address". */
static const char *reachable(const char *address, char *text, size_t size)
{
    if (strncmp(address, "0.0.0.0:", 8) == 0)
        snprintf(text, size, "127.0.0.1:%s", address + 8);
    else if (strncmp(address, "[::]:", 5) == 0)
        snprintf(text, size, "[::1]:%s", address + 5);
    else
        snprintf(text, size, "%s", address);
    return text;
}

static void announce(const struct server *server)
{
    const char *address = server_address(server), *plain = server_plain_address(server);
    const char *metrics = server_metrics_address(server);
    const char *scheme = server_is_secure(server) ? "https" : "http";
    char dashboard[80];

    printf("listening on %s://%s\n", scheme, address);
    if (plain != NULL)
        printf("for devices that verify signatures: http://%s\n", plain);
    if (metrics != NULL)
        printf("metrics: http://%s/metrics\n", metrics);
    reachable(address, dashboard, sizeof dashboard);
    printf("dashboard: %s://%s/#token=%s\n", scheme, dashboard, server_token(server));
    if (server_first_ticket(server) != NULL)
        printf("nobody can sign in yet: make the first user within an hour at "
               "%s://%s/#setup=%s\n",
               scheme, dashboard, server_first_ticket(server));
    fflush(stdout);
}

static bool has_terminal(void)
{
    const int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* SIGHUP asks to read the certificate again. Where there is none it may also come from a
 * terminal that is closed, which ends the server, as other programs; a service has no terminal,
 * and its reload must not end it. */
static void block_signals(sigset_t *set, bool is_secure)
{
    sigemptyset(set);
    if (is_secure || !has_terminal())
        sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigprocmask(SIG_BLOCK, set, NULL);
}

/* A limit on the size of files is to show as an error where it is met, as a full
 * disk does. */
static void ignore_file_size_signal(void)
{
    signal(SIGXFSZ, SIG_IGN);
}

static void tick_until_stopped(struct server *server, const sigset_t *signals)
{
    const struct timespec tick = {0, SERVER_TICK_MS * 1000000};
    int signal;

    while ((signal = sigtimedwait(signals, NULL, &tick)) < 0 || signal == SIGHUP) {
        if (signal == SIGHUP)
            server_reload(server);
        server_tick(server);
    }
    log_line("%s: stopping, downloads may finish", strsignal(signal));
}

/* A second signal means now. */
static void unblock_signals(const sigset_t *signals)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

/* signing_key: null for none. */
static int serve(const struct serve_options *options, const struct key *signing_key)
{
    char error[SERVER_ERROR_SIZE];
    sigset_t signals;
    bool is_usage;

    block_signals(&signals,
                  options->tls_certificate != NULL); /* in every thread: this one waits for them */
    ignore_file_size_signal();
    const struct server_config config = {
        .data = options->data,
        .database = options->database,
        .blobs = options->blobs,
        .listen = options->listen,
        .tls_certificate = options->tls_certificate,
        .tls_key = options->tls_key,
        .listen_plain = options->listen_plain,
        .listen_metrics = options->listen_metrics,
        .proxies = options->proxy != NULL ? &options->proxies : NULL,
        .session_idle_s = (uint32_t)options->session_idle,
        .session_life_s = (uint32_t)options->session_life,
        .downloads = (uint32_t)options->downloads,
        .site_downloads = (uint32_t)options->site_downloads,
        .rate = (uint32_t)options->rate,
        .site_rate = (uint32_t)options->site_rate,
        .device_policy = options->device_policy,
        .device_ca = options->device_ca,
        .unknown_limit = (uint32_t)options->unknown_limit,
        .refuses_unknown = strcmp(options->unknown, "refuse") == 0,
        .signing_key = signing_key,
    };
    struct server *server = server_start(&config, error, &is_usage);
    if (server == NULL)
        return is_usage ? report_usage("%s", error) : report_failure("%s", error);
    announce(server);
    tick_until_stopped(server, &signals);
    unblock_signals(&signals);
    server_stop(server, (unsigned)options->drain_seconds * 1000);
    log_line("stopped");
    return EXIT_OK;
}

static int serve_signing(const struct serve_options *options)
{
    char error[KEY_ERROR_SIZE];
    struct key key;

    if (key_read_private(options->sign, &key, error) != 0)
        return report_failure("%s", error);
    const int status = serve(options, &key);
    key_free(&key);
    return status;
}

int command_serve(int argc, char **argv)
{
    struct serve_options options = {.listen = LISTEN_DEFAULT,
                                    .unknown = "register",
                                    .unknown_limit = UNKNOWN_LIMIT_DEFAULT,
                                    .device_auth = "open",
                                    .drain_seconds = DRAIN_SECONDS_DEFAULT};
    const enum options_result parsed = parse(argc, argv, &options);

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (!is_sound(&options))
        return EXIT_USAGE;
    return options.sign != NULL ? serve_signing(&options) : serve(&options, NULL);
}
