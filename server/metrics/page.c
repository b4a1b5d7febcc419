#include "server/metrics/page.h"

#include "server/metrics/exposition.h"
#include "server/metrics/fleet_metrics.h"
#include "server/metrics/process.h"
#include "server/model/clock.h"

#include <stdlib.h>
#include <string.h>

/* Of the worker's time, what counting devices may take. */
#define COUNT_SHARE 20

struct metrics_page {
    struct metrics_source source;
    /* The fleet's part, made and kept by the worker's thread alone. */
    char *fleet;
    int64_t fleet_until_ms; /* it stands until then */
};

struct metrics_page *metrics_page_new(const struct metrics_source *source)
{
    struct metrics_page *page = calloc(1, sizeof *page);

    if (page != NULL)
        page->source = *source;
    return page;
}

void metrics_page_free(struct metrics_page *page)
{
    free(page->fleet);
    free(page);
}

static const char *const interface_names[COUNTED_INTERFACES] = {
    [COUNTED_OTHER] = "other",
    [COUNTED_CHECKIN] = "check-in",
    [COUNTED_DOWNLOAD] = "download",
    [COUNTED_API] = "api",
};

static void write_statuses(FILE *out, const struct counters *counters,
                           enum counted_interface interface, const char *name)
{
    for (size_t i = 0; i <= COUNTED_STATUSES; i++) {
        const double count = counter_read(&counters->answers[interface][i]);
        char status[12] = "other";
        if (count == 0)
            continue;
        if (counters_status(i) != 0)
            snprintf(status, sizeof status, "%u", counters_status(i));
        const bool is_named = interface != COUNTED_CHECKIN;
        const struct metric_label labels[] = {
            {"code", status},
            {is_named ? "interface" : NULL, interface_names[interface]},
            {NULL, NULL}};
        exposition_value(out, name, labels, count);
    }
}

static void write_answers(FILE *out, const struct counters *counters)
{
    exposition_begin(out, "updraft_checkins_total", METRIC_COUNTER,
                     "Check-ins of devices, by the status they were answered with.");
    write_statuses(out, counters, COUNTED_CHECKIN, "updraft_checkins_total");
    exposition_begin(out, "updraft_checkin_decisions_total", METRIC_COUNTER,
                     "Check-ins of known devices, by the state of the device.");
    for (int i = 0; i < STATE_COUNT; i++) {
        const struct metric_label labels[] = {{"state", policy_state_name((enum device_state)i)},
                                              {NULL, NULL}};
        exposition_value(out, "updraft_checkin_decisions_total", labels,
                         counter_read(&counters->decisions[i]));
    }
    exposition_begin(out, "updraft_http_answers_total", METRIC_COUNTER,
                     "Other requests, by who is asked and the status of the answer.");
    for (int i = 0; i < COUNTED_INTERFACES; i++)
        if (i != COUNTED_CHECKIN)
            write_statuses(out, counters, (enum counted_interface)i, "updraft_http_answers_total");
}

static void write_downloads(FILE *out, const struct counters *counters)
{
    const char *const name = "updraft_downloads_total";
    const struct metric_label whole[] = {{"result", "whole"}, {NULL, NULL}};
    const struct metric_label broken[] = {{"result", "broken"}, {NULL, NULL}};

    exposition_single(out, "updraft_downloads_begun_total", METRIC_COUNTER,
                      "Images, or rests of them, that began to be sent to devices.",
                      counter_read(&counters->downloads_begun));
    exposition_begin(out, name, METRIC_COUNTER,
                     "Images sent to devices that are over, by whether all of it was sent.");
    exposition_value(out, name, whole, counter_read(&counters->downloads_whole));
    exposition_value(out, name, broken, counter_read(&counters->downloads_broken));
    exposition_single(out, "updraft_download_bytes_total", METRIC_COUNTER,
                      "Bytes of images that devices received.",
                      counter_read(&counters->download_bytes));
}

