/* Who asks: found once for each request, kept with it. */
#ifndef SERVER_OPERATOR_API_CALLER_H
#define SERVER_OPERATOR_API_CALLER_H

#include "server/accounts/secret.h"
#include "server/model/audit.h"
#include "server/operator_api/operator_api.h"

#define SESSION_COOKIE "updraft_session"
#define CSRF_HEADER    "X-CSRF-Token"

enum caller_kind {
    CALLER_NOBODY,  /* brings no proof, or a session that is over */
    CALLER_LOCAL,   /* the token of the data folder */
    CALLER_TOKEN,   /* one of the tokens people make */
    CALLER_SESSION, /* a user's browser */
};

struct caller {
    enum caller_kind kind;
    enum role role;
    bool is_read_only;
    char name[NAME_SIZE];              /* of the user or token */
    char product[NAME_SIZE];           /* for this one's releases alone; "" = everything */
    char who[AUDIT_WHO_SIZE];          /* for the audit log */
    uint8_t proof[SECRET_DIGEST_SIZE]; /* of the session or token; zeros for others */
    char csrf[SECRET_TEXT_SIZE];       /* what a session's changes must carry */
};

/* Null, and the request answered, when memory is out or the proof it brings in
 * Authorization is wrong. */
const struct caller *caller_find(const struct operator_api *api, struct http_request *request);

/* The request turned out to be a user's: for the audit log. */
void caller_becomes(struct http_request *request, const char *user);

/* May the caller do what needs the role? `is_by_product`: it minds caller->product. If not,
 * the request is answered. */
bool caller_may(const struct caller *caller, struct http_request *request, enum role needed,
                bool is_by_product);

#endif
