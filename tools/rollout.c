/* `updraft rollout`: releases that go to devices in stages. */
#include "host/report.h"
#include "host/table.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>

#define STAGES_DEFAULT "5%,25%,100%"
#define STAGES_MAX     8

struct rollout_options {
    struct operate_options operate;
    const char *product, *version; /* null = not given, as all that follow */
    const char *stages, *group, *channel, *from, *sdk, *promote, *start, *window, *filter;
    unsigned long success, failure, attempts, silence, time_limit, utc_offset;
    bool is_west, approval, downgrade, dry_run;
};

typedef int action_function(struct api_client *client, const struct rollout_options *options,
                            const char *id);

static action_function list_rollouts, start_rollout, show_rollout;

/* An action that is only a request has no function. */
static const struct action {
    const char *name;
    action_function *run;
    bool needs_id;
} actions[] = {
    {"list", list_rollouts, false}, {"start", start_rollout, false}, {"show", show_rollout, true},
    {"approve", NULL, true},        {"pause", NULL, true},           {"resume", NULL, true},
    {"cancel", NULL, true},         {"roll-back", NULL, true},
};

static const char about[] =
    "  list          all rollouts\n"
    "  start         let a release out in stages; publish it first, to a channel that\n"
    "                no device follows\n"
    "  show ID       one rollout, stage by stage\n"
    "  approve ID    open the stage that waits for it\n"
    "  pause ID      offer nothing more until it is resumed\n"
    "  resume ID     go on, also after a halt: failures known by then are forgiven\n"
    "  cancel ID     offer nothing more; who has the release keeps it\n"
    "  roll-back ID  give every device that took it the release it had before";

static enum options_result parse(int argc, char **argv, struct rollout_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"product", 'p', OPTION_TEXT, &options->product, "P", "start: of this product"},
        {"version", 'v', OPTION_TEXT, &options->version, "V", "start: this release"},
        {"stages", 0, OPTION_TEXT, &options->stages, "LIST",
         "start: devices or percent, adding up (default " STAGES_DEFAULT ")"},
        {"group", 'g', OPTION_TEXT, &options->group, "G", "start: only for this group"},
        {"channel", 'c', OPTION_TEXT, &options->channel, "C", "start: only who follows it"},
        {"from", 0, OPTION_TEXT, &options->from, "V", "start: only who runs this version"},
        {"sdk", 0, OPTION_TEXT, &options->sdk, "S", "start: only who has this SDK"},
        {"filter", 0, OPTION_TEXT, &options->filter, "TERMS",
         "start: only who matches, like 'tag=lab version<2.0'"},
        {"success", 0, OPTION_NUMBER, &options->success, "PERCENT",
         "start: that must arrive before the next stage opens (default 90)"},
        {"failure", 0, OPTION_NUMBER, &options->failure, "PERCENT",
         "start: that may fail before it halts (default 10)"},
        {"attempts", 0, OPTION_NUMBER, &options->attempts, "N",
         "start: downloads without effect until a device has failed (default 2)"},
        {"silence", 0, OPTION_NUMBER, &options->silence, "SECONDS",
         "start: without a word after a download is a failure (default 86400)"},
        {"time-limit", 0, OPTION_NUMBER, &options->time_limit, "SECONDS",
         "start: for each stage, then it halts (default none)"},
        {"approval", 0, OPTION_FLAG, &options->approval, NULL,
         "start: every stage after the first waits for approve"},
        {"downgrade", 0, OPTION_FLAG, &options->downgrade, NULL,
         "start: also for devices that run something newer"},
        {"promote", 0, OPTION_TEXT, &options->promote, "C",
         "start: in the end it becomes this channel's newest"},
        {"start", 0, OPTION_TEXT, &options->start, "TIME",
         "start: not before, like 2026-11-21T22:00:00Z"},
        {"window", 0, OPTION_TEXT, &options->window, "HH:MM-HH:MM",
         "start: offer only in this time of day"},
        {"utc-offset", 0, OPTION_NUMBER, &options->utc_offset, "MINUTES",
         "start: that clocks of devices without a time zone are ahead of UTC"},
        {"west", 0, OPTION_FLAG, &options->is_west, NULL, "start: behind UTC, rather"},
        {"dry-run", 'n', OPTION_FLAG, &options->dry_run, NULL,
         "start: only say how many devices it would reach"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft rollout",
        "[list | start --product P --version V | show ID | approve ID | pause ID |\n"
        "                        resume ID | cancel ID | roll-back ID]",
        about, rows};

    return options_parse(&usage, argc, argv, operands);
}

