#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "Print.h"

class Stream : public Print
{
  public:
    virtual int available() = 0;
    virtual int read() = 0;
    virtual int peek() = 0;

    /* Waits for each byte as long as the timeout, in milliseconds, allows. */
    virtual size_t readBytes(uint8_t *bytes, size_t length);
    String readStringUntil(char end);
    void setTimeout(unsigned long timeout)
    {
        timeout_ = timeout;
    }

  protected:
    ~Stream() = default;
    int readWaiting();

    unsigned long timeout_ = 1000;
};

#endif
