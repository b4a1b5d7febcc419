#include "updraft/form.h"

#include "form_parts.h"

#include <stddef.h>
#include <string.h>

/* What each state waits for. */
static const uint8_t wants[] = {
    [UD_FORM_IDLE] = 0,
    [UD_FORM_HEAD] = UD_FORM_RECEIVE,
    [UD_FORM_HELD] = 0,
    [UD_FORM_INVITING] = UD_FORM_SEND,
    [UD_FORM_BODY] = UD_FORM_RECEIVE,
    [UD_FORM_ANSWERING] = UD_FORM_SEND | UD_FORM_RECEIVE,
    [UD_FORM_LEAVING] = UD_FORM_RECEIVE,
    [UD_FORM_CLOSING] = UD_FORM_CLOSE,
    [UD_FORM_RESTARTING] = UD_FORM_RESTART,
};

/* ---- begin ---- */

static bool is_config_sound(const struct ud_form_config *config)
{
    const uint32_t path_length = (uint32_t)strlen(config->path);

    return config->updater != NULL && (config->page != NULL || config->page_length == 0) &&
           config->path[0] == '/' && path_length < UD_FORM_PATH_MAX &&
           config->timeout_ms <= INT32_MAX && /* a deadline further off looks passed */
           (config->sha256 != NULL ? config->sha256->size == UD_SHA256_SIZE
                                   : config->digest_login == NULL) &&
           (config->digest_login != NULL || !config->digest_only);
}

int ud_form_init(struct ud_form *form, const struct ud_form_config *config,
                 const uint8_t random[UD_FORM_RANDOM])
{
    uint32_t words[2];

    memset(form, 0, sizeof *form);
    form->config = *config;
    if (config->path == NULL)
        form->config.path = UD_FORM_PATH;
    if (config->timeout_ms == 0)
        form->config.timeout_ms = UD_FORM_TIMEOUT_MS;
    if (!is_config_sound(&form->config))
        return UD_ERR_ARGUMENT;
    memcpy(form->secret, random, sizeof form->secret);
    memcpy(words, form->secret, sizeof words);
    form->boot = words[0] ^ words[1];
    return UD_OK;
}

static void put_off(struct ud_form_client *client, uint32_t now_ms)
{
    client->moved = 0;
    client->deadline_ms = now_ms + client->form->config.timeout_ms;
}

void ud_form_open(struct ud_form_client *client, struct ud_form *form, uint32_t now_ms)
{
    memset(client, 0, sizeof *client);
    client->form = form;
    client->state = UD_FORM_HEAD;
    client->remaining = UD_FORM_UNKNOWN_LENGTH;
    put_off(client, now_ms);
}

/* Who moves few bytes is dropped; in the head, which is short, whoever takes long. */
static void count_moved(struct ud_form_client *client, uint32_t length, uint32_t now_ms)
{
    client->moved += length;
    if (client->moved >= UD_FORM_RATE_BYTES && client->state != UD_FORM_HEAD)
        put_off(client, now_ms);
}

unsigned ud_form_want(const struct ud_form_client *client)
{
    const unsigned want = wants[client->state];

    return client->peer_is_done ? want & ~(unsigned)UD_FORM_RECEIVE : want;
}

/* ---- lines ---- */

bool ud_form_collect(struct ud_form_client *client, uint8_t byte)
{
    char *text = client->text;

    if (byte != '\n') {
        if (client->line_length < sizeof client->text - 1)
            text[client->line_length++] = (char)byte;
        else
            client->line_overflowed = true;
        return false;
    }
    if (client->line_length > 0 && text[client->line_length - 1] == '\r')
        client->line_length--;
    text[client->line_length] = '\0';
    return true;
}

bool ud_form_count(struct ud_form_client *client, uint32_t length)
{
    if (length <= UD_FORM_HEAD_MAX - client->head_bytes) {
        client->head_bytes += length;
        return true;
    }
    ud_form_answer_status(client, client->state == UD_FORM_HEAD ? 431 : 413);
    return false;
}

static void head_received(struct ud_form_client *client, uint8_t byte)
{
    if (!ud_form_count(client, 1) || !ud_form_collect(client, byte))
        return;
    ud_form_head_line(client);
    client->line_length = 0;
    client->line_overflowed = false;
}

/* ---- sending ---- */

static uint32_t unsent(const struct ud_form_client *client)
{
    return client->text_length + client->answer.length - client->sent;
}

const void *ud_form_send_buffer(const struct ud_form_client *client, uint32_t *length)
{
    if (client->sent < client->text_length) {
        *length = client->text_length - client->sent;
        return client->text + client->sent;
    }
    *length = unsent(client);
    return (const uint8_t *)client->answer.body + (client->sent - client->text_length);
}

/* A connection closed over bytes nobody has read is reset, and the answer with it: so
 * the other side's are read to their end. With an update committed, the other side is
 * waited for, as what has been sent is lost in a restart if it has not arrived. */
