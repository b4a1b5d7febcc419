#include "host/push_state.h"

#include "device/port/bearssl/digest.h"
#include "updraft/digest.h"
#include "updraft/hex.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NO_SOCKET (-1)
#define LOOK_MS   100u /* how often progress is looked at while sending */

/* ---- ends ---- */

void push_close_socket(int *fd)
{
    if (*fd != NO_SOCKET)
        close(*fd);
    *fd = NO_SOCKET;
}

void push_finish(struct push *push, enum push_outcome outcome)
{
    push->outcome = outcome;
    push->state = PUSH_DONE;
    push_close_socket(&push->udp);
    push_close_socket(&push->listener);
    push_close_socket(&push->tcp);
}

void push_finish_with_words(struct push *push, enum push_outcome outcome, int number,
                            const char *words)
{
    push->number = number;
    snprintf(push->words, sizeof push->words, "%s", words);
    push_finish(push, outcome);
}

void push_finish_with_errno(struct push *push, enum push_outcome outcome)
{
    push->error = errno;
    push_finish(push, outcome);
}

void push_enter(struct push *push, enum push_state state, uint32_t now_ms)
{
    push->state = state;
    push->step_ms = now_ms;
}

bool push_would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- time ---- */

static uint32_t patience_ms(const struct push *push)
{
    return push->state == PUSH_FINISHING && push->done == push->sent ? PUSH_RESULT_MS
                                                                     : push->config.timeout_ms;
}

static enum push_outcome silence(const struct push *push)
{
    switch (push->state) {
    case PUSH_INVITING:
        return PUSH_NO_ANSWER;
    case PUSH_AUTHENTICATING:
        return PUSH_NO_VERDICT;
    case PUSH_ACCEPTED:
        return PUSH_NO_CONNECTION;
    case PUSH_FINISHING:
        return push->done == push->sent ? PUSH_NO_RESULT : PUSH_STALLED;
    case PUSH_SENDING:
    case PUSH_DONE:
    default:
        return PUSH_STALLED;
    }
}

static void look_at_the_time(struct push *push, uint32_t now_ms)
{
    if (push->state == PUSH_DONE)
        return;
    if (push_is_due(push->step_ms + patience_ms(push), now_ms))
        push_finish(push, silence(push));
    else
        push_say_again(push, now_ms);
}

uint32_t push_deadline(const struct push *push)
{
    const uint32_t end_ms = push->step_ms + patience_ms(push);
    uint32_t again_ms = end_ms;

    if (push->state == PUSH_INVITING)
        again_ms = push->datagram_ms + PUSH_AGAIN_MS;
    else if (push->state == PUSH_AUTHENTICATING)
        again_ms = push->datagram_ms + PUSH_PROOF_AGAIN_MS;
    else if (push->state >= PUSH_SENDING && push->done < push->sent)
        again_ms = push->look_ms + LOOK_MS;
    return (int32_t)(end_ms - again_ms) < 0 ? end_ms : again_ms;
}

/* ---- life ---- */

void push_image_init(struct push_image *image, enum ud_command command, const uint8_t *data,
                     size_t length)
{
    uint8_t md5[UD_MD5_SIZE];
    struct ud_digest digest;

    *image = (struct push_image){.data = data, .length = length, .command = command};
    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, data, (uint32_t)length);
    ud_digest_end(&digest, md5);
    ud_hex_encode(md5, sizeof md5, image->md5);
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static uint16_t get_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)address)->sin6_port);
}

/* The address to listen on, of the device's family. */
static bool parse_own_address(const struct push_config *config, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    address->ss_family = config->device.socket.ss_family;
    set_port(address, config->listen_port);
    if (config->bind_to == NULL)
        return true;
    void *bytes = address->ss_family == AF_INET
                      ? (void *)&((struct sockaddr_in *)address)->sin_addr
                      : (void *)&((struct sockaddr_in6 *)address)->sin6_addr;
    errno = EADDRNOTAVAIL;
    return inet_pton(address->ss_family, config->bind_to, bytes) == 1;
}

/* Before the invitation: the device may connect at once. */
static bool listen_for_device(struct push *push)
{
    struct sockaddr_storage own;
    socklen_t length = sizeof own;
    const int yes = 1;

    push->listener =
        socket(push->config.device.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (push->listener == NO_SOCKET || !parse_own_address(&push->config, &own))
        return false;
    setsockopt(push->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(push->listener, (struct sockaddr *)&own, push->config.device.length) != 0 ||
        listen(push->listener, 4) != 0 ||
        getsockname(push->listener, (struct sockaddr *)&own, &length) != 0)
        return false;
    push->port = get_port(&own);
    return true;
}

static bool open_udp(struct push *push)
{
    const struct push_address *device = &push->config.device;

    push->udp = socket(device->socket.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return push->udp != NO_SOCKET &&
           connect(push->udp, (const struct sockaddr *)&device->socket, device->length) == 0;
}

void push_open(struct push *push, const struct push_config *config, uint32_t now_ms)
{
    memset(push, 0, sizeof *push);
    push->config = *config;
    push->udp = push->listener = push->tcp = NO_SOCKET;
    push->number = -1;
    push->step_ms = push->datagram_ms = push->look_ms = now_ms;
    if (config->timeout_ms == 0)
        push->config.timeout_ms = PUSH_TIMEOUT_MS;
    if (!listen_for_device(push))
        push_finish_with_errno(push, PUSH_NO_LISTENER);
    else if (!open_udp(push))
        push_finish_with_errno(push, PUSH_NO_ROUTE);
    else
        push_invite(push, now_ms);
}

void push_service(struct push *push, uint32_t now_ms)
{
    push_receive_datagrams(push, now_ms);
    /* A device that connects has accepted, even if its "OK" was lost. */
    if (push->state < PUSH_SENDING)
        push_accept_device(push, now_ms);
    if (push->state == PUSH_SENDING || push->state == PUSH_FINISHING)
        push_receive_result(push);
    if (push->state == PUSH_SENDING)
        push_send_image(push, now_ms);
    if (push->state == PUSH_SENDING || push->state == PUSH_FINISHING) {
        push_look_at_progress(push, now_ms);
        push->look_ms = now_ms;
    }
    look_at_the_time(push, now_ms);
}

size_t push_poll(const struct push *push, struct pollfd entries[PUSH_SOCKETS])
{
    if (push->state == PUSH_DONE)
        return 0;
    if (push->state >= PUSH_SENDING) {
        entries[0] = (struct pollfd){
            .fd = push->tcp,
            .events = push->state == PUSH_SENDING ? POLLIN | POLLOUT : POLLIN,
        };
        return 1;
    }
    entries[0] = (struct pollfd){.fd = push->listener, .events = POLLIN};
    entries[1] = (struct pollfd){.fd = push->udp, .events = POLLIN};
    return push->state == PUSH_ACCEPTED ? 1 : 2; /* no more datagrams are read */
}

void push_close(struct push *push)
{
    if (push->state != PUSH_DONE)
        push_finish(push, PUSH_CANCELLED);
}
