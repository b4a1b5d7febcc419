/* Uploading an image to one device over the air, as espota.py does: the uploader's
 * side of what device/include/updraft/espota.h draws.
 *
 * Nothing blocks. A loop serves any number of uploads:
 *
 *   push_open(&push, &config, now_ms);
 *   while (push.state != PUSH_DONE) {
 *       wait for the sockets of push_poll(), until push_deadline()
 *       push_service(&push, now_ms);
 *   }
 *   push_close(&push);
 *   look at push.outcome
 *
 * Datagrams that get lost are sent again. The image is sent ahead, as much as TCP
 * takes, so that the time to the device and back does not set the speed. Time is
 * any millisecond counter that wraps at 2^32.
 */
#ifndef HOST_PUSH_H
#define HOST_PUSH_H

#include "host/push_answer.h"
#include "updraft/target.h"
#include "updraft/updater.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PUSH_TIMEOUT_MS 10000u
#define PUSH_RESULT_MS  60000u /* for the device to check the whole image */
#define PUSH_SOCKETS    2u

struct push_image {
    const uint8_t *data;
    size_t length; /* fits in 32 bits */
    enum ud_command command;
    char md5[UD_UPDATER_MD5_TEXT];
};

/* Fills in the digest. */
void push_image_init(struct push_image *image, enum ud_command command, const uint8_t *data,
                     size_t length);

struct push_address {
    struct sockaddr_storage socket; /* of the device, with its UDP port */
    socklen_t length;
};

/* Texts and image must outlive the upload. */
struct push_config {
    const struct push_image *image;
    struct push_address device;
    const char *password; /* null: none is known */
    const char *bind_to;  /* numeric address the device connects to; null: any */
    uint16_t listen_port; /* TCP, for the device to connect to; 0: any */
    uint32_t timeout_ms;  /* of each step but the last; 0: PUSH_TIMEOUT_MS */
    bool md5_first;       /* SHA-256 devices: try the password's MD5 before its SHA-256 */
};

enum push_state {
    PUSH_INVITING,
    PUSH_AUTHENTICATING, /* the proof is sent */
    PUSH_ACCEPTED,       /* the device is to connect */
    PUSH_SENDING,
    PUSH_FINISHING, /* all is sent; the result is awaited */
    PUSH_DONE,
};

enum push_outcome {
    PUSH_PENDING,
    PUSH_OK,
    PUSH_NO_LISTENER,    /* error: errno; the port for the device cannot be had */
    PUSH_NO_ROUTE,       /* error: errno; datagrams cannot be sent there */
    PUSH_PORT_CLOSED,    /* something is there, but takes no uploads on that port */
    PUSH_NO_ANSWER,      /* to the invitation */
    PUSH_BAD_ANSWER,     /* words: something else than the protocol's */
    PUSH_PASSWORD_ASKED, /* and none is known */
    PUSH_PASSWORD_WRONG,
    PUSH_NO_VERDICT,    /* no answer to the proof of the password */
    PUSH_REFUSED,       /* number, words: the device did not begin */
    PUSH_NO_CONNECTION, /* accepted, but the device did not connect */
    PUSH_STALLED,       /* the device takes no more bytes */
    PUSH_BROKEN,        /* the connection broke before all was sent */
    PUSH_FAILED,        /* number, words: the device did not take the image */
    PUSH_NO_RESULT,     /* all was sent, and the device fell silent */
    PUSH_GONE,          /* all was sent, and the device closed without a result */
    PUSH_CANCELLED,
};

struct push {
    struct push_config config;
    enum push_state state;
    enum push_outcome outcome;
    int error;
    int number; /* of the device's error; -1: none */
    char words[PUSH_WORDS_MAX];

    /* For who watches. */
    bool was_challenged;
    bool uses_sha256;      /* the challenge was */
    bool retries_with_md5; /* the password's SHA-256 was refused */
    size_t done;           /* bytes the device has acknowledged */

    /* Private. */
    int udp;
    int listener;
    int tcp;
    uint16_t port;
    size_t sent;
    uint32_t step_ms;     /* when this step began, or last came forward */
    uint32_t datagram_ms; /* when the last datagram was sent */
    uint32_t look_ms;     /* when progress was looked at */
    char proof[2 * UD_ESPOTA_HEX_TEXT + 8];
    char nonce[UD_ESPOTA_HEX_TEXT]; /* the proof is for */
    struct push_result result;
};

/* Opens the sockets and sends the invitation. Whatever fails shows in outcome. */
void push_open(struct push *push, const struct push_config *config, uint32_t now_ms);

/* Does what can be done without waiting. */
void push_service(struct push *push, uint32_t now_ms);

/* Fills in what to wait for; returns how many entries, at most PUSH_SOCKETS. */
size_t push_poll(const struct push *push, struct pollfd entries[PUSH_SOCKETS]);

/* When to look again at the latest. */
uint32_t push_deadline(const struct push *push);

/* Closes the sockets; an upload under way is cancelled. */
void push_close(struct push *push);

/* ---- push_proof.c ---- */

/* "200 <cnonce> <response>\n" for a challenge: cnonce has as many digits as nonce.
 * by_md5: with SHA-256, from the password's MD5. */
void push_proof(const char *nonce, const char *cnonce, const char *password, bool by_md5,
                char proof[2 * UD_ESPOTA_HEX_TEXT + 8]);

/* ---- push_words.c ---- */

#define PUSH_EXPLANATION_MAX 512u

/* What became of it and what to try, as a clause without a full stop. */
void push_explain(const struct push *push, char text[PUSH_EXPLANATION_MAX]);

#endif
