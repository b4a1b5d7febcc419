/* Asks a server for a newer sketch once a minute: `updraft serve`, or any web server
 * that has the file.
 */
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

    if (WiFi.status() != WL_CONNECTED)
        return;
    switch (ESPhttpUpdate.update(client, "http://update.example/update", "1.0.0")) {
    case HTTP_UPDATE_FAILED:
        Serial.printf("Not updated: %s (%d)\n", ESPhttpUpdate.getLastErrorString().c_str(),
                      ESPhttpUpdate.getLastError());
        break;
    case HTTP_UPDATE_NO_UPDATES:
        UpdraftUpdate.confirm(); // the server is in reach: a sketch on trial has stood it
        Serial.println("Nothing new");
        break;
    case HTTP_UPDATE_OK:
        Serial.println("Updated"); // the restart came before
        break;
    }
    delay(PERIOD_MS);
}
