/* Sending the image over the connection that the device has opened. */
#include "host/push_state.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SEND_TURN 65536u /* bytes in one service, to be fair to others in the loop */

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
void push_accept_device(struct push *push, uint32_t now_ms)
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
    push_close_socket(&push->listener);
    push_enter(push, PUSH_SENDING, now_ms);
}

/* What is not sent yet, and not acknowledged. */
void push_look_at_progress(struct push *push, uint32_t now_ms)
{
    int waiting = 0;

    if (ioctl(push->tcp, SIOCOUTQ, &waiting) != 0 || waiting < 0 || (size_t)waiting > push->sent)
        return;
    if (push->sent - (size_t)waiting > push->done) {
        push->done = push->sent - (size_t)waiting;
        push->step_ms = now_ms;
    }
}

void push_send_image(struct push *push, uint32_t now_ms)
{
    const struct push_image *image = push->config.image;
    size_t turn = SEND_TURN;

    while (push->sent < image->length && turn > 0) {
        const size_t left = image->length - push->sent;
        const ssize_t sent =
            send(push->tcp, image->data + push->sent, left < turn ? left : turn, MSG_NOSIGNAL);
        if (sent < 0 && !push_would_block())
            push_finish(push, PUSH_BROKEN);
        if (sent < 0)
            return;
        push->sent += (size_t)sent;
        turn -= (size_t)sent;
    }
    if (push->sent == image->length)
        push_enter(push, PUSH_FINISHING, now_ms);
}

static void result_received(struct push *push)
{
    if (push->result.state == PUSH_RESULT_ERROR) {
        push_finish_with_words(push, PUSH_FAILED, push_result_number(&push->result),
                               push_result_text(&push->result));
    } else if (push->state == PUSH_FINISHING) {
        push->done = push->sent;
        push_finish(push, PUSH_OK);
    } else {
        push_finish_with_words(push, PUSH_BAD_ANSWER, -1, "OK before it had the whole image");
    }
}

/* Before anything is sent, so that an error is read even where the connection is
 * about to break. */
void push_receive_result(struct push *push)
{
    char data[PUSH_DATAGRAM_MAX];
    ssize_t length;

    while ((length = recv(push->tcp, data, sizeof data, 0)) > 0)
        push_result_add(&push->result, data, (size_t)length);
    const bool is_closed = length == 0 || !push_would_block();
    if (is_closed)
        push_result_end(&push->result);
    if (push->result.state != PUSH_RESULT_NONE)
        result_received(push);
    else if (is_closed)
        push_finish(push, push->state == PUSH_FINISHING ? PUSH_GONE : PUSH_BROKEN);
}
