/* `updraft tls-check`: can devices with little memory use a server's https? */
#include "host/certificates.h"
#include "host/options.h"
#include "host/report.h"
#include "host/tls_ask.h"
#include "host/tls_look.h"
#include "tools/command.h"
#include "updraft/url.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS   10u
#define DAY_S     (24l * 60 * 60)
#define WARN_DAYS 14ul
#define SIZES     TLS_LOOK_LENGTHS

static const uint32_t sizes[SIZES] = {512, 1024, 2048, 4096};

struct tls_check_options {
    const char *ca;
    unsigned long warn_days;
    bool json;
};

/* What became of a request with memory for records of one length. */
struct trial {
    int error; /* enum ud_error */
    struct tls_asked asked;
};

struct check {
    const char *url;
    char host[256];
    unsigned port;
    char request[600];
    struct tls_look look;
    uint32_t anchor_count;
    struct ud_bearssl_anchor anchors[UD_BEARSSL_ANCHORS_MAX];
    struct trial trials[SIZES];
    int trust; /* enum ud_error: of the certificate, where there are anchors */
};

/* ---- Looking ---- */

static int read_url(struct check *check, const char *text)
{
    struct ud_url url;

    if (ud_url_parse(text, &url) != UD_OK || !url.tls || url.host_length >= sizeof check->host)
        return report_usage("%s is no URL like https://updates.example.com/update", text);
    check->url = text;
    check->port = url.port;
    snprintf(check->host, sizeof check->host, "%.*s", (int)url.host_length, text + url.host);
    const char *path = strchr(text + url.host + url.host_length, '/');
    snprintf(check->request, sizeof check->request,
             "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: updraft-tls-check\r\n\r\n",
             path != NULL ? path : "/", check->host);
    return EXIT_OK;
}

static int read_anchors(struct check *check, const char *path)
{
    struct file_bytes ders[UD_BEARSSL_ANCHORS_MAX];
    char error[CERTIFICATES_ERROR_SIZE];
    int status = EXIT_OK;
    size_t count;

    if (certificates_read(path, ders, UD_BEARSSL_ANCHORS_MAX, &count, error) != 0)
        return report_failure("%s", error);
    for (size_t i = 0; i < count; i++) {
        if (ud_bearssl_anchor_read(&check->anchors[i], ders[i].data, (uint32_t)ders[i].length) !=
            UD_OK)
            status = report_failure("%s: BearSSL does not take certificate %zu", path, i + 1);
        free(ders[i].data);
    }
    check->anchor_count = (uint32_t)count;
    return status;
}

/* Asks as a device does that knows the key already. */
static void try_size(const struct check *check, uint32_t record, struct trial *trial)
{
    const struct tls_ask ask = {
        .host = check->host,
        .port = check->port,
        .seconds = SECONDS,
        .request = check->request,
        .record = record,
        .whom = {.pin = check->look.pin},
    };

    trial->error = tls_ask(&ask, &trial->asked);
}

static void try_anchors(struct check *check)
{
    const struct tls_ask ask = {
        .host = check->host,
        .port = check->port,
        .seconds = SECONDS,
        .request = check->request,
        .record = 16384,
        .whom = {.anchors = check->anchors,
                 .anchor_count = check->anchor_count,
                 .now_s = (uint64_t)time(NULL)},
    };
    struct tls_asked asked;

    check->trust = tls_ask(&ask, &asked);
    if (asked.shook_hands)
        check->trust = UD_OK;
}

/* ---- Judging ---- */

/* It was asked for records of a length, and its answer came in such. A server that only
 * closes its connection without a good-bye is forgiven. */
static bool works(const struct trial *trial)
{
    return trial->asked.shook_hands && trial->asked.received > 0 &&
           (trial->error == UD_OK || trial->error == UD_ERR_HTTP_CONNECT);
}

/* An answer shorter than a record proves nothing about records. */
static bool is_proven(const struct check *check, unsigned i)
{
    return check->look.agrees[i] && works(&check->trials[i]) &&
           check->trials[i].asked.received > sizes[i];
}

