/* `updraft audit`: who changed what, and whether the log still is what was written. */
#include "server/model/audit.h"
#include "host/report.h"
#include "host/table.h"
#include "server/model/clock.h"
#include "server/store/store.h"
#include "tools/command.h"
#include "tools/operate.h"
#include "updraft/hex.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIST_DEFAULT 50
#define PAGE         1000 /* records the server hands out at once */

struct audit_options {
    struct operate_options operate;
    const char *data;    /* folder; null: over the API */
    const char *holding; /* "NUMBER:HASH" that must be in the log; null: nothing */
    unsigned long limit;
};

/* What is told of a log that was followed. */
struct verdict {
    struct audit_chain chain;
    enum audit_fault fault;
    struct audit_chain expected; /* number 0: nothing */
    bool was_met;                /* the expected one */
};

static enum options_result parse(int argc, char **argv, struct audit_options *options,
                                 int *operands)
{
    const struct option_row rows[] = {
        {"limit", 'n', OPTION_NUMBER, &options->limit, "N", "list so many (default 50; 0: all)"},
        {"data", 'd', OPTION_TEXT, &options->data, "DIR",
         "verify the log in this data folder, instead of asking a server for it"},
        {"holding", 0, OPTION_TEXT, &options->holding, "NUMBER:HASH",
         "verify that this record, noted down earlier, is still there"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft audit", "[list | verify] [--data DIR]",
        "  list    the latest changes: who made them, when, from where\n"
        "  verify  follows the log's chain of hashes from its first record to its last,\n"
        "          and says where it breaks",
        rows};

    return options_parse(&usage, argc, argv, operands);
}

/* --- list --- */

static void add_row(struct table *table, const json_t *record)
{
    table_cell(table, "%" JSON_INTEGER_FORMAT,
               json_integer_value(json_object_get(record, "number")));
    table_cell(table, "%.19s", operate_text(record, "at"));
    table_cell(table, "%s", operate_text(record, "who"));
    table_cell(table, "%s", operate_text(record, "address"));
    table_cell(table, "%s", operate_text(record, "action"));
    table_cell(table, "%s", operate_text(record, "detail"));
}

static int print_list(const json_t *records)
{
    static const struct table_column columns[] = {
        {"NUMBER", TABLE_RIGHT}, {"TIME (UTC)", TABLE_LEFT}, {"WHO", TABLE_LEFT},
        {"FROM", TABLE_LEFT},    {"ACTION", TABLE_LEFT},     {"DETAIL", TABLE_LEFT},
        {NULL, TABLE_LEFT}};
    struct table *table = table_start(columns);

    if (table == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < json_array_size(records); i++)
        add_row(table, json_array_get(records, i));
    const int result = table_print(table, stdout, 0);
    table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

/* A page of records; `order` is "before" or "after". EXIT_OK and *answer, or reported. */
static int ask_page(struct api_client *client, const char *order, uint64_t from, uint64_t limit,
                    json_t **answer)
{
    char number[24], count[24];
    const struct api_parameter parameters[] = {{order, number}, {"limit", count}, {NULL, NULL}};

    snprintf(number, sizeof number, "%" PRIu64, from);
    snprintf(count, sizeof count, "%" PRIu64, limit);
    char *path = api_path("/audit", parameters);
    const int status = path != NULL ? api_call(client, "GET", path, NULL, answer, NULL)
                                    : report_failure("out of memory");
    free(path);
    return status;
}

/* The latest `limit` records, newest first; 0: all. */
static int collect_list(struct api_client *client, uint64_t limit, json_t *records)
{
    uint64_t before = 0;

    for (;;) {
        const uint64_t left = limit != 0 ? limit - json_array_size(records) : PAGE;
        json_t *answer = NULL;
        const int status = ask_page(client, "before", before, left < PAGE ? left : PAGE, &answer);
        const json_t *page = json_object_get(answer, "records");
        const size_t count = json_array_size(page);
        if (status == EXIT_OK)
            json_array_extend(records, (json_t *)(uintptr_t)page);
        json_decref(answer);
        before = (uint64_t)json_integer_value(
            json_object_get(json_array_get(records, json_array_size(records) - 1), "number"));
        if (status != EXIT_OK || count == 0 || before <= 1 || json_array_size(records) == limit)
            return status;
    }
}

static int list(struct api_client *client, const struct audit_options *options)
{
    json_t *records = json_array();
    int status = collect_list(client, options->limit, records);

    if (status == EXIT_OK && options->operate.json) {
        json_t *answer = json_pack("{sO}", "records", records);
        status = operate_print_json(answer);
        json_decref(answer);
    } else if (status == EXIT_OK) {
        status = print_list(records);
    }
    json_decref(records);
    return status;
}

/* --- verify --- */

static bool follow(void *ctx, const struct audit_record *record)
{
    struct verdict *verdict = ctx;

    verdict->fault = audit_follow(&verdict->chain, record);
    if (verdict->fault == AUDIT_SOUND && record->number == verdict->expected.number)
        verdict->was_met = memcmp(record->hash, verdict->expected.hash, AUDIT_HASH_SIZE) == 0;
    return verdict->fault == AUDIT_SOUND;
}

/* False when it is not a record as servers write them. */
static bool read_record(const json_t *value, struct audit_record *record)
{
    struct audit_note *note = &record->note;
    const char *hash = operate_text(value, "hash");

    memset(record, 0, sizeof *record);
    record->number = (uint64_t)json_integer_value(json_object_get(value, "number"));
    if (json_is_string(json_object_get(value, "address")))
        audit_text(note->address, sizeof note->address, operate_text(value, "address"));
    audit_text(note->who, sizeof note->who, operate_text(value, "who"));
    audit_text(note->action, sizeof note->action, operate_text(value, "action"));
    audit_text(note->detail, sizeof note->detail,
               json_is_string(json_object_get(value, "detail")) ? operate_text(value, "detail")
                                                                : "");
    return clock_parse(operate_text(value, "at"), &note->at_ms) &&
           strlen(hash) == 2 * AUDIT_HASH_SIZE &&
           ud_hex_decode(hash, record->hash, AUDIT_HASH_SIZE) == UD_OK;
}

static int follow_page(const json_t *page, struct verdict *verdict)
{
    struct audit_record record;

    for (size_t i = 0; i < json_array_size(page); i++) {
        if (!read_record(json_array_get(page, i), &record))
            return report_failure("the server's records cannot be read: is it an Updraft server?");
        if (!follow(verdict, &record))
            break;
    }
    return EXIT_OK;
}

/* The hashes are taken here: the server's word is not needed. */
static int follow_server(const struct audit_options *options, struct verdict *verdict)
{
    struct api_client *client;
    int status = api_open(&options->operate.access, &client);
    bool is_over = status != EXIT_OK;

    if (is_over)
        return status;
    while (!is_over) {
        json_t *answer = NULL;
        status = ask_page(client, "after", verdict->chain.number, PAGE, &answer);
        const json_t *page = json_object_get(answer, "records");
        if (status == EXIT_OK)
            status = follow_page(page, verdict);
        is_over = status != EXIT_OK || verdict->fault != AUDIT_SOUND || json_array_size(page) == 0;
        json_decref(answer);
    }
    api_close(client);
    return status;
}

static int follow_folder(const char *folder, struct verdict *verdict)
{
    const struct audit_query all = {.limit = 0};
    char error[STORE_ERROR_SIZE], *path;

    if (asprintf(&path, "%s/updraft.db", folder) < 0)
        return report_failure("out of memory");
    const int result = store_sqlite.read_audit(path, &all, follow, verdict, error);
    const int status = result == 0 ? EXIT_OK : report_failure("%s: %s", path, error);
    free(path);
    return status;
}

static int report_verdict(const struct verdict *verdict, bool as_json)
{
    const unsigned long long number = verdict->chain.number;
    char hash[2 * AUDIT_HASH_SIZE + 1];

    ud_hex_encode(verdict->chain.hash, AUDIT_HASH_SIZE, hash);
    if (verdict->fault != AUDIT_SOUND)
        return report_failure("record %llu %s", number + 1, audit_fault_text(verdict->fault));
    if (verdict->expected.number != 0 && !verdict->was_met)
        return report_failure("record %llu is not the one that was noted: the log was rewritten "
                              "or cut",
                              (unsigned long long)verdict->expected.number);
    if (as_json)
        printf("{\"records\": %llu, \"hash\": \"%s\"}\n", number, hash);
    else
        printf("sound: %llu records, the last is %llu:%s\n", number, number, hash);
    return EXIT_OK;
}

/* Reads "NUMBER:HASH". */
static bool read_expected(const char *text, struct audit_chain *expected)
{
    char *end;

    expected->number = strtoull(text, &end, 10);
    return expected->number != 0 && *end == ':' && strlen(end + 1) == 2 * AUDIT_HASH_SIZE &&
           ud_hex_decode(end + 1, expected->hash, AUDIT_HASH_SIZE) == UD_OK;
}

static int verify(const struct audit_options *options)
{
    struct verdict verdict = {.fault = AUDIT_SOUND};

    if (options->holding != NULL && !read_expected(options->holding, &verdict.expected))
        return report_usage("--holding takes NUMBER:HASH, as an earlier verify printed it");
    const int status = options->data != NULL ? follow_folder(options->data, &verdict)
                                             : follow_server(options, &verdict);
    return status == EXIT_OK ? report_verdict(&verdict, options->operate.json) : status;
}

int command_audit(int argc, char **argv)
{
    struct audit_options options = {.limit = LIST_DEFAULT};
    struct api_client *client;
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    if (operands > 1)
        return report_usage("%s is not expected", argv[2]);
    if (operands == 1 && strcmp(argv[1], "verify") == 0)
        return verify(&options);
    if (operands == 1 && strcmp(argv[1], "list") != 0)
        return report_usage("%s is not one of list, verify", argv[1]);
    if (options.data != NULL || options.holding != NULL)
        return report_usage("list does not take %s", options.data != NULL ? "--data" : "--holding");
    int status = api_open(&options.operate.access, &client);
    if (status != EXIT_OK)
        return status;
    status = list(client, &options);
    api_close(client);
    return status;
}
