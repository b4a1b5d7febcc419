/* Keeps the program up to date: asks a server, takes what it offers, has it started;
 * and confirms a program on trial once its server has said that it is the right one. Where
 * there is no server to ask, an address is enough: the next update can come in.
 *
 * What happens is told on the console.
 */
#ifndef FIRMWARE_NET_CLIENT_H
#define FIRMWARE_NET_CLIENT_H

#include "firmware/net/secure.h"
#include "firmware/net/updates.h"
#include "firmware/settings.h"
#include "lwip/pull.h"
#include "updraft/pull.h"

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_MAC_TEXT 18u /* with the NUL */

/* What it points to must outlive the client. */
struct client_config {
    struct updates *updates;
    const struct settings *settings;
    const uint8_t *mac; /* six bytes */
};

struct client {
    struct client_config config;
    struct ud_pull pull;
    struct ud_lwip_pull driver;
    char sta_mac[CLIENT_MAC_TEXT];
    char ap_mac[CLIENT_MAC_TEXT];
    char sketch_md5[2 * UD_MD5_SIZE + 1];
    char abilities[TRUST_ABILITIES_MAX];
    struct ud_pull_identity identity;
    bool is_asking;
    bool is_on_trial;
    uint32_t start_ms;
    uint32_t next_ms; /* when it asks next */
    struct secure secure;
};

/* TLS finds out whether the server is the right one: no update may begin meanwhile, by
 * any way in. */
bool client_is_shaking_hands(const struct client *client);

/* Reads what is to be known of the running program. UD_ERR_*. */
UD_MUST_CHECK int client_init(struct client *client, const struct client_config *config,
                              uint32_t now_ms);

/* Asks as soon as it can, not when the time has come. */
void client_hurry(struct client *client, uint32_t now_ms);

/* Does what can be done without waiting; nothing without a network. True: the device must
 * be restarted. */
bool client_service(struct client *client, bool has_network, uint32_t now_ms);

#endif
