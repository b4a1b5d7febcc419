/* What somebody may do: each role may do what those before it may. */
#ifndef SERVER_MODEL_ROLE_H
#define SERVER_MODEL_ROLE_H

#include <stdbool.h>

enum role {
    ROLE_NONE,     /* nothing */
    ROLE_VIEWER,   /* see everything but secrets */
    ROLE_OPERATOR, /* publish, assign, roll out */
    ROLE_ADMIN,    /* users, tokens, how devices prove who they are */
};

/* "viewer", …; "none" for ROLE_NONE. */
const char *role_name(enum role role);

/* False when there is no such role to give. */
bool role_parse(const char *name, enum role *role);

#endif
