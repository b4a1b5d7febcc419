#include <BearSSLHelpers.h>

#include <ctype.h>
#include <string.h>

extern "C" {
#include "bearssl/digest.h"
#include "bearssl/keys.h"
}

namespace BearSSL
{

static int valueOf(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(digits, c) : nullptr;

    return found != nullptr ? static_cast<int>(found - digits) : -1;
}

PublicKey::PublicKey(const char *pem) : length_(0)
{
    const char *text = strstr(pem, "KEY-----");
    uint32_t bits = 0, count = 0;

    for (text += text != nullptr ? 8 : 0; text != nullptr && *text != '\0' && *text != '-';
         text++) {
        if (valueOf(*text) < 0)
            continue;
        bits = bits << 6 | static_cast<uint32_t>(valueOf(*text));
        count += 6;
        if (count < 8 || length_ == sizeof der_)
            continue;
        count -= 8;
        der_[length_++] = static_cast<uint8_t>(bits >> count);
    }
}

void HashSHA256::begin()
{
    static_assert(sizeof context_ >= UD_DIGEST_CONTEXT_SIZE, "a context must fit");
    ud_sha256.begin(context_);
}

void HashSHA256::add(const void *data, uint32_t length)
{
    ud_sha256.add(context_, data, length);
}

void HashSHA256::end()
{
    ud_sha256.end(context_, hash_);
}

static bool decode(const PublicKey &key, ud_key *decoded)
{
    const ud_key_der der = {key.der(), key.length()};

    return ud_key_decode(&der, decoded) == UD_OK;
}

uint32_t SigningVerifier::length()
{
    ud_key key;

    return decode(*key_, &key) ? ud_key_signature_length(&key) : 0;
}

bool SigningVerifier::verify(UpdaterHashClass *hash, const void *signature, uint32_t length)
{
    ud_key key;

    return decode(*key_, &key) && key.kind == UD_KEY_RSA &&
           ud_bearssl_rsa(&key, static_cast<const uint8_t *>(hash->hash()),
                          static_cast<const uint8_t *>(signature), length) == UD_OK;
}

} // namespace BearSSL
