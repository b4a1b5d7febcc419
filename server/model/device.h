/* A device: what it says of itself, and what an operator has decided for it. */
#ifndef SERVER_MODEL_DEVICE_H
#define SERVER_MODEL_DEVICE_H

#include "host/mac.h"
#include "server/model/names.h"
#include "updraft/digest.h"
#include "updraft/image.h"
#include "updraft/key.h"

#include <stdbool.h>
#include <stdint.h>

#define SDK_VERSION_SIZE 64  /* 63 characters and a NUL */
#define TAGS_SIZE        129 /* names with spaces between, and a NUL */
#define ALIAS_SIZE       65
#define COMMENT_SIZE     201 /* 200 bytes of UTF-8 and a NUL */
#define DEVICE_KEYS_MAX  2   /* while keys change: the old one and the new one */

enum device_mode { DEVICE_MODE_NONE, DEVICE_MODE_SKETCH, DEVICE_MODE_SPIFFS, DEVICE_MODE_VERSION };

/* What a device can take, if it tells: docs/device-api.md. */
struct device_abilities {
    bool is_told;
    bool takes_gzip;
    bool takes_retry; /* understands 503 with Retry-After */
    bool verifies;    /* takes signed files only */
    bool has_chip;    /* tells which ESP32 it is: */
    uint16_t chip;    /* as image headers have it: 0 ESP32, 5 ESP32-C3, … */
    bool has_ring;    /* takes key updates, and has carried out so many: */
    uint32_t ring;
    uint8_t key_count; /* 0 = whose signatures it takes is not known here */
    uint8_t keys[DEVICE_KEYS_MAX][UD_KEY_ID_SIZE];
};

/* One check-in, as the headers had it. */
struct device_facts {
    enum ud_chip chip; /* the family; of the headers only abilities tell which ESP32 */
    enum device_mode mode;
    uint32_t chip_id; /* ESP8266 only, where has_chip_id */
    uint32_t free_space;
    uint32_t sketch_size;
    uint32_t chip_size;
    mac_address ap_mac;
    bool has_chip_id;
    bool has_md5;
    bool has_sha256;
    uint8_t sketch_md5[UD_MD5_SIZE];
    uint8_t sketch_sha256[UD_SHA256_SIZE];
    char version[VERSION_SIZE]; /* "" when it sends none */
    char sdk_version[SDK_VERSION_SIZE];
    struct device_abilities abilities;
    uint8_t address[16]; /* IPv6, or IPv4 mapped into it */
};

/* A time zone: minutes ahead of UTC. */
struct utc_offset {
    bool is_set;
    int16_t minutes;
};

/* Null where nothing is decided. */
struct assignment {
    const char *product;
    const char *group;
    const char *channel;
    const char *pin;
    bool downgrade; /* the pin may be an older version than the device runs */
    bool is_decommissioned;
    struct utc_offset offset;
    const char *tags;  /* names with spaces between */
    const char *alias; /* for people, as the next */
    const char *comment;
};

/* A device's file system, as far as the server gave it one. */
struct device_files {
    uint32_t release; /* id of the release whose it has; 0 = unknown */
    uint32_t offered; /* id of the release whose was offered last, 0 = none */
    uint32_t offers;  /* of that one */
    int64_t taken_ms; /* end of a whole download, nothing heard since; 0 = none */
};

/* Offers of one key update, counted until the device's ring has it. */
struct device_ring {
    uint32_t offered; /* id of the update, 0 = none */
    uint32_t offers;
};

/* Offers of one release, counted until the device arrives there. */
struct device_offers {
    uint32_t release; /* id, 0 = none */
    uint32_t count;
};

#endif
