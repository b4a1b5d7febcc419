/* Redirects: where they lead, and whether to go there. */
#include "pull_parts.h"

#include "updraft/url.h"

#include <string.h>

static bool is_one(uint16_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The new URL takes the old one's place at once: the request for that has been
 * sent. So only the first Location counts. It is resolved in a copy of the old one. */
static void take_location(struct ud_pull *pull, const struct ud_http_value *value)
{
    char *location = pull->config.location;

    if (!is_one(pull->status) || pull->location_state != UD_PULL_FIELD_ABSENT)
        return;
    pull->location_state = UD_PULL_FIELD_BAD;
    if (pull->line_overflowed || value->length == 0)
        return;

    /* The value ends in or before the last of the line's bytes in use. */
    const uint32_t start = (uint32_t)(value->text - pull->line);
    pull->line[start + value->length] = '\0';
    if (pull->url != location)
        memcpy(location, pull->url, strlen(pull->url) + 1);
    pull->url = location;
    if (ud_url_resolve(location, UD_PULL_URL_MAX, pull->line + start, &pull->is_foreign) == UD_OK)
        pull->location_state = UD_PULL_FIELD_GOOD;
}

static int judge(struct ud_pull *pull)
{
    if (pull->location_state == UD_PULL_FIELD_ABSENT)
        return UD_ERR_HTTP_STATUS;
    if (pull->location_state != UD_PULL_FIELD_GOOD)
        return UD_ERR_HTTP_URL;
    if (pull->redirects_left == 0)
        return UD_ERR_HTTP_REDIRECTS;
    return ud_pull_open_url(pull);
}

const struct ud_pull_redirects ud_pull_follow = {is_one, take_location, judge};
