/* The changes to users, tokens, sessions and devices' secrets. */
#ifndef SERVER_STORE_ACCOUNT_CHANGE_H
#define SERVER_STORE_ACCOUNT_CHANGE_H

#include "server/model/account.h"

enum account_change_kind {
    ACCOUNT_USER,           /* user: new. Conflict: there is one of that name, or, with is_first,
                             * any at all */
    ACCOUNT_USER_SET,       /* user: all of it. Conflict: the one stored is not of the revision
                             * before, or no admin would be left */
    ACCOUNT_USER_REMOVED,   /* user: its name. Conflict: it is gone, or the last admin */
    ACCOUNT_TOKEN,          /* token: new. Conflict: there is one of that id */
    ACCOUNT_TOKEN_USED,     /* token: id, used_ms */
    ACCOUNT_TOKEN_REVOKED,  /* token: id, revoked_ms. Conflict: it is gone */
    ACCOUNT_SESSION,        /* session: new; sessions begun before drop_before_ms go */
    ACCOUNT_SESSION_USED,   /* session: digest, used_ms */
    ACCOUNT_SESSION_END,    /* session: digest */
    ACCOUNT_SESSIONS_END,   /* session: all of its user, but `keeps` */
    ACCOUNT_SECRET,         /* secret: new. Conflict: there is one of that id */
    ACCOUNT_SECRET_REVOKED, /* secret: id, revoked_ms. Conflict: it is gone */
};

struct account_change {
    enum account_change_kind kind;
    union {
        struct user user;
        struct api_token token;
        struct session session;
        struct device_secret secret;
    } as;
    bool is_first;
    bool ends_sessions; /* of the user, but `keeps` */
    uint8_t keeps[SECRET_DIGEST_SIZE];
    int64_t drop_before_ms;
};

#endif
