#include "updraft/espota.h"

#include "chars.h"
#include "espota_parts.h"
#include "text.h"

#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

#define FIRST_HOLD_MS  1000u
#define HOLD_DOUBLINGS 4u /* up to 8 s: an uploader that asks once waits 10 */

/* ---- text to send ---- */

static bool has_text(const struct ud_espota *espota)
{
    return espota->text_length > 0;
}

static void begin_text(struct ud_espota *espota, struct ud_text *text, bool is_reply)
{
    ud_text_begin(text, espota->said.text, sizeof espota->said.text);
    espota->is_reply = is_reply;
    espota->text_sent = 0;
}

static void end_text(struct ud_espota *espota, const struct ud_text *text)
{
    espota->text_length = (uint8_t)text->length;
}

static void put_text(struct ud_espota *espota, bool is_reply, const char *words)
{
    struct ud_text text;

    begin_text(espota, &text, is_reply);
    ud_text_add(&text, words);
    end_text(espota, &text);
}

/* "ERROR[n]: text\n", as a reply after "ERR: ". */
static void put_error(struct ud_espota *espota, bool is_reply, int error)
{
    struct ud_text text;

    begin_text(espota, &text, is_reply);
    ud_text_add(&text, is_reply ? "ERR: " : "");
    ud_text_add_error(&text, espota->config.updater, error);
    ud_text_add(&text, "\n");
    end_text(espota, &text);
}

/* Counts add up while an earlier text is on its way. */
static void put_count(struct ud_espota *espota)
{
    struct ud_text text;

    if (has_text(espota) || espota->uncounted == 0)
        return;
    begin_text(espota, &text, false);
    ud_text_add_decimal(&text, espota->uncounted);
    end_text(espota, &text);
    espota->uncounted = 0;
}

/* ---- ends ---- */

static void enter(struct ud_espota *espota, enum ud_espota_state state, uint32_t now_ms)
{
    espota->state = (uint8_t)state;
    espota->last_event_ms = now_ms;
}

static void report(const struct ud_espota *espota, enum ud_espota_failure failure)
{
    if (espota->config.events.error != NULL)
        espota->config.events.error(espota->config.events.ctx, failure);
}

/* Gives the updater's session up, if it is this upload's. */
static void drop_session(struct ud_espota *espota, int error)
{
    if (espota->owns_session)
        ud_updater_abort(espota->config.updater, error);
    espota->owns_session = false;
}

/* Ends an upload that the uploader cannot be told about. */
static void fail_quietly(struct ud_espota *espota, enum ud_espota_failure failure,
                         enum ud_espota_state next)
{
    drop_session(espota, next == UD_ESPOTA_CLOSING ? UD_ERR_UNFINISHED : UD_ERR_ABORTED);
    espota->text_length = 0;
    espota->state = (uint8_t)next;
    report(espota, failure);
}

/* Tells the uploader why. */
static void fail_update(struct ud_espota *espota, enum ud_espota_failure failure, int error,
                        uint32_t now_ms)
{
    drop_session(espota, error);
    put_error(espota, false, error);
    enter(espota, UD_ESPOTA_ANSWERING, now_ms);
    report(espota, failure);
}

/* ---- begin ---- */

static bool has_password(const struct ud_espota_config *config)
{
    return config->password_hash != NULL ||
           (config->password != NULL && config->password[0] != '\0');
}

/* For SHA-256 the MD5 of a password will do as well. */
static bool is_hash_sound(const char *hash, uint32_t digest_size)
{
    uint8_t bytes[UD_DIGEST_MAX_SIZE];
    const uint32_t length = (uint32_t)strlen(hash);

    return (length == 2 * digest_size || length == 2 * UD_MD5_SIZE) &&
           ud_hex_decode(hash, bytes, length / 2) == UD_OK;
}

static bool is_config_sound(const struct ud_espota_config *config)
{
    if (config->updater == NULL || config->timeout_ms > INT32_MAX)
        return false;
    if (!has_password(config))
        return true;
    if (config->digest == NULL ||
        (config->digest->size != UD_MD5_SIZE && config->digest->size != UD_SHA256_SIZE))
        return false;
    return config->password_hash == NULL ||
           is_hash_sound(config->password_hash, config->digest->size);
}

