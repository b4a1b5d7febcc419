/* A page for updates by browser, at http://bench.local/update, in a web server that
 * has pages of its own. From a shell:
 *   curl -u admin:admin -F firmware=@sketch.bin http://ADDRESS/update
 */
#include <ESP8266WebServer.h>
#include <ESP8266WiFi.h>
#include <ESP8266mDNS.h>
#include <UpdraftHTTPUpdateServer.h> // in place of <ESP8266HTTPUpdateServer.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

ESP8266WebServer httpServer(80);
ESP8266HTTPUpdateServer httpUpdater(true);

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);
    while (WiFi.waitForConnectResult() != WL_CONNECTED) {
        Serial.println("No connection yet");
        WiFi.begin(STASSID, STAPSK);
    }

    httpServer.on("/", []() { httpServer.send(200, "text/plain", "The sketch's own page\n"); });
    httpUpdater.setProduct("bench", "1.0.0");
    httpUpdater.setup(&httpServer, "/update", "admin", "admin");
    httpServer.begin();

    MDNS.begin("bench");
    MDNS.addService("http", "tcp", 80);
    Serial.println("Updates at http://bench.local/update");
}

void loop()
{
    httpServer.handleClient();
    MDNS.update();
}
