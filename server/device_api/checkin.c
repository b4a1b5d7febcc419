#include "server/device_api/checkin.h"

#include "host/number.h"
#include "server/model/abilities.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ESP8266_PREFIX "x-ESP8266-"
#define ESP32_PREFIX   "x-ESP32-"

/* Puts a value into the check-in; false when it is malformed. */
typedef bool read_function(const char *value, struct checkin *checkin);

static bool read_digest(const char *text, uint8_t *digest, uint32_t length)
{
    return strlen(text) == 2 * (size_t)length && ud_hex_decode(text, digest, length) == UD_OK;
}

static bool read_sta_mac(const char *value, struct checkin *checkin)
{
    return mac_parse(value, &checkin->mac);
}

static bool read_ap_mac(const char *value, struct checkin *checkin)
{
    return mac_parse(value, &checkin->facts.ap_mac);
}

static bool read_free_space(const char *value, struct checkin *checkin)
{
    return number_read_text(value, &checkin->facts.free_space);
}

static bool read_sketch_size(const char *value, struct checkin *checkin)
{
    return number_read_text(value, &checkin->facts.sketch_size);
}

static bool read_chip_size(const char *value, struct checkin *checkin)
{
    return number_read_text(value, &checkin->facts.chip_size);
}

static bool read_chip_id(const char *value, struct checkin *checkin)
{
    checkin->facts.has_chip_id = true;
    return number_read_text(value, &checkin->facts.chip_id);
}

static bool read_md5(const char *value, struct checkin *checkin)
{
    checkin->facts.has_md5 = true;
    return read_digest(value, checkin->facts.sketch_md5, UD_MD5_SIZE);
}

static bool read_sha256(const char *value, struct checkin *checkin)
{
    checkin->facts.has_sha256 = true;
    return read_digest(value, checkin->facts.sketch_sha256, UD_SHA256_SIZE);
}

static bool read_sdk_version(const char *value, struct checkin *checkin)
{
    const size_t length = strlen(value);

    if (length == 0 || length >= SDK_VERSION_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if (value[i] < ' ' || value[i] > '~')
            return false;
    memcpy(checkin->facts.sdk_version, value, length + 1);
    return true;
}

static bool read_mode(const char *value, struct checkin *checkin)
{
    static const struct {
        const char *name;
        enum device_mode mode;
    } modes[] = {{"sketch", DEVICE_MODE_SKETCH},
                 {"spiffs", DEVICE_MODE_SPIFFS},
                 {"version", DEVICE_MODE_VERSION}};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(value, modes[i].name) == 0) {
            checkin->facts.mode = modes[i].mode;
            return true;
        }
    return false;
}

static bool read_version(const char *value, struct checkin *checkin)
{
    if (!version_is_valid(value))
        return false;
    memcpy(checkin->facts.version, value, strlen(value) + 1);
    return true;
}

static bool read_abilities(const char *value, struct checkin *checkin)
{
    return abilities_parse(value, &checkin->facts.abilities);
}

static const struct {
    const char *name; /* after the prefix */
    read_function *read;
    bool esp8266_needs;
    bool esp32_needs;
    const char *form; /* what a value looks like */
} fields[FIELD_COUNT] = {
    [FIELD_STA_MAC] = {"STA-MAC", read_sta_mac, true, true, "a MAC address"},
    [FIELD_AP_MAC] = {"AP-MAC", read_ap_mac, true, true, "a MAC address"},
    [FIELD_FREE_SPACE] = {"free-space", read_free_space, true, true, "a number of bytes"},
    [FIELD_SKETCH_SIZE] = {"sketch-size", read_sketch_size, true, true, "a number of bytes"},
    [FIELD_SKETCH_MD5] = {"sketch-md5", read_md5, true, false, "32 hexadecimal digits"},
    [FIELD_SKETCH_SHA256] = {"sketch-sha256", read_sha256, false, false, "64 hexadecimal digits"},
    [FIELD_CHIP_SIZE] = {"chip-size", read_chip_size, true, true, "a number of bytes"},
    [FIELD_SDK_VERSION] = {"sdk-version", read_sdk_version, true, true,
                           "1 to 63 printable characters"},
    [FIELD_CHIP_ID] = {"Chip-ID", read_chip_id, false, false, "a decimal number"},
    [FIELD_MODE] = {"mode", read_mode, false, false, "sketch, spiffs or version"},
    [FIELD_VERSION] = {"version", read_version, false, false,
                       "1 to 32 printable characters without spaces"},
    [FIELD_ABILITIES] = {"abilities", read_abilities, false, false,
                         "gzip and keys=, with ids of 16 hexadecimal digits"},
};

