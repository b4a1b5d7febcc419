#include "lwip/pull.h"

#include "lwip/dns.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"

#include <string.h>

/* ---- What lwIP calls back with ---- */

static void lost(struct ud_lwip_pull *driver)
{
    driver->phase = UD_LWIP_LOST;
}

/* May come long after the pull that asked has ended. */
static void found(const char *name, const ip_addr_t *address, void *ctx)
{
    struct ud_lwip_pull *driver = ctx;

    if (driver->phase != UD_LWIP_LOOKING_UP ||
        strcmp(name, ud_pull_endpoint(driver->pull).host) != 0)
        return;
    if (address == NULL) {
        lost(driver);
        return;
    }
    driver->address = *address;
    driver->phase = UD_LWIP_FOUND;
}

static err_t connected(void *ctx, struct tcp_pcb *pcb, err_t error)
{
    struct ud_lwip_pull *driver = ctx;

    (void)pcb;
    (void)error; /* always ERR_OK */
    driver->phase = UD_LWIP_CONNECTED;
    return ERR_OK;
}

static err_t received(void *ctx, struct tcp_pcb *pcb, struct pbuf *bytes, err_t error)
{
    struct ud_lwip_pull *driver = ctx;

    (void)pcb;
    (void)error; /* likewise */
    if (bytes == NULL)
        driver->peer_closed = true;
    else if (driver->received == NULL)
        driver->received = bytes;
    else
        pbuf_cat(driver->received, bytes);
    return ERR_OK;
}

/* The block is gone already. */
static void failed(void *ctx, err_t error)
{
    struct ud_lwip_pull *driver = ctx;

    (void)error;
    driver->pcb = NULL;
    lost(driver);
}

/* ---- Connecting ---- */

static void disconnect(struct ud_lwip_pull *driver)
{
    struct tcp_pcb *pcb = driver->pcb;

    if (driver->received != NULL)
        pbuf_free(driver->received);
    driver->received = NULL;
    driver->pcb = NULL;
    driver->phase = UD_LWIP_CLOSED;
    driver->peer_closed = false;
    if (pcb == NULL)
        return;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    if (tcp_close(pcb) != ERR_OK)
        tcp_abort(pcb);
}

static void look_up(struct ud_lwip_pull *driver)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);

    driver->phase = UD_LWIP_LOOKING_UP;
    if (endpoint.tls) {
        lost(driver);
        return;
    }
    switch (dns_gethostbyname(endpoint.host, &driver->address, found, driver)) {
    case ERR_OK:
        driver->phase = UD_LWIP_FOUND;
        break;
    case ERR_INPROGRESS:
        break;
    default:
        lost(driver);
        break;
    }
}

static void connect(struct ud_lwip_pull *driver)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);

    driver->phase = UD_LWIP_CONNECTING;
    driver->pcb = tcp_new();
    if (driver->pcb == NULL) {
        lost(driver);
        return;
    }
    tcp_arg(driver->pcb, driver);
    tcp_recv(driver->pcb, received);
    tcp_err(driver->pcb, failed);
    tcp_nagle_disable(driver->pcb);
    if (tcp_connect(driver->pcb, &driver->address, endpoint.port, connected) != ERR_OK)
        lost(driver);
}

/* True when something has happened that the engine should be asked about. */
static bool serve_connect(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    switch (driver->phase) {
    case UD_LWIP_CLOSED:
        look_up(driver);
        return driver->phase != UD_LWIP_LOOKING_UP;
    case UD_LWIP_FOUND:
        connect(driver);
        return driver->phase != UD_LWIP_CONNECTING;
    case UD_LWIP_CONNECTED:
        ud_pull_connected(driver->pull, now_ms);
        return true;
    case UD_LWIP_LOST:
        disconnect(driver);
        ud_pull_connection_failed(driver->pull);
        return true;
    case UD_LWIP_LOOKING_UP:
    case UD_LWIP_CONNECTING:
    default:
        return false;
    }
}

/* ---- Sending and receiving ---- */

static bool serve_send(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_pull_send_buffer(driver->pull, &length);
    const uint32_t room = tcp_sndbuf(driver->pcb);

    if (length > room)
        length = room;
    if (length == 0 || tcp_write(driver->pcb, bytes, (u16_t)length, TCP_WRITE_FLAG_COPY) != ERR_OK)
        return false;
    ud_pull_sent(driver->pull, length, now_ms);
    return true;
}

/* One buffer's worth: the engine may want something else after it. */
static bool serve_receive(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    struct pbuf *bytes = driver->received;

    if (bytes != NULL) {
        driver->received = bytes->next;
        if (bytes->next != NULL)
            pbuf_ref(bytes->next);
        if (driver->pcb != NULL)
            tcp_recved(driver->pcb, bytes->len);
        ud_pull_received(driver->pull, bytes->payload, bytes->len, now_ms);
        pbuf_free(bytes);
        return true;
    }
    if (!driver->peer_closed && driver->phase != UD_LWIP_LOST)
        return false;
    ud_pull_peer_closed(driver->pull);
    return true;
}

static void serve_close(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    disconnect(driver);
    ud_pull_closed(driver->pull, now_ms);
}

/* ---- The loop's side ---- */

void ud_lwip_pull_begin(struct ud_lwip_pull *driver, struct ud_pull *pull)
{
    *driver = (struct ud_lwip_pull){.pull = pull};
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
    if (want & UD_PULL_CONNECT)
        return serve_connect(driver, now_ms);
    if ((want & UD_PULL_SEND) && driver->pcb != NULL && serve_send(driver, now_ms))
        return true;
    return (want & UD_PULL_RECEIVE) && serve_receive(driver, now_ms);
}

bool ud_lwip_pull_service(struct ud_lwip_pull *driver, uint32_t now_ms)
{
    while (serve_one(driver, now_ms))
        ;
    if (driver->pcb != NULL && driver->phase == UD_LWIP_CONNECTED)
        (void)tcp_output(driver->pcb); /* what is not sent now is tried again by lwIP */
    ud_pull_tick(driver->pull, now_ms);
    if (ud_pull_want(driver->pull) & UD_PULL_CLOSE)
        serve_close(driver, now_ms);
    return (ud_pull_want(driver->pull) & UD_PULL_FINISHED) == 0;
}

void ud_lwip_pull_end(struct ud_lwip_pull *driver)
{
    ud_pull_abort(driver->pull);
    disconnect(driver);
    ud_pull_closed(driver->pull, 0);
}
