/* `updraft discover`: which devices of the local network take uploads. */
#include "tools/discover.h"

#include "host/options.h"
#include "host/report.h"
#include "host/table.h"
#include "host/text.h"
#include "tools/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_LIMIT_S 3600ul
#define MS_PER_S        1000

struct discover_options {
    unsigned long timeout_s;
    bool json;
    bool arduino;
};

static enum options_result parse(int argc, char **argv, struct discover_options *options)
{
    const struct option_row rows[] = {
        {"timeout", 't', OPTION_NUMBER, &options->timeout_s, "SECONDS",
         "how long to look (default 3)"},
        {"json", 0, OPTION_FLAG, &options->json, NULL, "print a JSON array"},
        {"arduino", 0, OPTION_FLAG, &options->arduino, NULL,
         "speak the Arduino IDE's pluggable discovery protocol on stdin and stdout"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft discover", "[--timeout SECONDS] [--json | --arduino]",
        "Lists the devices of the local network that take uploads, by mDNS (_arduino._tcp).", rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 0)
        return result;
    report_usage("takes no operand: %s is not expected", argv[1]);
    return OPTIONS_BAD;
}

/* What a device says of itself, fit for a terminal; "" if it does not. */
static void copy_text(const struct mdns_device *device, const char *key, char out[MDNS_TEXT_MAX])
{
    const char *text = mdns_text(device, key);

    snprintf(out, MDNS_TEXT_MAX, "%s", text != NULL ? text : "");
    text_clean(out);
}

static int print_table(const struct device_list *list)
{
    static const struct table_column columns[] = {
        {"name", TABLE_LEFT},  {"address", TABLE_LEFT},  {"port", TABLE_RIGHT},
        {"board", TABLE_LEFT}, {"password", TABLE_LEFT}, {NULL},
    };
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < list->count; i++) {
        const struct mdns_device *device = &list->devices[i];
        char board[MDNS_TEXT_MAX], password[MDNS_TEXT_MAX];
        copy_text(device, "board", board);
        copy_text(device, "auth_upload", password);
        table_cell(table, "%s", device->name);
        table_cell(table, "%s", device->address);
        table_cell(table, "%u", device->port);
        table_cell(table, "%s", board);
        table_cell(table, "%s", password);
    }
    const int error = table_print(table, stdout, 0);
    table_free(table);
    return error == 0 ? EXIT_OK : report_failure("out of memory");
}

static int print_json(const struct device_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        const struct mdns_device *device = &list->devices[i];
        const char *board = mdns_text(device, "board");
        const char *password = mdns_text(device, "auth_upload");
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:i, s:s?, s:b}", "name", device->name,
                                        "host", device->host, "address", device->address, "port",
                                        device->port, "board", board, "needs_password",
                                        password != NULL && strcmp(password, "yes") == 0));
    }
    const int error = json_dumpf(array, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(array);
    putchar('\n');
    return error == 0 ? EXIT_OK : report_failure("the list could not be printed");
}

static int discover(const struct discover_options *options)
{
    struct device_list list = {0};
    int status = device_list_collect(&list, (int)options->timeout_s * MS_PER_S, NULL, NULL);

    if (status == EXIT_OK && options->json)
        status = print_json(&list);
    else if (status == EXIT_OK && list.count > 0)
        status = print_table(&list);
    else if (status == EXIT_OK)
        fprintf(stderr, "no device that takes uploads is in this network\n");
    device_list_free(&list);
    return status;
}

int command_discover(int argc, char **argv)
{
    struct discover_options options = {.timeout_s = 3};
    const enum options_result parsed = parse(argc, argv, &options);

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (options.arduino)
        return discover_for_arduino();
    if (options.timeout_s == 0 || options.timeout_s > TIMEOUT_LIMIT_S)
        return report_usage("--timeout takes 1 to %lu seconds", TIMEOUT_LIMIT_S);
    return discover(&options);
}
