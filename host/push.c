#include "host/push.h"

#include "device/port/bearssl/digest.h"
#include "updraft/digest.h"
#include "updraft/hex.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#define NO_SOCKET      (-1)
#define AGAIN_MS       1000u /* between datagrams that say the same */
#define PROOF_AGAIN_MS 3000u /* a chip takes seconds to judge a proof */
#define ANEW_MS        7000u /* after that the challenge is taken for lost */
#define LOOK_MS        100u  /* how often progress is looked at while sending */
#define DATAGRAM_MAX   512u
#define SEND_TURN      65536u /* bytes in one service, to be fair to others in the loop */

/* ---- ends ---- */

static void close_socket(int *fd)
{
    if (*fd != NO_SOCKET)
        close(*fd);
    *fd = NO_SOCKET;
}

static void finish(struct push *push, enum push_outcome outcome)
{
    push->outcome = outcome;
    push->state = PUSH_DONE;
    close_socket(&push->udp);
    close_socket(&push->listener);
    close_socket(&push->tcp);
}

static void finish_with_words(struct push *push, enum push_outcome outcome, int number,
                              const char *words)
{
    push->number = number;
    snprintf(push->words, sizeof push->words, "%s", words);
    finish(push, outcome);
}

static void finish_with_errno(struct push *push, enum push_outcome outcome)
{
    push->error = errno;
    finish(push, outcome);
}

