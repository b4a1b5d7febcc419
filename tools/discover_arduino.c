/* The Arduino IDE's pluggable discovery protocol, version 1: commands are lines on
 * stdin, answers and events are JSON objects on stdout. A device shows as the port
 * that arduino's own mdns-discovery would make of it.
 */
#include "host/report.h"
#include "tools/discover.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROTOCOL_VERSION 1
#define LINE_MAX_BYTES   1024u

enum mode { GREETED_NOT, STOPPED, STARTED, SYNCED };

struct arduino {
    enum mode mode;
    bool has_quit;
    struct mdns_browser *browser;
    struct device_list list;
    char line[LINE_MAX_BYTES]; /* a command as far as it has come */
    size_t length;
};

/* ---- messages ---- */

static void print(json_t *message)
{
    json_dumpf(message, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(message);
    putchar('\n');
    fflush(stdout);
}

static void say_ok(const char *event)
{
    print(json_pack("{s:s, s:s}", "eventType", event, "message", "OK"));
}

static void say_error(const char *event, const char *message)
{
    print(json_pack("{s:s, s:b, s:s}", "eventType", event, "error", true, "message", message));
}

static json_t *properties_of(const struct mdns_device *device)
{
    json_t *properties = json_object();
    char port[8];

    snprintf(port, sizeof port, "%u", device->port);
    json_object_set_new(properties, "hostname", json_string(device->host));
    json_object_set_new(properties, "port", json_string(port));
    for (size_t i = 0; i < device->text_count; i++) {
        char key[MDNS_TEXT_MAX];
        const char *text = device->texts[i];
        const char *equals = strchr(text, '=');
        if (equals == NULL)
            continue;
        snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
        /* No UTF-8, no property: null is not put in. */
        json_object_set_new(properties, key, json_string(equals + 1));
    }
    const char *board = mdns_text(device, "board");
    if (board != NULL)
        json_object_set_new(properties, ".", json_string(board));
    return properties;
}

static json_t *port_of(const struct mdns_device *device)
{
    char label[sizeof device->name + sizeof device->address + 8];

    snprintf(label, sizeof label, "%s at %s", device->name, device->address);
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "address", device->address, "label", label,
                     "protocol", "network", "protocolLabel", "Network Port", "properties",
                     properties_of(device));
}

static void say_added(const struct mdns_device *device)
{
    print(json_pack("{s:s, s:o}", "eventType", "add", "port", port_of(device)));
}

static void say_removed(const struct mdns_device *device)
{
    print(json_pack("{s:s, s:{s:s, s:s}}", "eventType", "remove", "port", "address",
                    device->address, "protocol", "network"));
}

/* ---- devices ---- */

static bool is_same(const struct mdns_device *one, const struct mdns_device *other)
{
    return strcmp(one->host, other->host) == 0 && strcmp(one->address, other->address) == 0 &&
           one->port == other->port && one->text_count == other->text_count &&
           memcmp(one->texts, other->texts, one->text_count * sizeof one->texts[0]) == 0;
}

static void found(void *ctx, const struct mdns_device *device)
{
    struct arduino *arduino = ctx;
    const struct mdns_device *known = device_list_find(&arduino->list, device->name);
    const bool has_moved = known != NULL && strcmp(known->address, device->address) != 0;

    if (known != NULL && is_same(known, device))
        return;
    if (arduino->mode == SYNCED && has_moved)
        say_removed(known);
    if (device_list_put(&arduino->list, device) && arduino->mode == SYNCED)
        say_added(device);
}

static void lost(void *ctx, const char *name)
{
    struct arduino *arduino = ctx;
    const struct mdns_device *known = device_list_find(&arduino->list, name);

    if (known != NULL && arduino->mode == SYNCED)
        say_removed(known);
    device_list_drop(&arduino->list, name);
}

/* ---- commands ---- */

/* "1 \"arduino-cli 1.0\"": a version this speaks, and who asks. */
static void hello(struct arduino *arduino, const char *rest)
{
    int version, end = 0;

    if (arduino->mode != GREETED_NOT) {
        say_error("hello", "HELLO already called");
        return;
    }
    if (sscanf(rest, "%d %*1[\"]%*[^\"]%*1[\"]%n", &version, &end) < 1 || end == 0) {
        say_error("hello", "Invalid HELLO command");
        return;
    }
    arduino->mode = STOPPED;
    print(json_pack("{s:s, s:i, s:s}", "eventType", "hello", "protocolVersion", PROTOCOL_VERSION,
                    "message", "OK"));
}

