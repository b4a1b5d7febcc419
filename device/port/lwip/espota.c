#include "lwip/espota.h"

#include "lwip/pbuf.h"
#include "lwip/udp.h"

#include <string.h>

/* Of 10000; so many take the chip 60 ms, and then its network is served. */
#define STRETCH_ROUNDS 500u

/* ---- Datagrams ---- */

static void arrived(void *ctx, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *address,
                    u16_t port)
{
    struct ud_lwip_espota *driver = ctx;
    const uint32_t ipv4 = ip4_addr_get_u32(ip_2_ip4(address));

    (void)pcb;
    /* In more than one piece it is longer than any that means something. */
    if (driver->datagram != NULL || datagram->next != NULL) {
        pbuf_free(datagram);
        return;
    }
    driver->datagram = datagram;
    driver->from = (struct ud_espota_peer){.port = port};
    memcpy(driver->from.address, &ipv4, sizeof ipv4);
}

static ip_addr_t address_of(const struct ud_espota_peer *peer)
{
    uint32_t ipv4;
    ip_addr_t address;

    memcpy(&ipv4, peer->address, sizeof ipv4);
    ip_addr_set_ip4_u32_val(address, ipv4);
    return address;
}

static bool serve_datagram(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    struct pbuf *datagram = driver->datagram;
    uint8_t random[UD_ESPOTA_RANDOM];

    if (datagram == NULL)
        return false;
    driver->random(random, sizeof random);
    ud_espota_datagram(driver->espota, &driver->from, datagram->payload, datagram->len, random,
                       now_ms);
    driver->datagram = NULL;
    pbuf_free(datagram);
    return true;
}

/* One that cannot be sent is as good as lost: the uploader asks again. */
static bool serve_reply(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    const struct ud_espota_peer *peer = ud_espota_peer(driver->espota);
    const ip_addr_t to = address_of(peer);
    uint32_t length;
    const void *text = ud_espota_send_buffer(driver->espota, &length);
    struct pbuf *reply = pbuf_alloc(PBUF_TRANSPORT, (u16_t)length, PBUF_RAM);

    if (reply != NULL && pbuf_take(reply, text, (u16_t)length) == ERR_OK)
        (void)udp_sendto(driver->udp, reply, &to, peer->port);
    if (reply != NULL)
        pbuf_free(reply);
    ud_espota_sent(driver->espota, length, now_ms);
    return true;
}

/* ---- The connection ---- */

static bool serve_connect(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    const struct ud_espota_peer endpoint = ud_espota_endpoint(driver->espota);
    const ip_addr_t to = address_of(&endpoint);

    switch (driver->stream.state) {
    case UD_LWIP_STREAM_CLOSED:
        ud_lwip_stream_connect(&driver->stream, &to, endpoint.port);
        return true;
    case UD_LWIP_STREAM_OPEN:
        ud_espota_connected(driver->espota, now_ms);
        return true;
    case UD_LWIP_STREAM_LOST:
        ud_lwip_stream_close(&driver->stream);
        ud_espota_connection_failed(driver->espota);
        return true;
    case UD_LWIP_STREAM_CONNECTING:
    default:
        return false;
    }
}

static bool serve_send(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *text = ud_espota_send_buffer(driver->espota, &length);
    const uint32_t sent = ud_lwip_stream_send(&driver->stream, text, length);

    if (sent != 0)
        ud_espota_sent(driver->espota, sent, now_ms);
    else if (driver->stream.state == UD_LWIP_STREAM_LOST)
        ud_espota_peer_closed(driver->espota, now_ms);
    return sent != 0 || driver->stream.state == UD_LWIP_STREAM_LOST;
}

static bool serve_receive(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_lwip_stream_received(&driver->stream, &length);

    if (bytes != NULL) {
        ud_espota_received(driver->espota, bytes, length, now_ms);
        ud_lwip_stream_take(&driver->stream);
        return true;
    }
    if (!ud_lwip_stream_is_over(&driver->stream))
        return false;
    ud_espota_peer_closed(driver->espota, now_ms);
    return true;
}

static bool serve_close(struct ud_lwip_espota *driver)
{
    ud_lwip_stream_close(&driver->stream);
    ud_espota_closed(driver->espota);
    return true;
}

/* ---- The loop's side ---- */

bool ud_lwip_espota_open(struct ud_lwip_espota *driver, struct ud_espota *espota, uint16_t port,
                         ud_lwip_espota_random *random)
{
    struct udp_pcb *udp = udp_new();

    memset(driver, 0, sizeof *driver);
    if (udp == NULL)
        return false;
    if (udp_bind(udp, IP_ADDR_ANY, port) != ERR_OK) {
        udp_remove(udp);
        return false;
    }
    driver->espota = espota;
    driver->random = random;
    driver->udp = udp;
    udp_recv(udp, arrived, driver);
    return true;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    const unsigned want = ud_espota_want(driver->espota);

    if (want & UD_ESPOTA_REPLY)
        return serve_reply(driver, now_ms);
    if (want & UD_ESPOTA_CLOSE)
        return serve_close(driver);
    if (want & UD_ESPOTA_CONNECT)
        return serve_connect(driver, now_ms);
    if ((want & UD_ESPOTA_SEND) && serve_send(driver, now_ms))
        return true;
    return (want & UD_ESPOTA_RECEIVE) && serve_receive(driver, now_ms);
}

static void serve(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    while (serve_datagram(driver, now_ms) || serve_one(driver, now_ms))
        ;
}

bool ud_lwip_espota_service(struct ud_lwip_espota *driver, uint32_t now_ms)
{
    if (driver->udp == NULL)
        return false;
    serve(driver, now_ms);
    if (ud_lwip_espota_is_busy(driver))
        ud_espota_stretch(driver->espota, &driver->key, STRETCH_ROUNDS, now_ms);
    ud_espota_tick(driver->espota, now_ms);
    serve(driver, now_ms);
    ud_lwip_stream_flush(&driver->stream);
    return (ud_espota_want(driver->espota) & UD_ESPOTA_RESTART) != 0;
}

bool ud_lwip_espota_is_busy(const struct ud_lwip_espota *driver)
{
    return driver->udp != NULL && (ud_espota_want(driver->espota) & UD_ESPOTA_STRETCH) != 0;
}