int ud_espota_init(struct ud_espota *espota, const struct ud_espota_config *config)
{
    if (!is_config_sound(config))
        return UD_ERR_ARGUMENT;
    memset(espota, 0, sizeof *espota);
    espota->config = *config;
    if (config->timeout_ms == 0)
        espota->config.timeout_ms = UD_ESPOTA_TIMEOUT_MS;
    return UD_OK;
}

/* ---- the invitation ---- */

static void accept(struct ud_espota *espota, uint32_t now_ms)
{
    struct ud_updater *updater = espota->config.updater;
    const struct ud_espota_invitation *invitation = &espota->invitation;
    int error = ud_updater_begin(updater, (enum ud_command)invitation->command, invitation->size);

    if (error == UD_OK) {
        espota->owns_session = true;
        error = ud_updater_expect(updater, updater->config.md5, invitation->md5);
    }
    if (error != UD_OK) {
        drop_session(espota, error);
        espota->state = UD_ESPOTA_IDLE;
        put_error(espota, true, error);
        report(espota, UD_ESPOTA_BEGIN_FAILED);
        return;
    }
    espota->uncounted = 0;
    put_text(espota, true, "OK");
    enter(espota, UD_ESPOTA_CONNECTING, now_ms);
}

static void challenge(struct ud_espota *espota, uint32_t now_ms)
{
    espota->is_reply = true;
    espota->text_sent = 0;
    espota->text_length = (uint8_t)(UD_ESPOTA_CHALLENGE + 2 * espota->config.digest->size);
    memcpy(espota->said.challenge, "AUTH ", UD_ESPOTA_CHALLENGE);
    ud_hex_encode(espota->said.nonce, espota->config.digest->size,
                  espota->said.challenge + UD_ESPOTA_CHALLENGE);
    enter(espota, UD_ESPOTA_CHALLENGED, now_ms);
}

/* Whatever was under way with another uploader is over. */
static void invite(struct ud_espota *espota, const struct ud_espota_invitation *invitation,
                   const uint8_t *random, uint32_t now_ms)
{
    espota->invitation = *invitation;
    espota->is_stretching = false;
    espota->text_length = 0;
    if (!has_password(&espota->config)) {
        accept(espota, now_ms);
        return;
    }
    memcpy(espota->said.nonce, random, sizeof espota->said.nonce);
    if (espota->is_held_off)
        espota->state = UD_ESPOTA_HELD;
    else
        challenge(espota, now_ms);
}

/* Datagrams get lost and come twice. The same invitation gets the same answer,
 * so that a copy of it does not spoil the proof that is on its way. */
static void invite_again(struct ud_espota *espota, const struct ud_espota_peer *from,
                         uint32_t now_ms)
{
    const bool is_waiting =
        espota->state == UD_ESPOTA_CONNECTING ||
        (espota->state == UD_ESPOTA_RECEIVING && ud_updater_progress(espota->config.updater) == 0);

    if (espota->state == UD_ESPOTA_CHALLENGED)
        challenge(espota, now_ms);
    else if (is_waiting)
        put_text(espota, true, "OK");
    else
        return;
    espota->peer = *from;
}

/* The port is left out: some uploaders open a new socket for every datagram. */
static bool is_inviter(const struct ud_espota *espota, const struct ud_espota_peer *from)
{
    return memcmp(espota->peer.address, from->address, sizeof from->address) == 0;
}

static void invitation_received(struct ud_espota *espota, const struct ud_espota_peer *from,
                                const struct ud_espota_invitation *invitation,
                                const uint8_t *random, uint32_t now_ms)
{
    const bool is_same = is_inviter(espota, from) &&
                         memcmp(&espota->invitation, invitation, sizeof *invitation) == 0;

    if (is_same && espota->state >= UD_ESPOTA_CHALLENGED) {
        invite_again(espota, from, now_ms);
    } else if (espota->state < UD_ESPOTA_CONNECTING) {
        espota->peer = *from;
        invite(espota, invitation, random, now_ms);
    }
}

/* ---- the proof ---- */

