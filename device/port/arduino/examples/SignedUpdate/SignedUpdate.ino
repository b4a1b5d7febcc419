/* Takes only sketches signed with a key of ours, on every way in. Sign with
 *   updraft sign --key private.key sketch.bin
 */
#include <BearSSLHelpers.h>
#include <ESP8266WiFi.h>
#include <UpdraftArduinoOTA.h> // in place of <ArduinoOTA.h>
#include <UpdraftHTTPUpdate.h> // in place of <ESP8266httpUpdate.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

#include "public_key.h" // what `updraft keygen` wrote as .pub, as a text

static const uint32_t PERIOD_MS = 60000;

BearSSL::PublicKey publicKey(PUBLIC_KEY);
BearSSL::HashSHA256 hash;
BearSSL::SigningVerifier verifier(&publicKey);

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);
    while (WiFi.waitForConnectResult() != WL_CONNECTED)
        delay(100);

    UpdraftUpdate.installSignature(&hash, &verifier);
    ArduinoOTA.onError([](ota_error_t) { UpdraftUpdate.printError(Serial); });
    ArduinoOTA.begin();
}

void loop()
{
    static uint32_t asked;

    ArduinoOTA.handle();
    if (asked != 0 && millis() - asked < PERIOD_MS)
        return;
    asked = millis();
    WiFiClient client;
    ESPhttpUpdate.update(client, "http://update.example/update", "1.0.0");
    Serial.println(ESPhttpUpdate.getLastErrorString());
}
