/* A TCP connection of lwIP's, as drivers of engines want it: what lwIP calls back with is
 * only noted, and looked at when the driver is served. So a flash operation never runs
 * inside lwIP, and what is not taken yet keeps the window closed.
 */
#ifndef UPDRAFT_LWIP_STREAM_H
#define UPDRAFT_LWIP_STREAM_H

#include "lwip/ip_addr.h"

#include <stdbool.h>
#include <stdint.h>

struct pbuf;
struct tcp_pcb;

enum ud_lwip_stream_state {
    UD_LWIP_STREAM_CLOSED,
    UD_LWIP_STREAM_CONNECTING,
    UD_LWIP_STREAM_OPEN,
    UD_LWIP_STREAM_LOST, /* could not be had, or broke; what came before can be taken */
};

/* All zero: closed. Stays where it is until it is closed. */
struct ud_lwip_stream {
    struct tcp_pcb *pcb;
    struct pbuf *received; /* not taken yet */
    enum ud_lwip_stream_state state;
    bool peer_closed; /* what is in `received` is the rest */
};

/* Of a closed stream: begins to connect; LOST if that cannot be. */
void ud_lwip_stream_connect(struct ud_lwip_stream *stream, const ip_addr_t *address, uint16_t port);

/* Of a closed stream: takes a connection that was accepted. */
void ud_lwip_stream_open(struct ud_lwip_stream *stream, struct tcp_pcb *pcb);

/* Bytes that lwIP took, copied; they leave with the next flush. 0: none now. */
uint32_t ud_lwip_stream_send(struct ud_lwip_stream *stream, const void *data, uint32_t length);
void ud_lwip_stream_flush(struct ud_lwip_stream *stream);

/* The first bytes not taken yet, which stay there until they are; null: none now. */
const void *ud_lwip_stream_received(const struct ud_lwip_stream *stream, uint32_t *length);
void ud_lwip_stream_take(struct ud_lwip_stream *stream);
/* So many of them, at most what ud_lwip_stream_received() gave. */
void ud_lwip_stream_take_some(struct ud_lwip_stream *stream, uint32_t length);

/* Nothing more will come, and all that came was taken. */
bool ud_lwip_stream_is_over(const struct ud_lwip_stream *stream);

/* What was not taken is lost; what was sent still arrives. */
void ud_lwip_stream_close(struct ud_lwip_stream *stream);

#endif
