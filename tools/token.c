/* `updraft token`: tokens for programs that operate a server. */
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAYS_MAX 36500

struct token_options {
    struct operate_options operate;
    const char *role, *product;
    bool is_read_only;
    unsigned long days; /* 0 = for ever */
};

static enum options_result parse(int argc, char **argv, struct token_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"role", 'r', OPTION_TEXT, &options->role, "R", "viewer, operator (default) or admin"},
        {"read-only", 0, OPTION_FLAG, &options->is_read_only, NULL,
         "sees what the role sees, changes nothing"},
        {"product", 'p', OPTION_TEXT, &options->product, "P",
         "for the releases of this product alone"},
        {"days", 0, OPTION_NUMBER, &options->days, "N", "until it expires (default: never)"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft token", "[list | add NAME | revoke ID]",
        "  list       all tokens, and when they were last used\n"
        "  add NAME   prints the token, which nobody can ask for again\n"
        "  revoke ID  it is refused from now on",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static int print_list(const struct operate_options *options, const json_t *answer)
{
    static const struct table_column columns[] = {
        {"ID", TABLE_RIGHT},     {"NAME", TABLE_LEFT},    {"ROLE", TABLE_LEFT},
        {"PRODUCT", TABLE_LEFT}, {"CREATED", TABLE_LEFT}, {"BY", TABLE_LEFT},
        {"EXPIRES", TABLE_LEFT}, {"USED", TABLE_LEFT},    {NULL, TABLE_LEFT}};
    const json_t *tokens = json_object_get(answer, "tokens");
    struct table *table = table_start(columns);

    (void)options;
    for (size_t i = 0; i < json_array_size(tokens) && table != NULL; i++) {
        const json_t *token = json_array_get(tokens, i);
        const bool is_read_only = json_is_true(json_object_get(token, "read_only"));
        table_cell(table, "%d", (int)json_integer_value(json_object_get(token, "id")));
        table_cell(table, "%s", operate_text(token, "name"));
        table_cell(table, "%s%s", operate_text(token, "role"), is_read_only ? ", reads" : "");
        table_cell(table, "%s", operate_text(token, "product"));
        table_cell(table, "%.10s", operate_text(token, "created"));
        table_cell(table, "%s", operate_text(token, "created_by"));
        table_cell(table, "%.10s", operate_text(token, "expires"));
        table_cell(table, "%.16s", operate_text(token, "used"));
    }
    return operate_print_table(table);
}

/* The token alone on stdout, so that it can go straight into a file. */
static int print_secret(const struct operate_options *options, const json_t *answer)
{
    const json_t *token = json_object_get(answer, "token");

    (void)options;
    fprintf(stderr, "token %d (%s), %s: it is shown this once\n",
            (int)json_integer_value(json_object_get(token, "id")), operate_text(token, "name"),
            operate_text(token, "role"));
    printf("%s\n", operate_text(answer, "secret"));
    return EXIT_OK;
}

static int list(const struct token_options *options, const char *operand)
{
    (void)operand;
    return operate_ask(&options->operate, "GET", "/tokens", NULL, print_list);
}

static json_t *expiry(unsigned long days)
{
    const time_t at = time(NULL) + (time_t)days * 86400;
    char text[24];
    struct tm utc;

    if (days == 0)
        return json_null();
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &utc));
    return json_string(text);
}

static int add(const struct token_options *options, const char *name)
{
    if (options->days > DAYS_MAX)
        return report_usage("--days takes at most %d", DAYS_MAX);
    json_t *body = json_pack("{ss ss sb so* so}", "name", name, "role",
                             options->role != NULL ? options->role : "operator", "read_only",
                             options->is_read_only, "product",
                             options->product != NULL ? json_string(options->product) : NULL,
                             "expires", expiry(options->days));
    if (body == NULL)
        return report_usage("%.80s cannot be a token's name", name);
    const int status = operate_ask(&options->operate, "POST", "/tokens", body, print_secret);
    json_decref(body);
    return status;
}

static int revoke(const struct token_options *options, const char *id)
{
    char path[100];

    if (!operate_path(path, sizeof path, "tokens", id, ""))
        return report_usage("%.80s is not a token's number: `updraft token list` has them", id);
    return operate_ask(&options->operate, "DELETE", path, NULL, operate_print_nothing);
}

static const struct action {
    const char *name;
    const char *operand; /* what it needs; null: nothing */
    bool takes_options;
    int (*run)(const struct token_options *options, const char *operand);
} actions[] = {
    {"list", NULL, false, list},
    {"add", "NAME", true, add},
    {"revoke", "ID", false, revoke},
};

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

int command_token(int argc, char **argv)
{
    struct token_options options = {.role = NULL};
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage("%s is not one of list, add, revoke", argv[1]);
    if (action->operand != NULL && operands < 2)
        return report_usage("%s needs a%s %s", action->name, action->operand[0] == 'I' ? "n" : "",
                            action->operand);
    if (operands > (action->operand != NULL ? 2 : 1))
        return report_usage("%s is not expected", argv[operands]);
    if (!action->takes_options && (options.role != NULL || options.product != NULL ||
                                   options.days != 0 || options.is_read_only))
        return report_usage("%s does not take --role, --read-only, --product or --days",
                            action->name);
    return action->run(&options, operands > 1 ? argv[2] : "");
}
