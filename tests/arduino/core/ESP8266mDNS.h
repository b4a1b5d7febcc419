/* Tells what would be announced. */
#ifndef CORE_ESP8266MDNS_H
#define CORE_ESP8266MDNS_H

#include "Arduino.h"

class MDNSResponder
{
  public:
    bool begin(const char *hostname);
    void enableArduino(uint16_t port, bool auth = false);
    bool addService(const char *service, const char *protocol, uint16_t port);
    bool update()
    {
        return true;
    }
    bool end()
    {
        return true;
    }
};
extern MDNSResponder MDNS;

#endif
