#include "lwip/form.h"

#include "lwip/tcp.h"

#include <string.h>

#define PIECE 256u /* bytes sent at a time, by way of the stack */

/* ---- Accepting ---- */

static err_t accepted(void *ctx, struct tcp_pcb *pcb, err_t error)
{
    struct ud_lwip_form *driver = ctx;

    if (pcb == NULL || error != ERR_OK)
        return ERR_VAL;
    for (uint32_t i = 0; i < UD_LWIP_FORM_CLIENTS; i++) {
        if (driver->streams[i].state != UD_LWIP_STREAM_CLOSED)
            continue;
        ud_lwip_stream_open(&driver->streams[i], pcb);
        driver->is_new[i] = true;
        return ERR_OK;
    }
    return ERR_MEM; /* lwIP then ends it */
}

bool ud_lwip_form_open(struct ud_lwip_form *driver, struct ud_form *form, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new();

    memset(driver, 0, sizeof *driver);
    driver->form = form;
    if (pcb == NULL)
        return false;
    struct tcp_pcb *listener = tcp_bind(pcb, IP_ADDR_ANY, port) == ERR_OK ? tcp_listen(pcb) : NULL;
    if (listener == NULL) {
        tcp_abort(pcb);
        return false;
    }
    tcp_arg(listener, driver);
    tcp_accept(listener, accepted);
    return true;
}

/* ---- One connection ---- */

struct connection {
    struct ud_lwip_stream *stream;
    struct ud_form_client *client;
};

/* What is sent may be constants in flash, where a chip like the ESP8266 takes loads of
 * whole words only: so these loads are of words, whatever is wanted of them. */
static void copy_by_words(uint8_t *to, const uint8_t *from, uint32_t length)
{
    const uint32_t odd = (uint32_t)((uintptr_t)from % sizeof(uint32_t));
    const volatile uint32_t *words = (const volatile uint32_t *)(const volatile void *)(from - odd);

    for (uint32_t i = odd; i < odd + length; i++)
        *to++ = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
}

static bool serve_send(const struct connection *connection, uint32_t now_ms)
{
    uint8_t piece[PIECE];
    uint32_t length;
    const uint8_t *bytes = ud_form_send_buffer(connection->client, &length);

    if (length > sizeof piece)
        length = sizeof piece;
    copy_by_words(piece, bytes, length);
    const uint32_t sent = ud_lwip_stream_send(connection->stream, piece, length);

    if (sent != 0)
        ud_form_sent(connection->client, sent, now_ms);
    return sent != 0;
}

static bool serve_receive(const struct connection *connection, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_lwip_stream_received(connection->stream, &length);

    if (bytes != NULL) {
        ud_form_received(connection->client, bytes, length, now_ms);
        ud_lwip_stream_take(connection->stream);
        return true;
    }
    if (!ud_lwip_stream_is_over(connection->stream))
        return false;
    ud_form_peer_closed(connection->client);
    return true;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(const struct connection *connection, uint32_t now_ms)
{
    const unsigned want = ud_form_want(connection->client);

    if (want & UD_FORM_CLOSE) {
        ud_lwip_stream_close(connection->stream);
        ud_form_closed(connection->client);
        return true;
    }
    if ((want & UD_FORM_SEND) && connection->stream->state == UD_LWIP_STREAM_LOST) {
        ud_form_lost(connection->client);
        return true;
    }
    if ((want & UD_FORM_SEND) && serve_send(connection, now_ms))
        return true;
    return (want & UD_FORM_RECEIVE) && serve_receive(connection, now_ms);
}

static void serve(const struct connection *connection, uint32_t now_ms)
{
    while (serve_one(connection, now_ms))
        ;
    ud_form_tick(connection->client, now_ms);
    while (serve_one(connection, now_ms))
        ;
    ud_lwip_stream_flush(connection->stream);
}

/* ---- The loop's side ---- */

bool ud_lwip_form_service(struct ud_lwip_form *driver, uint32_t now_ms)
{
    bool wants_restart = false;

    for (uint32_t i = 0; i < UD_LWIP_FORM_CLIENTS; i++) {
        const struct connection connection = {&driver->streams[i], &driver->clients[i]};

        if (driver->is_new[i])
            ud_form_open(connection.client, driver->form, now_ms);
        driver->is_new[i] = false;
        serve(&connection, now_ms);
        wants_restart |= (ud_form_want(connection.client) & UD_FORM_RESTART) != 0;
    }
    return wants_restart;
}
