/* A request's body as a flat JSON object with known fields. */
#ifndef SERVER_OPERATOR_API_FIELDS_H
#define SERVER_OPERATOR_API_FIELDS_H

#include "server/http/http.h"

enum field_kind {
    FIELD_KIND_TEXT, /* into a char array, "" for null */
    FIELD_KIND_FLAG, /* into a bool */
};

struct field {
    const char *name; /* null ends a list */
    enum field_kind kind;
    bool is_needed;
    void *out;   /* stays as it is when the field is absent */
    size_t size; /* of a text, with its NUL */
};

/* False, and the request answered, when the body is none, or has a field that is not in
 * the list, too long, of another kind, or missing. */
bool fields_read(struct http_request *request, const struct field *fields);

#endif
