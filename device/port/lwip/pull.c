#include "lwip/pull.h"

#include "lwip/dns.h"

#include <string.h>

/* ---- Connecting ---- */

/* May come long after the pull that asked has ended. */
static void found(const char *name, const ip_addr_t *address, void *ctx)
{
    struct ud_lwip_pull *driver = ctx;

    if (driver->name != UD_LWIP_NAME_ASKED ||
        strcmp(name, ud_pull_endpoint(driver->pull).host) != 0)
        return;
    driver->name = address != NULL ? UD_LWIP_NAME_FOUND : UD_LWIP_NAME_UNKNOWN;
    if (address != NULL)
        driver->address = *address;
}

static void look_up(struct ud_lwip_pull *driver)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);

    driver->name = UD_LWIP_NAME_UNKNOWN;
    if (endpoint.tls && driver->tls.methods == NULL)
        return;
    switch (dns_gethostbyname(endpoint.host, &driver->address, found, driver)) {
    case ERR_OK:
        driver->name = UD_LWIP_NAME_FOUND;
        break;
    case ERR_INPROGRESS:
        driver->name = UD_LWIP_NAME_ASKED;
        break;
    default:
        break;
    }
}

/* What TLS has left to say, an alert or a good-bye; nobody waits for it to arrive. */
static void end_tls(struct ud_lwip_pull *driver)
{
    const struct ud_tls *tls = &driver->tls;
    uint32_t length;

    if (!driver->is_secure)
        return;
    driver->is_secure = false;
    tls->methods->close(tls->ctx);
    const void *bytes = tls->methods->send_buffer(tls->ctx, &length);
    if (length > 0)
        tls->methods->sent(tls->ctx, ud_lwip_stream_send(&driver->stream, bytes, length));
}

static void close_stream(struct ud_lwip_pull *driver)
{
    end_tls(driver);
    ud_lwip_stream_close(&driver->stream);
    driver->name = UD_LWIP_NAME_NONE;
}

static bool give_up(struct ud_lwip_pull *driver)
{
    close_stream(driver);
    ud_pull_connection_failed(driver->pull);
    return true;
}

/* True when something has happened that should be looked at. */
static bool serve_name(struct ud_lwip_pull *driver)
{
    switch (driver->name) {
    case UD_LWIP_NAME_NONE:
        look_up(driver);
        return driver->name != UD_LWIP_NAME_ASKED;
    case UD_LWIP_NAME_FOUND:
        ud_lwip_stream_connect(&driver->stream, &driver->address,
                               ud_pull_endpoint(driver->pull).port);
        return true;
    case UD_LWIP_NAME_UNKNOWN:
        return give_up(driver);
    case UD_LWIP_NAME_ASKED:
    default:
        return false;
    }
}

/* There is a connection: it is the engine's, or TLS's until that is done. */
static void begin(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);
    const struct ud_tls *tls = &driver->tls;

    if (!endpoint.tls) {
        ud_pull_connected(driver->pull, now_ms);
        return;
    }
    const int error = tls->methods->begin(tls->ctx, endpoint.host);
    driver->is_secure = error == UD_OK;
    if (error != UD_OK)
        ud_pull_broken(driver->pull, error);
}

static bool serve_connect(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    switch (driver->stream.state) {
    case UD_LWIP_STREAM_CLOSED:
        return serve_name(driver);
    case UD_LWIP_STREAM_OPEN:
        begin(driver, now_ms);
        return true;
    case UD_LWIP_STREAM_LOST:
        return give_up(driver);
    case UD_LWIP_STREAM_CONNECTING:
    default:
        return false;
    }
}

/* ---- Sending and receiving ---- */

static bool serve_send(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_pull_send_buffer(driver->pull, &length);
    const uint32_t sent = ud_lwip_stream_send(&driver->stream, bytes, length);

    if (sent != 0)
        ud_pull_sent(driver->pull, sent, now_ms);
    return sent != 0;
}

