/* In place of <ESP8266HTTPUpdateServer.h>. */
#ifndef UPDRAFT_HTTP_UPDATE_SERVER_H_ARDUINO
#define UPDRAFT_HTTP_UPDATE_SERVER_H_ARDUINO

#include "arduino/http_update_server.h"

using updraft::ESP8266HTTPUpdateServer;

#endif
