/* `updraft push`: uploads an image over the air to devices of the local network. */
#include "tools/push.h"

#include "host/options.h"
#include "host/progress.h"
#include "host/report.h"
#include "posix/pull.h"
#include "tools/command.h"
#include "tools/discover.h"
#include "updraft/espota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_LIMIT_S 3600ul
#define MS_PER_S        1000u
#define LOOK_AROUND_MS  3000 /* for all devices there are */
#define LOOK_FOR_MS     5000 /* for those named, at most */

struct push_order {
    const char *file;
    const char *password_file;
    const char *listen;
    const char *board; /* with all: only these */
    const char *url;   /* of a page, in place of hosts; null: none */
    const char *user;  /* for that page */
    unsigned long port;
    unsigned long connect_port;
    unsigned long timeout_s;
    bool filesystem;
    bool gzip;
    bool md5;
    bool all;
    size_t host_count; /* 0 with all */
    char **hosts;
};

/* One device, from the name given to what became of it. */
struct target {
    char name[PUSH_HOST_MAX]; /* as it was given */
    char host[PUSH_HOST_MAX]; /* of it */
    uint16_t port;
    const char *why_not; /* the name has no address */
    struct push upload;
    size_t row;
    uint32_t since_ms;
};

struct session {
    const struct push_order *order;
    struct push_file file;
    char *password;
    struct device_list found; /* by mDNS */
    struct target *targets;
    size_t count;
    struct push *uploads; /* of this round, and by index there: */
    struct push_config *configs;
    struct target **owners;
    struct progress *progress;
};

/* ---- options ---- */

