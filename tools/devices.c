/* `updraft devices`: the devices of a server, and what they should run. */
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/devices_exchange.h"
#include "tools/devices_pages.h"
#include "tools/devices_text.h"
#include "tools/operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct devices_options {
    struct operate_options operate;
    const char *product, *group, *channel, *pin; /* null = not given */
    const char *state, *filter, *tags, *alias, *notes, *utc_offset, *output, *accept;
    bool downgrade, decommission, recommission;
};

/* What the options are for, as bits of what an action takes. */
enum devices_option {
    OPTION_PRODUCT = 1 << 0,
    OPTION_GROUP = 1 << 1,
    OPTION_CHANNEL = 1 << 2,
    OPTION_PIN = 1 << 3,
    OPTION_STATE = 1 << 4,
    OPTION_DOWNGRADE = 1 << 5,
    OPTION_FILTER = 1 << 6,
    OPTION_TAGS = 1 << 7,
    OPTION_ALIAS = 1 << 8,
    OPTION_NOTES = 1 << 9,
    OPTION_UTC_OFFSET = 1 << 10,
    OPTION_DECOMMISSION = 1 << 11,
    OPTION_RECOMMISSION = 1 << 12,
    OPTION_OUTPUT = 1 << 13,
    OPTION_ACCEPT = 1 << 14,
};

/* What can be set for devices and groups, and for devices only. */
#define OPTIONS_OF_ALL                                                                             \
    (OPTION_PRODUCT | OPTION_CHANNEL | OPTION_PIN | OPTION_DOWNGRADE | OPTION_UTC_OFFSET)
#define OPTIONS_OF_DEVICE                                                                          \
    (OPTION_GROUP | OPTION_TAGS | OPTION_ALIAS | OPTION_NOTES | OPTION_DECOMMISSION |              \
     OPTION_RECOMMISSION)

typedef int action_function(struct api_client *client, const struct devices_options *options,
                            const char *name);

static action_function list_devices, show_device, show_history, set_device, retry_device,
    remove_device, list_groups, set_group, export_devices, import_devices;

static const struct action {
    const char *name;
    const char *operand; /* what follows, null = nothing */
    unsigned options;    /* of enum devices_option: what it takes */
    bool needs_option;   /* at least one */
    action_function *run;
} actions[] = {
    {"list", NULL, OPTION_PRODUCT | OPTION_GROUP | OPTION_STATE | OPTION_FILTER, false,
     list_devices},
    {"show", "MAC", 0, false, show_device},
    {"history", "MAC", 0, false, show_history},
    {"set", "MAC", OPTIONS_OF_ALL | OPTIONS_OF_DEVICE, true, set_device},
    {"retry", "MAC", 0, false, retry_device},
    {"remove", "MAC", 0, false, remove_device},
    {"export", NULL, OPTION_PRODUCT | OPTION_GROUP | OPTION_STATE | OPTION_FILTER | OPTION_OUTPUT,
     false, export_devices},
    {"import", "FILE", 0, false, import_devices},
    {"groups", NULL, 0, false, list_groups},
    {"group", "NAME", OPTIONS_OF_ALL | OPTION_ACCEPT, true, set_group},
};

