#include "lwip/mdns.h"

#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/udp.h"

#include <string.h>

#define TIME_TO_LIVE 255u /* RFC 6762, 11: shows that no router was on the way */

/* ---- Hearing ---- */

/* Others' questions are none of this network's business. */
static bool is_from_here(const struct ud_lwip_mdns *driver, const ip_addr_t *address)
{
    return ip4_addr_netcmp(ip_2_ip4(address), netif_ip4_addr(driver->netif),
                           netif_ip4_netmask(driver->netif));
}

static void arrived(void *ctx, struct udp_pcb *pcb, struct pbuf *datagram, const ip_addr_t *address,
                    u16_t port)
{
    struct ud_lwip_mdns *driver = ctx;
    const uint32_t ipv4 = ip4_addr_get_u32(ip_2_ip4(address));
    struct ud_mdns_peer from = {.port = port};

    (void)pcb;
    memcpy(from.address, &ipv4, sizeof from.address);
    if (datagram->next == NULL && is_from_here(driver, address)) {
        ud_mdns_received(driver->mdns, &from, datagram->payload, datagram->len, driver->now_ms);
        ud_lwip_mdns_service(driver, driver->now_ms); /* before another takes the asker's place */
    }
    pbuf_free(datagram);
}

/* ---- Saying ---- */

static void send_to(const struct ud_lwip_mdns *driver, struct pbuf *message,
                    const struct ud_mdns_peer *peer)
{
    uint32_t ipv4;
    ip_addr_t to;

    memcpy(&ipv4, peer->address, sizeof ipv4);
    ip_addr_set_ip4_u32_val(to, ipv4);
    (void)udp_sendto_if(driver->udp, message, &to, peer->port, driver->netif);
}

void ud_lwip_mdns_service(struct ud_lwip_mdns *driver, uint32_t now_ms)
{
    struct ud_mdns_peer to;

    driver->now_ms = now_ms;
    while (driver->udp != NULL && ud_mdns_wait_ms(driver->mdns, now_ms) == 0) {
        struct pbuf *message = pbuf_alloc(PBUF_TRANSPORT, UD_MDNS_MESSAGE_MAX, PBUF_RAM);
        if (message == NULL)
            return; /* another time */
        const uint32_t length =
            ud_mdns_message(driver->mdns, now_ms, message->payload, message->len, &to);
        pbuf_realloc(message, (u16_t)length);
        if (length != 0)
            send_to(driver, message, &to);
        pbuf_free(message);
    }
}

/* ---- Opening ---- */

bool ud_lwip_mdns_open(struct ud_lwip_mdns *driver, struct ud_mdns *mdns, struct netif *netif)
{
    const ip4_addr_t group = {PP_HTONL(LWIP_MAKEU32(224, 0, 0, 251))};
    struct udp_pcb *udp = udp_new();

    memset(driver, 0, sizeof *driver);
    if (udp == NULL)
        return false;
    if (udp_bind(udp, IP_ADDR_ANY, UD_MDNS_PORT) != ERR_OK ||
        igmp_joingroup_netif(netif, &group) != ERR_OK) {
        udp_remove(udp);
        return false;
    }
    udp->ttl = TIME_TO_LIVE;
    udp_set_multicast_ttl(udp, TIME_TO_LIVE);
    driver->mdns = mdns;
    driver->netif = netif;
    driver->udp = udp;
    udp_recv(udp, arrived, driver);
    return true;
}
