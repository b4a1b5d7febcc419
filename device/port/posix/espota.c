#include "posix/espota.h"

#include "posix/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_SOCKET      (-1)
#define DATAGRAM_BYTES 512u /* longer than any that means something */
#define RECEIVE_BYTES  4096u
#define RECEIVE_TURNS  4 /* of RECEIVE_BYTES, in one service */

/* ---- addresses ---- */

static struct ud_espota_peer to_peer(const struct sockaddr_in *address)
{
    struct ud_espota_peer peer = {.port = ntohs(address->sin_port)};

    memcpy(peer.address, &address->sin_addr, sizeof address->sin_addr);
    return peer;
}

static struct sockaddr_in from_peer(const struct ud_espota_peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(peer->port)};

    memcpy(&address.sin_addr, peer->address, sizeof address.sin_addr);
    return address;
}

/* ---- datagrams ---- */

static bool serve_datagram(struct ud_posix_espota *driver, uint32_t now_ms)
{
    uint8_t data[DATAGRAM_BYTES], random[UD_ESPOTA_RANDOM];
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    const ssize_t length =
        recvfrom(driver->udp, data, sizeof data, 0, (struct sockaddr *)&from, &from_length);

    if (length < 0)
        return errno == ECONNREFUSED; /* of an earlier reply; others may be waiting */
    /* Without good random bytes there is no challenge worth the name. */
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return true;
    const struct ud_espota_peer peer = to_peer(&from);
    ud_espota_datagram(driver->espota, &peer, data, (uint32_t)length, random, now_ms);
    return true;
}

/* One that cannot be sent is as good as lost: the uploader asks again. */
static bool serve_reply(struct ud_posix_espota *driver, uint32_t now_ms)
{
    const struct sockaddr_in to = from_peer(ud_espota_peer(driver->espota));
    uint32_t length;
    const void *text = ud_espota_send_buffer(driver->espota, &length);

    (void)sendto(driver->udp, text, length, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to);
    ud_espota_sent(driver->espota, length, now_ms);
    return true;
}

/* All rounds at once: some milliseconds where this runs. */
static bool serve_stretch(struct ud_posix_espota *driver, uint32_t now_ms)
{
    ud_espota_stretch(driver->espota, &driver->key, UD_ESPOTA_ROUNDS, now_ms);
    return true;
}

/* ---- the connection ---- */

static void close_connection(struct ud_posix_espota *driver)
{
    if (driver->tcp != NO_SOCKET)
        close(driver->tcp);
    driver->tcp = NO_SOCKET;
    driver->is_connecting = false;
}

static bool fail_connection(struct ud_posix_espota *driver)
{
    close_connection(driver);
    ud_espota_connection_failed(driver->espota);
    return true;
}

/* From the address that was invited: uploaders turn others away, and a host can have several. */
static bool leave_from_own_address(const struct ud_posix_espota *driver)
{
    struct sockaddr_in own;
    socklen_t size = sizeof own;

    if (getsockname(driver->udp, (struct sockaddr *)&own, &size) != 0)
        return false;
    own.sin_port = 0;
    return bind(driver->tcp, (const struct sockaddr *)&own, size) == 0;
}

