#include "server/web_pages.h"

#include "server/http/etag.h"
#include "server/web/assets.h"

#include <string.h>

/* The pages need nothing from elsewhere, and nobody may frame them. */
#define CONTENT_POLICY                                                                             \
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* Browsers that unpack all say so in the same way; "gzip;q=0" is nobody's. */
static const struct web_content *choose(struct http_request *request, const struct web_asset *asset)
{
    const char *accepted = http_header(request, "Accept-Encoding");

    http_set_header(request, "Vary", "Accept-Encoding");
    if (accepted == NULL || strstr(accepted, "gzip") == NULL ||
        strstr(accepted, "gzip;q=0") != NULL)
        return &asset->plain;
    http_set_header(request, "Content-Encoding", "gzip");
    return &asset->packed;
}

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
    const struct web_content *content = choose(request, asset);
    http_set_header(request, "ETag", "%s", content->etag);
    http_set_header(request, "Cache-Control", "no-cache");
    if (etag_is_in(http_header(request, "If-None-Match"), content->etag))
        http_answer(request, 304, NULL, "", 0);
    else
        http_answer_static(request, 200, asset->type, content->data, content->size);
}