/* One buffer's worth: the engine may want something else after it. */
static bool serve_receive(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_lwip_stream_received(&driver->stream, &length);

    if (bytes != NULL) {
        ud_pull_received(driver->pull, bytes, length, now_ms);
        ud_lwip_stream_take(&driver->stream);
        return true;
    }
    if (!ud_lwip_stream_is_over(&driver->stream))
        return false;
    ud_pull_peer_closed(driver->pull);
    return true;
}

/* ---- TLS between the engine and the connection ---- */

static bool secure_send(struct ud_lwip_pull *driver)
{
    const struct ud_tls *tls = &driver->tls;
    uint32_t length;
    const void *bytes = tls->methods->send_buffer(tls->ctx, &length);
    const uint32_t sent = ud_lwip_stream_send(&driver->stream, bytes, length);

    tls->methods->sent(tls->ctx, sent);
    return sent != 0;
}

static bool secure_receive(struct ud_lwip_pull *driver)
{
    const struct ud_tls *tls = &driver->tls;
    uint32_t length, room;
    const void *bytes = ud_lwip_stream_received(&driver->stream, &length);

    if (bytes != NULL) {
        void *record = tls->methods->receive_buffer(tls->ctx, &room);
        const uint32_t count = length < room ? length : room;
        memcpy(record, bytes, count);
        ud_lwip_stream_take_some(&driver->stream, count);
        tls->methods->received(tls->ctx, count);
        return true;
    }
    if (!ud_lwip_stream_is_over(&driver->stream))
        return false;
    if (ud_pull_want(driver->pull) & UD_PULL_CONNECT)
        ud_pull_connection_failed(driver->pull);
    else
        ud_pull_peer_closed(driver->pull);
    return true;
}

static bool serve_secure(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    const struct ud_tls *tls = &driver->tls;

    if (ud_pull_tls_service(driver->pull, tls, now_ms))
        return true;
    const unsigned want = tls->methods->want(tls->ctx);
    if ((want & UD_TLS_SEND) && secure_send(driver))
        return true;
    return (want & UD_TLS_RECEIVE) && secure_receive(driver);
}

static void serve_close(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    close_stream(driver);
    ud_pull_closed(driver->pull, now_ms);
}

/* ---- The loop's side ---- */

void ud_lwip_pull_begin(struct ud_lwip_pull *driver, struct ud_pull *pull, const struct ud_tls *tls)
{
    *driver = (struct ud_lwip_pull){.pull = pull};
    if (tls != NULL)
        driver->tls = *tls;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    const unsigned want = ud_pull_want(driver->pull);

    if (want & UD_PULL_CLOSE) {
        serve_close(driver, now_ms);
        return true;
    }
    if (want & UD_PULL_CLOSE_OTHERS) {
        ud_pull_others_closed(driver->pull, now_ms);
        return true;
    }
    if (want & UD_PULL_FINISHED) {
        close_stream(driver); /* of a handshake that failed */
        return false;
    }
    if (driver->is_secure)
        return serve_secure(driver, now_ms);
    if (want & UD_PULL_CONNECT)
        return serve_connect(driver, now_ms);
    if ((want & UD_PULL_SEND) && serve_send(driver, now_ms))
        return true;
    return (want & UD_PULL_RECEIVE) && serve_receive(driver, now_ms);
}

bool ud_lwip_pull_service(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    while (serve_one(driver, now_ms))
        ;
    ud_lwip_stream_flush(&driver->stream);
    ud_pull_tick(driver->pull, now_ms);
    if (ud_pull_want(driver->pull) & UD_PULL_CLOSE)
        serve_close(driver, now_ms);
    return (ud_pull_want(driver->pull) & UD_PULL_FINISHED) == 0;
}

void ud_lwip_pull_end(struct ud_lwip_pull *driver)
{
    ud_pull_abort(driver->pull);
    close_stream(driver);
    ud_pull_closed(driver->pull, 0);
}
