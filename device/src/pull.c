#include "updraft/pull.h"

#include "http_line.h"
#include "pull_parts.h"

#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

#define OK_STATUS           200u
#define SWITCHING_PROTOCOLS 101u
#define UNAVAILABLE         503u

enum state {
    IDLE,
    CONNECTING,
    SENDING,
    STATUS_LINE,
    HEADERS,
    BODY,
    CLOSING,
    FINISHED,
};

/* What each state waits for, and the error it ends in when the peer closes or
 * falls silent. UD_OK: closing is what was wanted, and silence means it is done. */
static const struct phase {
    uint8_t want;
    int8_t on_peer_closed;
    int8_t on_silence;
} phases[] = {
    [IDLE] = {UD_PULL_FINISHED, UD_OK, UD_OK},
    [CONNECTING] = {UD_PULL_CONNECT, UD_ERR_HTTP_CONNECT, UD_ERR_HTTP_CONNECT},
    [SENDING] = {UD_PULL_SEND | UD_PULL_RECEIVE, UD_ERR_HTTP_SEND, UD_ERR_HTTP_SEND},
    [STATUS_LINE] = {UD_PULL_RECEIVE, UD_ERR_HTTP_LOST, UD_ERR_HTTP_TIMEOUT},
    [HEADERS] = {UD_PULL_RECEIVE, UD_ERR_HTTP_LOST, UD_ERR_HTTP_TIMEOUT},
    [BODY] = {UD_PULL_RECEIVE, UD_ERR_HTTP_LOST, UD_ERR_HTTP_TIMEOUT},
    [CLOSING] = {UD_PULL_CLOSE, UD_OK, UD_OK},
    [FINISHED] = {UD_PULL_FINISHED, UD_OK, UD_OK},
};

/* ---- ends ---- */

static void conclude(struct ud_pull *pull, enum ud_pull_result result)
{
    pull->result = (uint8_t)result;
    pull->wants_others_closed = false;
    pull->state = CLOSING;
}

/* What became of the updater's session, in the updater's own terms. */
static int session_error(int error)
{
    return error == UD_ERR_HTTP_LOST ? UD_ERR_UNFINISHED : error;
}

static void fail(struct ud_pull *pull, int error)
{
    if (pull->owns_session)
        ud_updater_abort(pull->config.updater, session_error(error));
    pull->owns_session = false;
    pull->is_redirecting = false;
    pull->error = error;
    conclude(pull, UD_PULL_FAILED);
}

/* ---- begin ---- */

static bool is_md5(const char *text)
{
    uint8_t digest[UD_MD5_SIZE];

    return strlen(text) == 2 * UD_MD5_SIZE && ud_hex_decode(text, digest, UD_MD5_SIZE) == UD_OK;
}

static bool is_config_sound(const struct ud_pull_config *config)
{
    if (config->chip != UD_CHIP_ESP8266 && config->chip != UD_CHIP_ESP32)
        return false;
    if (config->mode > UD_PULL_VERSION)
        return false;
    if (config->updater == NULL && config->mode != UD_PULL_VERSION)
        return false;
    if (config->timeout_ms > INT32_MAX) /* a deadline further off looks passed */
        return false;
    if (config->redirects != NULL && config->location == NULL)
        return false;
    return config->expected_md5 == NULL || is_md5(config->expected_md5);
}

int ud_pull_init(struct ud_pull *pull, const struct ud_pull_config *config)
{
    if (!is_config_sound(config))
        return UD_ERR_ARGUMENT;
    memset(pull, 0, sizeof *pull);
    pull->config = *config;
    if (pull->config.timeout_ms == 0)
        pull->config.timeout_ms = UD_PULL_TIMEOUT_MS;
    if (pull->config.redirect_limit == 0)
        pull->config.redirect_limit = UD_PULL_REDIRECT_LIMIT;
    pull->url = "";
    return ud_pull_request_check(pull);
}

static void connect_anew(struct ud_pull *pull, uint32_t now_ms)
{
    pull->state = CONNECTING;
    pull->is_redirecting = false;
    pull->head_bytes = 0;
    pull->last_event_ms = now_ms;
}

static bool is_running(const struct ud_pull *pull)
{
    return pull->state != IDLE && pull->state != FINISHED;
}

int ud_pull_begin(struct ud_pull *pull, const char *url, uint32_t now_ms)
{
    int error = UD_ERR_HTTP_URL;

    if (is_running(pull))
        return UD_ERR_BUSY;
    pull->result = UD_PULL_FAILED;
    pull->redirects_left = pull->config.redirect_limit;
    pull->available_version[0] = '\0';
    pull->retry_after_s = 0;
    pull->is_foreign = false;
    pull->url = url;
    if (strlen(url) < UD_PULL_URL_MAX)
        error = ud_pull_open_url(pull);
    pull->error = error;
    pull->state = FINISHED;
    if (error == UD_OK)
        connect_anew(pull, now_ms);
    return error;
}

