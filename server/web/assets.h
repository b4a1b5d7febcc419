/* The dashboard's files, as they lie inside the binary. */
#ifndef SERVER_WEB_ASSETS_H
#define SERVER_WEB_ASSETS_H

#include <stddef.h>

struct web_content {
    const char *etag; /* with its quotes; changes with the content */
    const unsigned char *data;
    size_t size; /* bytes */
};

struct web_asset {
    const char *path; /* as asked for; "/" is the page */
    const char *type; /* Content-Type */
    struct web_content plain;
    struct web_content packed; /* gzip */
};

/* The asset at a path without query, or null. Valid for ever. */
const struct web_asset *web_asset_find(const char *path);

#endif
