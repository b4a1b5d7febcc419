/* The core's own ArduinoOTA, here only to be in the way as it is there. */
#ifndef CORE_ARDUINOOTA_H
#define CORE_ARDUINOOTA_H

enum ota_error_t { OTA_AUTH_ERROR };

class ArduinoOTAClass
{
};
extern ArduinoOTAClass ArduinoOTA;

#endif
