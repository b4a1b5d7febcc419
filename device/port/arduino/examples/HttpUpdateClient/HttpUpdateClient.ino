/* The same as HttpUpdate over an HTTPClient of the sketch's own, for what else a request is to
 * carry: here a header that a proxy on the way asks for.
 */
#include <ESP8266HTTPClient.h>
#include <ESP8266WiFi.h>
#include <UpdraftHTTPUpdate.h> // in place of <ESP8266httpUpdate.h>
#include <WiFiClient.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

static const uint32_t PERIOD_MS = 60000;

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);
}

void loop()
{
    WiFiClient client;
    HTTPClient http;

    if (WiFi.status() != WL_CONNECTED)
        return;
    http.begin(client, "http://update.example/update");
    http.addHeader("X-Api-Key", "letmein");
    switch (ESPhttpUpdate.update(http, "1.0.0")) {
    case HTTP_UPDATE_FAILED:
        Serial.printf("Not updated: %s (%d)\n", ESPhttpUpdate.getLastErrorString().c_str(),
                      ESPhttpUpdate.getLastError());
        break;
    case HTTP_UPDATE_NO_UPDATES:
        Serial.println("Nothing new");
        break;
    case HTTP_UPDATE_OK:
        Serial.println("Updated"); // the restart came before
        break;
    }
    delay(PERIOD_MS);
}
