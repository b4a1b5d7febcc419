/* Who may operate the server, and what devices prove themselves with. Of secrets only
 * what cannot be turned back is kept: argon2id of passwords, which people choose; SHA-256
 * of all the others, which are 256 random bits. */
#ifndef SERVER_MODEL_ACCOUNT_H
#define SERVER_MODEL_ACCOUNT_H

#include "server/model/device.h"
#include "server/model/names.h"
#include "server/model/role.h"

#include <stdbool.h>
#include <stdint.h>

#define SECRET_DIGEST_SIZE 32
#define PASSWORD_HASH_SIZE 128 /* as argon2 encodes it, with its salt and parameters */

struct user {
    char name[NAME_SIZE];
    enum role role;
    char password[PASSWORD_HASH_SIZE]; /* "" = none yet: cannot sign in */
    int64_t created_ms;
    int64_t password_ms; /* when it was set; 0 = never */
    uint8_t ticket[SECRET_DIGEST_SIZE];
    int64_t ticket_until_ms; /* who has the ticket may set a password; 0 = there is none */
    uint32_t revision;       /* one more with each change */
};

struct api_token {
    uint32_t id;
    char name[NAME_SIZE];
    enum role role;
    bool is_read_only;       /* may look at what its role may, and change nothing */
    char product[NAME_SIZE]; /* for the releases of this one alone; "" = everything */
    char created_by[NAME_SIZE + 16];
    int64_t created_ms;
    int64_t expires_ms; /* 0 = never */
    int64_t used_ms;    /* 0 = never */
    int64_t noted_ms;   /* what the store has of that: up to a minute behind */
    int64_t revoked_ms; /* 0 = it holds */
    uint8_t digest[SECRET_DIGEST_SIZE];
};

struct session {
    uint8_t digest[SECRET_DIGEST_SIZE];
    char user[NAME_SIZE];
    int64_t created_ms;
    int64_t used_ms;
    int64_t noted_ms; /* as above */
};

struct device_secret {
    uint32_t id;
    mac_address mac; /* 0 = shared by devices */
    char name[NAME_SIZE];
    int64_t created_ms;
    int64_t revoked_ms; /* 0 = it holds */
    uint8_t digest[SECRET_DIGEST_SIZE];
};

#endif
