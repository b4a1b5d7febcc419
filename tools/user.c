/* `updraft user`: who may sign in to a server. Passwords are set in the browser alone, by
 * those they belong to. */
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>

struct user_options {
    struct operate_options operate;
    const char *role;
};

static enum options_result parse(int argc, char **argv, struct user_options *options, int *operands)
{
    const struct option_row rows[] = {
        {"role", 'r', OPTION_TEXT, &options->role, "R",
         "viewer: sees everything; operator: publishes, assigns, rolls out; admin: users, tokens"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft user", "[list | add NAME | role NAME | link NAME | remove NAME]",
        "  list         all users\n"
        "  add NAME     with --role; prints a link with which the user sets a password\n"
        "  role NAME    change it to --role\n"
        "  link NAME    another link, for who has forgotten the password\n"
        "  remove NAME  and end the user's sessions",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

static int print_list(const struct operate_options *options, const json_t *answer)
{
    static const struct table_column columns[] = {
        {"NAME", TABLE_LEFT},       {"ROLE", TABLE_LEFT},      {"PASSWORD SET", TABLE_LEFT},
        {"LINK UNTIL", TABLE_LEFT}, {"SESSIONS", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
    const json_t *users = json_object_get(answer, "users");
    struct table *table = table_start(columns);

    (void)options;
    for (size_t i = 0; i < json_array_size(users) && table != NULL; i++) {
        const json_t *user = json_array_get(users, i);
        table_cell(table, "%s", operate_text(user, "name"));
        table_cell(table, "%s", operate_text(user, "role"));
        table_cell(table, "%.10s", operate_text(user, "password_set"));
        table_cell(table, "%.16s", operate_text(user, "link_until"));
        table_cell(table, "%d", (int)json_integer_value(json_object_get(user, "sessions")));
    }
    return operate_print_table(table);
}

static int print_user(const struct operate_options *options, const json_t *answer)
{
    const json_t *user = json_object_get(answer, "user");
    const char *link = json_string_value(json_object_get(answer, "link"));

    if (link == NULL)
        printf("%s: %s\n", operate_text(user, "name"), operate_text(user, "role"));
    else
        printf("%s (%s) sets a password at %s%s, until %.16s UTC\n", operate_text(user, "name"),
               operate_text(user, "role"), operate_server(options), link,
               operate_text(user, "link_until"));
    return EXIT_OK;
}

/* An action, as a call to the API: how its path and body are made. */
static const struct action {
    const char *name;
    const char *method;
    const char *rest; /* after "/users/NAME"; null: "/users" alone, the name in the body */
    bool takes_name, takes_role;
    operate_print *print;
} actions[] = {
    {"list", "GET", NULL, false, false, print_list},
    {"add", "POST", NULL, true, true, print_user},
    {"role", "PUT", "", true, true, print_user},
    {"link", "POST", "/reset", true, false, print_user},
    {"remove", "DELETE", "", true, false, operate_print_nothing},
};

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static int run(const struct user_options *options, const struct action *action, const char *name)
{
    json_t *body = action->takes_role ? json_pack("{ss}", "role", options->role) : NULL;
    char path[120] = "/users";

    if (action->rest != NULL && !operate_path(path, sizeof path, "users", name, action->rest))
        return report_usage("%.80s cannot be a user's name", name);
    if (action->rest == NULL && action->takes_name)
        json_object_set_new(body, "name", json_string(name));
    const int status = operate_ask(&options->operate, action->method, path, body, action->print);
    json_decref(body);
    return status;
}

int command_user(int argc, char **argv)
{
    struct user_options options = {.role = NULL};
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage("%s is not one of list, add, role, link, remove", argv[1]);
    if (action->takes_name && operands < 2)
        return report_usage("%s needs a NAME", action->name);
    if (operands > (action->takes_name ? 2 : 1))
        return report_usage("%s is not expected", argv[operands]);
    if (action->takes_role != (options.role != NULL))
        return report_usage(action->takes_role ? "%s needs --role" : "%s does not take --role",
                            action->name);
    return run(&options, action, operands > 1 ? argv[2] : "");
}
