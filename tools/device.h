/* What the parts of `updraft device` share: the order given, the devices under
 * way, and what is shown of them. Devices are processes of the host's (device_run.c)
 * or one board on the chip's own instruction set (device_qemu.c).
 */
#ifndef TOOLS_DEVICE_H
#define TOOLS_DEVICE_H

#include "bearssl/trust.h"
#include "host/file.h"
#include "host/mac.h"
#include "host/options.h"
#include "sim/cut.h"
#include "sim/device.h"
#include "tools/chip.h"
#include "tools/chip_esp32.h"
#include "updraft/espota.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct device_order {
    const char *url;
    const char *flash; /* file of the only device; null: by dir */
    const char *dir;   /* folder of flash files; null with flash: in memory only */
    const char *app;   /* what a new device runs; null: there are no new ones */
    const char *chip;  /* by name */
    const char *layout;
    const char *table; /* an ESP32's; null: the default one */
    const char *mac;
    const char *user;
    const char *password_file;
    const char *upload_address; /* where uploads are taken */
    const char *upload_password_file;
    unsigned long upload_port; /* UDP, of the first device; 0: none are taken */
    bool upload_sha256;
    unsigned long page_port;    /* TCP, of the first device's page; 0: none is served */
    const char *page_user;      /* with the uploads' password: asked for by the page */
    struct option_list trusted; /* files of public keys; none: devices do not verify */
    bool wants_manifest;
    const char *product; /* null: the program's project */
    bool in_place;       /* file systems */
    bool stage;          /* end when an update is staged */
    const char *hangs;   /* version of a program that does; null: none */
    const char *until;   /* version, or text of the board's; null: no such goal */
    const char *speed;
    unsigned long count;
    unsigned long poll_s;
    unsigned long trial_s;   /* of the board's programs; 0: no limit */
    unsigned long timeout_s; /* 0: none */
    bool once;
    bool redirects;
    const char *ca;           /* file of certificates; with a URL of https */
    const char *pin;          /* of the server's key; likewise */
    unsigned long tls_record; /* bytes of memory for TLS records */
    bool lacks_clock;
    bool json;
    bool qemu;
    struct option_list settings; /* of the board's program, NAME=VALUE */
    const char *tap; /* interface the board's Ethernet is on; null: QEMU's own network */
    const char *rom; /* the board's; null: that of the build this program is from */
    const char *cut; /* when the board's power goes; null: it does not */

    /* Filled in by the check of the above. */
    mac_address first_mac;
    bool is_esp32;
    uint16_t esp32_chip; /* as image headers have it */
    bool is_lifelike;
    struct cut_plan cut_plan;
};

/* ---- device_flash.c ---- */

/* Where the devices' flash content is. */
struct device_flash {
    struct chip chip; /* what a new device holds, when there is an app */
    int memory_fd;    /* of an unnamed file with that content; -1: none */
    bool is_scratch;  /* path is only what flash holds at first */
    char path[4096];  /* of the last device provided for */
};

/* EXIT_OK, or reported. Close in any case. */
int device_flash_open(struct device_flash *flash, const struct device_order *order);
void device_flash_close(struct device_flash *flash);

/* Finds the flash of one device, and fills it first when the device is new: path and
 * is_scratch, until the next call. */
int device_flash_provide(struct device_flash *flash, const struct device_order *order,
                         mac_address mac);

/* Why the flash provided last could not be opened: a negative errno as nor_open() has
 * them. EXIT_FAILED. */
int device_flash_report(const struct device_flash *flash, int error);

/* ---- device_trust.c ---- */

/* Whom the devices trust. */
struct device_trust {
    size_t count;
    struct ud_key_der keys[OPTION_LIST_MAX];
    struct file_bytes files[OPTION_LIST_MAX]; /* their bytes */
};

/* Reads public keys. EXIT_OK, or reported. Close in any case; it may be all zero. */
int device_trust_open(struct device_trust *trust, const struct option_list *paths);
void device_trust_close(struct device_trust *trust);

/* ---- device_tls.c ---- */

/* Which server they take for theirs. */
struct device_tls {
    uint32_t count;
    struct ud_bearssl_anchor anchors[UD_BEARSSL_ANCHORS_MAX];
    uint8_t pin[UD_SHA256_SIZE]; /* where the order has one */
};

/* EXIT_OK, or reported. */
int device_tls_check(const struct device_order *order);
int device_tls_open(struct device_tls *tls, const struct device_order *order);

/* ---- device_signals.c ---- */

/* SIGINT and SIGTERM, taken one by one instead of ending the program. */
struct device_signals {
    int fd; /* readable when one came; -1: not open */
    sigset_t before;
};

/* EXIT_OK, or reported. */
int device_signals_open(struct device_signals *signals);
bool device_signals_came(const struct device_signals *signals);
void device_signals_close(struct device_signals *signals);

/* ---- device_show.c ---- */

struct device_show;

/* Bars or lines, or JSON lines. Null when out of memory. */
struct device_show *device_show_start(size_t count, bool json);
void device_show_name(struct device_show *show, size_t index, const char *mac);
void device_show_event(struct device_show *show, size_t index, const struct sim_device *device,
                       const struct sim_device_event *event);
void device_show_end(struct device_show *show); /* null is fine */

/* ---- device_run.c ---- */

/* Runs the devices until the order's goal is reached, time is up or a signal
 * comes. An exit status. */
int device_run(const struct device_order *order);

/* ---- device_settings.c ---- */

/* On the board. */
#define DEVICE_PAGE_PORT   80u
#define DEVICE_UPLOAD_PORT UD_ESPOTA_PORT_ESP8266

bool device_settings_are_given(const struct device_order *order);

/* Writes what the order has of the settings of the board's program into flash, `size` bytes
 * that are all of its content; the others stay. EXIT_OK, or reported. */
int device_settings_write(const struct device_order *order, uint8_t *flash, uint32_t size);

/* ---- device_qemu.c ---- */

/* The same for one board under QEMU, with its console on standard output. */
int device_run_board(const struct device_order *order);

#endif