static bool begin_connection(struct ud_posix_espota *driver)
{
    const struct ud_espota_peer endpoint = ud_espota_endpoint(driver->espota);
    const struct sockaddr_in to = from_peer(&endpoint);
    const int yes = 1;

    driver->tcp = ud_posix_socket(AF_INET, SOCK_STREAM);
    if (driver->tcp == NO_SOCKET || !leave_from_own_address(driver))
        return fail_connection(driver);
    /* Counts are short, and the uploader may wait for each. */
    setsockopt(driver->tcp, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    driver->is_connecting = true;
    if (connect(driver->tcp, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        return fail_connection(driver);
    return true;
}

static bool is_writable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    return poll(&entry, 1, 0) > 0;
}

static bool serve_connect(struct ud_posix_espota *driver, uint32_t now_ms)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (!driver->is_connecting)
        return begin_connection(driver);
    if (!is_writable(driver->tcp))
        return false;
    if (getsockopt(driver->tcp, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return fail_connection(driver);
    driver->is_connecting = false;
    ud_espota_connected(driver->espota, now_ms);
    return true;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static bool serve_send(struct ud_posix_espota *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *text = ud_espota_send_buffer(driver->espota, &length);
    const ssize_t sent = send(driver->tcp, text, length, MSG_NOSIGNAL);

    if (sent < 0 && would_block())
        return false;
    if (sent < 0)
        ud_espota_peer_closed(driver->espota, now_ms);
    else
        ud_espota_sent(driver->espota, (uint32_t)sent, now_ms);
    return true;
}

static bool serve_receive(struct ud_posix_espota *driver, uint32_t now_ms)
{
    uint8_t bytes[RECEIVE_BYTES];
    const ssize_t received = recv(driver->tcp, bytes, sizeof bytes, 0);

    if (received < 0 && would_block())
        return false;
    if (received <= 0)
        ud_espota_peer_closed(driver->espota, now_ms);
    else
        ud_espota_received(driver->espota, bytes, (uint32_t)received, now_ms);
    return true;
}

/* ---- the loop's side ---- */

static bool serve_close(struct ud_posix_espota *driver)
{
    close_connection(driver);
    ud_espota_closed(driver->espota);
    return true;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(struct ud_posix_espota *driver, uint32_t now_ms, int *turns)
{
    const unsigned want = ud_espota_want(driver->espota);

    if (want & UD_ESPOTA_REPLY)
        return serve_reply(driver, now_ms);
    if (want & UD_ESPOTA_CLOSE)
        return serve_close(driver);
    if (want & UD_ESPOTA_STRETCH)
        return serve_stretch(driver, now_ms);
    if (want & UD_ESPOTA_CONNECT)
        return serve_connect(driver, now_ms);
    if ((want & UD_ESPOTA_SEND) && serve_send(driver, now_ms))
        return true;
    if ((want & UD_ESPOTA_RECEIVE) && *turns > 0) {
        --*turns;
        return serve_receive(driver, now_ms);
    }
    return false;
}

bool ud_posix_espota_service(struct ud_posix_espota *driver, uint32_t now_ms)
{
    int turns = RECEIVE_TURNS;

    while (serve_datagram(driver, now_ms) || serve_one(driver, now_ms, &turns))
        ;
    /* After the sockets: what waited there was in time, however late we are. */
    ud_espota_tick(driver->espota, now_ms);
    while (serve_one(driver, now_ms, &turns))
        ;
    return (ud_espota_want(driver->espota) & UD_ESPOTA_RESTART) != 0;
}

size_t ud_posix_espota_poll(const struct ud_posix_espota *driver,
                            struct pollfd entries[UD_POSIX_ESPOTA_SOCKETS])
{
    const unsigned want = driver->udp == NO_SOCKET ? 0 : ud_espota_want(driver->espota);
    short events = 0;
    size_t count = 0;

    if (want & (UD_ESPOTA_CONNECT | UD_ESPOTA_SEND))
        events |= POLLOUT;
    if (want & UD_ESPOTA_RECEIVE)
        events |= POLLIN;
    if (driver->udp != NO_SOCKET)
        entries[count++] = (struct pollfd){.fd = driver->udp, .events = POLLIN};
    if (driver->tcp != NO_SOCKET)
        entries[count++] = (struct pollfd){.fd = driver->tcp, .events = events};
    return count;
}

bool ud_posix_espota_deadline(const struct ud_posix_espota *driver, uint32_t *deadline_ms)
{
    return driver->udp != NO_SOCKET && ud_espota_deadline(driver->espota, deadline_ms);
}

/* ---- life ---- */

int ud_posix_espota_open(struct ud_posix_espota *driver, struct ud_espota *espota,
                         const char *address, uint16_t port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};

    *driver = (struct ud_posix_espota){.espota = espota, .udp = NO_SOCKET, .tcp = NO_SOCKET};
    if (inet_pton(AF_INET, address, &own.sin_addr) != 1)
        return -EINVAL;
    driver->udp = ud_posix_socket(AF_INET, SOCK_DGRAM);
    if (driver->udp == NO_SOCKET)
        return -errno;
    if (bind(driver->udp, (const struct sockaddr *)&own, sizeof own) == 0)
        return 0;
    const int error = -errno;
    ud_posix_espota_close(driver);
    return error;
}

uint16_t ud_posix_espota_port(const struct ud_posix_espota *driver)
{
    struct sockaddr_in own = {0};
    socklen_t length = sizeof own;

    (void)getsockname(driver->udp, (struct sockaddr *)&own, &length);
    return ntohs(own.sin_port);
}

void ud_posix_espota_close(struct ud_posix_espota *driver)
{
    if (driver->udp == NO_SOCKET)
        return;
    ud_espota_abort(driver->espota);
    serve_close(driver);
    close(driver->udp);
    driver->udp = NO_SOCKET;
}
