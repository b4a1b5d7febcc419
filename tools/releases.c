/* `updraft releases`: what a server has to give out. */
#include "host/report.h"
#include "host/table.h"
#include "host/text.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>

struct releases_options {
    struct operate_options operate;
    const char *product;
};

static enum options_result parse(int argc, char **argv, struct releases_options *options)
{
    const struct option_row rows[] = {
        {"product", 'p', OPTION_TEXT, &options->product, "P", "only of this product"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {"updraft releases", "[list] [--product P] [--json]",
                                        "Lists the releases of a server, newest first.", rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 0 || (operands == 1 && strcmp(argv[1], "list") == 0))
        return result;
    report_usage("%s is not expected", strcmp(argv[1], "list") == 0 ? argv[2] : argv[1]);
    return OPTIONS_BAD;
}

static void add_row(struct table *table, const json_t *release)
{
    char size[TEXT_SIZE_MAX];
    const json_int_t bytes = json_integer_value(json_object_get(release, "size"));

    table_cell(table, "%s", operate_text(release, "product"));
    table_cell(table, "%s", operate_text(release, "version"));
    table_cell(table, "%s", operate_text(release, "channel"));
    table_cell(table, "%s", operate_text(release, "chip"));
    table_cell(table, "%s%s", text_size((uint64_t)bytes, size),
               json_is_true(json_object_get(release, "compressed")) ? ", gzip" : "");
    table_cell(table, "%.10s", operate_text(release, "published"));
    table_cell(table, "%lld", (long long)json_integer_value(json_object_get(release, "devices")));
}

static int print_table(const json_t *releases)
{
    static const struct table_column columns[] = {
        {"PRODUCT", TABLE_LEFT},  {"VERSION", TABLE_LEFT}, {"CHANNEL", TABLE_LEFT},
        {"CHIP", TABLE_LEFT},     {"SIZE", TABLE_RIGHT},   {"PUBLISHED", TABLE_LEFT},
        {"DEVICES", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
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

int command_releases(int argc, char **argv)
{
    struct releases_options options = {.product = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    struct api_client *client;
    json_t *answer = NULL;

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    int status = api_open(options.operate.server, options.operate.token_file, &client);
    if (status != EXIT_OK)
        return status;
    const struct api_parameter parameters[] = {{"product", options.product}, {NULL, NULL}};
    char *path = api_path("/releases", parameters);
    status = path != NULL ? api_call(client, "GET", path, NULL, &answer, NULL)
                          : report_failure("out of memory");
    if (status == EXIT_OK)
        status = options.operate.json ? operate_print_json(answer)
                                      : print_table(json_object_get(answer, "releases"));
    json_decref(answer);
    free(path);
    api_close(client);
    return status;
}
