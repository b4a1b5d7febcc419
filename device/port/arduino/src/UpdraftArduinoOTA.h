/* In place of <ArduinoOTA.h>. */
#ifndef UPDRAFT_ARDUINO_OTA_H_ARDUINO
#define UPDRAFT_ARDUINO_OTA_H_ARDUINO

#include "arduino/ota.h"

using updraft::ArduinoOTA;
using updraft::ArduinoOTAClass;
using updraft::OTA_AUTH_ERROR;
using updraft::OTA_BEGIN_ERROR;
using updraft::OTA_CONNECT_ERROR;
using updraft::OTA_END_ERROR;
using updraft::OTA_ERASE_CFG_ABORT_ON_ERROR;
using updraft::OTA_ERASE_CFG_IGNORE_ERROR;
using updraft::OTA_ERASE_CFG_NO;
using updraft::ota_erase_cfg_t;
using updraft::OTA_ERASE_SETTINGS_ERROR;
using updraft::ota_error_t;
using updraft::OTA_RECEIVE_ERROR;

#endif
