/* Inside a virtual device; for sim/device*.c and sim/esp*.c only. */
#ifndef SIM_DEVICE_STATE_H
#define SIM_DEVICE_STATE_H

#include "bearssl/tls.h"
#include "posix/espota.h"
#include "posix/form.h"
#include "posix/pull.h"
#include "sim/board.h"
#include "sim/device.h"
#include "sim/esp32.h"
#include "sim/rtc.h"
#include "updraft/gunzip.h"
#include "updraft/keys.h"
#include "updraft/staging.h"

#define SIM_DEVICE_ABILITIES 100u /* the longest text, with its NUL */

enum state {
    STATE_OFF,
    STATE_STARTING, /* booted; flash is still at it until ready_ms */
    STATE_IDLE,
    STATE_ASKING,
    STATE_HANGING, /* the watchdog bites at hang_ms */
    STATE_DEAD,
};

struct sim_device {
    struct sim_device_config config;
    const struct board_class *board;
    char sta_mac[SIM_DEVICE_MAC_TEXT];
    char ap_mac[SIM_DEVICE_MAC_TEXT];
    struct nor *nor;
    struct rtc rtc;
    enum state state;
    uint32_t ready_ms; /* when flash is done with what it was given */
    uint32_t start_ms; /* of the boot under way */
    uint32_t poll_ms;  /* when the next check-in is due */
    uint32_t hang_ms;  /* when the watchdog of a program that hangs bites */
    uint32_t next_ms;  /* when service is due */
    uint64_t flash_ns; /* modelled flash time already waited for */
    bool is_flash_busy;
    struct boot_result boot;
    struct sim_device_program program;
    struct ud_staging staging;
    struct esp32 esp32; /* in place of boot and staging */
    struct ud_keys keys;
    struct ud_verifier verifier;
    struct ud_manifest_terms terms;
    char abilities[SIM_DEVICE_ABILITIES];
    struct ud_updater updater;
    struct ud_pull pull;
    char location[UD_PULL_URL_MAX]; /* where a redirect leads */
    struct ud_posix_pull driver;
    struct sim_device_session *session; /* of TLS; null: it does not ask by https */
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

void sim_device_emit(struct sim_device *device, const struct sim_device_event *event);
void sim_device_emit_kind(struct sim_device *device, enum sim_device_event_kind kind);

/* Nothing runs any more until it is started anew. */
void sim_device_die(struct sim_device *device, const char *why);

/* ---- device_ask.c ---- */

/* Begins a check-in: it is asking then, or the failure was told of. */
void sim_device_ask(struct sim_device *device, uint32_t now_ms);

/* While it is asking. True when an image is staged and wants a restart. */
bool sim_device_ask_service(struct sim_device *device, uint32_t now_ms);

/* ---- device_tls.c ---- */

/* 0, or a negative errno; -EINVAL when it would trust nobody. */
int sim_device_tls_open(struct sim_device *device);
void sim_device_tls_close(struct sim_device *device);

/* For the next check-in; null where it does not ask by https. */
const struct ud_tls *sim_device_tls(struct sim_device *device);

/* ---- device_upload.c; where the device takes none, all of it does nothing ---- */

/* Opens the port, the same one every time. 0, or a negative errno. */
int sim_device_upload_open(struct sim_device *device);
void sim_device_upload_close(struct sim_device *device);

/* True when an uploaded image is staged and wants a restart. */
bool sim_device_upload_service(struct sim_device *device, uint32_t now_ms);

/* An upload is under way. */
bool sim_device_upload_is_active(const struct sim_device *device);

size_t sim_device_upload_poll(const struct sim_device *device, struct pollfd *entries);

/* When it must be served, or the time given if that comes first. */
uint32_t sim_device_upload_deadline(const struct sim_device *device, uint32_t or_ms);

/* ---- device_page.c; where the device serves none, all of it does nothing ---- */

/* Opens the port, the same one every time. 0, or a negative errno. */
int sim_device_page_open(struct sim_device *device);
void sim_device_page_close(struct sim_device *device);

/* True when an image is staged and wants a restart. */
bool sim_device_page_service(struct sim_device *device, uint32_t now_ms);

/* Somebody is connected. */
bool sim_device_page_is_active(const struct sim_device *device);

/* The updater's error event, ctx the device: told of where it is the page's. */
void sim_device_page_failed(void *ctx, int error);

size_t sim_device_page_poll(const struct sim_device *device, struct pollfd *entries);

/* When it must be served, or the time given if that comes first. */
uint32_t sim_device_page_deadline(const struct sim_device *device, uint32_t or_ms);

/* ---- device_trust.c ---- */

/* As the program was linked: without the sectors of a key ring. */
struct ud_layout sim_device_layout(const struct sim_device *device);

/* As its program starts. False when the key ring cannot be read. */
bool sim_device_trust_start(struct sim_device *device);

/* Puts together what it tells servers of what it takes. False when flash cannot be read. */
bool sim_device_trust_tell(struct sim_device *device);

/* Null where it has none; meaningful once started. */
const struct ud_verifier *sim_device_verifier(const struct sim_device *device);
const struct ud_manifest_terms *sim_device_terms(const struct sim_device *device);

/* ---- esp8266_identity.c ---- */

void sim_device_name(struct sim_device *device);
struct ud_pull_identity esp8266_identity(const struct sim_device *device); /* an ESP8266's */

#endif