static void leave(struct ud_form_client *client, uint32_t now_ms)
{
    const bool is_at_end = client->remaining == 0 && !client->is_committed;

    client->state = client->peer_is_done || is_at_end ? UD_FORM_CLOSING : UD_FORM_LEAVING;
    put_off(client, now_ms);
    if (client->remaining == 0 || client->remaining == UD_FORM_UNKNOWN_LENGTH)
        client->deadline_ms = now_ms + UD_FORM_SETTLE_MS;
}

void ud_form_sent(struct ud_form_client *client, uint32_t length, uint32_t now_ms)
{
    if ((wants[client->state] & UD_FORM_SEND) == 0)
        return;
    const uint32_t waiting = unsent(client);

    client->sent += length < waiting ? length : waiting;
    count_moved(client, length, now_ms);
    if (unsent(client) > 0)
        return;
    if (client->state == UD_FORM_INVITING) {
        client->state = UD_FORM_BODY;
        put_off(client, now_ms);
    } else {
        leave(client, now_ms);
    }
}

/* ---- receiving ---- */

static uint32_t skip(struct ud_form_client *client, uint32_t length)
{
    const uint32_t skipped = length < client->remaining ? length : client->remaining;

    if (client->remaining != UD_FORM_UNKNOWN_LENGTH)
        client->remaining -= skipped;
    if (client->state == UD_FORM_LEAVING && client->remaining == 0 && !client->is_committed)
        client->state = UD_FORM_CLOSING;
    return length;
}

/* One step of the state that receives. Returns the bytes taken, at least one. */
static uint32_t receive(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    switch ((enum ud_form_state)client->state) {
    case UD_FORM_HEAD:
        head_received(client, bytes[0]);
        return 1;
    case UD_FORM_INVITING: /* it has not waited to be invited */
        client->state = UD_FORM_BODY;
        return ud_form_body(client, bytes, length);
    case UD_FORM_BODY:
        return ud_form_body(client, bytes, length);
    case UD_FORM_HELD: /* what comes with the head is part of the body */
    case UD_FORM_ANSWERING:
    case UD_FORM_LEAVING:
        return skip(client, length);
    case UD_FORM_IDLE:
    case UD_FORM_CLOSING:
    case UD_FORM_RESTARTING:
    default:
        return length;
    }
}

void ud_form_received(struct ud_form_client *client, const void *data, uint32_t length,
                      uint32_t now_ms)
{
    const uint8_t *bytes = data;
    const uint8_t state = client->state;

    if ((ud_form_want(client) & UD_FORM_RECEIVE) == 0)
        return;
    count_moved(client, length, now_ms);
    while (length > 0) {
        const uint32_t taken = receive(client, bytes, length);
        bytes += taken;
        length -= taken;
    }
    if (client->state != state) /* what comes next has all the time there is */
        put_off(client, now_ms);
    if (client->state == UD_FORM_HELD)
        client->deadline_ms = now_ms + UD_FORM_HOLD_MS;
}

/* ---- ends ---- */

/* Ends a request that cannot be answered. */
static void drop(struct ud_form_client *client, int error)
{
    ud_form_file_drop(client, error);
    client->state = UD_FORM_CLOSING;
}

void ud_form_peer_closed(struct ud_form_client *client)
{
    if ((ud_form_want(client) & UD_FORM_RECEIVE) == 0)
        return;
    client->peer_is_done = true;
    client->remaining = 0;
    if (client->state != UD_FORM_ANSWERING)
        drop(client, UD_ERR_UNFINISHED);
}

void ud_form_lost(struct ud_form_client *client)
{
    if (client->state != UD_FORM_IDLE && client->state < UD_FORM_CLOSING)
        drop(client, UD_ERR_UNFINISHED);
}

void ud_form_closed(struct ud_form_client *client)
{
    if (client->state == UD_FORM_CLOSING)
        client->state = client->is_committed ? UD_FORM_RESTARTING : UD_FORM_IDLE;
}

static void time_is_up(struct ud_form_client *client, uint32_t now_ms)
{
    if (client->state == UD_FORM_BODY) {
        ud_form_answer_error(client, UD_ERR_TIMEOUT);
        put_off(client, now_ms);
    } else if (client->state == UD_FORM_HELD) {
        ud_form_answer_status(client, 401);
        put_off(client, now_ms);
    } else if (client->state == UD_FORM_CLOSING) {
        ud_form_closed(client);
    } else {
        drop(client, UD_ERR_TIMEOUT);
    }
}

void ud_form_tick(struct ud_form_client *client, uint32_t now_ms)
{
    uint32_t deadline_ms;

    if (ud_form_deadline(client, &deadline_ms) && (int32_t)(now_ms - deadline_ms) >= 0)
        time_is_up(client, now_ms);
}

bool ud_form_deadline(const struct ud_form_client *client, uint32_t *deadline_ms)
{
    *deadline_ms = client->deadline_ms;
    return client->state != UD_FORM_IDLE && client->state != UD_FORM_RESTARTING;
}