static enum options_result parse(int argc, char **argv, struct devices_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"product", 'p', OPTION_TEXT, &options->product, "P", "set, or list only these"},
        {"group", 'g', OPTION_TEXT, &options->group, "G", "set, or list only these"},
        {"channel", 'c', OPTION_TEXT, &options->channel, "C", "set: follow this channel"},
        {"pin", 0, OPTION_TEXT, &options->pin, "V", "set: stay at this version"},
        {"downgrade", 0, OPTION_FLAG, &options->downgrade, NULL,
         "set: the pin may be older than what runs"},
        {"tags", 0, OPTION_TEXT, &options->tags, "A,B", "set: names to find it by"},
        {"alias", 0, OPTION_TEXT, &options->alias, "TEXT", "set: what people call it"},
        {"notes", 0, OPTION_TEXT, &options->notes, "TEXT", "set: a remark"},
        {"utc-offset", 0, OPTION_TEXT, &options->utc_offset, "MINUTES",
         "set: its time zone, for maintenance windows; -60 is west"},
        {"decommission", 0, OPTION_FLAG, &options->decommission, NULL,
         "set: it gets nothing and does not count"},
        {"recommission", 0, OPTION_FLAG, &options->recommission, NULL, "set: it does again"},
        {"filter", 0, OPTION_TEXT, &options->filter, "TERMS",
         "list only devices that match, like 'chip=ESP8266 version<2.0 tag=lab'"},
        {"accept", 0, OPTION_TEXT, &options->accept, "TERMS",
         "group: new devices that match join it by themselves, like 'mac=5C:CF:7F:*'"},
        {"output", 'o', OPTION_TEXT, &options->output, "FILE", "export: there, not to stdout"},
        {"state", 0, OPTION_TEXT, &options->state, "S", "list only devices in this state"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft devices",
        "[list | show MAC | history MAC | set MAC | retry MAC | remove MAC |\n"
        "                        export | import FILE | groups | group NAME]",
        "  list        all devices (or --product, --group, --state)\n"
        "  show MAC    one device, and why it is sent what it is sent\n"
        "  history MAC what happened with it, newest first\n"
        "  set MAC     --product, --group, --channel, --pin, --tags and so on; an empty\n"
        "              value ('') clears it\n"
        "  retry MAC   forget failed attempts\n"
        "  remove MAC  forget the device\n"
        "  export      as CSV, or with --json as JSON, what import takes\n"
        "  import FILE enter all that are in the file, and set what it says\n"
        "  groups      all groups\n"
        "  group NAME  set a group's --product, --channel, --pin, --utc-offset",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static unsigned given_options(const struct devices_options *options)
{
    return (options->product != NULL ? OPTION_PRODUCT : 0u) |
           (options->group != NULL ? OPTION_GROUP : 0u) |
           (options->channel != NULL ? OPTION_CHANNEL : 0u) |
           (options->pin != NULL ? OPTION_PIN : 0u) | (options->state != NULL ? OPTION_STATE : 0u) |
           (options->filter != NULL ? OPTION_FILTER : 0u) |
           (options->tags != NULL ? OPTION_TAGS : 0u) |
           (options->alias != NULL ? OPTION_ALIAS : 0u) |
           (options->notes != NULL ? OPTION_NOTES : 0u) |
           (options->utc_offset != NULL ? OPTION_UTC_OFFSET : 0u) |
           (options->output != NULL ? OPTION_OUTPUT : 0u) |
           (options->accept != NULL ? OPTION_ACCEPT : 0u) |
           (options->downgrade ? OPTION_DOWNGRADE : 0u) |
           (options->decommission ? OPTION_DECOMMISSION : 0u) |
           (options->recommission ? OPTION_RECOMMISSION : 0u);
}

/* The name of the first of them. */
static const char *option_name(unsigned options)
{
    static const struct {
        enum devices_option option;
        const char *name;
    } names[] = {{OPTION_PRODUCT, "--product"},
                 {OPTION_GROUP, "--group"},
                 {OPTION_CHANNEL, "--channel"},
                 {OPTION_PIN, "--pin"},
                 {OPTION_STATE, "--state"},
                 {OPTION_DOWNGRADE, "--downgrade"},
                 {OPTION_FILTER, "--filter"},
                 {OPTION_TAGS, "--tags"},
                 {OPTION_ALIAS, "--alias"},
                 {OPTION_NOTES, "--notes"},
                 {OPTION_OUTPUT, "--output"},
                 {OPTION_ACCEPT, "--accept"},
                 {OPTION_UTC_OFFSET, "--utc-offset"},
                 {OPTION_DECOMMISSION, "--decommission"},
                 {OPTION_RECOMMISSION, "--recommission"}};
    size_t i = 0;

    while (i + 1 < sizeof names / sizeof names[0] && !(options & names[i].option))
        i++;
    return names[i].name;
}

/* EXIT_OK, or reported. */
static int check_call(const struct action *action, const struct devices_options *options,
                      int operands, char **argv)
{
    const int expected = action->operand != NULL ? 2 : 1;
    const unsigned given = given_options(options);

    if (operands < expected && action->operand != NULL)
        return report_usage("%s needs a %s", action->name, action->operand);
    if (operands > expected)
        return report_usage("%s is not expected", argv[expected + 1]);
    if (given & ~action->options)
        return report_usage("%s does not take %s", action->name,
                            option_name(given & ~action->options));
    if (action->needs_option && given == 0)
        return report_usage("%s what? give --product, --channel or --pin", action->name);
    return EXIT_OK;
}

/* Asks, prints the answer as JSON or by `print`. */
static int ask(struct api_client *client, const struct devices_options *options, const char *method,
               const char *path, const json_t *body, int (*print)(const json_t *answer))
{
    json_t *answer = NULL;
    int status = path != NULL ? api_call(client, method, path, body, &answer, NULL)
                              : report_failure("out of memory");

    if (status == EXIT_OK)
        status =
            options->operate.json && answer != NULL ? operate_print_json(answer) : print(answer);
    json_decref(answer);
    return status;
}

static struct devices_choice choice_of(const struct devices_options *options)
{
    return (struct devices_choice){options->product, options->group, options->state,
                                   options->filter};
}

static json_t *as_it_is(json_t *device)
{
    return json_incref(device);
}

struct listed {
    struct table *table;
    size_t count;
};

static bool add_rows(void *ctx, const json_t *devices)
{
    struct listed *listed = ctx;
    const json_t *device;
    size_t i;

    json_array_foreach(devices, i, device)
    {
        devices_add_row(listed->table, device);
    }
    listed->count += json_array_size(devices);
    return true;
}

static int print_listed(struct api_client *client, const struct devices_choice *choice)
{
    struct listed listed = {.table = devices_table()};

    if (listed.table == NULL)
        return report_failure("out of memory");
    const int status = devices_each_page(client, choice, add_rows, &listed);
    if (status == EXIT_OK && listed.count > 0)
        return operate_print_table(listed.table);
    table_free(listed.table);
    if (status == EXIT_OK)
        printf("no devices: they appear when they first ask the server's /update\n");
    return status;
}

static int list_devices(struct api_client *client, const struct devices_options *options,
                        const char *name)
{
    const struct devices_choice choice = choice_of(options);

    (void)name;
    return options->operate.json
               ? devices_write_json(client, &choice, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER,
                                    as_it_is)
               : print_listed(client, &choice);
}

/* "/devices/NAME/rest"; false, and reported, when the name cannot be part of a
 * path: the server would only see half of it. */
static bool make_path(char *path, size_t size, const char *kind, const char *name, const char *rest)
{
    if (name[0] != '\0' && strlen(name) <= 64 &&
        strspn(name, DEVICES_NAME_CHARACTERS) == strlen(name)) {
        snprintf(path, size, "/%s/%s%s", kind, name, rest);
        return true;
    }
    if (strcmp(kind, "devices") == 0)
        report_usage("%.80s is not a MAC address, like 5C:CF:7F:00:00:01", name);
    else
        report_usage("%.80s cannot be a group's name", name);
    return false;
}

static int show_device(struct api_client *client, const struct devices_options *options,
                       const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "devices", name, ""))
        return EXIT_USAGE;
    return ask(client, options, "GET", path, NULL, devices_print_one);
}

