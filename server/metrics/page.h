/* /metrics: what the server counts, for Prometheus. */
#ifndef SERVER_METRICS_PAGE_H
#define SERVER_METRICS_PAGE_H

#include "server/events/hub.h"
#include "server/fleet/fleet.h"
#include "server/http/http.h"
#include "server/metrics/counters.h"
#include "server/work/worker.h"

#define METRICS_PATH "/metrics"

struct metrics_source {
    struct fleet *fleet;
    struct hub *hub;
    struct worker *worker;
    const struct counters *counters;
    struct http_server *const *http; /* whose connections count; may be null itself */
};

struct metrics_page;

/* Null when memory is out. The source's parts outlive the page. */
struct metrics_page *metrics_page_new(const struct metrics_source *source);
void metrics_page_free(struct metrics_page *page);

/* Answers a GET of it, to anybody. Devices are counted on the worker's thread, and no
 * more often than that it takes a twentieth of its time. */
void metrics_page_handle(struct metrics_page *page, struct http_request *request);

#endif
