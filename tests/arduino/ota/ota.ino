/* What the example BasicOTA leaves out: another port, a password's hash, no mDNS, settings that
 * are erased, and a sketch that restarts when it wants to: after two uploads.
 */
#include <ESP8266WiFi.h>
#include <UpdraftArduinoOTA.h>

static int uploads;

void setup()
{
    /* Of "admin", in capitals as other tools print it. */
    ArduinoOTA.setPasswordHash("21232F297A57A5A743894A0E4A801FC3");
    ArduinoOTA.setPort(9000);
    ArduinoOTA.setRebootOnSuccess(false);
    ArduinoOTA.setEraseConfig(OTA_ERASE_CFG_ABORT_ON_ERROR);
    ArduinoOTA.onEnd([]() { Serial.printf("upload %d has ended\n", ++uploads); });
    ArduinoOTA.begin(false);
    ArduinoOTA.begin(false); /* has no effect */
    Serial.printf("called %s\n", ArduinoOTA.getHostname().c_str());
}

void loop()
{
    ArduinoOTA.handle();
    if (uploads < 2)
        return;
    ArduinoOTA.end();
    ESP.restart();
}
