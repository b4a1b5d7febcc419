#include "host/tls_ask.h"

#include "device/port/bearssl/tls.h"
#include "host/tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 16384u

/* Everything a conversation needs. */
struct talk {
    const struct tls_ask *ask;
    struct tls_asked *asked;
    int socket;
    size_t sent; /* of the request */
    struct ud_tls tls;
    struct ud_bearssl_trust trust;
    struct ud_bearssl_tls session;
    uint8_t send_buffer[UD_BEARSSL_TLS_SEND_MIN];
    uint8_t receive_buffer[RECORD_MAX + UD_BEARSSL_TLS_OVERHEAD];
};

static void note_trouble(struct talk *talk)
{
    talk->asked->socket = errno == EAGAIN ? "the other end fell silent" : strerror(errno);
}

static bool send_some(struct talk *talk)
{
    uint32_t length;
    const void *bytes = talk->tls.methods->send_buffer(talk->tls.ctx, &length);
    const ssize_t sent = send(talk->socket, bytes, length, MSG_NOSIGNAL);

    if (sent < 0) {
        note_trouble(talk);
        return false;
    }
    talk->tls.methods->sent(talk->tls.ctx, (uint32_t)sent);
    return true;
}

static bool receive_some(struct talk *talk)
{
    uint32_t room;
    void *record = talk->tls.methods->receive_buffer(talk->tls.ctx, &room);
    const ssize_t received = recv(talk->socket, record, room, 0);

    if (received < 0)
        note_trouble(talk);
    if (received == 0)
        talk->asked->socket = "the other end closed the connection without a good-bye";
    if (received > 0)
        talk->tls.methods->received(talk->tls.ctx, (uint32_t)received);
    return received > 0;
}

static void write_some(struct talk *talk)
{
    const size_t left = strlen(talk->ask->request) - talk->sent;
    uint32_t room;
    void *record = talk->tls.methods->write_buffer(talk->tls.ctx, &room);
    const uint32_t count = left < room ? (uint32_t)left : room;

    talk->asked->shook_hands = true;
    memcpy(record, talk->ask->request + talk->sent, count);
    talk->tls.methods->written(talk->tls.ctx, count);
    talk->tls.methods->flush(talk->tls.ctx);
    talk->sent += count;
}

static void read_some(struct talk *talk)
{
    uint32_t length;
    const void *bytes = talk->tls.methods->read_buffer(talk->tls.ctx, &length);

    talk->asked->received += length;
    if (talk->ask->take != NULL)
        talk->ask->take(talk->ask->ctx, bytes, length);
    talk->tls.methods->read(talk->tls.ctx, length);
}

/* One thing after the other. False at the end. */
static bool step(struct talk *talk)
{
    const unsigned want = talk->tls.methods->want(talk->tls.ctx);

    if (want & UD_TLS_SEND)
        return send_some(talk);
    if (want & UD_TLS_CLOSED)
        return false;
    if (want & UD_TLS_READ)
        read_some(talk);
    else if ((want & UD_TLS_WRITE) && talk->ask->request[talk->sent] != '\0')
        write_some(talk);
    else
        return receive_some(talk);
    return true;
}

static int run(struct talk *talk)
{
    const struct tls_ask *ask = talk->ask;
    const struct ud_bearssl_tls_config config = {
        .receive_buffer = talk->receive_buffer,
        .receive_size = ask->record + UD_BEARSSL_TLS_OVERHEAD,
        .send_buffer = talk->send_buffer,
        .send_size = sizeof talk->send_buffer,
        .trust = &talk->trust,
        .whom = ask->whom,
    };
    uint8_t seed[UD_BEARSSL_TLS_SEED];

    if (ask->record > RECORD_MAX || getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return UD_ERR_ARGUMENT;
    int error = ud_bearssl_tls_init(&talk->session, &config, seed);
    talk->tls = ud_bearssl_tls(&talk->session);
    if (error == UD_OK)
        error = talk->tls.methods->begin(talk->tls.ctx, ask->host);
    if (error != UD_OK)
        return error;
    while (step(talk))
        ;
    error = talk->tls.methods->error(talk->tls.ctx);
    talk->asked->is_whole = error == UD_OK && talk->asked->socket == NULL;
    if (error == UD_OK && talk->asked->socket != NULL)
        return UD_ERR_HTTP_CONNECT;
    return error;
}

int tls_ask(const struct tls_ask *ask, struct tls_asked *asked)
{
    struct talk talk = {.ask = ask, .asked = asked};

    memset(asked, 0, sizeof *asked);
    talk.socket = tcp_connect(ask->host, ask->port, ask->seconds, &asked->socket);
    if (talk.socket < 0)
        return UD_ERR_HTTP_CONNECT;
    const int error = run(&talk);
    close(talk.socket);
    return error;
}
