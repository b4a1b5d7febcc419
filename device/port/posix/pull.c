#include "posix/pull.h"

#include "posix/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES 4096u
#define RECEIVE_TURNS 4 /* of RECEIVE_BYTES, in one service */
#define NO_SOCKET     (-1)

/* ---- connecting ---- */

static void forget_addresses(struct ud_posix_pull *driver)
{
    if (driver->addresses != NULL)
        freeaddrinfo(driver->addresses);
    driver->addresses = NULL;
    driver->candidate = NULL;
}

/* What TLS has left to say, an alert or a good-bye; nobody waits for it to arrive. */
static void end_tls(struct ud_posix_pull *driver)
{
    const struct ud_tls *tls = driver->config.tls;
    uint32_t length;

    if (!driver->is_secure)
        return;
    driver->is_secure = false;
    tls->methods->close(tls->ctx);
    const void *bytes = tls->methods->send_buffer(tls->ctx, &length);
    if (length > 0 && send(driver->fd, bytes, length, MSG_NOSIGNAL) < 0)
        return;
    tls->methods->sent(tls->ctx, length);
}

static void close_socket(struct ud_posix_pull *driver)
{
    end_tls(driver);
    if (driver->fd != NO_SOCKET)
        close(driver->fd);
    driver->fd = NO_SOCKET;
    driver->is_connecting = false;
}

static bool look_up(struct ud_posix_pull *driver)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char port[sizeof "65535"];

    if (endpoint.tls && driver->config.tls == NULL)
        return false;
    snprintf(port, sizeof port, "%u", (unsigned)endpoint.port);
    if (getaddrinfo(endpoint.host, port, &hints, &driver->addresses) != 0)
        driver->addresses = NULL;
    driver->candidate = driver->addresses;
    return driver->addresses != NULL;
}

/* Starts on one address. False when that cannot become a connection. */
static bool try_address(struct ud_posix_pull *driver, const struct addrinfo *address)
{
    const int yes = 1;

    driver->fd = ud_posix_socket(address->ai_family, SOCK_STREAM);
    if (driver->fd == NO_SOCKET)
        return false;
    driver->connections++;
    driver->is_connecting = true;
    /* The request is a few short writes that must not wait for each other. */
    setsockopt(driver->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(driver->fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS)
        return true;
    close_socket(driver);
    return false;
}

static bool try_next_address(struct ud_posix_pull *driver)
{
    while (driver->candidate != NULL) {
        const struct addrinfo *address = driver->candidate;
        driver->candidate = address->ai_next;
        if (try_address(driver, address))
            return true;
    }
    return false;
}

static bool is_writable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    return poll(&entry, 1, 0) > 0;
}

/* 0, or what became of the attempt. */
static int connect_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* There is a connection: it is the engine's, or TLS's until that is done. */
static void begin(struct ud_posix_pull *driver, uint32_t now_ms)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(driver->pull);
    const struct ud_tls *tls = driver->config.tls;

    if (!endpoint.tls) {
        ud_pull_connected(driver->pull, now_ms);
        return;
    }
    const int error = tls->methods->begin(tls->ctx, endpoint.host);
    driver->is_secure = error == UD_OK;
    if (error != UD_OK)
        ud_pull_broken(driver->pull, error);
}

/* True when something has happened that the engine should be asked about. */
static bool serve_connect(struct ud_posix_pull *driver, uint32_t now_ms)
{
    if (driver->is_connecting) {
        if (!is_writable(driver->fd))
            return false;
        if (connect_error(driver->fd) == 0) {
            driver->is_connecting = false;
            forget_addresses(driver);
            begin(driver, now_ms);
            return true;
        }
        close_socket(driver);
    } else if (!look_up(driver)) {
        ud_pull_connection_failed(driver->pull);
        return true;
    }
    if (try_next_address(driver))
        return true;
    forget_addresses(driver);
    ud_pull_connection_failed(driver->pull);
    return true;
}

/* ---- sending and receiving ---- */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static bool serve_send(struct ud_posix_pull *driver, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_pull_send_buffer(driver->pull, &length);
    const ssize_t sent = send(driver->fd, bytes, length, MSG_NOSIGNAL);

    if (sent < 0 && would_block())
        return false;
    if (sent < 0)
        ud_pull_peer_closed(driver->pull);
    else
        ud_pull_sent(driver->pull, (uint32_t)sent, now_ms);
    return true;
}

static bool serve_receive(struct ud_posix_pull *driver, uint32_t now_ms)
{
    uint8_t bytes[RECEIVE_BYTES];
    const ssize_t received = recv(driver->fd, bytes, sizeof bytes, 0);

    if (received < 0 && would_block())
        return false;
    if (received <= 0)
        ud_pull_peer_closed(driver->pull);
    else
        ud_pull_received(driver->pull, bytes, (uint32_t)received, now_ms);
    return true;
}

/* ---- TLS between the engine and the socket ---- */

