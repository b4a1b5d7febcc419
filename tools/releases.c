/* `updraft releases`: what a server has to give out, and what it gives out no more. */
#include "host/report.h"
#include "host/table.h"
#include "host/text.h"
#include "tools/command.h"
#include "tools/operate.h"
#include "tools/releases_keys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NO_KEY_UPDATE ULONG_MAX /* none is given */

struct releases_options {
    struct operate_options operate;
    const char *product, *version; /* null = not given, as all that follow */
    const char *notes, *requires, *reason;
    unsigned long key_update; /* number */
};

/* Runs an action on the release with this id; list has none. */
typedef int action_function(struct api_client *client, const struct releases_options *options,
                            json_int_t id);

static action_function list_releases, show_release, make_live, withdraw_release, set_release;

static const struct action {
    const char *name;
    action_function *run;
    bool needs_release;
} actions[] = {
    {"list", list_releases, false},       {"show", show_release, true}, {"live", make_live, true},
    {"withdraw", withdraw_release, true}, {"set", set_release, true},
};

static enum options_result parse(int argc, char **argv, struct releases_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"product", 'p', OPTION_TEXT, &options->product, "P", "of this product"},
        {"version", 'v', OPTION_TEXT, &options->version, "V", "this one"},
        {"reason", 0, OPTION_TEXT, &options->reason, "TEXT", "withdraw: why, for people"},
        {"notes", 0, OPTION_TEXT, &options->notes, "TEXT", "set: what is new, for people"},
        {"requires", 0, OPTION_TEXT, &options->requires, "V",
         "set: the oldest version it can be installed over; others get one in between first"},
        {"key-update", 0, OPTION_NUMBER, &options->key_update, "N",
         "withdraw: the product's key update of this number, its last"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft releases",
        "[list | keys] [--product P]\n"
        "       updraft releases show | live | withdraw | set --product P --version V\n"
        "       updraft releases withdraw --product P --key-update N",
        "  list      the releases of a server, newest first\n"
        "  keys      the key updates, and how many devices have each\n"
        "  show      one release\n"
        "  live      end its being a draft: it is its channel's newest\n"
        "  withdraw  never offer it again; its rollouts halt, who runs it keeps it\n"
        "            the last key update, as long as no device has it\n"
        "  set       --notes, --requires; an empty value ('') clears it",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static void add_row(struct table *table, const json_t *release)
{
    char size[TEXT_SIZE_MAX];
    const json_int_t bytes = json_integer_value(json_object_get(release, "size"));

    table_cell(table, "%s", operate_text(release, "product"));
    table_cell(table, "%s", operate_text(release, "version"));
    table_cell(table, "%s", operate_text(release, "state"));
    table_cell(table, "%s", operate_text(release, "channel"));
    table_cell(table, "%s", operate_text(release, "chip"));
    table_cell(table, "%s%s", text_size((uint64_t)bytes, size),
               json_is_true(json_object_get(release, "compressed")) ? ", gzip" : "");
    table_cell(table, "%.10s", operate_text(release, "published"));
    table_cell(table, "%lld", (long long)json_integer_value(json_object_get(release, "devices")));
}

static int print_table(const json_t *answer)
{
    static const struct table_column columns[] = {
        {"PRODUCT", TABLE_LEFT},   {"VERSION", TABLE_LEFT},  {"STATE", TABLE_LEFT},
        {"CHANNEL", TABLE_LEFT},   {"CHIP", TABLE_LEFT},     {"SIZE", TABLE_RIGHT},
        {"PUBLISHED", TABLE_LEFT}, {"DEVICES", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
    const json_t *releases = json_object_get(answer, "releases");
    struct table *table;

    if (json_array_size(releases) == 0) {
        printf("no releases yet: updraft publish FILE --product P --version V\n");
        return EXIT_OK;
    }
    table = table_start(columns);
    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(releases); i++)
        add_row(table, json_array_get(releases, i));
    const int result = table_print(table, stdout, 0);
    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

static int print_one(const json_t *release)
{
    static const char *const lines[][2] = {{"state", "state"},         {"reason", "reason"},
                                           {"channel", "channel"},     {"requires", "requires"},
                                           {"published", "published"}, {"chip", "chip"},
                                           {"SHA-256", "sha256"},      {"notes", "notes"}};
    static const struct table_column columns[] = {
        {"RELEASE", TABLE_LEFT}, {"", TABLE_LEFT}, {NULL, TABLE_LEFT}};
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    table_cell(table, "%s", operate_text(release, "product"));
    table_cell(table, "%s", operate_text(release, "version"));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        table_cell(table, "%s", lines[i][0]);
        table_cell(table, "%s", operate_text(release, lines[i][1]));
    }
    table_cell(table, "due on");
    table_cell(table, "%lld device(s)",
               (long long)json_integer_value(json_object_get(release, "devices")));
    const int result = table_print(table, stdout, 0);
    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

static int print_state(const json_t *release)
{
    printf("%s %s is %s, due on %lld device(s)\n", operate_text(release, "product"),
           operate_text(release, "version"), operate_text(release, "state"),
           (long long)json_integer_value(json_object_get(release, "devices")));
    return EXIT_OK;
}

/* --- asking --- */

static int ask(struct api_client *client, const struct releases_options *options,
               const char *method, const char *path, const json_t *body,
               int (*print)(const json_t *answer))
{
    json_t *answer = NULL;
    int status = path != NULL ? api_call(client, method, path, body, &answer, NULL)
                              : report_failure("out of memory");

    if (status == EXIT_OK)
        status = options->operate.json ? operate_print_json(answer) : print(answer);
    json_decref(answer);
    return status;
}

static char *list_path(const struct releases_options *options)
{
    const struct api_parameter parameters[] = {{"product", options->product}, {NULL, NULL}};

    return api_path("/releases", parameters);
}

static int list_releases(struct api_client *client, const struct releases_options *options,
                         json_int_t id)
{
    char *path = list_path(options);

    (void)id;
    const int status = ask(client, options, "GET", path, NULL, print_table);
    free(path);
    return status;
}

static int ask_release(struct api_client *client, const struct releases_options *options,
                       const char *method, const json_t *body, json_int_t id, const char *rest)
{
    char path[60];

    snprintf(path, sizeof path, "/releases/%lld%s", (long long)id, rest);
    return ask(client, options, method, path, body,
               strcmp(method, "GET") == 0 ? print_one : print_state);
}

static int show_release(struct api_client *client, const struct releases_options *options,
                        json_int_t id)
{
    return ask_release(client, options, "GET", NULL, id, "");
}

static int make_live(struct api_client *client, const struct releases_options *options,
                     json_int_t id)
{
    return ask_release(client, options, "POST", NULL, id, "/live");
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, name, json_string(text));
}

static int withdraw_release(struct api_client *client, const struct releases_options *options,
                            json_int_t id)
{
    json_t *body = json_object();

    set_text(body, "reason", options->reason);
    const int status = ask_release(client, options, "POST", body, id, "/withdraw");
    json_decref(body);
    return status;
}

static int set_release(struct api_client *client, const struct releases_options *options,
                       json_int_t id)
{
    json_t *body = json_object();

    set_text(body, "notes", options->notes);
    set_text(body, "requires", options->requires);
    const int status = ask_release(client, options, "PUT", body, id, "");
    json_decref(body);
    return status;
}

/* The id of the release that was named. EXIT_OK, or reported. */
static int find_release(struct api_client *client, const struct releases_options *options,
                        json_int_t *id)
{
    json_t *answer = NULL, *release;
    char *path = list_path(options);
    size_t i;
    int status = path != NULL ? api_call(client, "GET", path, NULL, &answer, NULL)
                              : report_failure("out of memory");

    *id = 0;
    json_array_foreach(json_object_get(answer, "releases"), i, release)
    {
        if (strcmp(operate_text(release, "version"), options->version) == 0)
            *id = json_integer_value(json_object_get(release, "id"));
    }
    if (status == EXIT_OK && *id == 0)
        status = report_failure("%s has no release %s", options->product, options->version);
    json_decref(answer);
    free(path);
    return status;
}

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* EXIT_OK, or reported. */
static int check_call(const struct action *action, const struct releases_options *options)
{
    const bool sets = options->notes != NULL || options->requires != NULL;

    if (action->needs_release && (options->product == NULL || options->version == NULL))
        return report_usage("%s needs --product and --version", action->name);
    if ((action->run == set_release) != sets)
        return report_usage(sets ? "--notes and --requires go with set"
                                 : "set what? give --notes or --requires");
    if (options->reason != NULL && action->run != withdraw_release)
        return report_usage("--reason goes with withdraw");
    return EXIT_OK;
}

static int run(const struct action *action, const struct releases_options *options)
{
    struct api_client *client;
    json_int_t id = 0;
    int status = api_open(&options->operate.access, &client);

    if (status != EXIT_OK)
        return status;
    if (action->needs_release)
        status = find_release(client, options, &id);
    if (status == EXIT_OK)
        status = action->run(client, options, id);
    api_close(client);
    return status;
}

static int withdraw_key_update(const struct action *action, const struct releases_options *options)
{
    if (action->run != withdraw_release || options->product == NULL || options->version != NULL)
        return report_usage("--key-update goes with withdraw and --product");
    return releases_withdraw_key_update(&options->operate, options->product, options->key_update);
}

int command_releases(int argc, char **argv)
{
    struct releases_options options = {.key_update = NO_KEY_UPDATE};
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    if (operands > 0 && strcmp(argv[1], "keys") == 0)
        return releases_list_keys(&options.operate, options.product);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage("%s is not one of list, keys, show, live, withdraw, set", argv[1]);
    if (operands > 1)
        return report_usage("%s is not expected", argv[2]);
    if (options.key_update != NO_KEY_UPDATE)
        return withdraw_key_update(action, &options);
    const int status = check_call(action, &options);
    return status == EXIT_OK ? run(action, &options) : status;
}
