/* What the pull engine's files share. */
#ifndef UPDRAFT_SRC_PULL_PARTS_H
#define UPDRAFT_SRC_PULL_PARTS_H

#include "updraft/pull.h"

#include "http_line.h"

/* How far a header field can be relied on. */
enum ud_pull_field_state {
    UD_PULL_FIELD_ABSENT = 0,
    UD_PULL_FIELD_GOOD,
    UD_PULL_FIELD_BAD,
    UD_PULL_FIELD_TOO_LARGE,
};

/* ---- pull_request.c ---- */

/* Puts the next piece of the request into pull->line; nothing when it has been sent
 * whole. */
void ud_pull_request_fill(struct ud_pull *pull);

/* UD_ERR_ARGUMENT when config holds a text that would make more than one line. */
UD_MUST_CHECK int ud_pull_request_check(struct ud_pull *pull);

/* ---- pull_head.c ---- */

/* Forgets what an earlier head said. */
void ud_pull_head_begin(struct ud_pull *pull);

/* Takes in pull->line, a header line of the answer without its line end.
 * UD_ERR_HTTP_NOT_HTTP when it changes what has been relied on already. */
UD_MUST_CHECK int ud_pull_head_line(struct ud_pull *pull);

/* Takes pull->url apart: the endpoint to connect to. UD_ERR_HTTP_URL. */
UD_MUST_CHECK int ud_pull_open_url(struct ud_pull *pull);

/* ---- pull_redirect.c ---- */

struct ud_pull_redirects {
    /* Does the status send us elsewhere? */
    bool (*is_one)(uint16_t status);

    /* Puts the location in the place of the URL. */
    void (*take_location)(struct ud_pull *pull, const struct ud_http_value *value);

    /* Is it to be followed? UD_ERR_HTTP_*: no. */
    int (*judge)(struct ud_pull *pull);
};

/* ---- pull_image.c ---- */

/* Is the image worth taking, by what the head says of it? In the order the core
 * looks: UD_ERR_HTTP_ENCODING, _NO_LENGTH, _TOO_LARGE, _BAD_MD5. */
UD_MUST_CHECK int ud_pull_image_judge(const struct ud_pull *pull);

/* Takes the next bytes of the image, at most as many as are missing. The first
 * four decide whether the updater begins at all (UD_ERR_HTTP_BAD_HEADER,
 * _FLASH_SIZE); the last one ends its session. Or any of the updater's errors. */
UD_MUST_CHECK int ud_pull_image_write(struct ud_pull *pull, const uint8_t *bytes, uint32_t length);

#endif