static const char *describe(const struct check *check, unsigned i)
{
    const struct trial *trial = &check->trials[i];
    const bool agrees = check->look.agrees[i];

    if (trial->error == UD_ERR_TLS_RECORD)
        return agrees ? "agreed to, and not kept" : "not agreed to, and larger ones come";
    if (!works(trial))
        return trial->asked.socket != NULL ? trial->asked.socket : "the handshake fails";
    if (!agrees)
        return "not agreed to; this answer was short enough";
    return is_proven(check, i) ? "yes" : "agreed to; this answer is too short to prove it";
}

/* The least memory that will do; 0: none of those tried. */
static uint32_t least_size(const struct check *check)
{
    for (unsigned i = 0; i < SIZES; i++)
        if (works(&check->trials[i]) && check->look.agrees[i])
            return sizes[i];
    return 0;
}

static long days_left(const struct tls_look *look)
{
    return (long)((look->chain_ends - time(NULL)) / DAY_S);
}

/* Null when nothing is wrong. */
static const char *obstacle(const struct check *check)
{
    const struct tls_look *look = &check->look;

    if (!look->has_12)
        return "it has no TLS 1.2, and BearSSL has nothing newer";
    if (look->suites == 0)
        return "it takes none of the cipher suites devices have";
    if (time(NULL) >= look->chain_ends)
        return "its certificate, or one of its chain, has expired";
    if (time(NULL) < look->begins)
        return "its certificate is not valid yet";
    if (check->trust != UD_OK)
        return "--ca does not vouch for it";
    if (least_size(check) == 0)
        return "it does not keep to record lengths a device can have memory for: devices need "
               "16709 bytes for it";
    return NULL;
}

/* ---- Showing ---- */

static const char *date(time_t time, char text[16])
{
    struct tm parts;

    gmtime_r(&time, &parts);
    strftime(text, 16, "%Y-%m-%d", &parts);
    return text;
}

static const char *trust_text(int error)
{
    switch (error) {
    case UD_OK:
        return "yes";
    case UD_ERR_TLS_NAME:
        return "no: the certificate is for another host";
    case UD_ERR_TLS_DATE:
        return "no: the certificate is not valid at this time";
    case UD_ERR_TLS_TRUST:
        return "no: the certificate comes from somebody else";
    default:
        return "no: the handshake fails";
    }
}

/* Of the time a handshake takes the device. */
static const char *cost_hint(const struct tls_look *look)
{
    if (look->key_is_ec && look->key_bits == 256)
        return "small and quick";
    if (look->key_is_ec)
        return "slow for a device: P-256 takes a fraction of it";
    return look->key_bits <= 2048 ? "large; a server does three times the work of P-256"
                                  : "large, and slow for device and server; P-256 is neither";
}

static void print_suites(const struct tls_look *look)
{
    const char *separator = "";

    printf("  cipher suites    ");
    for (unsigned i = 0; tls_suites[i] != NULL; i++) {
        if ((look->suites & 1u << i) == 0)
            continue;
        printf("%s%s", separator, tls_suites[i]);
        separator = ", ";
    }
    printf("%s\n", look->suites == 0 ? "none that devices have" : "");
}

static void print_certificate(const struct tls_look *look)
{
    char begins[16], ends[16], pin[PIN_TEXT_SIZE];

    printf("  certificate      for %s; %s to %s\n", look->names, date(look->begins, begins),
           date(look->ends, ends));
    printf("  key              %s: %s\n", look->key, cost_hint(look));
    printf("  chain            %zu certificate%s, %zu bytes in each handshake; the first ends %s\n",
           look->chain_count, look->chain_count == 1 ? "" : "s", look->chain_bytes,
           date(look->chain_ends, ends));
    printf("  pin              %s\n", pin_format(look->pin, pin));
}

static void print_text(const struct check *check, unsigned long warn_days)
{
    const struct tls_look *look = &check->look;
    const char *why = obstacle(check);

    printf("%s\n  protocols        %s%s%s\n", check->url, look->has_12 ? "TLS 1.2" : "",
           look->has_12 && look->has_13 ? ", " : "", look->has_13 ? "TLS 1.3" : "");
    print_suites(look);
    for (unsigned i = 0; i < SIZES; i++)
        printf("  %-16s %4u bytes: %s\n", i == 0 ? "record lengths" : "", sizes[i],
               describe(check, i));
    print_certificate(look);
    if (check->anchor_count > 0)
        printf("  trusted by --ca  %s\n", trust_text(check->trust));
    if (why == NULL)
        printf("small clients can use it, with %u bytes of memory to receive\n",
               least_size(check) + 325u);
    else
        printf("small clients cannot use it: %s\n", why);
    if (why == NULL && days_left(look) < (long)warn_days)
        printf("its certificate ends in %ld days\n", days_left(look));
}

