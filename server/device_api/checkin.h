/* A check-in: the headers an ESP8266's or ESP32's updater sends, as one struct. */
#ifndef SERVER_DEVICE_API_CHECKIN_H
#define SERVER_DEVICE_API_CHECKIN_H

#include "server/model/device.h"

#define CHECKIN_ERROR_SIZE 120

struct checkin {
    mac_address mac; /* of the station: the device's name */
    struct device_facts facts;
};

enum checkin_field {
    FIELD_STA_MAC,
    FIELD_AP_MAC,
    FIELD_FREE_SPACE,
    FIELD_SKETCH_SIZE,
    FIELD_SKETCH_MD5,
    FIELD_SKETCH_SHA256,
    FIELD_CHIP_SIZE,
    FIELD_SDK_VERSION,
    FIELD_CHIP_ID,
    FIELD_MODE,
    FIELD_VERSION,
    FIELD_ABILITIES,
    FIELD_COUNT,
};

/* Headers as they come, in any order. All zero to begin with; values must live
 * until checkin_read(). */
struct checkin_headers {
    const char *user_agent;
    const char *esp8266[FIELD_COUNT];
    const char *esp32[FIELD_COUNT];
    const char *repeated; /* name of a header that came twice */
};

/* Takes a header that concerns us; `headers` is a struct checkin_headers. Fits
 * http_each_header(). */
void checkin_take_header(void *headers, const char *name, const char *value);

/* The family of updater a User-Agent (null: absent) stands for. */
enum ud_chip checkin_updater(const char *user_agent);

/* Reads them all. False, with one line that names the header, when one that is
 * required is absent or any is malformed. */
bool checkin_read(const struct checkin_headers *headers, struct checkin *checkin,
                  char error[CHECKIN_ERROR_SIZE]);

#endif
