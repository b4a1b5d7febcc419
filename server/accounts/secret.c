#include "server/accounts/secret.h"

#include "updraft/hex.h"

#include <openssl/sha.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PURPOSE_LONGEST 32

bool secret_make(char text[SECRET_TEXT_SIZE], uint8_t digest[SECRET_DIGEST_SIZE])
{
    uint8_t random[SECRET_DIGEST_SIZE];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    ud_hex_encode(random, sizeof random, text);
    secret_digest(text, digest);
    return true;
}

void secret_digest(const char *text, uint8_t digest[SECRET_DIGEST_SIZE])
{
    SHA256((const unsigned char *)text, strlen(text), digest);
}

void secret_derive(const char *secret, const char *purpose, char text[SECRET_TEXT_SIZE])
{
    char source[PURPOSE_LONGEST + 1 + SECRET_TEXT_SIZE];
    uint8_t digest[SECRET_DIGEST_SIZE];

    snprintf(source, sizeof source, "%.*s %s", PURPOSE_LONGEST, purpose, secret);
    secret_digest(source, digest);
    ud_hex_encode(digest, sizeof digest, text);
    explicit_bzero(source, sizeof source);
}

bool secret_is_equal(const char *left, const char *right)
{
    const size_t length = strlen(right);
    unsigned char difference = 0;

    if (strlen(left) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(left[i] ^ right[i]);
    return difference == 0;
}
