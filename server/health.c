#include "server/health.h"

#include <string.h>

#define PATH          "/health"
#define PATH_DATABASE PATH "/database"
#define RETRY_AFTER   "5"

bool health_wants(const struct http_request *request)
{
    const char *path = http_path(request);

    return strcmp(path, PATH) == 0 || strcmp(path, PATH_DATABASE) == 0;
}

static bool is_reading(const struct http_request *request)
{
    const char *method = http_method(request);

    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void health_handle(struct fleet *fleet, struct http_request *request)
{
    const bool is_failing = atomic_load(&fleet_writer_stats(fleet)->is_failing) != 0;
    const bool asks_for_all = strcmp(http_path(request), PATH_DATABASE) == 0;

    http_set_header(request, "Cache-Control", "no-store");
    if (!is_reading(request)) {
        http_set_header(request, "Allow", "GET, HEAD");
        http_answer_line(request, 405, "%s is asked with GET or HEAD", http_path(request));
    } else if (is_failing && asks_for_all) {
        http_set_header(request, "Retry-After", RETRY_AFTER);
        http_answer_line(request, 503, "the database cannot be written");
    } else {
        http_answer_line(request, 200, "%s",
                         is_failing ? "ok, from memory: the database cannot be written" : "ok");
    }
}