/* ---- connecting and sending ---- */

static void wait_for_answer(struct ud_pull *pull)
{
    pull->state = STATUS_LINE;
    pull->line_length = 0;
    pull->line_overflowed = false;
}

static void fill_line(struct ud_pull *pull)
{
    ud_pull_request_fill(pull);
    if (pull->line_length == 0)
        wait_for_answer(pull);
}

void ud_pull_connected(struct ud_pull *pull, uint32_t now_ms)
{
    if (pull->state != CONNECTING)
        return;
    pull->last_event_ms = now_ms;
    pull->state = SENDING;
    pull->request_sent = 0;
    fill_line(pull);
}

void ud_pull_connection_failed(struct ud_pull *pull)
{
    if (pull->state != CONNECTING)
        return;
    fail(pull, UD_ERR_HTTP_CONNECT);
    pull->state = FINISHED; /* there is nothing to close */
}

void ud_pull_broken(struct ud_pull *pull, int error)
{
    const bool is_connecting = pull->state == CONNECTING;

    if (!is_running(pull) || pull->state == CLOSING)
        return;
    fail(pull, error);
    if (is_connecting)
        pull->state = FINISHED;
}

void ud_pull_sent(struct ud_pull *pull, uint32_t length, uint32_t now_ms)
{
    const uint32_t waiting = (uint32_t)pull->line_length - pull->line_sent;

    if (pull->state != SENDING || length == 0)
        return;
    pull->last_event_ms = now_ms;
    if (length < waiting)
        pull->line_sent = (uint16_t)(pull->line_sent + length);
    else
        fill_line(pull);
}

/* ---- the image ---- */

static void begin_image(struct ud_pull *pull)
{
    const int error = ud_pull_image_judge(pull);

    if (error != UD_OK) {
        fail(pull, error);
        return;
    }
    pull->state = BODY;
    pull->body_received = 0;
    pull->first_length = 0;
    pull->wants_others_closed = !pull->config.keep_other_connections;
}

/* What comes after the image is not looked at. */
static uint32_t body_received(struct ud_pull *pull, const uint8_t *bytes, uint32_t length)
{
    const uint32_t missing = pull->content_length - pull->body_received;
    const uint32_t taken = length < missing ? length : missing;
    const int error = ud_pull_image_write(pull, bytes, taken);

    if (error != UD_OK) {
        fail(pull, error);
    } else if (pull->body_received == pull->content_length) {
        pull->owns_session = false;
        conclude(pull, pull->config.updater->form == UD_FORM_KEYS ? UD_PULL_KEYS : UD_PULL_OK);
    }
    return taken;
}

/* ---- the answer's head ---- */

static void follow(struct ud_pull *pull)
{
    const int error = pull->config.redirects->judge(pull);

    if (error != UD_OK) {
        fail(pull, error);
        return;
    }
    pull->redirects_left--;
    conclude(pull, UD_PULL_FAILED);
    pull->is_redirecting = true;
}

static int status_error(uint16_t status)
{
    switch (status) {
    case 401:
        return UD_ERR_HTTP_UNAUTHORIZED;
    case 403:
        return UD_ERR_HTTP_FORBIDDEN;
    case 404:
        return UD_ERR_HTTP_NOT_FOUND;
    default:
        return UD_ERR_HTTP_STATUS;
    }
}

static void version_answered(struct ud_pull *pull)
{
    if (pull->status != OK_STATUS)
        fail(pull, status_error(pull->status));
    else if (pull->available_version[0] == '\0')
        fail(pull, UD_ERR_HTTP_NO_VERSION);
    else
        conclude(pull, UD_PULL_OK);
}

static void head_ended(struct ud_pull *pull)
{
    const uint16_t status = pull->status;

    if (status < OK_STATUS && status != SWITCHING_PROTOCOLS)
        wait_for_answer(pull); /* 100 Continue and the like: the answer comes after it */
    else if (pull->config.redirects != NULL && pull->config.redirects->is_one(pull->status))
        follow(pull);
    else if (pull->config.mode == UD_PULL_VERSION)
        version_answered(pull);
    else if (status == OK_STATUS)
        begin_image(pull);
    else if (status == 304)
        conclude(pull, UD_PULL_NO_UPDATES);
    else
        fail(pull, status_error(status));
}

static void status_line_ended(struct ud_pull *pull)
{
    const int status = ud_http_status(pull->line, pull->line_length);

    if (status < 0) {
        fail(pull, status);
        return;
    }
    pull->status = (uint16_t)status;
    pull->state = HEADERS;
    ud_pull_head_begin(pull);
}

static void header_line_ended(struct ud_pull *pull)
{
    if (pull->line_length == 0) {
        head_ended(pull);
        return;
    }
    const int error = ud_pull_head_line(pull);
    if (error != UD_OK)
        fail(pull, error);
}