/* --- printing --- */

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void add_counts(struct table *table, const json_t *counts)
{
    static const char *const names[] = {"devices", "arrived", "failed", "silent", "pending"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        table_cell(table, "%lld", number(counts, names[i]));
}

static int print_table(struct table *table, int indent)
{
    const int result = table_print(table, stdout, indent);

    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

static int print_list(const json_t *answer)
{
    static const struct table_column columns[] = {
        {"ID", TABLE_RIGHT},      {"PRODUCT", TABLE_LEFT}, {"VERSION", TABLE_LEFT},
        {"STATE", TABLE_LEFT},    {"STAGE", TABLE_LEFT},   {"DEVICES", TABLE_RIGHT},
        {"ARRIVED", TABLE_RIGHT}, {"FAILED", TABLE_RIGHT}, {"SILENT", TABLE_RIGHT},
        {"PENDING", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
    const json_t *rollouts = json_object_get(answer, "rollouts");
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(rollouts); i++) {
        const json_t *rollout = json_array_get(rollouts, i);
        table_cell(table, "%lld", number(rollout, "id"));
        table_cell(table, "%s", operate_text(rollout, "product"));
        table_cell(table, "%s", operate_text(rollout, "version"));
        table_cell(table, "%s", operate_text(rollout, "state"));
        table_cell(table, "%lld of %zu", number(rollout, "stage"),
                   json_array_size(json_object_get(rollout, "stages")));
        add_counts(table, json_object_get(rollout, "counts"));
    }
    return print_table(table, 0);
}

static void add_stage(struct table *table, size_t place, const json_t *stage)
{
    table_cell(table, "%zu", place + 1);
    if (json_is_null(json_object_get(stage, "percent")))
        table_cell(table, "%lld", number(stage, "devices"));
    else
        table_cell(table, "%lld %%", number(stage, "percent"));
    table_cell(table, "%s",
               json_is_true(json_object_get(stage, "open"))       ? "open"
               : json_is_true(json_object_get(stage, "approval")) ? "needs approval"
                                                                  : "to come");
    add_counts(table, json_object_get(stage, "counts"));
}

static int print_one(const json_t *rollout)
{
    static const struct table_column columns[] = {
        {"STAGE", TABLE_RIGHT},   {"REACHES", TABLE_RIGHT}, {"IS", TABLE_LEFT},
        {"DEVICES", TABLE_RIGHT}, {"ARRIVED", TABLE_RIGHT}, {"FAILED", TABLE_RIGHT},
        {"SILENT", TABLE_RIGHT},  {"PENDING", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
    const json_t *stages = json_object_get(rollout, "stages");
    const char *reason = json_string_value(json_object_get(rollout, "reason"));
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    printf("rollout %lld of %s %s is %s%s%s\n", number(rollout, "id"),
           operate_text(rollout, "product"), operate_text(rollout, "version"),
           operate_text(rollout, "state"), reason != NULL ? ": " : "",
           reason != NULL ? reason : "");
    for (size_t i = 0; i < json_array_size(stages); i++)
        add_stage(table, i, json_array_get(stages, i));
    return print_table(table, 2);
}

/* Who cannot take it, and whom it is not for. */
static void print_who_not(const json_t *answer)
{
    static const char *const names[][2] = {{"pinned", "are pinned"},
                                           {"decommissioned", "are decommissioned"},
                                           {"never_seen", "have never checked in"},
                                           {"others", "are not meant"}};
    const json_t *not_for = json_object_get(answer, "not_for"), *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "cannot"), i, row)
    {
        printf("  %lld cannot: they %s\n", number(row, "devices"), operate_text(row, "words"));
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (number(not_for, names[i][0]) > 0)
            printf("  not for %lld that %s\n", number(not_for, names[i][0]), names[i][1]);
}

static int print_dry_run(const json_t *answer)
{
    const json_t *stages = json_object_get(answer, "stages");

    printf("%lld devices: %lld can take it (%lld run it already), %lld cannot; stages of",
           number(answer, "targeted"), number(answer, "fit"), number(answer, "arrived"),
           number(answer, "unfit"));
    for (size_t i = 0; i < json_array_size(stages); i++)
        printf(" %lld", (long long)json_integer_value(json_array_get(stages, i)));
    printf("\n");
    if (number(answer, "by_steps") > 0)
        printf("  %lld of them by way of another release\n", number(answer, "by_steps"));
    print_who_not(answer);
    return EXIT_OK;
}

/* --- asking --- */

static int ask(struct api_client *client, const struct rollout_options *options, const char *method,
               const char *path, const json_t *body, int (*print)(const json_t *answer))
{
    json_t *answer = NULL;
    int status = api_call(client, method, path, body, &answer, NULL);

    if (status == EXIT_OK)
        status = options->operate.json ? operate_print_json(answer) : print(answer);
    json_decref(answer);
    return status;
}

static int list_rollouts(struct api_client *client, const struct rollout_options *options,
                         const char *id)
{
    (void)id;
    return ask(client, options, "GET", "/rollouts", NULL, print_list);
}

static int show_rollout(struct api_client *client, const struct rollout_options *options,
                        const char *id)
{
    char path[40];

    snprintf(path, sizeof path, "/rollouts/%.10s", id);
    return ask(client, options, "GET", path, NULL, print_one);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, name, json_string(text));
}

static json_t *stage_of(const struct rollout_options *options, size_t place, unsigned long size,
                        bool is_percent)
{
    json_t *stage = json_object();

    json_object_set_new(stage, is_percent ? "percent" : "devices", json_integer((json_int_t)size));
    json_object_set_new(stage, "success", json_integer((json_int_t)options->success));
    json_object_set_new(stage, "failure", json_integer((json_int_t)options->failure));
    json_object_set_new(stage, "time_limit", json_integer((json_int_t)options->time_limit));
    json_object_set_new(stage, "approval", json_boolean(options->approval && place > 0));
    return stage;
}

/* "10,25%,100%". Null, and reported, when it is no such list. */
static json_t *read_stages(const struct rollout_options *options)
{
    const char *at = options->stages != NULL ? options->stages : STAGES_DEFAULT;
    json_t *stages = json_array();

    for (size_t i = 0; i < STAGES_MAX; i++) {
        char *end;
        const unsigned long size = strtoul(at, &end, 10);
        const bool is_percent = *end == '%';
        const char next = end[is_percent];
        if (end == at || size == 0 || (next != ',' && next != '\0'))
            break;
        json_array_append_new(stages, stage_of(options, i, size, is_percent));
        if (next == '\0')
            return stages;
        at = end + is_percent + 1;
    }
    json_decref(stages);
    report_usage("%s are no stages, like 10,25%%,100%%", options->stages);
    return NULL;
}

static json_t *read_target(const struct rollout_options *options)
{
    json_t *target = json_object();

    set_text(target, "group", options->group);
    set_text(target, "channel", options->channel);
    set_text(target, "from", options->from);
    set_text(target, "sdk", options->sdk);
    set_text(target, "filter", options->filter);
    return target;
}

static json_t *read_window(const struct rollout_options *options)
{
    const char *dash = options->window != NULL ? strchr(options->window, '-') : NULL;
    const json_int_t offset = (json_int_t)options->utc_offset * (options->is_west ? -1 : 1);

    if (options->window == NULL)
        return json_null();
    return json_pack("{ss% ss sI}", "from", options->window,
                     dash != NULL ? (size_t)(dash - options->window) : strlen(options->window),
                     "to", dash != NULL ? dash + 1 : "", "utc_offset_minutes", offset);
}

static int start_rollout(struct api_client *client, const struct rollout_options *options,
                         const char *id)
{
    json_t *stages = read_stages(options), *body;

    (void)id;
    if (stages == NULL)
        return EXIT_USAGE;
    body = json_pack("{ss ss so so so sI sI sb}", "product", options->product, "version",
                     options->version, "stages", stages, "target", read_target(options), "window",
                     read_window(options), "attempts", (json_int_t)options->attempts, "silence",
                     (json_int_t)options->silence, "downgrade", (int)options->downgrade);
    set_text(body, "promote", options->promote);
    set_text(body, "start", options->start);
    const int status = options->dry_run
                           ? ask(client, options, "POST", "/rollouts/dry-run", body, print_dry_run)
                           : ask(client, options, "POST", "/rollouts", body, print_one);
    json_decref(body);
    return status;
}

static int decide(struct api_client *client, const struct rollout_options *options,
                  const char *verb, const char *id)
{
    char path[60];

    snprintf(path, sizeof path, "/rollouts/%.10s/%s", id, verb);
    return ask(client, options, "POST", path, NULL, print_one);
}

static const struct action *action_named(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* EXIT_OK, or reported. */
static int check_call(const struct action *action, const struct rollout_options *options,
                      int operands, char **argv)
{
    const int expected = action->needs_id ? 2 : 1;
    const char *id = operands > 1 ? argv[2] : "";

    if (operands < expected)
        return report_usage("%s needs the ID of a rollout", action->name);
    if (operands > expected)
        return report_usage("%s is not expected", argv[expected + 1]);
    if (action->needs_id && (strspn(id, "0123456789") != strlen(id) || strlen(id) > 10 || !*id))
        return report_usage("%.40s is not the ID of a rollout, like 7", id);
    if (action->run == start_rollout && (options->product == NULL || options->version == NULL))
        return report_usage("start needs --product and --version");
    return EXIT_OK;
}

int command_rollout(int argc, char **argv)
{
    struct rollout_options options = {
        .success = 90, .failure = 10, .attempts = 2, .silence = 86400};
    struct api_client *client;
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    const struct action *action = action_named(operands > 0 ? argv[1] : "list");
    if (action == NULL)
        return report_usage("%s is not one of list, start, show, approve, pause, resume, cancel, "
                            "roll-back",
                            argv[1]);
    int status = check_call(action, &options, operands > 0 ? operands : 1, argv);
    if (status == EXIT_OK)
        status = api_open(&options.operate.access, &client);
    if (status != EXIT_OK)
        return status;
    const char *id = operands > 1 ? argv[2] : "";
    status = action->run != NULL ? action->run(client, &options, id)
                                 : decide(client, &options, action->name, id);
    api_close(client);
    return status;
}
