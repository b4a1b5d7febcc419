#include "server/model/role.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [ROLE_NONE] = "none",
    [ROLE_VIEWER] = "viewer",
    [ROLE_OPERATOR] = "operator",
    [ROLE_ADMIN] = "admin",
};

#define ROLE_COUNT (sizeof names / sizeof names[0])

const char *role_name(enum role role)
{
    return (size_t)role < ROLE_COUNT ? names[role] : names[ROLE_NONE];
}

bool role_parse(const char *name, enum role *role)
{
    for (size_t i = ROLE_VIEWER; i < ROLE_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}
