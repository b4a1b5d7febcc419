/* Uploads over the air, from the IDE's port menu, espota.py or
 *   updraft push ADDRESS sketch.bin
 */
#include <ESP8266WiFi.h>
#include <ESP8266mDNS.h>
#include <UpdraftArduinoOTA.h> // in place of <ArduinoOTA.h>
#include <WiFiUdp.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

static const char *describe(ota_error_t error)
{
    switch (error) {
    case OTA_AUTH_ERROR:
        return "the password was not proved";
    case OTA_BEGIN_ERROR:
        return "the update was not begun";
    case OTA_CONNECT_ERROR:
        return "the sender cannot be reached";
    case OTA_RECEIVE_ERROR:
        return "the upload was cut off";
    case OTA_END_ERROR:
        return "the update was not taken";
    default:
        return "the settings were not erased";
    }
}

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);
    while (WiFi.waitForConnectResult() != WL_CONNECTED) {
        Serial.println("No connection yet; restarting");
        delay(5000);
        ESP.restart();
    }

    ArduinoOTA.setHostname("bench");
    ArduinoOTA.setPassword("admin");
    ArduinoOTA.onStart([]() {
        Serial.println(ArduinoOTA.getCommand() == U_FLASH ? "Receiving a sketch"
                                                          : "Receiving files");
    });
    ArduinoOTA.onProgress(
        [](unsigned done, unsigned total) { Serial.printf("%u of %u bytes\n", done, total); });
    ArduinoOTA.onEnd([]() { Serial.println("Received; restarting"); });
    ArduinoOTA.onError([](ota_error_t error) {
        Serial.printf("Error %d: %s\n", static_cast<int>(error), describe(error));
        UpdraftUpdate.printError(Serial);
    });
    ArduinoOTA.begin();
    Serial.print("Ready at ");
    Serial.println(WiFi.localIP());
}

void loop()
{
    ArduinoOTA.handle();
}
