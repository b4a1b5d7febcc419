/* Keeps the program up to date: asks a server, takes what it offers, restarts into it;
 * and confirms a program on trial once its server has said that it is the right one. Where
 * there is no server to ask, an address is enough: the next update can come in.
 *
 * What happens is told on the console.
 */
#ifndef FIRMWARE_NET_CLIENT_H
#define FIRMWARE_NET_CLIENT_H

#include "firmware/net/secure.h"
#include "firmware/settings.h"
#include "lwip/pull.h"
#include "updraft/flash.h"
#include "updraft/form.h"
#include "updraft/gunzip.h"
#include "updraft/image.h"
#include "updraft/layout.h"
#include "updraft/pull.h"
#include "updraft/staging.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_MAC_TEXT 18u /* with the NUL */

struct client_config {
    const struct ud_flash *flash; /* must outlive the client */
    struct ud_layout layout;
    struct settings settings;
    const uint8_t *mac; /* six bytes; copied */
};

struct client {
    struct client_config config;
    struct ud_rtc rtc;
    struct ud_staging staging;
    struct ud_updater updater;
    struct ud_pull pull;
    struct ud_lwip_pull driver;
    struct ud_image_description description;
    char sta_mac[CLIENT_MAC_TEXT];
    char ap_mac[CLIENT_MAC_TEXT];
    char sketch_md5[2 * UD_MD5_SIZE + 1];
    struct ud_pull_identity identity;
    bool is_asking;
    bool is_on_trial;
    uint32_t start_ms;
    uint32_t next_ms; /* when it asks next */
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct ud_gunzip gunzip;
    struct secure secure;
    union {
        uint8_t window[UD_GUNZIP_WINDOW]; /* while an update arrives */
        struct secure_handshake handshake;
    } shared;
};

/* TLS finds out whether the server is the right one: no update may begin meanwhile, by
 * any way in. */
bool client_is_shaking_hands(const struct client *client);

/* Reads what is to be known of the running program. UD_ERR_*. */
UD_MUST_CHECK int client_init(struct client *client, const struct client_config *config,
                              uint32_t now_ms);

/* For other ways in, which share its session. */
struct ud_form_about client_about(const struct client *client);

/* Does what can be done without waiting; nothing without a network. Returns only if the
 * program need not be restarted. */
void client_service(struct client *client, bool has_network, uint32_t now_ms);

#endif