static void write_store(FILE *out, const struct writer_stats *stats)
{
    exposition_histogram(out, "updraft_store_commit_seconds",
                         "How long transactions of the database take.", &stats->commits);
    exposition_histogram(out, "updraft_store_wait_seconds",
                         "From a change being asked for until it is durable.", &stats->waits);
    exposition_single(out, "updraft_store_changes_total", METRIC_COUNTER,
                      "Changes in those transactions.", counter_read(&stats->changes));
    exposition_single(out, "updraft_store_failed_changes_total", METRIC_COUNTER,
                      "Changes that could not be written.", counter_read(&stats->failures));
    exposition_single(out, "updraft_store_waiting_changes", METRIC_GAUGE,
                      "Changes that wait for a transaction.", counter_read(&stats->waiting));
    exposition_single(out, "updraft_store_failing", METRIC_GAUGE,
                      "1 while the database cannot be written.", counter_read(&stats->is_failing));
}

static void write_page(const struct metrics_page *page, FILE *out)
{
    const struct metrics_source *source = &page->source;
    const struct metric_label version[] = {{"version", UPDRAFT_VERSION}, {NULL, NULL}};

    exposition_begin(out, "updraft_build_info", METRIC_GAUGE, "Always 1.");
    exposition_value(out, "updraft_build_info", version, 1);
    write_answers(out, source->counters);
    write_downloads(out, source->counters);
    write_store(out, fleet_writer_stats(source->fleet));
    if (*source->http != NULL)
        exposition_single(out, "updraft_connections", METRIC_GAUGE, "Open HTTP connections.",
                          http_connection_count(*source->http));
    exposition_single(out, "updraft_event_clients", METRIC_GAUGE,
                      "Clients that listen to the stream of events.",
                      (double)hub_listener_count(source->hub));
    process_metrics_write(out);
    if (page->fleet != NULL)
        fputs(page->fleet, out);
}

/* --- on the worker's thread --- */

static void count_fleet(struct metrics_page *page)
{
    const int64_t begun = clock_monotonic_ms();
    char *text = NULL;
    size_t size;

    if (page->fleet != NULL && begun < page->fleet_until_ms)
        return;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return;
    fleet_metrics_write(out, page->source.fleet);
    if (fclose(out) != 0) {
        free(text);
        return;
    }
    free(page->fleet);
    page->fleet = text;
    const int64_t now = clock_monotonic_ms();
    page->fleet_until_ms = now + (now - begun) * COUNT_SHARE;
}

struct scrape {
    struct metrics_page *page;
    struct http_request *request;
    char *text; /* null: memory is out */
    size_t size;
};

static void free_scrape(void *ctx)
{
    struct scrape *scrape = ctx;

    free(scrape->text);
    free(scrape);
}

static void go_on(void *ctx, struct http_request *request)
{
    const struct scrape *scrape = ctx;

    http_set_header(request, "Cache-Control", "no-store");
    if (scrape->text != NULL)
        http_answer(request, 200, EXPOSITION_TYPE, scrape->text, scrape->size);
    else
        http_answer_line(request, 500, "out of memory");
}

static void make_page(void *ctx)
{
    struct scrape *scrape = ctx;

    count_fleet(scrape->page);
    FILE *out = open_memstream(&scrape->text, &scrape->size);
    if (out != NULL) {
        write_page(scrape->page, out);
        if (fclose(out) != 0) {
            free(scrape->text);
            scrape->text = NULL;
        }
    }
    http_resume(scrape->request);
}

void metrics_page_handle(struct metrics_page *page, struct http_request *request)
{
    struct scrape *scrape;

    if (strcmp(http_method(request), "GET") != 0) {
        http_set_header(request, "Allow", "GET");
        http_answer_line(request, 405, "metrics can only be read");
        return;
    }
    scrape = calloc(1, sizeof *scrape);
    if (scrape == NULL) {
        http_answer_line(request, 500, "out of memory");
        return;
    }
    *scrape = (struct scrape){.page = page, .request = request};
    http_set_context(request, scrape, free_scrape);
    http_suspend(request, go_on, scrape);
    if (!worker_submit(page->source.worker, make_page, scrape))
        http_resume(request);
}
