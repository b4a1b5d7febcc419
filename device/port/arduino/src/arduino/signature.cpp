#include "signature.h"

#include <string.h>

namespace updraft
{

/* The engine's digests have no object to go with them, so there is one set for all. */
static UpdaterHashClass *installedHash;
static UpdaterVerifyClass *const *installedVerifiers;
static size_t installedCount;

static void beginHash(void *)
{
    installedHash->begin();
}

static void addToHash(void *, const void *data, uint32_t length)
{
    installedHash->add(data, length);
}

/* The verifier takes the digest from the hash itself, whatever its length. */
static void endHash(void *, uint8_t *digest)
{
    const uint32_t length = static_cast<uint32_t>(installedHash->len());

    installedHash->end();
    memcpy(digest, installedHash->hash(),
           length < UD_DIGEST_MAX_SIZE ? length : UD_DIGEST_MAX_SIZE);
}

static const ud_digest_class hashMethods = {UD_DIGEST_MAX_SIZE, 0, beginHash, addToHash, endHash};

static int verifySignature(void *, const uint8_t *, const uint8_t *signature, uint32_t length)
{
    for (size_t i = 0; i < installedCount; i++) {
        UpdaterVerifyClass *verifier = installedVerifiers[i];
        if (verifier->length() == length && verifier->verify(installedHash, signature, length))
            return UD_OK;
    }
    return UD_ERR_SIGNATURE;
}

static const ud_verifier verifier = {nullptr, &hashMethods, verifySignature, nullptr,
                                     ud_signature_check};

void installVerifiers(UpdaterHashClass *hash, UpdaterVerifyClass *const *verifiers, size_t count)
{
    installedHash = hash;
    installedVerifiers = verifiers;
    installedCount = count;
}

const ud_verifier *installedVerifier()
{
    return installedHash != nullptr && installedCount > 0 ? &verifier : nullptr;
}

} // namespace updraft
