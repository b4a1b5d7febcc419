/* Updating from a web browser, or with any HTTP client: the device serves a page,
 * and takes the file that is sent to it. What ESP8266HTTPUpdateServer does, as a
 * sans-IO engine.
 *
 *   GET  /update                    the page
 *   GET  /update?info               what the device is, as JSON (docs/browser.md)
 *   POST /update                    multipart/form-data, as the page's form and curl -F
 *                                   send it: the file in a field "firmware" or
 *                                   "filesystem"; fields size, md5, sha256 if wanted
 *   PUT, POST /update               the file itself, as curl -T sends it; headers
 *                                   x-size, x-MD5, x-SHA256 if wanted
 *   PUT, POST /update?filesystem    the same for a file system
 *   OPTIONS /update
 *
 * A body has a Content-Length or comes in chunks. Every request ends its connection.
 *
 * struct ud_form is the device's, one; struct ud_form_client is one connection. A
 * driver has as many of those as it takes connections at a time (browsers like to
 * open a spare one), accepts while one is free, ud_form_open(), and serves what
 * ud_form_want() names for each:
 *
 *   SEND     send from ud_form_send_buffer(); ud_form_sent()
 *   RECEIVE  hand over what arrives: ud_form_received(); ud_form_peer_closed() when
 *            the other side will send no more
 *   CLOSE    close the connection; ud_form_closed()
 *   RESTART  the new image is committed and the answer is out: restart the device
 *
 * and calls ud_form_tick() no later than ud_form_deadline(). A connection that
 * breaks is ud_form_lost(). SEND and RECEIVE can be wanted together. Every event may
 * be reported at any time: one the engine did not want is ignored, and so are bytes
 * it did not want to receive. Time is any millisecond counter that wraps at 2^32.
 *
 * One update at a time, whichever way it comes in: the updater's session decides, and
 * who comes second gets a 503.
 */
#ifndef UPDRAFT_FORM_H
#define UPDRAFT_FORM_H

#include "updraft/digest.h"
#include "updraft/error.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_FORM_PATH       "/update"
#define UD_FORM_PATH_MAX   64u /* bytes, NUL included */
#define UD_FORM_TIMEOUT_MS 10000u
#define UD_FORM_SETTLE_MS  1000u /* for the other side to close first */
#define UD_FORM_HOLD_MS    1000u /* before a wrong password is answered */
#define UD_FORM_RATE_BYTES 1024u /* so many must move within each timeout */
#define UD_FORM_HEAD_MAX                                                                           \
    8192u                          /* bytes of a request's head; and of all that is in a           \
                                    * body beside the file */
#define UD_FORM_LINE_MAX      448u /* longest line looked at, and answer without its file */
#define UD_FORM_AUTHORITY_MAX 64u  /* bytes of a host and port */
#define UD_FORM_DELIMITER_MAX 75u  /* "\r\n--", 70 bytes of a boundary, NUL */
#define UD_FORM_RANDOM        16u

/* An answer from a page of the application's. All pointers stay valid until the
 * connection is closed. */
struct ud_form_answer {
    uint16_t status;
    bool is_gzip;
    const char *type; /* "text/html" */
    const void *body; /* never looked into: may be in memory only the driver can read */
    uint32_t length;
};

/* What the page shows of the device. Pointers must outlive the form. */
struct ud_form_about {
    const char *product; /* null or empty: not known */
    const char *version;
    uint32_t free_space;       /* bytes a new firmware may have: so many are asked of the
                                * updater for a file of unknown length */
    uint32_t filesystem_space; /* bytes of the file system; 0: has none */
};

/* A way to log in. Named by the program, so that firmware without it does not link it. */
struct ud_form_login;
extern const struct ud_form_login ud_form_digest_login;

struct ud_form_config {
    struct ud_updater *updater; /* initialised */
    const char *path;           /* null: UD_FORM_PATH */
    const void *page; /* gzip-compressed HTML: device/page makes ours; as answers' bodies */
    uint32_t page_length;
    /* Both set and not empty: asked for, with every request. They outlive the form. */
    const char *user;
    const char *password;
    /* Null: no SHA-256 of a file can be checked: a request that asks for it is refused. */
    const struct ud_digest_class *sha256;
    /* &ud_form_digest_login: passwords are proved by Digest authentication too, for which
     * sha256 must be there. Null: they come by Basic only, where they can be read. */
    const struct ud_form_login *digest_login;
    bool digest_only;    /* with digest_login: by nothing else */
    uint32_t timeout_ms; /* 0: UD_FORM_TIMEOUT_MS */
    struct ud_form_about about;
    /* Requests for all other paths: fills in an answer and returns true, or false for
     * a 404. Their bodies are not looked at. Null: "/" leads to the form's path. */
    bool (*other)(void *ctx, const char *method, const char *target, struct ud_form_answer *answer);
    void *ctx;
};

