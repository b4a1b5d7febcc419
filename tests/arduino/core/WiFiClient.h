#ifndef CORE_WIFICLIENT_H
#define CORE_WIFICLIENT_H

#include "Arduino.h"

/* Copies are the same connection. */
class WiFiClient : public Stream
{
  public:
    WiFiClient() = default;
    explicit WiFiClient(struct Connection *connection);
    WiFiClient(const WiFiClient &other);
    WiFiClient &operator=(const WiFiClient &other);
    virtual ~WiFiClient();

    int connect(const char *host, uint16_t port);
    int connect(IPAddress address, uint16_t port);
    void stop();
    uint8_t connected();
    void setNoDelay(bool isOn);

    size_t write(uint8_t byte) override
    {
        return write(&byte, 1);
    }
    size_t write(const uint8_t *bytes, size_t length) override;
    int available() override;
    int read() override;
    int read(uint8_t *bytes, size_t length);
    int peek() override;

    static void stopAllExcept(WiFiClient *but);

  private:
    struct Connection *connection_ = nullptr;
};

#endif