void ud_espota_own_hash(const struct ud_espota *espota, char *hash)
{
    const char *given = espota->config.password_hash;

    if (given == NULL) {
        ud_espota_hash(espota->config.digest, espota->config.password, hash);
        return;
    }
    while ((*hash++ = ud_to_lower(*given++)) != '\0')
        ;
}

/* In a time that does not tell where the first difference is. */
static bool is_same_digest(const uint8_t *one, const uint8_t *other, uint32_t size)
{
    uint32_t difference = 0;

    for (uint32_t i = 0; i < size; i++)
        difference |= (uint32_t)(one[i] ^ other[i]);
    return difference == 0;
}

/* Each proof that fails makes the next challenge wait, so that guessing takes long. */
static void hold_off(struct ud_espota *espota, uint32_t now_ms)
{
    espota->hold_until_ms = now_ms + (FIRST_HOLD_MS << espota->failures);
    espota->is_held_off = true;
    if (espota->failures < HOLD_DOUBLINGS - 1)
        espota->failures++;
}

void ud_espota_judge(struct ud_espota *espota, const char *key, uint32_t now_ms)
{
    const struct ud_digest_class *digest = espota->config.digest;
    const struct ud_espota_proof *proof = &espota->said.proof;
    uint8_t expected[UD_DIGEST_MAX_SIZE];
    char nonce[UD_ESPOTA_HEX_TEXT];

    ud_hex_encode(espota->said.nonce, digest->size, nonce);
    ud_espota_response(digest, key, nonce, proof->cnonce, expected);
    if (is_same_digest(proof->response, expected, digest->size)) {
        espota->failures = 0;
        accept(espota, now_ms);
        return;
    }
    hold_off(espota, now_ms);
    espota->state = UD_ESPOTA_IDLE;
    put_text(espota, true, "Authentication Failed");
    report(espota, UD_ESPOTA_AUTH_FAILED);
}

static void proof_received(struct ud_espota *espota, const struct ud_espota_peer *from,
                           const struct ud_espota_proof *proof, uint32_t now_ms)
{
    char hash[UD_ESPOTA_HEX_TEXT];

    espota->peer = *from;
    espota->said.proof = *proof;
    espota->text_length = 0;
    if (espota->config.digest->size == UD_SHA256_SIZE) {
        enter(espota, UD_ESPOTA_STRETCHING, now_ms);
        return;
    }
    ud_espota_own_hash(espota, hash);
    ud_espota_judge(espota, hash, now_ms);
}

void ud_espota_datagram(struct ud_espota *espota, const struct ud_espota_peer *from,
                        const void *data, uint32_t length, const uint8_t random[UD_ESPOTA_RANDOM],
                        uint32_t now_ms)
{
    struct ud_espota_invitation invitation;
    struct ud_espota_proof proof;

    ud_espota_tick(espota, now_ms); /* what is overdue is over first */
    if (ud_espota_parse_invitation(data, length, &invitation))
        invitation_received(espota, from, &invitation, random, now_ms);
    else if (espota->state == UD_ESPOTA_CHALLENGED && is_inviter(espota, from) &&
             ud_espota_parse_proof(data, length, espota->config.digest->size, &proof))
        proof_received(espota, from, &proof, now_ms);
}

/* ---- the image ---- */

void ud_espota_connected(struct ud_espota *espota, uint32_t now_ms)
{
    if (espota->state == UD_ESPOTA_CONNECTING)
        enter(espota, UD_ESPOTA_RECEIVING, now_ms);
}

void ud_espota_connection_failed(struct ud_espota *espota)
{
    if (espota->state == UD_ESPOTA_CONNECTING)
        fail_quietly(espota, UD_ESPOTA_CONNECT_FAILED, UD_ESPOTA_IDLE);
}

/* Takes the image back: as if a newer one were about to be put in its place. */
static void withdraw(const struct ud_updater *updater)
{
    const struct ud_target *target = &updater->config.target;

    (void)!target->methods->open(target->ctx, &updater->placement, NULL, 0);
}

/* False when the update is off because of it. */
static bool erase_settings(struct ud_espota *espota)
{
    const struct ud_espota_config *config = &espota->config;

    if (config->erase_settings == NULL || config->erase_settings(config->erase_ctx) == UD_OK)
        return true;
    if (!config->needs_erase) {
        report(espota, UD_ESPOTA_ERASE_FAILED);
        return true;
    }
    withdraw(config->updater);
    return false;
}

