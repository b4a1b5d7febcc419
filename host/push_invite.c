/* Inviting a device to an upload, and proving that the password is known: datagrams. */
#include "host/push_state.h"

#include "updraft/hex.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define ANEW_MS 7000u /* after that the challenge is taken for lost */

static void send_text(struct push *push, const char *text, uint32_t now_ms)
{
    push->datagram_ms = now_ms;
    if (send(push->udp, text, strlen(text), MSG_NOSIGNAL) >= 0 || push_would_block())
        return;
    if (errno == ECONNREFUSED)
        push_finish(push, PUSH_PORT_CLOSED);
    else
        push_finish_with_errno(push, PUSH_NO_ROUTE);
}

static void send_invitation(struct push *push, uint32_t now_ms)
{
    const struct push_image *image = push->config.image;
    char text[PUSH_DATAGRAM_MAX];

    snprintf(text, sizeof text, "%d %u %zu %s\n", (int)image->command, (unsigned)push->port,
             image->length, image->md5);
    send_text(push, text, now_ms);
}

void push_invite(struct push *push, uint32_t now_ms)
{
    push_enter(push, PUSH_INVITING, now_ms);
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
        push_finish(push, PUSH_PASSWORD_ASKED);
        return;
    }
    memcpy(push->nonce, reply->nonce, sizeof push->nonce);
    make_cnonce(push->nonce, cnonce);
    push_proof(push->nonce, cnonce, push->config.password,
               push->retries_with_md5 != push->config.md5_first, push->proof);
    /* Patience begins anew only when the device has come forward. */
    if (push->state == PUSH_INVITING)
        push_enter(push, PUSH_AUTHENTICATING, now_ms);
    send_text(push, push->proof, now_ms);
}

/* A device with SHA-256 may keep the password's MD5, from before it had been
 * updated to that, or the other way round: both are tried. */
static void proof_refused(struct push *push, uint32_t now_ms)
{
    if (!push->uses_sha256 || push->retries_with_md5) {
        push_finish(push, PUSH_PASSWORD_WRONG);
        return;
    }
    push->retries_with_md5 = true;
    push_invite(push, now_ms);
}

static void reply_received(struct push *push, const struct push_reply *reply, uint32_t now_ms)
{
    switch (reply->kind) {
    case PUSH_REPLY_OK:
        push_enter(push, PUSH_ACCEPTED, now_ms);
        break;
    case PUSH_REPLY_CHALLENGE:
        answer_challenge(push, reply, now_ms);
        break;
    case PUSH_REPLY_REFUSED:
        if (push->state == PUSH_AUTHENTICATING)
            proof_refused(push, now_ms);
        break;
    case PUSH_REPLY_ERROR:
        push_finish_with_words(push, PUSH_REFUSED, reply->number, reply->words);
        break;
    case PUSH_REPLY_OTHER:
    default:
        push_finish_with_words(push, PUSH_BAD_ANSWER, -1, reply->words);
        break;
    }
}

void push_receive_datagrams(struct push *push, uint32_t now_ms)
{
    char data[PUSH_DATAGRAM_MAX];
    struct push_reply reply;

    while (push->state == PUSH_INVITING || push->state == PUSH_AUTHENTICATING) {
        const ssize_t length = recv(push->udp, data, sizeof data, 0);
        if (length < 0 && errno == ECONNREFUSED)
            push_finish(push, PUSH_PORT_CLOSED);
        if (length < 0)
            return;
        push_reply_decode(data, (size_t)length, &reply);
        reply_received(push, &reply, now_ms);
    }
}

/* The proof again, or, where the device may have given up, the invitation: an
 * original takes a second one for a reason to forget its challenge. */
void push_say_again(struct push *push, uint32_t now_ms)
{
    if (push->state == PUSH_INVITING && push_is_due(push->datagram_ms + PUSH_AGAIN_MS, now_ms))
        send_invitation(push, now_ms);
    if (push->state != PUSH_AUTHENTICATING ||
        !push_is_due(push->datagram_ms + PUSH_PROOF_AGAIN_MS, now_ms))
        return;
    if (push_is_due(push->step_ms + ANEW_MS, now_ms))
        send_invitation(push, now_ms);
    else
        send_text(push, push->proof, now_ms);
}
