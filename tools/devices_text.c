#include "tools/devices_text.h"

#include "host/report.h"
#include "host/table.h"
#include "host/text.h"
#include "tools/operate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "2026-11-21T10:20:30.123Z" as "12 s ago"; the text itself when it is no time. */
static const char *time_ago(const char *text, char *out, size_t size)
{
    struct tm utc = {.tm_isdst = 0};

    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) == NULL) {
        snprintf(out, size, "%s", strcmp(text, "-") == 0 ? "never" : text);
        return out;
    }
    const long long seconds = (long long)(time(NULL) - timegm(&utc));
    if (seconds < 60)
        snprintf(out, size, "%lld s ago", seconds > 0 ? seconds : 0);
    else if (seconds < 3600)
        snprintf(out, size, "%lld min ago", seconds / 60);
    else if (seconds < 86400)
        snprintf(out, size, "%lld h ago", seconds / 3600);
    else
        snprintf(out, size, "%lld days ago", seconds / 86400);
    return out;
}

struct table *devices_table(void)
{
    static const struct table_column columns[] = {{"MAC", TABLE_LEFT},    {"PRODUCT", TABLE_LEFT},
                                                  {"GROUP", TABLE_LEFT},  {"VERSION", TABLE_LEFT},
                                                  {"TARGET", TABLE_LEFT}, {"STATE", TABLE_LEFT},
                                                  {"SEEN", TABLE_LEFT},   {NULL, TABLE_LEFT}};

    return table_start(columns);
}

void devices_add_row(struct table *table, const json_t *device)
{
    char seen[40];

    table_cell(table, "%s", operate_text(device, "mac"));
    table_cell(table, "%s", operate_text(device, "product"));
    table_cell(table, "%s", operate_text(device, "group"));
    table_cell(table, "%s", operate_text(device, "version"));
    table_cell(table, "%s", operate_text(device, "target"));
    table_cell(table, "%s", operate_text(device, "state"));
    table_cell(table, "%s", time_ago(operate_text(device, "last_seen"), seen, sizeof seen));
}

static int print_and_free(struct table *table)
{
    const int result = table_print(table, stdout, 0);

    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

static void add_line(struct table *table, const json_t *object, const char *label, const char *name)
{
    const json_t *value = json_object_get(object, name);

    table_cell(table, "%s", label);
    if (json_is_array(value)) {
        char *text = json_array_size(value) > 0 ? operate_join(value) : NULL;
        table_cell(table, "%s", text != NULL ? text : "-");
        free(text);
    } else if (json_is_integer(value))
        table_cell(table, "%lld", (long long)json_integer_value(value));
    else
        table_cell(table, "%s", operate_text(object, name));
}

int devices_print_one(const json_t *device)
{
    static const struct table_column columns[] = {
        {"DEVICE", TABLE_LEFT}, {"", TABLE_LEFT}, {NULL, TABLE_LEFT}};
    static const char *const lines[][2] = {{"MAC", "mac"},
                                           {"state", "state"},
                                           {"reason", "reason"},
                                           {"chip", "chip"},
                                           {"product", "product"},
                                           {"group", "group"},
                                           {"channel", "channel"},
                                           {"pin", "pin"},
                                           {"alias", "alias"},
                                           {"tags", "tags"},
                                           {"notes", "notes"},
                                           {"UTC offset", "utc_offset_minutes"},
                                           {"version", "version"},
                                           {"target", "target"},
                                           {"next", "next"},
                                           {"attempts", "attempts"},
                                           {"address", "address"},
                                           {"first seen", "first_seen"},
                                           {"last seen", "last_seen"}};
    static const char *const facts[][2] = {
        {"free space", "free_space"}, {"sketch size", "sketch_size"},
        {"sketch MD5", "sketch_md5"}, {"sketch SHA-256", "sketch_sha256"},
        {"chip size", "chip_size"},   {"SDK", "sdk_version"},
        {"AP MAC", "ap_mac"},         {"chip id", "chip_id"}};
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        add_line(table, device, lines[i][0], lines[i][1]);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        add_line(table, json_object_get(device, "facts"), facts[i][0], facts[i][1]);
    return print_and_free(table);
}

/* "400.0 KB in 2.1 s", "-" without either. */
static void add_amount(struct table *table, const json_t *event)
{
    const json_t *bytes = json_object_get(event, "bytes");
    const json_t *duration = json_object_get(event, "duration_ms");
    char size[TEXT_SIZE_MAX] = "", time[32] = "";

    if (json_is_integer(bytes))
        text_size((uint64_t)json_integer_value(bytes), size);
    if (json_is_integer(duration))
        snprintf(time, sizeof time, "%s%.1f s", size[0] != '\0' ? " in " : "after ",
                 (double)json_integer_value(duration) / 1000);
    table_cell(table, "%s%s", size[0] == '\0' && time[0] == '\0' ? "-" : size, time);
}

int devices_print_history(const json_t *answer)
{
    static const struct table_column columns[] = {{"AT", TABLE_LEFT},      {"EVENT", TABLE_LEFT},
                                                  {"VERSION", TABLE_LEFT}, {"BEFORE", TABLE_LEFT},
                                                  {"AMOUNT", TABLE_LEFT},  {"REASON", TABLE_LEFT},
                                                  {NULL, TABLE_LEFT}};
    const json_t *history = json_object_get(answer, "history"), *event;
    struct table *table = table_start(columns);
    size_t i;

    if (table == NULL)
        return report_failure("out of memory");
    json_array_foreach(history, i, event)
    {
        table_cell(table, "%.19s", operate_text(event, "at"));
        table_cell(table, "%s", operate_text(event, "event"));
        table_cell(table, "%s", operate_text(event, "version"));
        table_cell(table, "%s", operate_text(event, "before"));
        add_amount(table, event);
        table_cell(table, "%s", operate_text(event, "reason"));
    }
    return print_and_free(table);
}

int devices_print_state(const json_t *device)
{
    printf("%s: %s (%s)\n", operate_text(device, "mac"), operate_text(device, "reason"),
           operate_text(device, "state"));
    return EXIT_OK;
}

int devices_print_groups(const json_t *answer)
{
    static const struct table_column columns[] = {{"GROUP", TABLE_LEFT},    {"PRODUCT", TABLE_LEFT},
                                                  {"CHANNEL", TABLE_LEFT},  {"PIN", TABLE_LEFT},
                                                  {"DEVICES", TABLE_RIGHT}, {NULL, TABLE_LEFT}};
    const json_t *groups = json_object_get(answer, "groups");

    if (json_array_size(groups) == 0) {
        printf("no groups: updraft devices group NAME --product P --channel C makes one\n");
        return EXIT_OK;
    }
    struct table *table = table_start(columns);
    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        table_cell(table, "%s", operate_text(group, "name"));
        table_cell(table, "%s", operate_text(group, "product"));
        table_cell(table, "%s", operate_text(group, "channel"));
        table_cell(table, "%s", operate_text(group, "pin"));
        table_cell(table, "%lld", (long long)json_integer_value(json_object_get(group, "devices")));
    }
    return print_and_free(table);
}

int devices_print_group(const json_t *answer)
{
    const json_t *group = json_object_get(answer, "group");

    printf("group %s: product %s, channel %s, pin %s, %lld device(s)\n",
           operate_text(group, "name"), operate_text(group, "product"),
           operate_text(group, "channel"), operate_text(group, "pin"),
           (long long)json_integer_value(json_object_get(group, "devices")));
    return EXIT_OK;
}
