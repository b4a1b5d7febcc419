#include "firmware/net/client.h"

#include "bearssl/digest.h"
#include "esp8266-rom/rom.h"
#include "updraft/hex.h"
#include "updraft/messages.h"
#include "updraft/trial.h"

#include <string.h>

#define MS_PER_S  1000u
#define MAC_BYTES 6u

/* Set in addresses that no manufacturer gave out: that of the access point. */
#define MAC_LOCAL_BIT 0x02u

/* ---- What it says of itself ---- */

static void print_mac(const uint8_t *mac, uint8_t first_bits, char text[CLIENT_MAC_TEXT])
{
    static const char digits[] = "0123456789ABCDEF";

    for (uint32_t i = 0; i < MAC_BYTES; i++) {
        const uint32_t byte = i == 0 ? (uint32_t)mac[i] | first_bits : mac[i];

        text[3 * i] = digits[byte >> 4];
        text[3 * i + 1] = digits[byte & 0xf];
        text[3 * i + 2] = i == MAC_BYTES - 1 ? '\0' : ':';
    }
}

static int read_sketch_md5(struct client *client)
{
    struct updates *updates = client->config.updates;
    uint8_t md5[UD_MD5_SIZE];
    const int error = ud_staging_sketch_digest(&updates->staging, &ud_md5, updates->buffer,
                                               sizeof updates->buffer, md5);

    if (error == UD_OK)
        ud_hex_encode(md5, sizeof md5, client->sketch_md5);
    return error;
}

static int read_identity(struct client *client)
{
    const struct updates *updates = client->config.updates;
    const uint8_t *mac = client->config.mac;
    struct ud_pull_identity *identity = &client->identity;

    print_mac(mac, 0, client->sta_mac);
    print_mac(mac, MAC_LOCAL_BIT, client->ap_mac);
    trust_abilities(&updates->trust, client->abilities);
    *identity = (struct ud_pull_identity){
        .chip_id = (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5],
        .sta_mac = client->sta_mac,
        .ap_mac = client->ap_mac,
        .sketch_md5 = client->sketch_md5,
        .chip_size = updates->flash->size,
        .sdk_version = updates->description.sdk,
        .abilities = client->abilities,
    };
    int error = ud_staging_sketch_size(&updates->staging, &identity->sketch_size);
    if (error == UD_OK)
        error = ud_staging_free_space(&updates->staging, &identity->free_space);
    return error == UD_OK ? read_sketch_md5(client) : error;
}

int client_init(struct client *client, const struct client_config *config, uint32_t now_ms)
{
    struct ud_trial trial;

    memset(client, 0, sizeof *client);
    client->config = *config;
    client->start_ms = now_ms;
    client->next_ms = now_ms;
    int error = read_identity(client);
    if (error == UD_OK)
        error = ud_trial_load(config->updates->flash, &trial);
    if (error == UD_OK)
        client->is_on_trial = trial.is_open;
    return error;
}

void client_hurry(struct client *client, uint32_t now_ms)
{
    client->next_ms = now_ms;
}

/* ---- The trial ---- */

static void confirm(struct client *client)
{
    if (!client->is_on_trial)
        return;
    if (!trust_has_keys_left(&client->config.updates->trust)) {
        ets_printf("does not confirm itself: it could never be updated again\n");
        return;
    }
    const int error = ud_trial_confirm(client->config.updates->flash);
    client->is_on_trial = error != UD_OK;
    if (error != UD_OK)
        ets_printf("could not confirm itself: error %d\n", error);
    else
        ets_printf("confirmed\n");
}

/* True: it is to be restarted, which is one of the few boots the bootloader gives it. */
static bool has_failed_trial(const struct client *client, uint32_t now_ms)
{
    const uint32_t limit_s = client->config.settings->patience_s;

    if (!client->is_on_trial || limit_s == 0 || now_ms - client->start_ms < limit_s * MS_PER_S)
        return false;
    ets_printf("on trial, and no server has confirmed it in %u s: restarts\n", (unsigned)limit_s);
    return true;
}

/* ---- Asking ---- */

static void wait_for_next(struct client *client, uint32_t now_ms)
{
    client->is_asking = false;
    client->next_ms = now_ms + client->config.settings->poll_s * MS_PER_S;
}