static int show_history(struct api_client *client, const struct devices_options *options,
                        const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "devices", name, "/history"))
        return EXIT_USAGE;
    return ask(client, options, "GET", path, NULL, devices_print_history);
}

static void add_setting(json_t *body, const char *name, const char *value)
{
    if (value != NULL)
        json_object_set_new(body, name, value[0] != '\0' ? json_string(value) : json_null());
}

/* "a,b" as an array. */
static void add_tags(json_t *body, const char *tags)
{
    json_t *array = json_array();

    for (size_t length; *tags != '\0'; tags += length + (tags[length] == ',')) {
        length = strcspn(tags, ",");
        json_array_append_new(array, json_stringn(tags, length));
    }
    json_object_set_new(body, "tags", array);
}

/* A number, or null for ''; what is no number the server refuses. */
static void add_offset(json_t *body, const char *minutes)
{
    char *end;
    const long value = strtol(minutes, &end, 10);

    json_object_set_new(body, "utc_offset_minutes",
                        minutes[0] == '\0' ? json_null()
                        : *end == '\0'     ? json_integer(value)
                                           : json_string(minutes));
}

static json_t *settings_of(const struct devices_options *options)
{
    json_t *body = json_object();

    add_setting(body, "product", options->product);
    add_setting(body, "group", options->group);
    add_setting(body, "channel", options->channel);
    add_setting(body, "pin", options->pin);
    add_setting(body, "alias", options->alias);
    add_setting(body, "notes", options->notes);
    add_setting(body, "accept", options->accept);
    if (options->tags != NULL)
        add_tags(body, options->tags);
    if (options->utc_offset != NULL)
        add_offset(body, options->utc_offset);
    if (options->downgrade)
        json_object_set_new(body, "downgrade", json_true());
    if (options->decommission || options->recommission)
        json_object_set_new(body, "decommissioned", json_boolean(options->decommission));
    return body;
}

