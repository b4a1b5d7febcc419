/* `updraft webhook`: who a server tells of events. */
#include "host/file.h"
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_DEFAULT "rollout.*"
#define SECRET_LONGEST 4096 /* bytes of the file */

struct webhook_options {
    struct operate_options operate;
    const char *events, *url, *secret_file; /* null = not given */
};

typedef int action_function(struct api_client *client, const struct webhook_options *options,
                            const char *operand);

static action_function list_webhooks, add_webhook, set_webhook, enable_webhook, disable_webhook,
    remove_webhook, test_webhook, show_log;

static const struct action {
    const char *name;
    const char *operand; /* null = none */
    bool takes_settings;
    action_function *run;
} actions[] = {
    {"list", NULL, false, list_webhooks},      {"add", "URL", true, add_webhook},
    {"set", "ID", true, set_webhook},          {"enable", "ID", false, enable_webhook},
    {"disable", "ID", false, disable_webhook}, {"remove", "ID", false, remove_webhook},
    {"test", "ID", false, test_webhook},       {"log", "ID", false, show_log},
};

static enum options_result parse(int argc, char **argv, struct webhook_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"events", 'e', OPTION_TEXT, &options->events, "LIST",
         "add, set: names and patterns, commas between (default " EVENTS_DEFAULT ")"},
        {"url", 0, OPTION_TEXT, &options->url, "URL", "set: another address"},
        {"secret-file", 0, OPTION_TEXT, &options->secret_file, "FILE",
         "add, set: what signatures are made with; default a new one, printed once"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft webhook",
        "[list | add URL | set ID | enable ID | disable ID | remove ID | test ID | log ID]",
        "  list        all webhooks, and how they do\n"
        "  add URL     have it told of --events, and print the secret of its signatures\n"
        "  set ID      --events, --url, --secret-file\n"
        "  enable ID   try again what waits, after it was disabled\n"
        "  disable ID  tell it nothing\n"
        "  remove ID   forget it and what waits\n"
        "  test ID     send it the event webhook.test\n"
        "  log ID      what was delivered, and what was not",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static int ask(struct api_client *client, const struct webhook_options *options, const char *method,
               const char *path, const json_t *body, int (*print)(const json_t *answer))
{
    json_t *answer = NULL;
    int status = api_call(client, method, path, body, &answer, NULL);

    if (status == EXIT_OK && answer != NULL)
        status = options->operate.json ? operate_print_json(answer) : print(answer);
    json_decref(answer);
    return status;
}

/* --- printing --- */

static const char *state_of(const json_t *webhook)
{
    if (!json_is_true(json_object_get(webhook, "enabled")))
        return "disabled";
    return json_is_null(json_object_get(webhook, "failing_since")) ? "fine" : "failing";
}

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void add_events(struct table *table, const json_t *events)
{
    char text[300] = "";
    size_t length = 0;

    for (size_t i = 0; i < json_array_size(events) && length < sizeof text; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i > 0 ? "," : "",
                                   json_string_value(json_array_get(events, i)));
    table_cell(table, "%s", text);
}

static int finish_table(struct table *table)
{
    const int result = table_print(table, stdout, 0);

    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

static int print_list(const json_t *answer)
{
    static const struct table_column columns[] = {
        {"ID", TABLE_RIGHT},    {"URL", TABLE_LEFT},      {"EVENTS", TABLE_LEFT},
        {"STATE", TABLE_LEFT},  {"WAITING", TABLE_RIGHT}, {"DROPPED", TABLE_RIGHT},
        {"REASON", TABLE_LEFT}, {NULL, TABLE_LEFT}};
    const json_t *webhooks = json_object_get(answer, "webhooks");
    struct table *table;

    if (json_array_size(webhooks) == 0) {
        printf("no webhooks: updraft webhook add URL --events rollout.*\n");
        return EXIT_OK;
    }
    table = table_start(columns);
    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(webhooks); i++) {
        const json_t *webhook = json_array_get(webhooks, i);
        table_cell(table, "%lld", number(webhook, "id"));
        table_cell(table, "%s", operate_text(webhook, "url"));
        add_events(table, json_object_get(webhook, "events"));
        table_cell(table, "%s", state_of(webhook));
        table_cell(table, "%lld", number(webhook, "waiting"));
        table_cell(table, "%lld", number(webhook, "dropped"));
        table_cell(table, "%s", operate_text(webhook, "reason"));
    }
    return finish_table(table);
}

static int print_one(const json_t *webhook)
{
    printf("webhook %lld to %s is %s, %lld waiting\n", number(webhook, "id"),
           operate_text(webhook, "url"), state_of(webhook), number(webhook, "waiting"));
    return EXIT_OK;
}

static int print_added(const json_t *answer)
{
    print_one(json_object_get(answer, "webhook"));
    printf("its secret, shown only now: %s\n", operate_text(answer, "secret"));
    return EXIT_OK;
}

static int print_log(const json_t *answer)
{
    static const struct table_column columns[] = {{"ID", TABLE_RIGHT},       {"EVENT", TABLE_LEFT},
                                                  {"CREATED", TABLE_LEFT},   {"STATE", TABLE_LEFT},
                                                  {"ATTEMPTS", TABLE_RIGHT}, {"ERROR", TABLE_LEFT},
                                                  {NULL, TABLE_LEFT}};
    const json_t *deliveries = json_object_get(answer, "deliveries");
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        const json_t *delivery = json_array_get(deliveries, i);
        table_cell(table, "%lld", number(delivery, "id"));
        table_cell(table, "%s", operate_text(delivery, "event"));
        table_cell(table, "%.19s", operate_text(delivery, "created"));
        table_cell(table, "%s", operate_text(delivery, "state"));
        table_cell(table, "%lld", number(delivery, "attempts"));
        table_cell(table, "%s", operate_text(delivery, "error"));
    }
    return finish_table(table);
}

