/* The audit log: read, and followed from end to end. Both may take long. */
#include "server/operator_api/handlers.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "updraft/hex.h"

#include <stdlib.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* A reading on its way; its request's context. */
struct reading {
    const struct operator_api *api;
    struct http_request *request;
    struct audit_query query;
    bool (*visit)(void *ctx, const struct audit_record *record);
    json_t *(*answer)(struct reading *reading); /* takes `records` over */
    json_t *records;                            /* listed */
    struct audit_chain chain;                   /* followed */
    enum audit_fault fault;
    int result;
    char error[STORE_ERROR_SIZE];
};

static void free_reading(void *context)
{
    struct reading *reading = context;

    json_decref(reading->records);
    free(reading);
}

static bool list_one(void *ctx, const struct audit_record *record)
{
    const struct reading *reading = ctx;
    const struct audit_note *note = &record->note;
    char at[CLOCK_TEXT_SIZE], hash[2 * AUDIT_HASH_SIZE + 1];

    ud_hex_encode(record->hash, AUDIT_HASH_SIZE, hash);
    json_array_append_new(
        reading->records,
        json_pack("{sI ss ss so ss ss ss}", "number", (json_int_t)record->number, "at",
                  clock_format(note->at_ms, at), "who", note->who, "address",
                  note->address[0] != '\0' ? json_string(note->address) : json_null(), "action",
                  note->action, "detail", note->detail, "hash", hash));
    return true;
}

static json_t *answer_list(struct reading *reading)
{
    return json_pack("{sO}", "records", reading->records);
}

static bool follow_one(void *ctx, const struct audit_record *record)
{
    struct reading *reading = ctx;

    reading->fault = audit_follow(&reading->chain, record);
    return reading->fault == AUDIT_SOUND;
}

static json_t *answer_verdict(struct reading *reading)
{
    const bool is_sound = reading->fault == AUDIT_SOUND;
    char hash[2 * AUDIT_HASH_SIZE + 1];
    json_t *problem =
        is_sound ? json_null()
                 : json_sprintf("record %llu %s", (unsigned long long)reading->chain.number + 1,
                                audit_fault_text(reading->fault));

    ud_hex_encode(reading->chain.hash, AUDIT_HASH_SIZE, hash);
    return json_pack("{sb sI ss so}", "sound", is_sound, "records",
                     (json_int_t)reading->chain.number, "hash", hash, "problem", problem);
}

static void read_log(void *ctx)
{
    struct reading *reading = ctx;
    const struct operator_api *api = reading->api;

    reading->result = api->store->read_audit(api->database, &reading->query, reading->visit,
                                             reading, reading->error);
    http_resume(reading->request);
}

static void go_on(void *ctx, struct http_request *request)
{
    struct reading *reading = ctx;

    if (reading->result == 0) {
        answer_json(request, 200, reading->answer(reading));
        return;
    }
    log_line("the audit log cannot be read: %s", reading->error);
    answer_error(request, 503, "the audit log cannot be read: %s", reading->error);
}

static struct reading *new_reading(const struct operator_api *api, struct http_request *request)
{
    struct reading *reading = calloc(1, sizeof *reading);

    if (reading == NULL) {
        answer_cannot_write(request);
        return NULL;
    }
    reading->api = api;
    reading->request = request;
    http_set_context(request, reading, free_reading);
    return reading;
}

static void start(struct reading *reading)
{
    http_suspend(reading->request, go_on, reading);
    if (worker_submit(reading->api->worker, read_log, reading))
        return;
    reading->result = -1;
    http_resume(reading->request);
}

/* "?after=N" goes on towards the end, "?before=N" towards the beginning. */
void handle_list_audit(const struct operator_api *api, struct http_request *request,
                       const char *name)
{
    const bool is_newest_first = http_query(request, "after") == NULL;
    uint64_t limit = LIMIT_DEFAULT, from = 0;

    (void)name;
    if (!query_number(request, "limit", &limit) ||
        !query_number(request, is_newest_first ? "before" : "after", &from))
        return;
    struct reading *reading = new_reading(api, request);
    if (reading == NULL)
        return;
    reading->query = (struct audit_query){
        .is_newest_first = is_newest_first,
        .from = from,
        .limit = limit == 0 || limit > LIMIT_MAX ? LIMIT_MAX : (uint32_t)limit,
    };
    reading->visit = list_one;
    reading->answer = answer_list;
    reading->records = json_array();
    start(reading);
}

void handle_verify_audit(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct reading *reading = new_reading(api, request);

    (void)name;
    if (reading == NULL)
        return;
    reading->visit = follow_one;
    reading->answer = answer_verdict;
    start(reading);
}