static void image_received(struct ud_espota *espota, uint32_t now_ms)
{
    const int error = ud_updater_end(espota->config.updater);

    espota->owns_session = false;
    if (error != UD_OK) {
        fail_update(espota, UD_ESPOTA_END_FAILED, error, now_ms);
    } else if (!erase_settings(espota)) {
        fail_update(espota, UD_ESPOTA_ERASE_FAILED, UD_ERR_ABORTED, now_ms);
    } else {
        espota->is_committed = true;
        put_count(espota);
        enter(espota, UD_ESPOTA_SETTLING, now_ms);
    }
}

/* What comes after the image is not looked at. */
void ud_espota_received(struct ud_espota *espota, const void *data, uint32_t length,
                        uint32_t now_ms)
{
    struct ud_updater *updater = espota->config.updater;

    if (espota->state != UD_ESPOTA_RECEIVING || length == 0)
        return;
    const uint32_t missing = ud_updater_remaining(updater);
    const uint32_t taken = length < missing ? length : missing;
    const int error = ud_updater_write(updater, data, taken);

    espota->last_event_ms = now_ms;
    espota->uncounted += taken;
    if (error != UD_OK)
        fail_update(espota, UD_ESPOTA_END_FAILED, error, now_ms);
    else if (taken == missing)
        image_received(espota, now_ms);
    else
        put_count(espota);
}

void ud_espota_sent(struct ud_espota *espota, uint32_t length, uint32_t now_ms)
{
    const uint32_t waiting = (uint32_t)espota->text_length - espota->text_sent;

    if (!has_text(espota) || length == 0)
        return;
    if (!espota->is_reply)
        espota->last_event_ms = now_ms;
    if (!espota->is_reply && length < waiting) {
        espota->text_sent = (uint8_t)(espota->text_sent + length);
        return;
    }
    espota->text_length = 0;
    if (espota->state == UD_ESPOTA_RECEIVING || espota->state == UD_ESPOTA_SETTLING)
        put_count(espota);
}

/* ---- the end of the connection ---- */

static void close_connection(struct ud_espota *espota, uint32_t now_ms)
{
    espota->text_length = 0;
    enter(espota, UD_ESPOTA_CLOSING, now_ms);
}

void ud_espota_peer_closed(struct ud_espota *espota, uint32_t now_ms)
{
    if (espota->state == UD_ESPOTA_RECEIVING)
        fail_quietly(espota, UD_ESPOTA_RECEIVE_FAILED, UD_ESPOTA_CLOSING);
    if (espota->state == UD_ESPOTA_SETTLING || espota->state == UD_ESPOTA_ANSWERING)
        close_connection(espota, now_ms);
}

void ud_espota_closed(struct ud_espota *espota)
{
    const struct ud_espota_config *config = &espota->config;
    const bool is_committed = espota->is_committed;

    if (espota->state != UD_ESPOTA_CLOSING)
        return;
    espota->is_committed = false;
    espota->state = is_committed && !config->stays_up ? UD_ESPOTA_RESTARTING : UD_ESPOTA_IDLE;
    if (is_committed && config->events.end != NULL)
        config->events.end(config->events.ctx);
}

void ud_espota_abort(struct ud_espota *espota)
{
    if (espota->state >= UD_ESPOTA_CLOSING)
        return;
    drop_session(espota, UD_ERR_ABORTED);
    espota->text_length = 0;
    espota->state = espota->state < UD_ESPOTA_CONNECTING ? UD_ESPOTA_IDLE : UD_ESPOTA_CLOSING;
}

/* ---- time ---- */

static bool is_due(uint32_t deadline_ms, uint32_t now_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
}

/* While a text cannot be sent, patience is the uploader's. */
static uint32_t patience_ms(const struct ud_espota *espota)
{
    const bool is_ending =
        espota->state == UD_ESPOTA_SETTLING || espota->state == UD_ESPOTA_ANSWERING;

    return is_ending && !has_text(espota) ? UD_ESPOTA_SETTLE_MS : espota->config.timeout_ms;
}

