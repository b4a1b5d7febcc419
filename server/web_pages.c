#include "server/web_pages.h"

#include "server/http/etag.h"
#include "server/web/assets.h"

#include <string.h>

/* The pages need nothing from elsewhere, and nobody may frame them. */
#define CONTENT_POLICY                                                                             \
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

void web_pages_handle(struct http_request *request)
{
    const struct web_asset *asset = web_asset_find(http_path(request));
    const char *method = http_method(request);

    http_set_header(request, "X-Content-Type-Options", "nosniff");
    http_set_header(request, "Referrer-Policy", "no-referrer");
    http_set_header(request, "Content-Security-Policy", "%s", CONTENT_POLICY);
    if (asset == NULL) {
        http_answer_line(request, 404, "there is nothing here; devices ask /update");
        return;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        http_set_header(request, "Allow", "GET, HEAD");
        http_answer_line(request, 405, "this can only be read");
        return;
    }
    http_set_header(request, "ETag", "%s", asset->etag);
    http_set_header(request, "Cache-Control", "no-cache");
    if (etag_is_in(http_header(request, "If-None-Match"), asset->etag))
        http_answer(request, 304, NULL, "", 0);
    else
        http_answer_static(request, 200, asset->type, asset->data, asset->size);
}
