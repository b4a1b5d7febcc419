#include "lwip/stream.h"

#include "lwip/pbuf.h"
#include "lwip/tcp.h"

/* ---- What lwIP calls back with ---- */

static err_t connected(void *ctx, struct tcp_pcb *pcb, err_t error)
{
    struct ud_lwip_stream *stream = ctx;

    (void)pcb;
    (void)error; /* always ERR_OK */
    stream->state = UD_LWIP_STREAM_OPEN;
    return ERR_OK;
}

static err_t received(void *ctx, struct tcp_pcb *pcb, struct pbuf *bytes, err_t error)
{
    struct ud_lwip_stream *stream = ctx;

    (void)pcb;
    (void)error; /* likewise */
    if (bytes == NULL)
        stream->peer_closed = true;
    else if (stream->received == NULL)
        stream->received = bytes;
    else
        pbuf_cat(stream->received, bytes);
    return ERR_OK;
}

/* The block is gone already. */
static void failed(void *ctx, err_t error)
{
    struct ud_lwip_stream *stream = ctx;

    (void)error;
    stream->pcb = NULL;
    stream->state = UD_LWIP_STREAM_LOST;
}

/* ---- Life ---- */

static void attach(struct ud_lwip_stream *stream, struct tcp_pcb *pcb)
{
    stream->pcb = pcb;
    tcp_arg(pcb, stream);
    tcp_recv(pcb, received);
    tcp_err(pcb, failed);
    tcp_nagle_disable(pcb);
}

void ud_lwip_stream_connect(struct ud_lwip_stream *stream, const ip_addr_t *address, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new();

    stream->state = UD_LWIP_STREAM_LOST;
    if (pcb == NULL)
        return;
    attach(stream, pcb);
    if (tcp_connect(pcb, address, port, connected) == ERR_OK)
        stream->state = UD_LWIP_STREAM_CONNECTING;
}

void ud_lwip_stream_open(struct ud_lwip_stream *stream, struct tcp_pcb *pcb)
{
    stream->state = UD_LWIP_STREAM_OPEN;
    attach(stream, pcb);
}

void ud_lwip_stream_close(struct ud_lwip_stream *stream)
{
    const struct ud_lwip_stream last = *stream;

    *stream = (struct ud_lwip_stream){0};
    if (last.received != NULL)
        pbuf_free(last.received);
    if (last.pcb == NULL)
        return;
    tcp_arg(last.pcb, NULL);
    tcp_recv(last.pcb, NULL);
    tcp_err(last.pcb, NULL);
    if (tcp_close(last.pcb) != ERR_OK)
        tcp_abort(last.pcb);
}

/* ---- Bytes ---- */

uint32_t ud_lwip_stream_send(struct ud_lwip_stream *stream, const void *data, uint32_t length)
{
    if (stream->state != UD_LWIP_STREAM_OPEN)
        return 0;
    const uint32_t room = tcp_sndbuf(stream->pcb);
    const uint16_t count = (uint16_t)(length < room ? length : room);

    if (count == 0 || tcp_write(stream->pcb, data, count, TCP_WRITE_FLAG_COPY) != ERR_OK)
        return 0;
    return count;
}

void ud_lwip_stream_flush(struct ud_lwip_stream *stream)
{
    if (stream->state == UD_LWIP_STREAM_OPEN)
        (void)tcp_output(stream->pcb); /* what is not sent now, lwIP tries again by itself */
}

const void *ud_lwip_stream_received(const struct ud_lwip_stream *stream, uint32_t *length)
{
    *length = stream->received != NULL ? stream->received->len : 0;
    return stream->received != NULL ? stream->received->payload : NULL;
}

void ud_lwip_stream_take(struct ud_lwip_stream *stream)
{
    struct pbuf *bytes = stream->received;

    if (bytes == NULL)
        return;
    const uint16_t length = bytes->len;
    stream->received = bytes->next;
    if (bytes->next != NULL)
        pbuf_ref(bytes->next);
    pbuf_free(bytes); /* first: what the window now asks for may need its buffer */
    if (stream->pcb != NULL)
        tcp_recved(stream->pcb, length);
}

void ud_lwip_stream_take_some(struct ud_lwip_stream *stream, uint32_t length)
{
    struct pbuf *bytes = stream->received;

    if (bytes == NULL || length >= bytes->len) {
        ud_lwip_stream_take(stream);
        return;
    }
    if (pbuf_remove_header(bytes, length) == 0 && stream->pcb != NULL)
        tcp_recved(stream->pcb, (uint16_t)length);
}

bool ud_lwip_stream_is_over(const struct ud_lwip_stream *stream)
{
    return stream->received == NULL &&
           (stream->peer_closed || stream->state == UD_LWIP_STREAM_LOST);
}