bool ud_espota_deadline(const struct ud_espota *espota, uint32_t *deadline_ms)
{
    *deadline_ms = espota->hold_until_ms;
    if (espota->state <= UD_ESPOTA_HELD)
        return espota->is_held_off;
    *deadline_ms = espota->last_event_ms + patience_ms(espota);
    return espota->state != UD_ESPOTA_RESTARTING;
}

static void settled(struct ud_espota *espota, uint32_t now_ms)
{
    if (has_text(espota)) {
        close_connection(espota, now_ms);
        return;
    }
    put_text(espota, false, "OK");
    enter(espota, UD_ESPOTA_ANSWERING, now_ms);
}

static void fell_silent(struct ud_espota *espota, uint32_t now_ms)
{
    switch ((enum ud_espota_state)espota->state) {
    case UD_ESPOTA_CHALLENGED:
    case UD_ESPOTA_STRETCHING:
        fail_quietly(espota, UD_ESPOTA_AUTH_FAILED, UD_ESPOTA_IDLE);
        break;
    case UD_ESPOTA_CONNECTING:
        espota->last_event_ms = now_ms;
        fail_quietly(espota, UD_ESPOTA_CONNECT_FAILED, UD_ESPOTA_CLOSING);
        break;
    case UD_ESPOTA_RECEIVING:
        fail_update(espota, UD_ESPOTA_RECEIVE_FAILED, UD_ERR_TIMEOUT, now_ms);
        break;
    case UD_ESPOTA_SETTLING:
        settled(espota, now_ms);
        break;
    case UD_ESPOTA_ANSWERING:
        close_connection(espota, now_ms);
        break;
    case UD_ESPOTA_CLOSING:
        ud_espota_closed(espota);
        break;
    case UD_ESPOTA_IDLE:
    case UD_ESPOTA_HELD:
    case UD_ESPOTA_RESTARTING:
    default:
        break;
    }
}

static void end_hold_off(struct ud_espota *espota, uint32_t now_ms)
{
    espota->is_held_off = false;
    if (espota->state == UD_ESPOTA_HELD)
        challenge(espota, now_ms);
}

void ud_espota_tick(struct ud_espota *espota, uint32_t now_ms)
{
    uint32_t deadline_ms;

    if (espota->is_held_off && is_due(espota->hold_until_ms, now_ms))
        end_hold_off(espota, now_ms);
    if (espota->state > UD_ESPOTA_HELD && ud_espota_deadline(espota, &deadline_ms) &&
        is_due(deadline_ms, now_ms))
        fell_silent(espota, now_ms);
}

/* ---- asking ---- */

unsigned ud_espota_want(const struct ud_espota *espota)
{
    static const uint8_t wants[] = {
        [UD_ESPOTA_IDLE] = 0,
        [UD_ESPOTA_HELD] = 0,
        [UD_ESPOTA_CHALLENGED] = 0,
        [UD_ESPOTA_STRETCHING] = UD_ESPOTA_STRETCH,
        [UD_ESPOTA_CONNECTING] = UD_ESPOTA_CONNECT,
        [UD_ESPOTA_RECEIVING] = UD_ESPOTA_RECEIVE,
        [UD_ESPOTA_SETTLING] = UD_ESPOTA_RECEIVE,
        [UD_ESPOTA_ANSWERING] = UD_ESPOTA_RECEIVE,
        [UD_ESPOTA_CLOSING] = UD_ESPOTA_CLOSE,
        [UD_ESPOTA_RESTARTING] = UD_ESPOTA_RESTART,
    };
    const unsigned want = wants[espota->state];

    if (!has_text(espota))
        return want;
    return want | (espota->is_reply ? UD_ESPOTA_REPLY : UD_ESPOTA_SEND);
}

const struct ud_espota_peer *ud_espota_peer(const struct ud_espota *espota)
{
    return &espota->peer;
}

struct ud_espota_peer ud_espota_endpoint(const struct ud_espota *espota)
{
    struct ud_espota_peer endpoint = espota->peer;

    endpoint.port = (uint16_t)espota->invitation.port;
    return endpoint;
}

const void *ud_espota_send_buffer(const struct ud_espota *espota, uint32_t *length)
{
    *length = (uint32_t)espota->text_length - espota->text_sent;
    return espota->said.text + espota->text_sent;
}
