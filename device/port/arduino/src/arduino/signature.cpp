#include "signature.h"

#include <string.h>

namespace updraft
{

/* The engine's digests have no object to go with them, so there is one pair for all. */
static UpdaterHashClass *installedHash;
static UpdaterVerifyClass *installedVerify;

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
    if (length != installedVerify->length())
        return UD_ERR_SIGNATURE;
    return installedVerify->verify(installedHash, signature, length) ? UD_OK : UD_ERR_SIGNATURE;
}

static const ud_verifier verifier = {nullptr, &hashMethods, verifySignature, nullptr};

void installVerifier(UpdaterHashClass *hash, UpdaterVerifyClass *verify)
{
    installedHash = hash;
    installedVerify = verify;
}

const ud_verifier *installedVerifier()
{
    return installedHash != nullptr && installedVerify != nullptr ? &verifier : nullptr;
}

} // namespace updraft