static json_t *trials_json(const struct check *check)
{
    json_t *trials = json_array();

    for (unsigned i = 0; i < SIZES; i++)
        json_array_append_new(trials, json_pack("{s:i, s:b, s:b, s:b, s:s}", "bytes", (int)sizes[i],
                                                "agreed", check->look.agrees[i], "works",
                                                works(&check->trials[i]), "proven",
                                                is_proven(check, i), "says", describe(check, i)));
    return trials;
}

static json_t *suites_json(const struct tls_look *look)
{
    json_t *suites = json_array();

    for (unsigned i = 0; tls_suites[i] != NULL; i++)
        if (look->suites & 1u << i)
            json_array_append_new(suites, json_string(tls_suites[i]));
    return suites;
}

static int print_json(const struct check *check)
{
    const struct tls_look *look = &check->look;
    const char *why = obstacle(check);
    char begins[16], ends[16], chain_ends[16], pin[PIN_TEXT_SIZE];
    json_t *root = json_pack(
        "{s:s, s:b, s:o?, s:b, s:b, s:o, s:o, s:{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:i}, s:s}",
        "url", check->url, "small_clients", why == NULL, "obstacle",
        why != NULL ? json_string(why) : json_null(), "tls12", look->has_12, "tls13", look->has_13,
        "suites", suites_json(look), "records", trials_json(check), "certificate", "names",
        look->names, "key", look->key, "begins", date(look->begins, begins), "ends",
        date(look->ends, ends), "chain_count", (int)look->chain_count, "chain_bytes",
        (int)look->chain_bytes, "chain_ends", date(look->chain_ends, chain_ends), "days_left",
        (int)days_left(look), "pin", pin_format(look->pin, pin));

    if (root != NULL && check->anchor_count > 0)
        json_object_set_new(root, "trusted", json_boolean(check->trust == UD_OK));
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL)
        return report_failure("out of memory");
    printf("%s\n", text);
    free(text);
    return EXIT_OK;
}

/* ---- The command ---- */

static enum options_result parse(int argc, char **argv, struct tls_check_options *options)
{
    const struct option_row rows[] = {
        {"ca", 0, OPTION_TEXT, &options->ca, "FILE",
         "PEM certificates that devices have: would they trust it?"},
        {"warn-days", 0, OPTION_NUMBER, &options->warn_days, "N",
         "say so when the certificate ends within so many days (default 14)"},
        {"json", 0, OPTION_FLAG, &options->json, NULL, "print what was found as JSON"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft tls-check", "URL [--ca FILE] [--warn-days N] [--json]",
        "Says whether devices with little memory can use a server's https: it asks as they do, "
        "with\n"
        "BearSSL and memory for records of 512 to 4096 bytes. Exit status 0: they can; 1: they "
        "cannot,\n"
        "or there is no server.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 1)
        return result;
    report_usage("one URL is expected, like https://updates.example.com/update");
    return OPTIONS_BAD;
}

static int run(struct check *check, const struct tls_check_options *options)
{
    const char *why = "";

    if (!tls_look(check->host, check->port, SECONDS, &check->look, &why))
        return report_failure("%s: no TLS 1.2 or 1.3: %s", check->url, why);
    for (unsigned i = 0; i < SIZES && check->look.has_12; i++)
        try_size(check, sizes[i], &check->trials[i]);
    if (check->anchor_count > 0)
        try_anchors(check);
    if (!options->json)
        print_text(check, options->warn_days);
    else if (print_json(check) != EXIT_OK)
        return EXIT_FAILED;
    return obstacle(check) == NULL ? EXIT_OK : EXIT_FAILED;
}

int command_tls_check(int argc, char **argv)
{
    struct tls_check_options options = {.warn_days = WARN_DAYS};
    const enum options_result parsed = parse(argc, argv, &options);
    struct check check = {.url = NULL};

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    int status = read_url(&check, argv[1]);
    if (status == EXIT_OK && options.ca != NULL)
        status = read_anchors(&check, options.ca);
    return status == EXIT_OK ? run(&check, &options) : status;
}