static void report_failure(const struct client *client, int error)
{
    char text[UD_MESSAGE_MAX];

    ud_pull_error_text(error, &client->config.updates->updater, text, sizeof text);
    ets_printf("check-in failed: error %d, %s\n", ud_pull_error_number(error), text);
}

/* Zeros are no pin. */
static const uint8_t *pin_of(const struct settings *settings)
{
    for (uint32_t i = 0; i < sizeof settings->pin; i++)
        if (settings->pin[i] != 0)
            return settings->pin;
    return NULL;
}

/* Null: settings say of no server that it is the right one. */
static const struct ud_tls *prepare_tls(struct client *client)
{
    struct updates *updates = client->config.updates;
    struct secure_config config = {
        .handshake = &updates->shared.secure.handshake,
        .pin = pin_of(client->config.settings),
    };
    struct settings_record record;
    struct settings_item item;

    if (settings_record_load(updates->flash, &updates->place,
                             (uint8_t *)updates->shared.secure.settings, &record) != UD_OK)
        return NULL;
    if (settings_record_find(&record, SETTINGS_CA, &item)) {
        config.ca = item.bytes;
        config.ca_length = item.length;
    }
    return secure_prepare(&client->secure, &config) ? &client->secure.tls : NULL;
}

static void ask(struct client *client, uint32_t now_ms)
{
    const struct ud_tls *tls = prepare_tls(client);
    const struct ud_pull_config config = {
        .chip = UD_CHIP_ESP8266,
        .identity = client->identity,
        .updater = &client->config.updates->updater,
        .version = client->config.updates->description.version,
        .can_tls = tls != NULL,
    };
    int error = ud_pull_init(&client->pull, &config);

    if (error == UD_OK)
        error = ud_pull_begin(&client->pull, client->config.settings->server, now_ms);
    if (error != UD_OK) {
        wait_for_next(client, now_ms);
        report_failure(client, error);
        return;
    }
    ud_lwip_pull_begin(&client->driver, &client->pull, tls);
    client->is_asking = true;
}

static void begin(struct client *client, uint32_t now_ms)
{
    if (client->config.settings->server[0] != '\0') {
        ask(client, now_ms);
        return;
    }
    confirm(client);
    wait_for_next(client, now_ms);
}

static void give_up_for_now(struct client *client, uint32_t now_ms)
{
    const uint32_t retry_s = ud_pull_retry_s(&client->pull);

    if (retry_s == 0) {
        report_failure(client, ud_pull_error(&client->pull));
        return;
    }
    client->next_ms = now_ms + retry_s * MS_PER_S;
    ets_printf("the server is busy: asks again in %u s\n", (unsigned)retry_s);
}

/* True: there is a new program to be started. */
static bool finish(struct client *client, uint32_t now_ms)
{
    ud_lwip_pull_end(&client->driver);
    wait_for_next(client, now_ms);
    switch (ud_pull_result(&client->pull)) {
    case UD_PULL_OK:
        ets_printf("updated: restarts\n");
        return true;
    case UD_PULL_NO_UPDATES:
        confirm(client);
        ets_printf("up to date\n");
        break;
    case UD_PULL_KEYS:
        ets_printf("the key ring has taken a key update\n");
        trust_abilities(&client->config.updates->trust, client->abilities);
        client_hurry(client, now_ms);
        break;
    case UD_PULL_FAILED:
    default:
        give_up_for_now(client, now_ms);
        break;
    }
    return false;
}

bool client_is_shaking_hands(const struct client *client)
{
    return client->is_asking && (ud_pull_want(&client->pull) & UD_PULL_CONNECT) &&
           ud_pull_endpoint(&client->pull).tls;
}

bool client_service(struct client *client, bool has_network, uint32_t now_ms)
{
    const bool is_due = (int32_t)(now_ms - client->next_ms) >= 0;

    if (client->config.settings->waits_for_server == 0)
        confirm(client);
    if (has_failed_trial(client, now_ms))
        return true;
    if (has_network && !client->is_asking && is_due &&
        !ud_updater_is_running(&client->config.updates->updater))
        begin(client, now_ms);
    return client->is_asking && !ud_lwip_pull_service(&client->driver, now_ms) &&
           finish(client, now_ms);
}
