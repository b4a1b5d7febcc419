/* Updraft on ESP-IDF: a task that takes updates on up to three ways.
 *
 * It asks a server, as ESPhttpUpdate and HTTPUpdate do; takes uploads from the bench, as
 * ArduinoOTA does; and serves a page for browsers. What comes goes to the next slot, is
 * verified, made the one that starts, and the chip restarts.
 *
 * Programs that do their updates themselves need none of this: their calls of esp_ota_* are
 * Updraft's as they are (Kconfig UPDRAFT_REPLACE_APP_UPDATE).
 */
#ifndef UPDRAFT_ESP_H
#define UPDRAFT_ESP_H

#include "esp_err.h"
#include "updraft/keys.h"
#include "updraft/manifest.h"
#include "updraft/signature.h"
#include "updraft/tls.h"

#include <stdbool.h>
#include <stdint.h>

enum updraft_event {
    UPDRAFT_CURRENT,  /* the server has nothing new */
    UPDRAFT_KEYS,     /* the key ring has taken a key update; the server is asked again at once */
    UPDRAFT_LATER,    /* the server is busy, and asked again after `done` seconds */
    UPDRAFT_PROGRESS, /* done of total bytes are in flash */
    UPDRAFT_UPDATED,  /* a new program starts next; the chip restarts when this returns */
    UPDRAFT_FAILED,   /* error, an enum ud_error; nothing has changed */
};

struct updraft_event_data {
    enum updraft_event event;
    int error;
    uint32_t done;
    uint32_t total;
};

/* Texts and tables must outlive the task. */
struct updraft_config {
    const char *url;          /* of the server's check-in; null: none is asked */
    const char *user;         /* Basic authorization there, when both are set */
    const char *password;     /* also the uploads' and the page's */
    uint32_t poll_s;          /* from one check-in to the next; 0: an hour */
    bool confirms;            /* a program on trial is confirmed once a server has answered it;
                               * else it calls esp_ota_mark_app_valid_cancel_rollback() itself */
    uint16_t upload_port;     /* UDP, 3232 by custom; 0: takes no uploads */
    uint16_t page_port;       /* TCP, 80 by custom; 0: serves no page */
    const char *page_user;    /* null: everybody may use it */
    const struct ud_tls *tls; /* for https; null: http only */
    const struct ud_verifier *verifier; /* null: what is not signed is taken */
    const struct ud_keys *keys; /* the verifier's ring, to tell the server of; null: it is none */
    const struct ud_manifest_terms *terms; /* null: manifests are not looked at */
    void *ctx;
    void (*event)(void *ctx, const struct updraft_event_data *data); /* in the task; may be null */
};

/* Starts the task, once the network is up. ESP_ERR_INVALID_STATE when it is there,
 * ESP_ERR_NO_MEM, ESP_ERR_INVALID_ARG when there is no way in or a port is not free; what
 * is wrong with the slots as esp_ota_* have it. */
esp_err_t updraft_start(const struct updraft_config *config);

/* Ends it: what is under way is given up. */
void updraft_stop(void);

#endif