struct ud_form {
    struct ud_form_config config;
    uint8_t secret[UD_FORM_RANDOM];
    uint32_t boot;         /* a number that differs from one start of the device to the next */
    uint32_t nonce_number; /* of the nonce given out now */
    uint32_t count;        /* of that nonce's uses, as clients count: each is used once */
};

enum ud_form_want {
    UD_FORM_SEND = 1 << 0,
    UD_FORM_RECEIVE = 1 << 1,
    UD_FORM_CLOSE = 1 << 2,
    UD_FORM_RESTART = 1 << 3,
};

/* State; private, public only for its size. */
struct ud_form_client {
    struct ud_form *form;
    uint8_t state;
    uint8_t method;
    uint8_t resource;
    uint8_t credentials; /* what came of the Authorization */
    uint8_t host;        /* what is known of Host and Origin */
    uint8_t framing;     /* where in a chunk the body is */
    uint8_t part;        /* where in multipart data it is, */
    uint8_t kind;        /* what the part is, */
    uint8_t matched;     /* and bytes of the delimiter seen */
    uint16_t problem;    /* status to answer with once the head is complete; 0: none */
    bool has_request;    /* its first line has come */
    bool has_length;
    bool is_chunked;
    bool is_multipart;
    bool wants_continue;
    bool line_overflowed;
    bool has_size;
    bool in_file;      /* of this part some has come */
    bool has_file;     /* a session was begun for this request */
    bool owns_session; /* and it runs */
    bool is_committed;
    bool peer_is_done; /* will send no more */
    uint16_t line_length;
    uint16_t text_length; /* of the answer, before its body */
    uint32_t sent;        /* bytes of text and body */
    uint32_t head_bytes;
    uint32_t moved;     /* bytes since the deadline was last put off */
    uint32_t remaining; /* bytes of the body, or of this chunk */
    uint32_t left;      /* bytes of the body from those on that are at hand */
    uint32_t size;      /* as the client gives it */
    uint32_t deadline_ms;
    struct ud_form_answer answer;
    const struct ud_digest_class *expects; /* of the file; null: nothing */
    uint8_t digest[UD_DIGEST_MAX_SIZE];    /* that is to be */
    char authority[UD_FORM_AUTHORITY_MAX];
    char delimiter[UD_FORM_DELIMITER_MAX];
    char text[UD_FORM_LINE_MAX]; /* a line that arrives, then the answer */
};

/* Checks and copies config. `random` are unpredictable bytes, other ones at each start
 * of the device. UD_ERR_ARGUMENT when something needed is missing, the path does not
 * begin with '/' or is too long, or one of sha256, digest_login and
 * digest_only comes without the one before it that it needs. */
UD_MUST_CHECK int ud_form_init(struct ud_form *form, const struct ud_form_config *config,
                               const uint8_t random[UD_FORM_RANDOM]);

/* A connection was accepted; form must outlive it. */
void ud_form_open(struct ud_form_client *client, struct ud_form *form, uint32_t now_ms);

/* What the connection waits for: a set of enum ud_form_want. 0: nothing but time; or
 * it is closed, as one that is all zero. */
unsigned ud_form_want(const struct ud_form_client *client);

/* Bytes to send now, valid until the next event of this connection. */
const void *ud_form_send_buffer(const struct ud_form_client *client, uint32_t *length);

/* Events. */
void ud_form_sent(struct ud_form_client *client, uint32_t length, uint32_t now_ms);
void ud_form_received(struct ud_form_client *client, const void *data, uint32_t length,
                      uint32_t now_ms);
void ud_form_peer_closed(struct ud_form_client *client);
void ud_form_lost(struct ud_form_client *client);
void ud_form_closed(struct ud_form_client *client);
void ud_form_tick(struct ud_form_client *client, uint32_t now_ms);

/* When tick must be called, as an absolute time: compare as
 * (int32_t)(deadline - now). False: nothing is waited for. */
bool ud_form_deadline(const struct ud_form_client *client, uint32_t *deadline_ms);

#endif
