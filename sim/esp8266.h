/* One virtual ESP8266, or ESP32 (sim/esp32.h): flash, RTC memory, the bootloader's decision, and a
 * program that keeps asking a server for a newer version of itself, listens for
 * uploads, serves a page for them, or all of it.
 *
 * "Running a program" means reading what it says of itself from flash, and, where
 * it is on trial, confirming it once a server has answered it. The rest is
 * real: the library's updater, pull and upload engines over real sockets, and the
 * boot code.
 *
 * Nothing blocks (but the look-up of a host's name). A loop serves any number of
 * devices:
 *
 *   esp8266_open(&device, &config);
 *   esp8266_power_on(device, now_ms);
 *   for (;;) {
 *       wait for the sockets of esp8266_poll(device), or until
 *       esp8266_deadline(device)
 *       esp8266_service(device, now_ms);
 *   }
 *   esp8266_close(device);
 *
 * Time is any millisecond counter that wraps at 2^32.
 */
#ifndef SIM_ESP8266_H
#define SIM_ESP8266_H

#include "sim/boot_machine.h"
#include "sim/nor.h"
#include "updraft/image.h"
#include "updraft/key.h"
#include "updraft/layout.h"
#include "updraft/pull.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP8266_MAC_SIZE 6u
#define ESP8266_MAC_TEXT 18u /* "5C:CF:7F:00:00:01" with its NUL */

struct esp8266;

enum esp8266_event_kind {
    ESP8266_COPYING,  /* boot: the update goes to its place; done of total */
    ESP8266_REFUSED,  /* boot: the update was turned down; error, text */
    ESP8266_RETURNED, /* boot: a program on trial did not confirm itself and is gone */
    ESP8266_STARTED,  /* the program runs */
    ESP8266_DEAD,     /* there is nothing that would run; text says why */
    ESP8266_ASKING,   /* a check-in begins */
    ESP8266_ONE_WAY,  /* an update begins, and there is no room to keep what runs: it could
                       * not be undone */
    ESP8266_FETCHING, /* the image arrives; done of total bytes in flash */
    ESP8266_CURRENT,  /* the server has nothing new */
    ESP8266_FAILED,   /* the check-in or the update failed; error, number, text */
    ESP8266_UPDATED,  /* the image is staged; the device restarts */

    ESP8266_UPLOAD_FAILED, /* error, number (ArduinoOTA's), text */
};

#define ESP8266_SOCKETS 8u

struct esp8266_event {
    enum esp8266_event_kind kind;
    uint32_t done;
    uint32_t total;
    int error;        /* an enum ud_error */
    int number;       /* what the Arduino core's getLastError() gives for it */
    const char *text; /* for people, without a full stop; good during the call */
};

/* Uploads from the bench, as ArduinoOTA takes them. */
struct esp8266_upload {
    const char *address;  /* IPv4, to listen on; null: takes none */
    uint16_t port;        /* UDP; 0: any */
    const char *password; /* null or empty: none */
    bool uses_sha256;     /* the ESP32's way to prove it */
};

/* What it believes about updates. */
struct esp8266_trust {
    const struct ud_key_der *keys; /* built in; they must outlive the device */
    uint32_t key_count;            /* 0: it does not verify. Else it has a key ring, in what
                                    * would be the file system's last two sectors */
    bool wants_manifest;           /* for its product, of no lower security version */
    const char *product;           /* null: its program's project */
};

/* The page for uploads by browser. */
struct esp8266_page {
    const char *address; /* IPv4, to serve it on; null: there is none */
    uint16_t port;       /* TCP; 0: any */
    const char *user;    /* asked for when both are set */
    const char *password;
};

struct esp8266_config {
    const char *flash_path;  /* null: flash in memory, lost at close */
    bool is_scratch;         /* flash_path is only what flash holds at first */
    struct ud_layout layout; /* an ESP32 has a partition table: the flash size counts */
    bool is_esp32;
    uint16_t esp32_chip;           /* which, as image headers have it: 0 ESP32, 5 ESP32-C3, … */
    uint8_t mac[ESP8266_MAC_SIZE]; /* of the station interface */
    const char *url;               /* null: asks no server */
    const char *user;              /* Basic authorization when both are set */
    const char *password;
    enum ud_pull_redirects redirects;
    uint32_t poll_ms;        /* from the end of one check-in to the next */
    uint32_t first_delay_ms; /* from power-on to the first one */
    bool is_lifelike;        /* takes the time the flash chip would */
    struct esp8266_upload upload;
    struct esp8266_page page;
    struct esp8266_trust trust;
    bool writes_files_in_place; /* file systems are not staged */
    bool ends_staged;           /* an update is ordered in the boot journal, where it outlives
                                 * the device, which ends instead of restarting */
    void *ctx;
    void (*event)(void *ctx, struct esp8266 *device, const struct esp8266_event *event);
};

/* What runs, read from flash when it started. */
struct esp8266_program {
    bool has_description;
    struct ud_image_description description;
    uint32_t sketch_size; /* bytes, bootloader included */
    uint32_t free_space;  /* bytes for an update */
    char sketch_md5[2 * UD_MD5_SIZE + 1];
};

/* Texts in config must outlive the device; event must be set. 0, or a negative
 * errno: those of nor_open(), -EINVAL for a layout or URL the library refuses, what
 * binding the ports for uploads and the page gave. */
int esp8266_open(struct esp8266 **device, const struct esp8266_config *config);

/* Gives up what is under way, as pulling the plug does, and frees. Null is fine. */
void esp8266_close(struct esp8266 *device);

/* Starts it, cold: RTC memory holds nothing of use. */
void esp8266_power_on(struct esp8266 *device, uint32_t now_ms);

/* Resets it: RTC memory is kept, a check-in under way is given up. */
void esp8266_reset(struct esp8266 *device, uint32_t now_ms);

/* Does what can be done without waiting. */
void esp8266_service(struct esp8266 *device, uint32_t now_ms);

/* Fills in the sockets to wait for; returns how many. */
size_t esp8266_poll(const struct esp8266 *device, struct pollfd entries[ESP8266_SOCKETS]);

/* When service is due at the latest. */
uint32_t esp8266_deadline(const struct esp8266 *device);

/* A program runs: not starting, not dead. */
bool esp8266_is_running(const struct esp8266 *device);

/* Meaningful while it is running. */
const struct esp8266_program *esp8266_program(const struct esp8266 *device);

/* The version the running program says it has, or "". */
const char *esp8266_version(const struct esp8266 *device);

const char *esp8266_mac(const struct esp8266 *device);

/* The UDP port for uploads; 0: takes none. */
uint16_t esp8266_upload_port(const struct esp8266 *device);

/* The TCP port of the page; 0: there is none. */
uint16_t esp8266_page_port(const struct esp8266 *device);

struct nor *esp8266_nor(const struct esp8266 *device);

#endif