static bool connection_lost(struct ud_posix_pull *driver)
{
    if (ud_pull_want(driver->pull) & UD_PULL_CONNECT)
        ud_pull_connection_failed(driver->pull);
    else
        ud_pull_peer_closed(driver->pull);
    return true;
}

static bool secure_send(struct ud_posix_pull *driver)
{
    const struct ud_tls *tls = driver->config.tls;
    uint32_t length;
    const void *bytes = tls->methods->send_buffer(tls->ctx, &length);
    const ssize_t sent = send(driver->fd, bytes, length, MSG_NOSIGNAL);

    if (sent < 0)
        return would_block() ? false : connection_lost(driver);
    tls->methods->sent(tls->ctx, (uint32_t)sent);
    return true;
}

static bool secure_receive(struct ud_posix_pull *driver)
{
    const struct ud_tls *tls = driver->config.tls;
    uint32_t room;
    void *record = tls->methods->receive_buffer(tls->ctx, &room);
    const ssize_t received = recv(driver->fd, record, room, 0);

    if (received < 0 && would_block())
        return false;
    if (received <= 0)
        return connection_lost(driver);
    tls->methods->received(tls->ctx, (uint32_t)received);
    return true;
}

static bool serve_secure(struct ud_posix_pull *driver, uint32_t now_ms, int *turns)
{
    const struct ud_tls *tls = driver->config.tls;

    if (ud_pull_tls_service(driver->pull, tls, now_ms))
        return true;
    const unsigned want = tls->methods->want(tls->ctx);
    if ((want & UD_TLS_SEND) && secure_send(driver))
        return true;
    if ((want & UD_TLS_RECEIVE) == 0 || *turns == 0)
        return false;
    --*turns;
    return secure_receive(driver);
}

static void serve_close(struct ud_posix_pull *driver, uint32_t now_ms)
{
    forget_addresses(driver);
    close_socket(driver);
    ud_pull_closed(driver->pull, now_ms);
}

static void serve_others(struct ud_posix_pull *driver, uint32_t now_ms)
{
    const struct ud_posix_pull_config *config = &driver->config;

    if (config->close_others != NULL)
        config->close_others(config->ctx);
    ud_pull_others_closed(driver->pull, now_ms);
}

/* ---- the loop's side ---- */

void ud_posix_pull_begin(struct ud_posix_pull *driver, struct ud_pull *pull,
                         const struct ud_posix_pull_config *config)
{
    memset(driver, 0, sizeof *driver);
    if (config != NULL)
        driver->config = *config;
    driver->pull = pull;
    driver->fd = NO_SOCKET;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(struct ud_posix_pull *driver, uint32_t now_ms, int *turns)
{
    const unsigned want = ud_pull_want(driver->pull);

    if (want & UD_PULL_CLOSE) {
        serve_close(driver, now_ms);
        return true;
    }
    if (want & UD_PULL_CLOSE_OTHERS) {
        serve_others(driver, now_ms);
        return true;
    }
    if (want & UD_PULL_FINISHED) {
        close_socket(driver); /* of a handshake that failed */
        return false;
    }
    if (driver->is_secure)
        return serve_secure(driver, now_ms, turns);
    if (want & UD_PULL_CONNECT)
        return serve_connect(driver, now_ms);
    if ((want & UD_PULL_SEND) && serve_send(driver, now_ms))
        return true;
    if ((want & UD_PULL_RECEIVE) && *turns > 0) {
        --*turns;
        return serve_receive(driver, now_ms);
    }
    return false;
}

bool ud_posix_pull_service(struct ud_posix_pull *driver, uint32_t now_ms)
{
    int turns = RECEIVE_TURNS;

    while (serve_one(driver, now_ms, &turns))
        ;
    /* After the socket: what waited there was in time, however late we are. */
    ud_pull_tick(driver->pull, now_ms);
    if (ud_pull_want(driver->pull) & UD_PULL_CLOSE)
        serve_close(driver, now_ms);
    return (ud_pull_want(driver->pull) & UD_PULL_FINISHED) == 0;
}

int ud_posix_pull_fd(const struct ud_posix_pull *driver)
{
    return driver->fd;
}

short ud_posix_pull_events(const struct ud_posix_pull *driver)
{
    const unsigned want = ud_pull_want(driver->pull);
    short events = 0;

    if (driver->is_secure) {
        const struct ud_tls *tls = driver->config.tls;
        return (tls->methods->want(tls->ctx) & UD_TLS_SEND) ? POLLIN | POLLOUT : POLLIN;
    }
    if (want & (UD_PULL_CONNECT | UD_PULL_SEND))
        events |= POLLOUT;
    if (want & UD_PULL_RECEIVE)
        events |= POLLIN;
    return events;
}

uint32_t ud_posix_pull_connections(const struct ud_posix_pull *driver)
{
    return driver->connections;
}

void ud_posix_pull_end(struct ud_posix_pull *driver)
{
    ud_pull_abort(driver->pull);
    forget_addresses(driver);
    close_socket(driver);
    ud_pull_closed(driver->pull, 0);
}
