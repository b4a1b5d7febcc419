#ifndef CORE_PRINT_H
#define CORE_PRINT_H

#include "IPAddress.h"
#include "WString.h"

#include <stddef.h>
#include <stdint.h>

class Print
{
  public:
    virtual size_t write(uint8_t byte) = 0;
    virtual size_t write(const uint8_t *bytes, size_t length) = 0;

    size_t print(const char *text);
    size_t print(const String &text)
    {
        return print(text.c_str());
    }
    size_t print(const IPAddress &address)
    {
        return print(address.toString());
    }
    size_t println(const char *text = "");
    size_t println(const String &text)
    {
        return println(text.c_str());
    }
    size_t println(const IPAddress &address)
    {
        return println(address.toString());
    }
    size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));

  protected:
    ~Print() = default;
};

#endif