static int put(struct api_client *client, const struct devices_options *options, const char *path,
               int (*print)(const json_t *answer))
{
    json_t *body = settings_of(options);
    const int status = ask(client, options, "PUT", path, body, print);
    json_decref(body);
    return status;
}

static int set_device(struct api_client *client, const struct devices_options *options,
                      const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "devices", name, ""))
        return EXIT_USAGE;
    return put(client, options, path, devices_print_state);
}

static int retry_device(struct api_client *client, const struct devices_options *options,
                        const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "devices", name, "/retry"))
        return EXIT_USAGE;
    return ask(client, options, "POST", path, NULL, devices_print_state);
}

static int print_removed(const json_t *answer)
{
    (void)answer;
    return EXIT_OK;
}

static int remove_device(struct api_client *client, const struct devices_options *options,
                         const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "devices", name, ""))
        return EXIT_USAGE;
    return ask(client, options, "DELETE", path, NULL, print_removed);
}

static int export_devices(struct api_client *client, const struct devices_options *options,
                          const char *name)
{
    const struct devices_choice choice = choice_of(options);

    (void)name;
    return devices_export(client, &choice, options->output, options->operate.json);
}

static int import_devices(struct api_client *client, const struct devices_options *options,
                          const char *name)
{
    (void)options;
    return devices_import(client, name);
}

static int list_groups(struct api_client *client, const struct devices_options *options,
                       const char *name)
{
    (void)name;
    return ask(client, options, "GET", "/groups", NULL, devices_print_groups);
}

static int set_group(struct api_client *client, const struct devices_options *options,
                     const char *name)
{
    char path[100];

    if (!make_path(path, sizeof path, "groups", name, ""))
        return EXIT_USAGE;
    return put(client, options, path, devices_print_group);
}

int command_devices(int argc, char **argv)
{
    struct devices_options options = {.product = NULL};
    struct api_client *client;
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage(
            "%s is not one of list, show, history, set, retry, remove, export, import, groups, "
            "group",
            argv[1]);
    int status = operands > 0 ? check_call(action, &options, operands, argv)
                              : check_call(action, &options, 1, argv);
    if (status == EXIT_OK)
        status = api_open(&options.operate.access, &client);
    if (status != EXIT_OK)
        return status;
    status = action->run(client, &options, operands > 1 ? argv[2] : "");
    api_close(client);
    return status;
}