static void line_ended(struct ud_pull *pull)
{
    if (!pull->line_overflowed && pull->line_length > 0 &&
        pull->line[pull->line_length - 1] == '\r')
        pull->line_length--;
    if (pull->state == STATUS_LINE)
        status_line_ended(pull);
    else
        header_line_ended(pull);
    pull->line_length = 0;
    pull->line_overflowed = false;
}

/* Keeps as much of the line as there is room for, less a NUL. */
static void head_received(struct ud_pull *pull, uint8_t byte)
{
    if (pull->head_bytes == UD_PULL_HEAD_MAX) {
        fail(pull, UD_ERR_HTTP_NOT_HTTP);
        return;
    }
    pull->head_bytes++;
    if (byte == '\n')
        line_ended(pull);
    else if (pull->line_length < sizeof pull->line - 1)
        pull->line[pull->line_length++] = (char)byte;
    else
        pull->line_overflowed = true;
}

/* ---- events of the connection ---- */

/* One step of the state that receives. Returns the bytes taken, at least one. */
static uint32_t receive(struct ud_pull *pull, const uint8_t *bytes, uint32_t length)
{
    switch ((enum state)pull->state) {
    case SENDING: /* it has an answer before the request is complete */
        wait_for_answer(pull);
        head_received(pull, bytes[0]);
        return 1;
    case STATUS_LINE:
    case HEADERS:
        head_received(pull, bytes[0]);
        return 1;
    case BODY:
        return body_received(pull, bytes, length);
    case IDLE:
    case CONNECTING:
    case CLOSING:
    case FINISHED:
    default:
        return length;
    }
}

void ud_pull_received(struct ud_pull *pull, const void *data, uint32_t length, uint32_t now_ms)
{
    const uint8_t *bytes = data;

    if ((phases[pull->state].want & UD_PULL_RECEIVE) == 0)
        return;
    if (length > 0)
        pull->last_event_ms = now_ms;
    while (length > 0) {
        const uint32_t taken = receive(pull, bytes, length);
        bytes += taken;
        length -= taken;
    }
}

void ud_pull_peer_closed(struct ud_pull *pull)
{
    const int error = phases[pull->state].on_peer_closed;

    if (error != UD_OK)
        fail(pull, error);
}

void ud_pull_others_closed(struct ud_pull *pull, uint32_t now_ms)
{
    if (!pull->wants_others_closed)
        return;
    pull->wants_others_closed = false;
    pull->last_event_ms = now_ms;
}

void ud_pull_closed(struct ud_pull *pull, uint32_t now_ms)
{
    if (pull->state != CLOSING)
        return;
    if (pull->is_redirecting)
        connect_anew(pull, now_ms);
    else
        pull->state = FINISHED;
}

/* ---- time ---- */

uint32_t ud_pull_deadline(const struct ud_pull *pull)
{
    return pull->last_event_ms + pull->config.timeout_ms;
}

void ud_pull_tick(struct ud_pull *pull, uint32_t now_ms)
{
    const int error = phases[pull->state].on_silence;

    if (!is_running(pull) || (int32_t)(now_ms - ud_pull_deadline(pull)) < 0)
        return;
    if (error == UD_OK)
        ud_pull_closed(pull, now_ms);
    else
        fail(pull, pull->owns_session ? UD_ERR_TIMEOUT : error);
}

/* ---- asking and giving up ---- */

void ud_pull_abort(struct ud_pull *pull)
{
    const bool is_decided = pull->state == CLOSING && !pull->is_redirecting;

    if (is_running(pull) && !is_decided)
        fail(pull, UD_ERR_ABORTED);
}

unsigned ud_pull_want(const struct ud_pull *pull)
{
    const unsigned want = phases[pull->state].want;

    return pull->wants_others_closed ? want | UD_PULL_CLOSE_OTHERS : want;
}

struct ud_pull_endpoint ud_pull_endpoint(const struct ud_pull *pull)
{
    return (struct ud_pull_endpoint){
        .host = pull->host, .port = pull->parts.port, .tls = pull->parts.tls};
}

const void *ud_pull_send_buffer(const struct ud_pull *pull, uint32_t *length)
{
    *length = pull->state == SENDING ? (uint32_t)pull->line_length - pull->line_sent : 0;
    return pull->line + pull->line_sent;
}

enum ud_pull_result ud_pull_result(const struct ud_pull *pull)
{
    return (enum ud_pull_result)pull->result;
}

int ud_pull_error(const struct ud_pull *pull)
{
    return pull->error;
}

uint32_t ud_pull_retry_s(const struct ud_pull *pull)
{
    return pull->status == UNAVAILABLE && pull->error == UD_ERR_HTTP_STATUS ? pull->retry_after_s
                                                                            : 0;
}

const char *ud_pull_available_version(const struct ud_pull *pull)
{
    return pull->available_version;
}
