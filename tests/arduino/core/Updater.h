/* The core's own Updater, here only to be in the way as it is there. */
#ifndef CORE_UPDATER_H
#define CORE_UPDATER_H

#include <stdint.h>

#define U_FLASH 0
#define U_FS    100
#define U_AUTH  200

class UpdaterHashClass
{
  public:
    virtual void begin() = 0;
    virtual void add(const void *data, uint32_t length) = 0;
    virtual void end() = 0;
    virtual int len() = 0;
    virtual const void *hash() = 0;
    virtual const unsigned char *oid() = 0;
};

class UpdaterVerifyClass
{
  public:
    virtual uint32_t length() = 0;
    virtual bool verify(UpdaterHashClass *hash, const void *signature, uint32_t length) = 0;
};

class UpdaterClass
{
};
extern UpdaterClass Update;

#endif
