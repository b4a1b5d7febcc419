/* Secrets the server makes: 256 random bits each, so that a plain hash of them keeps
 * them as well as a slow one, and a request costs nothing. */
#ifndef SERVER_ACCOUNTS_SECRET_H
#define SERVER_ACCOUNTS_SECRET_H

#include "server/model/account.h"

#define SECRET_TEXT_SIZE 65 /* hexadecimal, and a NUL */

/* False when the system has no random bytes. */
bool secret_make(char text[SECRET_TEXT_SIZE], uint8_t digest[SECRET_DIGEST_SIZE]);

void secret_digest(const char *text, uint8_t digest[SECRET_DIGEST_SIZE]);

/* Another secret that follows from one, for a purpose of its own. */
void secret_derive(const char *secret, const char *purpose, char text[SECRET_TEXT_SIZE]);

/* Takes the same time wherever the first difference is. */
bool secret_is_equal(const char *left, const char *right);

#endif
