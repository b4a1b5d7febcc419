/* Inside a virtual ESP8266; for sim/esp8266*.c only. */
#ifndef SIM_ESP8266_STATE_H
#define SIM_ESP8266_STATE_H

#include "posix/espota.h"
#include "posix/form.h"
#include "posix/pull.h"
#include "sim/board.h"
#include "sim/esp32.h"
#include "sim/esp8266.h"
#include "sim/rtc.h"
#include "updraft/gunzip.h"
#include "updraft/keys.h"
#include "updraft/staging.h"

#define ESP8266_ABILITIES 80u /* the longest text, with its NUL */

enum state {
    STATE_OFF,
    STATE_STARTING, /* booted; flash is still at it until ready_ms */
    STATE_IDLE,
    STATE_ASKING,
    STATE_DEAD,
};

struct esp8266 {
    struct esp8266_config config;
    const struct board_class *board;
    char sta_mac[ESP8266_MAC_TEXT];
    char ap_mac[ESP8266_MAC_TEXT];
    struct nor *nor;
    struct rtc rtc;
    enum state state;
    uint32_t ready_ms; /* when flash is done with what it was given */
    uint32_t start_ms; /* of the boot under way */
    uint32_t poll_ms;  /* when the next check-in is due */
    uint32_t next_ms;  /* when service is due */
    uint64_t flash_ns; /* modelled flash time already waited for */
    bool is_flash_busy;
    struct boot_result boot;
    struct esp8266_program program;
    struct ud_staging staging;
    struct esp32 esp32; /* in place of boot and staging */
    struct ud_keys keys;
    struct ud_verifier verifier;
    struct ud_manifest_terms terms;
    char abilities[ESP8266_ABILITIES];
    struct ud_updater updater;
    struct ud_pull pull;
    struct ud_posix_pull driver;
    struct ud_espota espota;
    struct ud_posix_espota uploads;
    uint16_t upload_port;
    struct ud_form form;
    struct ud_posix_form pages;
    uint16_t page_port;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct ud_gunzip gunzip;
    uint8_t window[UD_GUNZIP_WINDOW]; /* last: memory that is seldom touched */
};

void esp8266_emit(struct esp8266 *device, const struct esp8266_event *event);

/* ---- esp8266_upload.c; where the device takes none, all of it does nothing ---- */

/* Opens the port, the same one every time. 0, or a negative errno. */
int esp8266_upload_open(struct esp8266 *device);
void esp8266_upload_close(struct esp8266 *device);

/* True when an uploaded image is staged and wants a restart. */
bool esp8266_upload_service(struct esp8266 *device, uint32_t now_ms);

/* An upload is under way. */
bool esp8266_upload_is_active(const struct esp8266 *device);

size_t esp8266_upload_poll(const struct esp8266 *device, struct pollfd *entries);

/* When it must be served, or the time given if that comes first. */
uint32_t esp8266_upload_deadline(const struct esp8266 *device, uint32_t or_ms);

/* ---- esp8266_page.c; where the device serves none, all of it does nothing ---- */

/* Opens the port, the same one every time. 0, or a negative errno. */
int esp8266_page_open(struct esp8266 *device);
void esp8266_page_close(struct esp8266 *device);

/* True when an image is staged and wants a restart. */
bool esp8266_page_service(struct esp8266 *device, uint32_t now_ms);

/* Somebody is connected. */
bool esp8266_page_is_active(const struct esp8266 *device);

/* The updater's error event, ctx the device: told of where it is the page's. */
void esp8266_page_failed(void *ctx, int error);

size_t esp8266_page_poll(const struct esp8266 *device, struct pollfd *entries);

/* When it must be served, or the time given if that comes first. */
uint32_t esp8266_page_deadline(const struct esp8266 *device, uint32_t or_ms);

/* ---- esp8266_trust.c ---- */

/* As the program was linked: without the sectors of a key ring. */
struct ud_layout esp8266_layout(const struct esp8266 *device);

/* As its program starts. False when the key ring cannot be read. */
bool esp8266_trust_start(struct esp8266 *device);

/* Null where it has none; meaningful once started. */
const struct ud_verifier *esp8266_verifier(const struct esp8266 *device);
const struct ud_manifest_terms *esp8266_terms(const struct esp8266 *device);

/* ---- esp8266_identity.c ---- */

void esp8266_name(struct esp8266 *device);
struct ud_pull_identity esp8266_identity(const struct esp8266 *device); /* an ESP8266's */

#endif
