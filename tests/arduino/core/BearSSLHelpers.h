#ifndef CORE_BEARSSLHELPERS_H
#define CORE_BEARSSLHELPERS_H

#include "Updater.h"

#include <stdint.h>

namespace BearSSL
{

class PublicKey
{
  public:
    explicit PublicKey(const char *pem);
    const uint8_t *der() const
    {
        return der_;
    }
    uint32_t length() const
    {
        return length_;
    }

  private:
    uint8_t der_[600];
    uint32_t length_;
};

class HashSHA256 : public UpdaterHashClass
{
  public:
    void begin() override;
    void add(const void *data, uint32_t length) override;
    void end() override;
    int len() override
    {
        return 32;
    }
    const void *hash() override
    {
        return hash_;
    }
    const unsigned char *oid() override
    {
        return nullptr;
    }

  private:
    uint64_t context_[16];
    uint8_t hash_[32];
};

class SigningVerifier : public UpdaterVerifyClass
{
  public:
    explicit SigningVerifier(PublicKey *key) : key_(key)
    {
    }
    uint32_t length() override;
    bool verify(UpdaterHashClass *hash, const void *signature, uint32_t length) override;

  private:
    PublicKey *key_;
};

} // namespace BearSSL

#endif