static void enter(struct push *push, enum push_state state, uint32_t now_ms)
{
    push->state = state;
    push->step_ms = now_ms;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- datagrams ---- */

static void send_text(struct push *push, const char *text, uint32_t now_ms)
{
    push->datagram_ms = now_ms;
    if (send(push->udp, text, strlen(text), MSG_NOSIGNAL) >= 0 || would_block())
        return;
    if (errno == ECONNREFUSED)
        finish(push, PUSH_PORT_CLOSED);
    else
        finish_with_errno(push, PUSH_NO_ROUTE);
}

static void send_invitation(struct push *push, uint32_t now_ms)
{
    const struct push_image *image = push->config.image;
    char text[DATAGRAM_MAX];

    snprintf(text, sizeof text, "%d %u %zu %s\n", (int)image->command, (unsigned)push->port,
             image->length, image->md5);
    send_text(push, text, now_ms);
}

static void invite(struct push *push, uint32_t now_ms)
{
    enter(push, PUSH_INVITING, now_ms);
    push->nonce[0] = '\0';
    send_invitation(push, now_ms);
}

static void make_cnonce(const char *nonce, char cnonce[UD_ESPOTA_HEX_TEXT])
{
    uint8_t random[UD_DIGEST_MAX_SIZE] = {0};

    /* Of so few bytes getrandom() never returns a part. */
    (void)!getrandom(random, sizeof random, 0);
    ud_hex_encode(random, (uint32_t)strlen(nonce) / 2, cnonce);
}

static void answer_challenge(struct push *push, const struct push_reply *reply, uint32_t now_ms)
{
    const bool is_sha256 = strlen(reply->nonce) == 2 * UD_SHA256_SIZE;
    char cnonce[UD_ESPOTA_HEX_TEXT];

    if (strcmp(reply->nonce, push->nonce) == 0)
        return; /* a copy; its proof is on the way */
    push->was_challenged = true;
    push->uses_sha256 = is_sha256;
    if (push->config.password == NULL) {
        finish(push, PUSH_PASSWORD_ASKED);
        return;
    }
    memcpy(push->nonce, reply->nonce, sizeof push->nonce);
    make_cnonce(push->nonce, cnonce);
    push_proof(push->nonce, cnonce, push->config.password,
               push->retries_with_md5 != push->config.md5_first, push->proof);
    /* Patience begins anew only when the device has come forward. */
    if (push->state == PUSH_INVITING)
        enter(push, PUSH_AUTHENTICATING, now_ms);
    send_text(push, push->proof, now_ms);
}

/* A device with SHA-256 may keep the password's MD5, from before it had been
 * updated to that, or the other way round: both are tried. */
static void proof_refused(struct push *push, uint32_t now_ms)
{
    if (!push->uses_sha256 || push->retries_with_md5) {
        finish(push, PUSH_PASSWORD_WRONG);
        return;
    }
    push->retries_with_md5 = true;
    invite(push, now_ms);
}

static void reply_received(struct push *push, const struct push_reply *reply, uint32_t now_ms)
{
    switch (reply->kind) {
    case PUSH_REPLY_OK:
        enter(push, PUSH_ACCEPTED, now_ms);
        break;
    case PUSH_REPLY_CHALLENGE:
        answer_challenge(push, reply, now_ms);
        break;
    case PUSH_REPLY_REFUSED:
        if (push->state == PUSH_AUTHENTICATING)
            proof_refused(push, now_ms);
        break;
    case PUSH_REPLY_ERROR:
        finish_with_words(push, PUSH_REFUSED, reply->number, reply->words);
        break;
    case PUSH_REPLY_OTHER:
    default:
        finish_with_words(push, PUSH_BAD_ANSWER, -1, reply->words);
        break;
    }
}

static void receive_datagrams(struct push *push, uint32_t now_ms)
{
    char data[DATAGRAM_MAX];
    struct push_reply reply;

    while (push->state == PUSH_INVITING || push->state == PUSH_AUTHENTICATING) {
        const ssize_t length = recv(push->udp, data, sizeof data, 0);
        if (length < 0 && errno == ECONNREFUSED)
            finish(push, PUSH_PORT_CLOSED);
        if (length < 0)
            return;
        push_reply_decode(data, (size_t)length, &reply);
        reply_received(push, &reply, now_ms);
    }
}

/* ---- the connection ---- */

static bool is_device(const struct push *push, const struct sockaddr_storage *from)
{
    const struct sockaddr_storage *device = &push->config.device.socket;

    if (from->ss_family != device->ss_family)
        return false;
    if (from->ss_family == AF_INET)
        return ((const struct sockaddr_in *)from)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)device)->sin_addr.s_addr;
    return memcmp(&((const struct sockaddr_in6 *)from)->sin6_addr,
                  &((const struct sockaddr_in6 *)device)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

/* Others get neither the image, nor may they say "OK". */
static void accept_device(struct push *push, uint32_t now_ms)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    const int yes = 1;
    int fd;

    while ((fd = accept4(push->listener, (struct sockaddr *)&from, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0 &&
           !is_device(push, &from)) {
        close(fd);
        length = sizeof from;
    }
    if (fd < 0)
        return;
    push->tcp = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    close_socket(&push->listener);
    enter(push, PUSH_SENDING, now_ms);
}

/* What is not sent yet, and not acknowledged. */
static void look_at_progress(struct push *push, uint32_t now_ms)
{
    int waiting = 0;

    if (ioctl(push->tcp, SIOCOUTQ, &waiting) != 0 || waiting < 0 || (size_t)waiting > push->sent)
        return;
    if (push->sent - (size_t)waiting > push->done) {
        push->done = push->sent - (size_t)waiting;
        push->step_ms = now_ms;
    }
}

static void send_image(struct push *push, uint32_t now_ms)
{
    const struct push_image *image = push->config.image;
    size_t turn = SEND_TURN;

    while (push->sent < image->length && turn > 0) {
        const size_t left = image->length - push->sent;
        const ssize_t sent =
            send(push->tcp, image->data + push->sent, left < turn ? left : turn, MSG_NOSIGNAL);
        if (sent < 0 && !would_block())
            finish(push, PUSH_BROKEN);
        if (sent < 0)
            return;
        push->sent += (size_t)sent;
        turn -= (size_t)sent;
    }
    if (push->sent == image->length)
        enter(push, PUSH_FINISHING, now_ms);
}

static void result_received(struct push *push)
{
    if (push->result.state == PUSH_RESULT_ERROR) {
        finish_with_words(push, PUSH_FAILED, push_result_number(&push->result),
                          push_result_text(&push->result));
    } else if (push->state == PUSH_FINISHING) {
        push->done = push->sent;
        finish(push, PUSH_OK);
    } else {
        finish_with_words(push, PUSH_BAD_ANSWER, -1, "OK before it had the whole image");
    }
}

/* Before anything is sent, so that an error is read even where the connection is
 * about to break. */
static void receive_result(struct push *push)
{
    char data[DATAGRAM_MAX];
    ssize_t length;

    while ((length = recv(push->tcp, data, sizeof data, 0)) > 0)
        push_result_add(&push->result, data, (size_t)length);
    const bool is_closed = length == 0 || !would_block();
    if (is_closed)
        push_result_end(&push->result);
    if (push->result.state != PUSH_RESULT_NONE)
        result_received(push);
    else if (is_closed)
        finish(push, push->state == PUSH_FINISHING ? PUSH_GONE : PUSH_BROKEN);
}

/* ---- time ---- */

static uint32_t patience_ms(const struct push *push)
{
    return push->state == PUSH_FINISHING && push->done == push->sent ? PUSH_RESULT_MS
                                                                     : push->config.timeout_ms;
}

static bool is_due(uint32_t deadline_ms, uint32_t now_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
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

/* The proof again, or, where the device may have given up, the invitation: an
 * original takes a second one for a reason to forget its challenge. */
static void say_again(struct push *push, uint32_t now_ms)
{
    if (push->state == PUSH_INVITING && is_due(push->datagram_ms + AGAIN_MS, now_ms))
        send_invitation(push, now_ms);
    if (push->state != PUSH_AUTHENTICATING || !is_due(push->datagram_ms + PROOF_AGAIN_MS, now_ms))
        return;
    if (is_due(push->step_ms + ANEW_MS, now_ms))
        send_invitation(push, now_ms);
    else
        send_text(push, push->proof, now_ms);
}

static void look_at_the_time(struct push *push, uint32_t now_ms)
{
    if (push->state == PUSH_DONE)
        return;
    if (is_due(push->step_ms + patience_ms(push), now_ms))
        finish(push, silence(push));
    else
        say_again(push, now_ms);
}

uint32_t push_deadline(const struct push *push)
{
    const uint32_t end_ms = push->step_ms + patience_ms(push);
    uint32_t again_ms = end_ms;

    if (push->state == PUSH_INVITING)
        again_ms = push->datagram_ms + AGAIN_MS;
    else if (push->state == PUSH_AUTHENTICATING)
        again_ms = push->datagram_ms + PROOF_AGAIN_MS;
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
        finish_with_errno(push, PUSH_NO_LISTENER);
    else if (!open_udp(push))
        finish_with_errno(push, PUSH_NO_ROUTE);
    else
        invite(push, now_ms);
}

void push_service(struct push *push, uint32_t now_ms)
{
    receive_datagrams(push, now_ms);
    /* A device that connects has accepted, even if its "OK" was lost. */
    if (push->state < PUSH_SENDING)
        accept_device(push, now_ms);
    if (push->state == PUSH_SENDING || push->state == PUSH_FINISHING)
        receive_result(push);
    if (push->state == PUSH_SENDING)
        send_image(push, now_ms);
    if (push->state == PUSH_SENDING || push->state == PUSH_FINISHING) {
        look_at_progress(push, now_ms);
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
        finish(push, PUSH_CANCELLED);
}