static void start_in(struct arduino *arduino, const char *event, enum mode mode)
{
    if (arduino->mode != STOPPED) {
        say_error(event, arduino->mode == SYNCED ? "Discovery already START_SYNCed"
                                                 : "Discovery already STARTed");
        return;
    }
    arduino->mode = mode;
    say_ok(event);
    for (size_t i = 0; mode == SYNCED && i < arduino->list.count; i++)
        say_added(&arduino->list.devices[i]);
}

static void start(struct arduino *arduino, const char *rest)
{
    (void)rest;
    start_in(arduino, "start", STARTED);
}

static void start_sync(struct arduino *arduino, const char *rest)
{
    (void)rest;
    start_in(arduino, "start_sync", SYNCED);
}

static void stop(struct arduino *arduino, const char *rest)
{
    (void)rest;
    if (arduino->mode == STOPPED) {
        say_error("stop", "Discovery already STOPped");
        return;
    }
    arduino->mode = STOPPED;
    say_ok("stop");
}

static void list(struct arduino *arduino, const char *rest)
{
    json_t *ports;

    (void)rest;
    if (arduino->mode != STARTED) {
        say_error("list", arduino->mode == SYNCED
                              ? "discovery already START_SYNCed, LIST not allowed"
                              : "Discovery not STARTed");
        return;
    }
    ports = json_array();
    for (size_t i = 0; i < arduino->list.count; i++)
        json_array_append_new(ports, port_of(&arduino->list.devices[i]));
    print(json_pack("{s:s, s:o}", "eventType", "list", "ports", ports));
}

static void quit(struct arduino *arduino, const char *rest)
{
    (void)rest;
    arduino->has_quit = true;
    say_ok("quit");
}

static const struct command {
    const char *name;
    void (*run)(struct arduino *arduino, const char *rest);
} commands[] = {
    {"HELLO", hello}, {"START", start}, {"STOP", stop},
    {"LIST", list},   {"QUIT", quit},   {"START_SYNC", start_sync},
};

static void refuse(const char *before, const char *word, const char *after)
{
    char message[LINE_MAX_BYTES + 64];

    snprintf(message, sizeof message, "%s%s%s", before, word, after);
    say_error("command_error", message);
}

static void obey(struct arduino *arduino, char *line)
{
    char *rest = line + strcspn(line, " ");
    const bool has_greeted = arduino->mode != GREETED_NOT;

    if (*rest != '\0')
        *rest++ = '\0';
    for (char *c = line; *c != '\0'; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *command = &commands[i];
        if (strcmp(command->name, line) != 0)
            continue;
        if (has_greeted || command->run == hello || command->run == quit)
            command->run(arduino, rest);
        else
            refuse("First command must be HELLO, but got '", line, "'");
        return;
    }
    refuse("Command ", line, " not supported");
}

static void take_byte(struct arduino *arduino, char c)
{
    if (c != '\n') {
        if (arduino->length < sizeof arduino->line - 1 && c != '\r')
            arduino->line[arduino->length++] = c;
        return;
    }
    arduino->line[arduino->length] = '\0';
    arduino->length = 0;
    if (arduino->line[0] != '\0')
        obey(arduino, arduino->line);
}

/* The IDE is gone when its end of the pipe is. */
static void readable(void *ctx)
{
    struct arduino *arduino = ctx;
    char bytes[256];
    const ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);

    if (length == 0 || (length < 0 && errno != EINTR && errno != EAGAIN))
        arduino->has_quit = true;
    for (ssize_t i = 0; i < length && !arduino->has_quit; i++)
        take_byte(arduino, bytes[i]);
}

int discover_for_arduino(void)
{
    struct arduino arduino = {0};
    const struct mdns_events events = {&arduino, found, lost, readable};
    const char *why = "";

    arduino.browser = mdns_browse(&events, STDIN_FILENO, &why);
    if (arduino.browser == NULL)
        return report_failure("the local network cannot be searched by mDNS: %s", why);
    while (!arduino.has_quit && mdns_browser_step(arduino.browser, -1))
        ;
    mdns_browser_free(arduino.browser);
    device_list_free(&arduino.list);
    return EXIT_OK;
}
