/* A device's history, which is in the database only. */
#include "server/operator_api/handlers.h"

#include "server/log/log.h"
#include "server/model/clock.h"

#include <stdlib.h>

/* A reading on its way; its request's context. */
struct reading {
    const struct operator_api *api;
    struct http_request *request;
    mac_address mac;
    json_t *events;
    int result;
    char error[STORE_ERROR_SIZE];
};

static void free_reading(void *context)
{
    struct reading *reading = context;

    json_decref(reading->events);
    free(reading);
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *number_or_null(uint64_t number)
{
    return number != 0 ? json_integer((json_int_t)number) : json_null();
}

static void take_event(void *ctx, const struct device_event *event)
{
    const struct reading *reading = ctx;
    char at[CLOCK_TEXT_SIZE];

    json_array_append_new(
        reading->events,
        json_pack("{ss ss so so so so so}", "at", clock_format(event->at_ms, at), "event",
                  event_name(event->kind), "version", text_or_null(event->version), "before",
                  text_or_null(event->before), "bytes", number_or_null(event->bytes), "duration_ms",
                  number_or_null(event->duration_ms), "reason", text_or_null(event->reason)));
}

static void read_history(void *ctx)
{
    struct reading *reading = ctx;
    const struct operator_api *api = reading->api;

    reading->result =
        api->store->read_history(api->database, reading->mac, take_event, reading, reading->error);
    http_resume(reading->request);
}

static void go_on(void *ctx, struct http_request *request)
{
    struct reading *reading = ctx;

    if (reading->result == 0) {
        answer_json(request, 200, json_pack("{sO}", "history", reading->events));
        return;
    }
    log_line("a device's history cannot be read: %s", reading->error);
    answer_error(request, 503, "the history cannot be read: %s", reading->error);
}

void handle_device_history(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    struct device_view view;
    mac_address mac;

    if (!find_device(api, request, name, &mac, &view))
        return;
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        answer_cannot_write(request);
        return;
    }
    *reading = (struct reading){
        .api = api, .request = request, .mac = mac, .events = json_array(), .result = -1};
    http_set_context(request, reading, free_reading);
    http_suspend(request, go_on, reading);
    if (!worker_submit(api->worker, read_history, reading))
        http_resume(request);
}
