/* Everything that can be set about updates from a server: callbacks, a password, an LED,
 * redirects, files before the sketch, and a restart when the sketch wants it.
 */
#include <ESP8266WiFi.h>
#include <UpdraftHTTPUpdate.h> // in place of <ESP8266httpUpdate.h>
#include <WiFiClient.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

static const char *const HOST = "update.example";
static const uint16_t PORT = 80;
static const char *const VERSION = "1.0.0";
static const uint32_t PERIOD_MS = 60000;

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);

    ESPhttpUpdate.setLedPin(LED_BUILTIN, LOW);
    ESPhttpUpdate.setAuthorization("device", "secret");
    ESPhttpUpdate.setFollowRedirects(HTTPC_STRICT_FOLLOW_REDIRECTS);
    ESPhttpUpdate.closeConnectionsOnUpdate(true);
    ESPhttpUpdate.rebootOnUpdate(false);
    ESPhttpUpdate.onStart([]() { Serial.println("An update begins"); });
    ESPhttpUpdate.onEnd([]() { Serial.println("An update has been taken"); });
    ESPhttpUpdate.onProgress(
        [](int done, int total) { Serial.printf("%d of %d bytes\n", done, total); });
    ESPhttpUpdate.onError([](int error) {
        Serial.printf("Error %d: %s\n", error, ESPhttpUpdate.getLastErrorString().c_str());
    });
}

/* Sketch and files come together: the restart is after both. */
static void updateAll()
{
    WiFiClient client;

    if (ESPhttpUpdate.updateFS(client, HOST, PORT, "/files", VERSION) == HTTP_UPDATE_FAILED)
        return;
    if (ESPhttpUpdate.update(client, HOST, PORT, "/update", VERSION) == HTTP_UPDATE_OK)
        ESP.restart();
}

void loop()
{
    String available;
    WiFiClient client;
    const String url = String("http://") + HOST + "/update";

    if (WiFi.status() != WL_CONNECTED)
        return;
    if (ESPhttpUpdate.getAvailableVersion(client, url, VERSION, available) == HTTP_UPDATE_OK)
        Serial.printf("The server has %s\n", available.c_str());
    updateAll();
    delay(PERIOD_MS);
}
