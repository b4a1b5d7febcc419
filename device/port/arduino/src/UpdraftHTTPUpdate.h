/* In place of <ESP8266httpUpdate.h>. */
#ifndef UPDRAFT_HTTP_UPDATE_H_ARDUINO
#define UPDRAFT_HTTP_UPDATE_H_ARDUINO

#include "arduino/http_update.h"

/* What getLastError() returns besides the Updater's numbers and the HTTP client's. */
enum {
    HTTP_UE_TOO_LESS_SPACE = -100,
    HTTP_UE_SERVER_NOT_REPORT_SIZE = -101,
    HTTP_UE_SERVER_FILE_NOT_FOUND = -102,
    HTTP_UE_SERVER_FORBIDDEN = -103,
    HTTP_UE_SERVER_WRONG_HTTP_CODE = -104,
    HTTP_UE_SERVER_FAULTY_MD5 = -105,
    HTTP_UE_BIN_VERIFY_HEADER_FAILED = -106,
    HTTP_UE_BIN_FOR_WRONG_FLASH = -107,
    HTTP_UE_SERVER_UNAUTHORIZED = -108,
    HTTP_UE_SERVER_NOT_REPORT_VERSION = -109,
};

using updraft::ESP8266HTTPUpdate;
using updraft::ESPhttpUpdate;
using updraft::HTTP_UPDATE_FAILED;
using updraft::HTTP_UPDATE_NO_UPDATES;
using updraft::HTTP_UPDATE_OK;
using updraft::HTTPUpdateEndCB;
using updraft::HTTPUpdateErrorCB;
using updraft::HTTPUpdateProgressCB;
using updraft::HTTPUpdateResult;
using updraft::HTTPUpdateStartCB;
using updraft::t_httpUpdate_return;

#endif