static enum options_result parse(int argc, char **argv, struct push_order *order)
{
    const struct option_row rows[] = {
        {"password-file", 'a', OPTION_TEXT, &order->password_file, "FILE",
         "the devices' password (default: UPDRAFT_PASSWORD, or asked for)"},
        {"port", 'p', OPTION_NUMBER, &order->port, "PORT",
         "UDP port of devices named without one (default 8266; ESP32: 3232)"},
        {"connect-port", 'P', OPTION_NUMBER, &order->connect_port, "PORT",
         "TCP port here for the first device, the next one for the next"},
        {"listen", 'I', OPTION_TEXT, &order->listen, "ADDRESS",
         "of this computer, for devices to connect to (default any)"},
        {"all", 0, OPTION_FLAG, &order->all, NULL,
         "to all devices that updraft discover lists, in place of HOST"},
        {"board", 'b', OPTION_TEXT, &order->board, "BOARD", "with --all: only these"},
        {"http", 0, OPTION_TEXT, &order->url, "URL",
         "to the page of a device, http://HOST/update, in place of HOST"},
        {"user", 'u', OPTION_TEXT, &order->user, "NAME", "with --http: who may use the page"},
        {"filesystem", 's', OPTION_FLAG, &order->filesystem, NULL,
         "FILE is a file system, no program"},
        {"gzip", 'z', OPTION_FLAG, &order->gzip, NULL, "compress it first: sends less"},
        {"timeout", 't', OPTION_NUMBER, &order->timeout_s, "SECONDS",
         "patience with a silent device (default 10)"},
        {"md5", 'm', OPTION_FLAG, &order->md5, NULL,
         "the devices keep the password's MD5: try that first"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft push",
        "HOST[:PORT]… FILE [--password-file FILE]\n"
        "       updraft push --all [--board BOARD] FILE\n"
        "       updraft push --http URL [--user NAME] FILE",
        "Uploads FILE to devices that listen for it, as espota.py does, to all at once. Where\n"
        "FILE.signed exists, that is sent instead.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK)
        return result;
    if (operands < (order->all || order->url != NULL ? 1 : 2)) {
        report_usage(operands == 0 ? "no device and no file given"
                                   : "a device or a file is missing: HOST FILE");
        return OPTIONS_BAD;
    }
    order->hosts = argv + 1;
    order->host_count = (size_t)operands - 1;
    order->file = argv[operands];
    return OPTIONS_OK;
}

static int check(const struct push_order *order)
{
    if (order->all && order->host_count > 0)
        return report_usage("--all goes without %s: it names the devices", order->hosts[0]);
    if (order->url != NULL && (order->all || order->host_count > 0))
        return report_usage("--http goes without other devices: it names one");
    if (order->user != NULL && order->url == NULL)
        return report_usage("--user goes with --http");
    if (order->board != NULL && !order->all)
        return report_usage("--board goes with --all");
    if (order->port == 0 || order->port > UINT16_MAX)
        return report_usage("--port takes 1 to 65535");
    if (order->connect_port > UINT16_MAX)
        return report_usage("--connect-port takes 1 to 65535");
    if (order->timeout_s == 0 || order->timeout_s > TIMEOUT_LIMIT_S)
        return report_usage("--timeout takes 1 to %lu seconds", TIMEOUT_LIMIT_S);
    return EXIT_OK;
}

/* ---- what people see ---- */

static void note_state(struct progress *progress, const struct target *target)
{
    static const char *const notes[] = {
        [PUSH_INVITING] = "invites it",
        [PUSH_AUTHENTICATING] = "gives the password",
        [PUSH_ACCEPTED] = "waits for its connection",
        [PUSH_SENDING] = "sends",
        [PUSH_FINISHING] = "waits for its verdict",
    };

    progress_note(progress, target->row, "%s", notes[target->upload.state]);
}

/* Where there is one device, its failure is told in the end, and its row stays where it was. */
static void note_end(const struct session *session, const struct target *target)
{
    struct progress *progress = session->progress;
    const struct push *upload = &target->upload;
    const uint32_t took_ms = ud_posix_clock_ms() - target->since_ms;
    char text[PUSH_EXPLANATION_MAX];

    if (upload->outcome == PUSH_OK) {
        progress_note(progress, target->row, "updated in %.1f s", took_ms / (double)MS_PER_S);
        return;
    }
    progress_set(progress, target->row, 0, 0);
    if (session->count == 1)
        return;
    push_explain(upload, text);
    progress_note(progress, target->row, "%s", text);
}

static void look(void *ctx, size_t index, const struct push *push)
{
    struct session *session = ctx;
    struct target *target = session->owners[index];

    target->upload = *push;
    if (push->done > 0)
        progress_set(session->progress, target->row, push->done, push->config.image->length);
    if (push->state != PUSH_DONE)
        note_state(session->progress, target);
    else
        note_end(session, target);
}

static int report_end(const struct target *target)
{
    char text[PUSH_EXPLANATION_MAX];

    if (target->why_not != NULL)
        return report_failure("%s: its address is not known: %s", target->name, target->why_not);
    if (target->upload.outcome == PUSH_OK)
        return EXIT_OK;
    push_explain(&target->upload, text);
    return report_failure("%s: %s", target->name, text);
}

static int report_all(const struct session *session)
{
    size_t updated = 0;

    for (size_t i = 0; i < session->count; i++)
        updated += report_end(&session->targets[i]) == EXIT_OK;
    if (session->count > 1)
        printf("%zu of %zu devices updated\n", updated, session->count);
    return updated == session->count ? EXIT_OK : EXIT_FAILED;
}

/* ---- the uploads ---- */

static bool is_to_do(const struct target *target)
{
    return target->why_not == NULL && (target->upload.outcome == PUSH_PENDING ||
                                       target->upload.outcome == PUSH_PASSWORD_ASKED);
}

/* Serves all that are to do with the password there is. */
static void run_round(struct session *session)
{
    const struct push_watch watch = {session, look};
    const struct push_order *order = session->order;
    size_t count = 0;

    for (size_t i = 0; i < session->count; i++) {
        struct target *target = &session->targets[i];
        if (!is_to_do(target))
            continue;
        target->since_ms = ud_posix_clock_ms();
        session->configs[count].password = session->password;
        session->configs[count].device = target->upload.config.device;
        session->configs[count].listen_port =
            order->connect_port == 0 ? 0 : (uint16_t)(order->connect_port + i);
        session->owners[count++] = target;
    }
    push_loop(session->uploads, session->configs, count, &watch);
}

static bool is_password_asked(const struct session *session)
{
    for (size_t i = 0; i < session->count; i++)
        if (session->targets[i].upload.outcome == PUSH_PASSWORD_ASKED)
            return true;
    return false;
}

static int run(struct session *session)
{
    session->progress = progress_start(stdout, session->count);
    if (session->progress == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < session->count; i++)
        progress_name(session->progress, i, session->targets[i].name);
    run_round(session);
    if (is_password_asked(session)) {
        session->password = push_password_ask("Password of the devices: ");
        if (session->password != NULL)
            run_round(session);
    }
    progress_end(session->progress);
    return report_all(session);
}

/* ---- finding devices ---- */

static int make_room(struct session *session, size_t count)
{
    session->count = count;
    session->targets = calloc(count, sizeof *session->targets);
    session->uploads = calloc(count, sizeof *session->uploads);
    session->configs = calloc(count, sizeof *session->configs);
    session->owners = calloc(count, sizeof *session->owners);
    if (session->targets == NULL || session->uploads == NULL || session->configs == NULL ||
        session->owners == NULL)
        return report_failure("out of memory");
    return EXIT_OK;
}

static bool is_wanted(const struct push_order *order, const struct mdns_device *device)
{
    const char *board = mdns_text(device, "board");

    return order->board == NULL || (board != NULL && strcmp(board, order->board) == 0);
}

static void take_discovered(struct target *target, const struct mdns_device *device)
{
    target->port = device->port;
    snprintf(target->host, sizeof target->host, "%s", device->address);
    target->why_not = push_resolve(target->host, target->port, &target->upload.config.device);
}

static int find_all(struct session *session)
{
    const struct device_list *found = &session->found;
    size_t count = 0;
    int status = device_list_collect(&session->found, LOOK_AROUND_MS, NULL, NULL);

    if (status == EXIT_OK)
        status = make_room(session, found->count + 1); /* not of size zero */
    for (size_t i = 0; status == EXIT_OK && i < found->count; i++) {
        if (!is_wanted(session->order, &found->devices[i]))
            continue;
        struct target *target = &session->targets[count++];
        snprintf(target->name, sizeof target->name, "%s", found->devices[i].name);
        take_discovered(target, &found->devices[i]);
    }
    session->count = count;
    if (status == EXIT_OK && count == 0)
        return report_failure("no such device that takes uploads is in this network; updraft "
                              "discover lists them");
    return status;
}

/* A name that only mDNS may know. */
static bool is_sought(const struct target *target)
{
    return target->why_not != NULL &&
           (strchr(target->host, '.') == NULL || strstr(target->host, ".local") != NULL);
}

static bool all_found(void *ctx, const struct device_list *list)
{
    const struct session *session = ctx;

    for (size_t i = 0; i < session->count; i++)
        if (is_sought(&session->targets[i]) &&
            device_list_find(list, session->targets[i].host) == NULL)
            return false;
    return true;
}

/* Whether anything is sought or not: then it ends at once. */
static int find_by_mdns(struct session *session)
{
    if (all_found(session, &session->found))
        return EXIT_OK;
    const int status = device_list_collect(&session->found, LOOK_FOR_MS, all_found, session);
    for (size_t i = 0; i < session->count; i++) {
        struct target *target = &session->targets[i];
        const struct mdns_device *device =
            is_sought(target) ? device_list_find(&session->found, target->host) : NULL;
        if (device != NULL)
            take_discovered(target, device);
    }
    return status;
}

static int find_named(struct session *session)
{
    const struct push_order *order = session->order;
    const int status = make_room(session, order->host_count);

    for (size_t i = 0; status == EXIT_OK && i < order->host_count; i++) {
        struct target *target = &session->targets[i];
        target->port = (uint16_t)order->port;
        snprintf(target->name, sizeof target->name, "%s", order->hosts[i]);
        if (!push_host_parse(order->hosts[i], target->host, &target->port))
            return report_usage("%s is no HOST or HOST:PORT", order->hosts[i]);
        target->why_not = push_resolve(target->host, target->port, &target->upload.config.device);
    }
    if (status == EXIT_OK)
        (void)find_by_mdns(session); /* what is not found is told of in the end */
    return status;
}

/* ---- getting ready ---- */

static int get_ready(struct session *session)
{
    const struct push_order *order = session->order;
    const struct push_config config = {
        .image = &session->file.image,
        .bind_to = order->listen,
        .timeout_ms = (uint32_t)order->timeout_s * MS_PER_S,
        .md5_first = order->md5,
    };
    const int status = order->all ? find_all(session) : find_named(session);

    if (status != EXIT_OK)
        return status;
    if (order->connect_port > 0 && session->count > UINT16_MAX - order->connect_port + 1)
        return report_usage("--connect-port %lu leaves too few ports for %zu devices",
                            order->connect_port, session->count);
    for (size_t i = 0; i < session->count; i++) {
        session->configs[i] = config;
        session->targets[i].row = i;
    }
    return push_password_find(order->password_file, &session->password);
}

static void clean_up(struct session *session)
{
    push_password_free(session->password);
    free(session->file.bytes.data);
    device_list_free(&session->found);
    free(session->targets);
    free(session->uploads);
    free(session->configs);
    free(session->owners);
}

static int push_to_hosts(struct session *session)
{
    const int status = get_ready(session);

    return status == EXIT_OK ? run(session) : status;
}

static int push_all(const struct push_order *order)
{
    struct session session = {.order = order};
    const struct push_page_order page = {order->url, order->user, order->password_file,
                                         (uint32_t)order->timeout_s * MS_PER_S};
    const enum ud_command command = order->filesystem ? UD_COMMAND_FILESYSTEM : UD_COMMAND_FIRMWARE;
    int status = push_file_load(order->file, command, &session.file);

    if (status != EXIT_OK)
        return status;
    if (order->gzip && push_file_compress(command, &session.file) != EXIT_OK) {
        clean_up(&session);
        return EXIT_FAILED;
    }
    if (session.file.is_signed)
        printf("%s exists and is sent instead%s\n", session.file.path,
               session.file.is_stale ? ", although it is older: sign anew if it is not meant" : "");
    status = order->url != NULL ? push_to_page(&page, &session.file) : push_to_hosts(&session);
    clean_up(&session);
    return status;
}

int command_push(int argc, char **argv)
{
    struct push_order order = {.port = UD_ESPOTA_PORT_ESP8266, .timeout_s = 10};
    const enum options_result parsed = parse(argc, argv, &order);

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    const int status = check(&order);
    return status == EXIT_OK ? push_all(&order) : status;
}
