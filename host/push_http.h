/* Uploading an image to a device's page, as a browser does: one multipart POST, to a
 * device of ours or one with ESP8266HTTPUpdateServer.
 */
#ifndef HOST_PUSH_HTTP_H
#define HOST_PUSH_HTTP_H

#include "host/push.h"

#include <stddef.h>
#include <stdint.h>

#define PUSH_URL_MAX 512u

/* Texts and image must outlive the call. */
struct push_http {
    const char *url; /* http:// or https:// */
    const struct push_image *image;
    const char *file_name; /* as the device is told */
    const char *user;      /* null: none */
    const char *password;  /* null: none is known */
    uint32_t timeout_ms;   /* of silence */
    void *ctx;
    void (*sent)(void *ctx, size_t done, size_t total); /* may be null */
};

enum push_http_outcome {
    PUSH_HTTP_OK,
    PUSH_HTTP_NO_CONNECTION,  /* words: why */
    PUSH_HTTP_BROKEN,         /* words: why; the device may not have got it */
    PUSH_HTTP_PASSWORD_ASKED, /* and none was given */
    PUSH_HTTP_PASSWORD_WRONG,
    PUSH_HTTP_REFUSED, /* words: the device's */
    PUSH_HTTP_NO_PAGE, /* status: there is something, but it takes no uploads there */
};

struct push_http_result {
    enum push_http_outcome outcome;
    long status;
    char words[PUSH_WORDS_MAX];
};

/* Completes "192.168.1.50" to "http://192.168.1.50/update", and leaves what names a
 * path as it is. False when there is no room. */
bool push_http_url(const char *text, char url[PUSH_URL_MAX]);

/* Uploads, and waits for the answer. */
void push_http_run(const struct push_http *push, struct push_http_result *result);

/* What the answer to an upload means; body ends in a NUL. */
void push_http_judge(long status, const char *body, bool has_password,
                     struct push_http_result *result);

/* What became of it and what to try, as a clause without a full stop. */
void push_http_explain(const struct push_http_result *result, char text[PUSH_EXPLANATION_MAX]);

#endif
