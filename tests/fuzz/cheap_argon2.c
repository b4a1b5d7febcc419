/* What stands for argon2 in a fuzzed server: as sure of a password, but not on purpose slow.
 * Linked before the library, whose functions these replace. */
#include <argon2.h>

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_SIZE 32u

static void digest_text(const void *password, size_t length, char text[2 * DIGEST_SIZE + 1])
{
    uint8_t digest[DIGEST_SIZE];

    EVP_Digest(password, length, digest, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < sizeof digest; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
}

int argon2id_hash_encoded(const uint32_t passes, const uint32_t memory_kb, const uint32_t lanes,
                          const void *password, const size_t length, const void *salt,
                          const size_t salt_length, const size_t hash_length, char *encoded,
                          const size_t size)
{
    (void)passes;
    (void)memory_kb;
    (void)lanes;
    (void)salt;
    (void)salt_length;
    (void)hash_length;
    if (size < 2 * DIGEST_SIZE + 1)
        return ARGON2_ENCODING_FAIL;
    digest_text(password, length, encoded);
    return ARGON2_OK;
}

int argon2id_verify(const char *encoded, const void *password, const size_t length)
{
    char text[2 * DIGEST_SIZE + 1];

    digest_text(password, length, text);
    return strcmp(text, encoded) == 0 ? ARGON2_OK : ARGON2_VERIFY_MISMATCH;
}
