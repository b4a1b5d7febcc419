#include "posix/form.h"

#include "posix/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_SOCKET     (-1)
#define RECEIVE_BYTES 4096u
#define RECEIVE_TURNS 4 /* of RECEIVE_BYTES, in one service */
#define BACKLOG       8

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- one connection ---- */

static bool serve_send(struct ud_form_client *client, int fd, uint32_t now_ms)
{
    uint32_t length;
    const void *bytes = ud_form_send_buffer(client, &length);
    const ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

    if (sent < 0 && would_block())
        return false;
    if (sent < 0)
        ud_form_lost(client);
    else
        ud_form_sent(client, (uint32_t)sent, now_ms);
    return true;
}

static bool serve_receive(struct ud_form_client *client, int fd, uint32_t now_ms)
{
    uint8_t bytes[RECEIVE_BYTES];
    const ssize_t received = recv(fd, bytes, sizeof bytes, 0);

    if (received < 0 && would_block())
        return false;
    if (received < 0)
        ud_form_lost(client);
    else if (received == 0)
        ud_form_peer_closed(client);
    else
        ud_form_received(client, bytes, (uint32_t)received, now_ms);
    return true;
}

static bool serve_close(struct ud_form_client *client, int *fd)
{
    close(*fd);
    *fd = NO_SOCKET;
    ud_form_closed(client);
    return true;
}

/* One thing the engine wants. False when none can be done now. */
static bool serve_one(struct ud_form_client *client, int *fd, uint32_t now_ms, int *turns)
{
    const unsigned want = ud_form_want(client);

    if (want & UD_FORM_CLOSE)
        return serve_close(client, fd);
    if ((want & UD_FORM_SEND) && serve_send(client, *fd, now_ms))
        return true;
    if ((want & UD_FORM_RECEIVE) && *turns > 0) {
        --*turns;
        return serve_receive(client, *fd, now_ms);
    }
    return false;
}

/* True when it wants a restart. */
static bool serve_client(struct ud_form_client *client, int *fd, uint32_t now_ms)
{
    int turns = RECEIVE_TURNS;

    while (serve_one(client, fd, now_ms, &turns))
        ;
    /* After the socket: what waited there was in time, however late we are. */
    ud_form_tick(client, now_ms);
    while (serve_one(client, fd, now_ms, &turns))
        ;
    return (ud_form_want(client) & UD_FORM_RESTART) != 0;
}

/* ---- the loop's side ---- */

static bool has_room(const struct ud_posix_form *driver)
{
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++)
        if (driver->sockets[i] == NO_SOCKET)
            return true;
    return false;
}

static void accept_clients(struct ud_posix_form *driver, uint32_t now_ms)
{
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++) {
        if (driver->sockets[i] != NO_SOCKET)
            continue;
        driver->sockets[i] = ud_posix_accept(driver->listener);
        if (driver->sockets[i] == NO_SOCKET)
            return;
        ud_form_open(&driver->clients[i], driver->form, now_ms);
    }
}

bool ud_posix_form_service(struct ud_posix_form *driver, uint32_t now_ms)
{
    bool wants_restart = false;

    accept_clients(driver, now_ms);
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++)
        if (serve_client(&driver->clients[i], &driver->sockets[i], now_ms))
            wants_restart = true;
    return wants_restart;
}

size_t ud_posix_form_poll(const struct ud_posix_form *driver,
                          struct pollfd entries[UD_POSIX_FORM_SOCKETS])
{
    size_t count = 0;

    if (driver->listener == NO_SOCKET)
        return 0;
    if (has_room(driver))
        entries[count++] = (struct pollfd){.fd = driver->listener, .events = POLLIN};
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++) {
        const unsigned want = ud_form_want(&driver->clients[i]);
        const short events =
            (short)((want & UD_FORM_SEND ? POLLOUT : 0) | (want & UD_FORM_RECEIVE ? POLLIN : 0));
        if (driver->sockets[i] != NO_SOCKET)
            entries[count++] = (struct pollfd){.fd = driver->sockets[i], .events = events};
    }
    return count;
}

bool ud_posix_form_deadline(const struct ud_posix_form *driver, uint32_t *deadline_ms)
{
    bool has_any = false;

    for (size_t i = 0; driver->listener != NO_SOCKET && i < UD_POSIX_FORM_CLIENTS; i++) {
        uint32_t client_ms;
        if (!ud_form_deadline(&driver->clients[i], &client_ms))
            continue;
        if (!has_any || (int32_t)(client_ms - *deadline_ms) < 0)
            *deadline_ms = client_ms;
        has_any = true;
    }
    return has_any;
}

bool ud_posix_form_is_active(const struct ud_posix_form *driver)
{
    for (size_t i = 0; driver->listener != NO_SOCKET && i < UD_POSIX_FORM_CLIENTS; i++)
        if (driver->sockets[i] != NO_SOCKET)
            return true;
    return false;
}

/* ---- life ---- */

static int open_listener(const char *address, uint16_t port, int *listener)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int yes = 1;

    if (inet_pton(AF_INET, address, &own.sin_addr) != 1)
        return -EINVAL;
    const int fd = ud_posix_socket(AF_INET, SOCK_STREAM);
    if (fd == NO_SOCKET)
        return -errno;
    /* A device that restarts opens the same port again at once. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (const struct sockaddr *)&own, sizeof own) == 0 && listen(fd, BACKLOG) == 0) {
        *listener = fd;
        return 0;
    }
    const int error = -errno;
    close(fd);
    return error;
}

int ud_posix_form_open(struct ud_posix_form *driver, struct ud_form *form, const char *address,
                       uint16_t port)
{
    memset(driver, 0, sizeof *driver);
    driver->form = form;
    driver->listener = NO_SOCKET;
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++)
        driver->sockets[i] = NO_SOCKET;
    return open_listener(address, port, &driver->listener);
}

uint16_t ud_posix_form_port(const struct ud_posix_form *driver)
{
    struct sockaddr_in own = {0};
    socklen_t length = sizeof own;

    (void)getsockname(driver->listener, (struct sockaddr *)&own, &length);
    return ntohs(own.sin_port);
}

void ud_posix_form_close(struct ud_posix_form *driver)
{
    if (driver->listener == NO_SOCKET)
        return;
    for (size_t i = 0; i < UD_POSIX_FORM_CLIENTS; i++) {
        if (driver->sockets[i] == NO_SOCKET)
            continue;
        ud_form_lost(&driver->clients[i]);
        serve_close(&driver->clients[i], &driver->sockets[i]);
    }
    close(driver->listener);
    driver->listener = NO_SOCKET;
}
