#ifndef CORE_ESP8266WIFI_H
#define CORE_ESP8266WIFI_H

#include "Arduino.h"
#include "WiFiClient.h"

enum WiFiMode_t { WIFI_STA = 1 };
enum wl_status_t { WL_IDLE_STATUS = 0, WL_CONNECTED = 3 };

enum WiFiSleepType_t { WIFI_NONE_SLEEP, WIFI_LIGHT_SLEEP, WIFI_MODEM_SLEEP };

class ESP8266WiFiClass
{
  public:
    bool setSleepMode(WiFiSleepType_t type);
    WiFiSleepType_t getSleepMode();
    bool mode(WiFiMode_t)
    {
        return true;
    }
    wl_status_t begin(const char *, const char *)
    {
        return WL_CONNECTED;
    }
    wl_status_t status()
    {
        return WL_CONNECTED;
    }
    int8_t waitForConnectResult()
    {
        return WL_CONNECTED;
    }
    IPAddress localIP()
    {
        return IPAddress(127, 0, 0, 1);
    }
    bool hostname(const char *)
    {
        return true;
    }
    uint8_t *macAddress(uint8_t *mac);
    String macAddress();
    String softAPmacAddress();
};
extern ESP8266WiFiClass WiFi;

#endif
