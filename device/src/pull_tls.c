#include "updraft/pull.h"
#include "updraft/tls.h"

#include <string.h>

/* The connection is over. What was sent before has been read. */
static bool serve_closed(struct ud_pull *pull, const struct ud_tls *tls)
{
    const int error = tls->methods->error(tls->ctx);

    if (error != UD_OK)
        ud_pull_broken(pull, error);
    else if (ud_pull_want(pull) & UD_PULL_CONNECT)
        ud_pull_connection_failed(pull);
    else
        ud_pull_peer_closed(pull);
    return true;
}

static bool serve_write(struct ud_pull *pull, const struct ud_tls *tls, uint32_t now_ms)
{
    uint32_t length, room;
    const void *bytes = ud_pull_send_buffer(pull, &length);
    void *record = tls->methods->write_buffer(tls->ctx, &room);

    if (length > room)
        length = room;
    if (length == 0)
        return false;
    memcpy(record, bytes, length);
    tls->methods->written(tls->ctx, length);
    ud_pull_sent(pull, length, now_ms);
    if ((ud_pull_want(pull) & UD_PULL_SEND) == 0)
        tls->methods->flush(tls->ctx);
    return true;
}

static bool serve_read(struct ud_pull *pull, const struct ud_tls *tls, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = tls->methods->read_buffer(tls->ctx, &length);

    ud_pull_received(pull, bytes, length, now_ms);
    tls->methods->read(tls->ctx, length);
    return true;
}

bool ud_pull_tls_service(struct ud_pull *pull, const struct ud_tls *tls, uint32_t now_ms)
{
    const unsigned wants = ud_pull_want(pull), can = tls->methods->want(tls->ctx);

    if ((can & UD_TLS_CLOSED) && (wants & (UD_PULL_CONNECT | UD_PULL_SEND | UD_PULL_RECEIVE)))
        return serve_closed(pull, tls);
    if ((wants & UD_PULL_CONNECT) && (can & UD_TLS_WRITE)) {
        ud_pull_connected(pull, now_ms);
        return true;
    }
    if ((wants & UD_PULL_SEND) && (can & UD_TLS_WRITE))
        return serve_write(pull, tls, now_ms);
    if ((wants & UD_PULL_RECEIVE) && (can & UD_TLS_READ))
        return serve_read(pull, tls, now_ms);
    return false;
}
