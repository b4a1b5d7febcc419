/* One virtual device, ESP8266 or ESP32 (sim/board.h has what differs): flash, RTC memory,
 * the bootloader's decision, and a program that keeps asking a server for a newer version
 * of itself, listens for uploads, serves a page for them, or all of it.
 *
 * "Running a program" means reading what it says of itself from flash, and, where
 * it is on trial, confirming it once a server has answered it. The rest is
 * real: the library's updater, pull and upload engines over real sockets, and the
 * boot code.
 *
 * Nothing blocks (but the look-up of a host's name). A loop serves any number of
 * devices:
 *
 *   sim_device_open(&device, &config);
 *   sim_device_power_on(device, now_ms);
 *   for (;;) {
 *       wait for the sockets of sim_device_poll(device), or until
 *       sim_device_deadline(device)
 *       sim_device_service(device, now_ms);
 *   }
 *   sim_device_close(device);
 *
 * Time is any millisecond counter that wraps at 2^32.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "bearssl/anchor.h"
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

#define SIM_DEVICE_MAC_SIZE 6u
#define SIM_DEVICE_MAC_TEXT 18u /* "5C:CF:7F:00:00:01" with its NUL */

struct sim_device;

enum sim_device_event_kind {
    SIM_DEVICE_COPYING,  /* boot: the update goes to its place; done of total */
    SIM_DEVICE_REFUSED,  /* boot: the update was turned down; error, text */
    SIM_DEVICE_RETURNED, /* boot: a program on trial did not confirm itself and is gone */
    SIM_DEVICE_STARTED,  /* the program runs */
    SIM_DEVICE_HANGING,  /* it is one that does nothing until the watchdog restarts the chip */
    SIM_DEVICE_DEAD,     /* there is nothing that would run; text says why */
    SIM_DEVICE_ASKING,   /* a check-in begins */
    SIM_DEVICE_ONE_WAY,  /* an update begins, and there is no room to keep what runs: it could
                          * not be undone */
    SIM_DEVICE_FETCHING, /* the image arrives; done of total bytes in flash */
    SIM_DEVICE_CURRENT,  /* the server has nothing new */
    SIM_DEVICE_FAILED,   /* the check-in or the update failed; error, number, text */
    SIM_DEVICE_KEYS,     /* its ring took a key update; it asks again at once */
    SIM_DEVICE_LATER,    /* the server is busy; it asks again after `done` seconds */
    SIM_DEVICE_UPDATED,  /* the image is staged; the device restarts */

    SIM_DEVICE_UPLOAD_FAILED, /* error, number (ArduinoOTA's), text */
};

#define SIM_DEVICE_SOCKETS 8u

struct sim_device_event {
    enum sim_device_event_kind kind;
    uint32_t done;
    uint32_t total;
    int error;        /* an enum ud_error */
    int number;       /* what the Arduino core's getLastError() gives for it */
    const char *text; /* for people, without a full stop; good during the call */
};

/* Uploads from the bench, as ArduinoOTA takes them. */
struct sim_device_upload {
    const char *address;  /* IPv4, to listen on; null: takes none */
    uint16_t port;        /* UDP; 0: any */
    const char *password; /* null or empty: none */
    bool uses_sha256;     /* the ESP32's way to prove it */
};

/* What it believes about updates. */
struct sim_device_trust {
    const struct ud_key_der *keys; /* built in; they must outlive the device */
    uint32_t key_count;            /* 0: it does not verify. Else it has a key ring, in what
                                    * would be the file system's last two sectors */
    bool wants_manifest;           /* for its product, of no lower security version */
    const char *product;           /* null: its program's project */
};

/* The page for uploads by browser. */
struct sim_device_page {
    const char *address; /* IPv4, to serve it on; null: there is none */
    uint16_t port;       /* TCP; 0: any */
    const char *user;    /* asked for when both are set */
    const char *password;
};

/* Which server it believes to be its own, where the URL is https. */
struct sim_device_tls {
    const struct ud_bearssl_anchor *anchors; /* they must outlive the device */
    uint32_t anchor_count;
    const uint8_t *pin;   /* null: none. Likewise */
    uint32_t record_size; /* bytes of TLS records it has memory for */
    bool lacks_clock;     /* knows no time, as a device without a clock */
};

struct sim_device_config {
    const char *flash_path;  /* null: flash in memory, lost at close */
    bool is_scratch;         /* flash_path is only what flash holds at first */
    struct ud_layout layout; /* an ESP32 has a partition table: the flash size counts */
    bool is_esp32;
    uint16_t esp32_chip; /* which, as image headers have it: 0 ESP32, 5 ESP32-C3, … */
    uint8_t mac[SIM_DEVICE_MAC_SIZE]; /* of the station interface */
    const char *url;                  /* null: asks no server */
    const char *user;                 /* Basic authorization when both are set */
    const char *password;
    const struct ud_pull_redirects *redirects; /* null: not followed */
    uint32_t poll_ms;                          /* from the end of one check-in to the next */
    uint32_t first_delay_ms;                   /* from power-on to the first one */
    bool is_lifelike;                          /* takes the time the flash chip would */
    const char *hangs; /* the version of a program that hangs once started; null: none */
    struct sim_device_upload upload;
    struct sim_device_page page;
    struct sim_device_trust trust;
    struct sim_device_tls tls;
    bool writes_files_in_place; /* file systems are not staged */
    bool ends_staged;           /* an update is ordered in the boot journal, where it outlives
                                 * the device, which ends instead of restarting */
    void *ctx;
    void (*event)(void *ctx, struct sim_device *device, const struct sim_device_event *event);
};

/* What runs, read from flash when it started. */
struct sim_device_program {
    bool has_description;
    struct ud_image_description description;
    uint32_t sketch_size; /* bytes, bootloader included */
    uint32_t free_space;  /* bytes for an update */
    char sketch_md5[2 * UD_MD5_SIZE + 1];
};

/* Texts in config must outlive the device; event must be set. 0, or a negative
 * errno: those of nor_open(), -EINVAL for a layout or URL the library refuses, what
 * binding the ports for uploads and the page gave. */
int sim_device_open(struct sim_device **device, const struct sim_device_config *config);

/* Gives up what is under way, as pulling the plug does, and frees. Null is fine. */
void sim_device_close(struct sim_device *device);

/* Starts it, cold: RTC memory holds nothing of use. */
void sim_device_power_on(struct sim_device *device, uint32_t now_ms);

/* Resets it: RTC memory is kept, a check-in under way is given up. */
void sim_device_reset(struct sim_device *device, uint32_t now_ms);

/* Does what can be done without waiting. */
void sim_device_service(struct sim_device *device, uint32_t now_ms);

/* Fills in the sockets to wait for; returns how many. */
size_t sim_device_poll(const struct sim_device *device, struct pollfd entries[SIM_DEVICE_SOCKETS]);

/* When service is due at the latest. */
uint32_t sim_device_deadline(const struct sim_device *device);

/* A program runs: not starting, not dead. */
bool sim_device_is_running(const struct sim_device *device);

/* Meaningful while it is running. */
const struct sim_device_program *sim_device_program(const struct sim_device *device);

/* The version the running program says it has, or "". */
const char *sim_device_version(const struct sim_device *device);

const char *sim_device_mac(const struct sim_device *device);

/* The UDP port for uploads; 0: takes none. */
uint16_t sim_device_upload_port(const struct sim_device *device);

/* The TCP port of the page; 0: there is none. */
uint16_t sim_device_page_port(const struct sim_device *device);

struct nor *sim_device_nor(const struct sim_device *device);

#endif
