#ifndef CORE_WIFIUDP_H
#define CORE_WIFIUDP_H

#include "Arduino.h"

class WiFiUDP
{
  public:
    ~WiFiUDP()
    {
        stop();
    }
    uint8_t begin(uint16_t port);
    void stop();
    static void stopAll();

    int parsePacket();
    int read(uint8_t *bytes, size_t length);
    IPAddress remoteIP() const
    {
        return remoteIP_;
    }
    uint16_t remotePort() const
    {
        return remotePort_;
    }

    int beginPacket(IPAddress address, uint16_t port);
    size_t write(const uint8_t *bytes, size_t length);
    int endPacket();

  private:
    int socket_ = -1;
    int length_ = 0; /* bytes of the packet that is read, or written */
    uint8_t packet_[512];
    IPAddress remoteIP_;
    uint16_t remotePort_ = 0;
    IPAddress to_;
    uint16_t toPort_ = 0;
};

#endif