enum ud_chip checkin_updater(const char *user_agent)
{
    if (user_agent != NULL && strcmp(user_agent, "ESP8266-http-Update") == 0)
        return UD_CHIP_ESP8266;
    if (user_agent != NULL && strcmp(user_agent, "ESP32-http-Update") == 0)
        return UD_CHIP_ESP32;
    return UD_CHIP_UNKNOWN;
}

static void take_field(struct checkin_headers *headers, const char **values, const char *name,
                       const char *suffix, const char *value)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (strcasecmp(suffix, fields[i].name) != 0)
            continue;
        if (values[i] != NULL)
            headers->repeated = name;
        values[i] = value;
    }
}

void checkin_take_header(void *ctx, const char *name, const char *value)
{
    struct checkin_headers *headers = ctx;

    if (strcasecmp(name, "User-Agent") == 0)
        headers->user_agent = value;
    else if (strncasecmp(name, ESP8266_PREFIX, strlen(ESP8266_PREFIX)) == 0)
        take_field(headers, headers->esp8266, name, name + strlen(ESP8266_PREFIX), value);
    else if (strncasecmp(name, ESP32_PREFIX, strlen(ESP32_PREFIX)) == 0)
        take_field(headers, headers->esp32, name, name + strlen(ESP32_PREFIX), value);
}

static bool read_field(enum checkin_field field, const char *prefix, const char *value,
                       bool is_needed, struct checkin *checkin, char error[CHECKIN_ERROR_SIZE])
{
    if (value == NULL && is_needed)
        snprintf(error, CHECKIN_ERROR_SIZE, "the header %s%s is missing", prefix,
                 fields[field].name);
    if (value == NULL)
        return !is_needed;
    if (fields[field].read(value, checkin))
        return true;
    snprintf(error, CHECKIN_ERROR_SIZE, "the header %s%s is not %s", prefix, fields[field].name,
             fields[field].form);
    return false;
}

/* An ESP32 names its sketch by either digest. */
static bool is_needed(enum checkin_field field, enum ud_chip chip, const char *const *values)
{
    if (chip == UD_CHIP_ESP32 && field == FIELD_SKETCH_MD5)
        return values[FIELD_SKETCH_SHA256] == NULL;
    return chip == UD_CHIP_ESP32 ? fields[field].esp32_needs : fields[field].esp8266_needs;
}

bool checkin_read(const struct checkin_headers *headers, struct checkin *checkin,
                  char error[CHECKIN_ERROR_SIZE])
{
    const enum ud_chip chip = checkin_updater(headers->user_agent);
    const bool is_esp32 = chip == UD_CHIP_ESP32;
    const char *const *values = is_esp32 ? headers->esp32 : headers->esp8266;

    memset(checkin, 0, sizeof *checkin);
    if (chip == UD_CHIP_UNKNOWN) {
        snprintf(error, CHECKIN_ERROR_SIZE,
                 "only for updaters: the User-Agent is not ESP8266-http-Update or "
                 "ESP32-http-Update");
        return false;
    }
    if (headers->repeated != NULL) {
        snprintf(error, CHECKIN_ERROR_SIZE, "the header %.40s is there twice", headers->repeated);
        return false;
    }
    checkin->facts.chip = chip;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (!read_field((enum checkin_field)i, is_esp32 ? ESP32_PREFIX : ESP8266_PREFIX, values[i],
                        is_needed((enum checkin_field)i, chip, values), checkin, error))
            return false;
    return true;
}
