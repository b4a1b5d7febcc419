/* `updraft secret`: what devices prove themselves with to a server. */
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <string.h>

struct secret_options {
    struct operate_options operate;
    const char *name;
};

static enum options_result parse(int argc, char **argv, struct secret_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"name", 'n', OPTION_TEXT, &options->name, "NAME", "add: a word to tell it by"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft secret", "[list | add [MAC] | revoke ID]",
        "What devices prove themselves with, when `updraft serve --device-auth` asks for it.\n"
        "  list       all secrets, by their numbers\n"
        "  add        makes one for many devices, or for the device of the MAC address alone, and\n"
        "             prints it; nobody can ask for it again\n"
        "  revoke ID  devices that have it are refused from now on",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static int print_list(const struct operate_options *options, const json_t *answer)
{
    static const struct table_column columns[] = {{"ID", TABLE_RIGHT},
                                                  {"DEVICE", TABLE_LEFT},
                                                  {"NAME", TABLE_LEFT},
                                                  {"CREATED", TABLE_LEFT},
                                                  {NULL, TABLE_LEFT}};
    const json_t *secrets = json_object_get(answer, "secrets");
    struct table *table = table_start(columns);

    (void)options;
    for (size_t i = 0; i < json_array_size(secrets) && table != NULL; i++) {
        const json_t *secret = json_array_get(secrets, i);
        const bool is_shared = json_is_null(json_object_get(secret, "device"));
        table_cell(table, "%d", (int)json_integer_value(json_object_get(secret, "id")));
        table_cell(table, "%s", is_shared ? "(shared)" : operate_text(secret, "device"));
        table_cell(table, "%s", operate_text(secret, "name"));
        table_cell(table, "%.10s", operate_text(secret, "created"));
    }
    printf("devices must prove: %s\n", operate_text(answer, "policy"));
    return operate_print_table(table);
}

/* The secret alone on stdout, so that it can go straight into a build. */
static int print_secret(const struct operate_options *options, const json_t *answer)
{
    (void)options;
    fprintf(stderr, "secret %d: it is shown this once\n",
            (int)json_integer_value(json_object_get(answer, "id")));
    printf("%s\n", operate_text(answer, "secret"));
    return EXIT_OK;
}

static int add(const struct secret_options *options, const char *mac)
{
    json_t *body = json_object();

    if (options->name != NULL)
        json_object_set_new(body, "name", json_string(options->name));
    if (mac != NULL)
        json_object_set_new(body, "device", json_string(mac));
    const int status =
        operate_ask(&options->operate, "POST", "/device-secrets", body, print_secret);
    json_decref(body);
    return status;
}

static int revoke(const struct secret_options *options, const char *id)
{
    char path[100];

    if (!operate_path(path, sizeof path, "device-secrets", id, ""))
        return report_usage("%.80s is not a secret's number: `updraft secret list` has them", id);
    return operate_ask(&options->operate, "DELETE", path, NULL, operate_print_nothing);
}

int command_secret(int argc, char **argv)
{
    struct secret_options options = {.name = NULL};
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const char *action = operands > 0 ? argv[1] : "list";
    if (operands > 2)
        return report_usage("%s is not expected", argv[3]);
    if (options.name != NULL && strcmp(action, "add") != 0)
        return report_usage("%s does not take --name", action);
    if (strcmp(action, "add") == 0)
        return add(&options, operands == 2 ? argv[2] : NULL);
    if (strcmp(action, "revoke") == 0)
        return operands == 2 ? revoke(&options, argv[2]) : report_usage("revoke needs an ID");
    if (strcmp(action, "list") != 0)
        return report_usage("%s is not one of list, add, revoke", action);
    if (operands == 2)
        return report_usage("%s is not expected", argv[2]);
    return operate_ask(&options.operate, "GET", "/device-secrets", NULL, print_list);
}
