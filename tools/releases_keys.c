#include "tools/releases_keys.h"

#include "host/report.h"
#include "host/table.h"

#include <stdlib.h>
#include <string.h>

static char *list_path(const char *product)
{
    const struct api_parameter parameters[] = {{"product", product}, {NULL, NULL}};

    return api_path("/key-updates", parameters);
}

static void add_row(struct table *table, const json_t *update)
{
    table_cell(table, "%s", operate_text(update, "product"));
    table_cell(table, "%lld", (long long)json_integer_value(json_object_get(update, "number")));
    table_cell(table, "%s %s",
               strcmp(operate_text(update, "action"), "add") == 0 ? "adds" : "revokes",
               operate_text(update, "key"));
    table_cell(table, "%s", operate_text(update, "state"));
    table_cell(table, "%.10s", operate_text(update, "published"));
    table_cell(table, "%lld", (long long)json_integer_value(json_object_get(update, "devices")));
}

static int print_table(const struct operate_options *options, const json_t *answer)
{
    static const struct table_column columns[] = {
        {"PRODUCT", TABLE_LEFT}, {"NUMBER", TABLE_RIGHT},   {"WHAT", TABLE_LEFT},
        {"STATE", TABLE_LEFT},   {"PUBLISHED", TABLE_LEFT}, {"HAVE IT", TABLE_RIGHT},
        {NULL, TABLE_LEFT}};
    const json_t *updates = json_object_get(answer, "key_updates"), *update;
    size_t i;

    (void)options;
    if (json_array_size(updates) == 0) {
        printf("no key updates: updraft key add makes one, updraft publish FILE publishes it\n");
        return EXIT_OK;
    }
    struct table *table = table_start(columns);
    json_array_foreach(updates, i, update)
    {
        if (table != NULL)
            add_row(table, update);
    }
    return operate_print_table(table);
}

int releases_list_keys(const struct operate_options *options, const char *product)
{
    char *path = list_path(product);
    const int status = path != NULL ? operate_ask(options, "GET", path, NULL, print_table)
                                    : report_failure("out of memory");

    free(path);
    return status;
}

/* --- withdrawing --- */

/* The id of the live update of this number; 0 = there is none. */
static json_int_t find_live(const json_t *answer, unsigned long number)
{
    const json_t *update;
    size_t i;

    json_array_foreach(json_object_get(answer, "key_updates"), i, update)
    {
        if (json_integer_value(json_object_get(update, "number")) == (json_int_t)number &&
            strcmp(operate_text(update, "state"), "live") == 0)
            return json_integer_value(json_object_get(update, "id"));
    }
    return 0;
}

static int print_withdrawn(const struct operate_options *options, const json_t *update)
{
    (void)options;
    printf("key update %lld of %s is withdrawn\n",
           (long long)json_integer_value(json_object_get(update, "number")),
           operate_text(update, "product"));
    return EXIT_OK;
}

static int find_id(const struct operate_options *options, const char *product, unsigned long number,
                   json_int_t *id)
{
    struct api_client *client;
    json_t *answer = NULL;
    char *path = list_path(product);
    int status =
        path != NULL ? api_open(&options->access, &client) : report_failure("out of memory");

    if (status == EXIT_OK) {
        status = api_call(client, "GET", path, NULL, &answer, NULL);
        api_close(client);
    }
    free(path);
    *id = find_live(answer, number);
    json_decref(answer);
    if (status == EXIT_OK && *id == 0)
        status = report_failure("%s has no key update %lu", product, number);
    return status;
}

int releases_withdraw_key_update(const struct operate_options *options, const char *product,
                                 unsigned long number)
{
    json_int_t id;
    char path[60];
    const int status = find_id(options, product, number, &id);

    if (status != EXIT_OK)
        return status;
    snprintf(path, sizeof path, "/key-updates/%lld/withdraw", (long long)id);
    return operate_ask(options, "POST", path, NULL, print_withdrawn);
}
