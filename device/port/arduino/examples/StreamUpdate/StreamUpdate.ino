/* An update from any Stream, here a connection without a protocol: the server sends the
 * size and the MD5 in a line of text, then the sketch. With the shell on the other side:
 *   { stat -c %s a.bin; md5sum a.bin; } | awk '{printf "%s ", $1}' | cat - <(echo) a.bin | nc -l
 * 4000
 */
#include <ESP8266WiFi.h>
#include <UpdraftUpdater.h> // Update is ours from here on
#include <WiFiClient.h>

#ifndef STASSID
#define STASSID "your-ssid"
#define STAPSK  "your-password"
#endif

static const uint32_t PERIOD_MS = 10000;

static void onProgress(size_t done, size_t total)
{
    Serial.printf("%u of %u bytes\n", static_cast<unsigned>(done), static_cast<unsigned>(total));
}

void setup()
{
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(STASSID, STAPSK);
    Update.onProgress(onProgress);
}

static bool updateFrom(WiFiClient &client)
{
    const size_t size = static_cast<size_t>(client.readStringUntil(' ').toInt());
    String md5 = client.readStringUntil('\n');

    md5.trim();
    if (!Update.begin(size) || !Update.setMD5(md5.c_str()))
        return false;
    Update.writeStream(client);
    return Update.end();
}

void loop()
{
    WiFiClient client;

    if (WiFi.status() != WL_CONNECTED || !client.connect("update.example", 4000)) {
        delay(PERIOD_MS);
        return;
    }
    if (updateFrom(client)) {
        Serial.printf("Taken, with MD5 %s; restarting\n", Update.md5String().c_str());
        ESP.restart();
    }
    Update.printError(Serial);
    Update.abort();
    client.stop();
    delay(PERIOD_MS);
}
