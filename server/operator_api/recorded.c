#include "server/operator_api/recorded.h"

#include "server/model/address.h"
#include "server/model/clock.h"
#include "server/operator_api/caller.h"
#include "server/operator_api/operator_api.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

/* The body as one line of JSON, whatever its layout was. free() it; null: it is none. */
static char *body_line(const struct http_request *request)
{
    size_t length;
    const char *body = http_body(request, &length);
    json_t *value = json_loadb(body, length, 0, NULL);
    char *line = value != NULL
                     ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER)
                     : NULL;

    json_decref(value);
    return line;
}

static void note_origin(const struct http_request *request, struct audit_note *note)
{
    const struct caller *caller = http_caller(request);
    char address[ADDRESS_TEXT_SIZE], action[2 * AUDIT_ACTION_SIZE];
    uint8_t peer[16];

    http_peer(request, peer);
    note->at_ms = clock_now_ms();
    audit_text(note->who, sizeof note->who, caller != NULL ? caller->who : "nobody");
    audit_text(note->address, sizeof note->address, address_format(peer, address));
    snprintf(action, sizeof action, "%s %s", http_method(request),
             operator_api_below_root(request));
    audit_text(note->action, sizeof note->action, action);
}

struct change *recorded(const struct http_request *request, struct change *change,
                        const char *detail)
{
    struct audit_note *note = change != NULL ? calloc(1, sizeof *note) : NULL;

    if (note == NULL) {
        change_free(change);
        return NULL;
    }
    char *line = detail == NULL ? body_line(request) : NULL;
    note_origin(request, note);
    audit_text(note->detail, sizeof note->detail,
               detail != NULL ? detail
               : line != NULL ? line
                              : "");
    free(line);
    note->is_numbered = detail != NULL && change_number(change) != NULL;
    change->audit = note;
    return change;
}
