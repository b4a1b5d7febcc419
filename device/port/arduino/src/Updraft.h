/* Updraft for the ESP8266's Arduino core: over-the-air updates, by the names the core's own
 * libraries have. Everything is in the namespace updraft, so that both can be present.
 *
 * To replace one of the core's, include one of these in its place, and change nothing else:
 *
 *   <ArduinoOTA.h>                  <UpdraftArduinoOTA.h>
 *   <ESP8266httpUpdate.h>           <UpdraftHTTPUpdate.h>
 *   <ESP8266HTTPUpdateServer.h>     <UpdraftHTTPUpdateServer.h>
 *   <Updater.h> (nothing needed)    <UpdraftUpdater.h>
 */
#ifndef UPDRAFT_H
#define UPDRAFT_H

#include "arduino/http_update.h"
#include "arduino/http_update_server.h"
#include "arduino/ota.h"
#include "arduino/updater.h"

#endif
