#include "server/operator_api/handlers.h"

#include <string.h>

void handle_trend(const struct operator_api *api, struct http_request *request, const char *name)
{
    const char *wanted = http_query(request, "span");
    int span = 0;

    (void)name;
    while (wanted != NULL && span < TREND_SPANS &&
           strcmp(trend_span_name((enum trend_span)span), wanted) != 0)
        span++;
    if (span == TREND_SPANS) {
        answer_error(request, 400, "there is no span %s: hour, day or month", wanted);
        return;
    }
    answer_json(request, 200,
                json_pack("{ss sI so}", "span", trend_span_name((enum trend_span)span),
                          "interval_s", (json_int_t)trend_interval_s((enum trend_span)span),
                          "points", trend_view(api->trend, (enum trend_span)span)));
}
