#include "server/accounts/password.h"

#include <argon2.h>

#include <string.h>
#include <sys/random.h>

/* OWASP's recommendation for argon2id: 19 MB, two passes, one lane. */
#define MEMORY_KB 19456u
#define PASSES    2u
#define LANES     1u
#define SALT_SIZE 16u
#define HASH_SIZE 32u
#define SHORTEST  10u /* characters: bytes that begin one in UTF-8 */
#define LONGEST   (PASSWORD_SIZE - 1)

const char *password_problem(const char *password)
{
    size_t characters = 0;

    for (const char *c = password; *c != '\0'; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    if (characters < SHORTEST)
        return "a password needs at least 10 characters";
    if (strlen(password) > LONGEST)
        return "a password has at most 256 bytes";
    return NULL;
}

bool password_hash(const char *password, char hash[PASSWORD_HASH_SIZE])
{
    uint8_t salt[SALT_SIZE];

    return getrandom(salt, sizeof salt, 0) == (ssize_t)sizeof salt &&
           argon2id_hash_encoded(PASSES, MEMORY_KB, LANES, password, strlen(password), salt,
                                 sizeof salt, HASH_SIZE, hash, PASSWORD_HASH_SIZE) == ARGON2_OK;
}

bool password_fits(const char *password, const char *hash)
{
    char wasted[PASSWORD_HASH_SIZE];

    if (hash[0] != '\0')
        return argon2id_verify(hash, password, strlen(password)) == ARGON2_OK;
    (void)!password_hash(password, wasted);
    return false;
}