/* --- asking --- */

static int list_webhooks(struct api_client *client, const struct webhook_options *options,
                         const char *operand)
{
    (void)operand;
    return ask(client, options, "GET", "/webhooks", NULL, print_list);
}

static json_t *split_events(const char *list)
{
    json_t *array = json_array();

    while (*list != '\0') {
        const size_t length = strcspn(list, ",");
        json_array_append_new(array, json_stringn(list, length));
        list += length;
        list += *list == ',';
    }
    return array;
}

/* The options' settings as a body. EXIT_OK, or reported. */
static int make_body(const struct webhook_options *options, const char *url, const char *events,
                     json_t **out)
{
    struct file_bytes secret = {.data = NULL};
    json_t *body = json_object();

    if (url != NULL)
        json_object_set_new(body, "url", json_string(url));
    if (events != NULL)
        json_object_set_new(body, "events", split_events(events));
    if (options->secret_file != NULL) {
        const int result = file_read(options->secret_file, SECRET_LONGEST, &secret);
        if (result != 0) {
            json_decref(body);
            return report_failure("%s: %s", options->secret_file, strerror(-result));
        }
        while (secret.length > 0 && secret.data[secret.length - 1] <= ' ')
            secret.length--;
        json_object_set_new(body, "secret", json_stringn((const char *)secret.data, secret.length));
        free(secret.data);
    }
    *out = body;
    return EXIT_OK;
}

static int add_webhook(struct api_client *client, const struct webhook_options *options,
                       const char *operand)
{
    json_t *body = NULL;
    const char *events = options->events != NULL ? options->events : EVENTS_DEFAULT;
    int status = make_body(options, operand, events, &body);

    if (status == EXIT_OK)
        status = ask(client, options, "POST", "/webhooks", body, print_added);
    json_decref(body);
    return status;
}

/* "/webhooks/ID…"; false, and reported, when that is no number. */
static bool make_path(char *path, size_t size, const char *id, const char *rest)
{
    if (id[0] != '\0' && strlen(id) <= 10 && strspn(id, "0123456789") == strlen(id)) {
        snprintf(path, size, "/webhooks/%s%s", id, rest);
        return true;
    }
    report_usage("%.40s is no webhook's number", id);
    return false;
}

static int put(struct api_client *client, const struct webhook_options *options, const char *id,
               const json_t *body)
{
    char path[40];

    if (!make_path(path, sizeof path, id, ""))
        return EXIT_USAGE;
    return ask(client, options, "PUT", path, body, print_one);
}

static int set_webhook(struct api_client *client, const struct webhook_options *options,
                       const char *operand)
{
    json_t *body = NULL;
    int status = make_body(options, options->url, options->events, &body);

    if (status == EXIT_OK)
        status = put(client, options, operand, body);
    json_decref(body);
    return status;
}

static int set_enabled(struct api_client *client, const struct webhook_options *options,
                       const char *id, bool is_enabled)
{
    json_t *body = json_pack("{sb}", "enabled", is_enabled);
    const int status = put(client, options, id, body);

    json_decref(body);
    return status;
}

static int enable_webhook(struct api_client *client, const struct webhook_options *options,
                          const char *operand)
{
    return set_enabled(client, options, operand, true);
}

static int disable_webhook(struct api_client *client, const struct webhook_options *options,
                           const char *operand)
{
    return set_enabled(client, options, operand, false);
}

static int ask_about(struct api_client *client, const struct webhook_options *options,
                     const char *method, const char *id, const char *rest,
                     int (*print)(const json_t *answer))
{
    char path[40];

    if (!make_path(path, sizeof path, id, rest))
        return EXIT_USAGE;
    return ask(client, options, method, path, NULL, print);
}

static int remove_webhook(struct api_client *client, const struct webhook_options *options,
                          const char *operand)
{
    return ask_about(client, options, "DELETE", operand, "", print_one);
}

static int test_webhook(struct api_client *client, const struct webhook_options *options,
                        const char *operand)
{
    return ask_about(client, options, "POST", operand, "/test", print_one);
}

static int show_log(struct api_client *client, const struct webhook_options *options,
                    const char *operand)
{
    return ask_about(client, options, "GET", operand, "/deliveries", print_log);
}

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* EXIT_OK, or reported. */
static int check_call(const struct action *action, const struct webhook_options *options,
                      int operands, char **argv)
{
    const int expected = action->operand != NULL ? 2 : 1;
    const bool has_settings =
        options->events != NULL || options->url != NULL || options->secret_file != NULL;

    if (operands < expected && action->operand != NULL)
        return report_usage("%s needs a %s", action->name, action->operand);
    if (operands > expected)
        return report_usage("%s is not expected", argv[expected + 1]);
    if (has_settings && !action->takes_settings)
        return report_usage("%s does not take --events, --url or --secret-file", action->name);
    if (options->url != NULL && action->run == add_webhook)
        return report_usage("add takes the URL without --url");
    if (!has_settings && action->run == set_webhook)
        return report_usage("set what? give --events, --url or --secret-file");
    return EXIT_OK;
}

int command_webhook(int argc, char **argv)
{
    struct webhook_options options = {.events = NULL};
    struct api_client *client;
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage("%s is not one of list, add, set, enable, disable, remove, test, log",
                            argv[1]);
    int status = check_call(action, &options, operands > 0 ? operands : 1, argv);
    if (status == EXIT_OK)
        status = api_open(&options.operate.access, &client);
    if (status != EXIT_OK)
        return status;
    status = action->run(client, &options, operands > 1 ? argv[2] : "");
    api_close(client);
    return status;
}
