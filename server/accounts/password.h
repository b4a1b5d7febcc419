/* Passwords of people: argon2id, on purpose slow and hungry for memory. Not for threads
 * that serve others. */
#ifndef SERVER_ACCOUNTS_PASSWORD_H
#define SERVER_ACCOUNTS_PASSWORD_H

#include "server/model/account.h"

#define PASSWORD_SIZE 257 /* 256 bytes and a NUL */

/* What is wrong with it, for people; null: nothing. */
const char *password_problem(const char *password);

/* False when memory or random bytes are out. */
bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE]);

/* "" as hash: false, after as long a time as a real one takes. */
bool password_fits(const char *password, const char *hash);

#endif
