/* Updating from an HTTP server: the device asks, the server answers with an
 * image or "nothing new". ESPhttpUpdate's protocol as a sans-IO engine.
 *
 * The engine owns no socket, clock or thread. A driver loops:
 *
 *   while (!((want = ud_pull_want(p)) & UD_PULL_FINISHED)) {
 *       CONNECT       open TCP to ud_pull_endpoint(p); report ud_pull_connected()
 *                     or ud_pull_connection_failed()
 *       CLOSE_OTHERS  drop the device's other connections; ud_pull_others_closed()
 *       SEND          send from ud_pull_send_buffer(p); ud_pull_sent(p, n)
 *       RECEIVE       hand over what arrives: ud_pull_received(p, bytes, n), or
 *                     ud_pull_peer_closed(p)
 *       CLOSE         close the connection; report ud_pull_closed()
 *   }
 *   and calls ud_pull_tick() no later than ud_pull_deadline().
 *
 * Several things can be wanted at once. SEND comes with RECEIVE, for servers
 * that answer before they have read all; CLOSE_OTHERS comes with RECEIVE, when
 * an image is about to arrive, and is better done first. Bytes are never
 * wanted back: what is handed over has been taken.
 *
 * Every event may be reported at any time: one the engine did not want is
 * ignored. Time is any millisecond counter that wraps at 2^32. Before the first
 * begin the engine is FINISHED, with result FAILED and error UD_OK.
 */
#ifndef UPDRAFT_PULL_H
#define UPDRAFT_PULL_H

#include "updraft/error.h"
#include "updraft/updater.h"
#include "updraft/url.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_PULL_URL_MAX        256u /* bytes of a URL, NUL included; longer is refused */
#define UD_PULL_LINE_MAX       272u /* longest line looked at, and most that is sent at a time */
#define UD_PULL_VERSION_MAX    33u
#define UD_PULL_TIMEOUT_MS     8000u
#define UD_PULL_REDIRECT_LIMIT 10u
#define UD_PULL_RETRY_MAX_S    3600u /* the longest a server can have the device wait */
#define UD_PULL_HEAD_MAX       8192u /* bytes of one answer's head, interim ones included */
#define UD_PULL_HOST_MAX       64u   /* bytes of a host's name, NUL included */

/* What the device says of itself, as text the server compares. All pointers
 * must outlive the pull; null or empty leaves the header out. */
struct ud_pull_identity {
    uint32_t chip_id;    /* ESP8266 only */
    const char *sta_mac; /* "5C:CF:7F:00:00:01" */
    const char *ap_mac;
    uint32_t free_space; /* bytes a new firmware may have */
    uint32_t sketch_size;
    const char *sketch_md5;    /* 32 hexadecimal digits */
    const char *sketch_sha256; /* 64 digits, upper case; ESP32 only */
    uint32_t chip_size;        /* bytes of the real flash chip */
    const char *sdk_version;
    /* Ours, which stock devices do not send: "gzip" if compressed files are taken,
     * "keys=ID,ID" if only signed ones are, both with a space between;
     * docs/device-api.md. */
    const char *abilities;
};

enum ud_pull_mode { UD_PULL_SKETCH, UD_PULL_FILESYSTEM, UD_PULL_VERSION };

/* What becomes of redirects. Named by the program, so that firmware which follows none
 * links nothing for it. */
struct ud_pull_redirects;
extern const struct ud_pull_redirects ud_pull_follow; /* 301, 302, 303, 307, 308, to the limit */

struct ud_pull_config {
    enum ud_chip chip; /* which header set: x-ESP8266-… or x-ESP32-… */
    struct ud_pull_identity identity;
    struct ud_updater *updater; /* initialised; may be null in version mode */
    const char *version;        /* x-…-version; null or empty: not sent */
    const char *expected_md5;   /* overrides the server's x-MD5; may be null */
    const char *user;           /* Basic authorization when both are set */
    const char *password;
    const char *authorization; /* whole value of the header; used when those two are not set */
    enum ud_pull_mode mode;
    const struct ud_pull_redirects *redirects; /* &ud_pull_follow; null: a redirect is a wrong
                                                * status, as in the core by default */
    char *location;              /* UD_PULL_URL_MAX bytes for them, alive as long as the pull */
    uint8_t redirect_limit;      /* 0: UD_PULL_REDIRECT_LIMIT */
    uint32_t timeout_ms;         /* of silence, in every phase; 0: UD_PULL_TIMEOUT_MS */
    uint32_t filesystem_space;   /* bytes of the file system, for filesystem mode */
    bool auto_map;               /* layout chosen at boot: header sizes bind nobody */
    bool can_tls;                /* the driver can do https; else such URLs are refused */
    bool keep_alive;             /* Connection: keep-alive in place of close */
    bool keep_other_connections; /* do not ask for CLOSE_OTHERS */
};

enum ud_pull_result {
    UD_PULL_FAILED = 0,
    UD_PULL_NO_UPDATES = 1,
    UD_PULL_OK = 2,
    UD_PULL_KEYS = 3, /* the key ring has taken a key update. Nothing waits for a restart; what
                       * the identity tells of the ring is to be told anew, and the server to be
                       * asked again soon: it may have held back a release until now */
};

enum ud_pull_want {
    UD_PULL_CONNECT = 1 << 0,
    UD_PULL_SEND = 1 << 1,
    UD_PULL_RECEIVE = 1 << 2,
    UD_PULL_CLOSE = 1 << 3,
    UD_PULL_CLOSE_OTHERS = 1 << 4,
    UD_PULL_FINISHED = 1 << 5, /* alone: nothing more will be wanted */
};

struct ud_pull_endpoint {
    const char *host; /* NUL-terminated */
    uint16_t port;
    bool tls;
};

/* State; private, public only for its size. */
struct ud_pull {
    int error;
    uint8_t state;
    uint8_t result;
    uint8_t redirects_left;
    uint8_t field;        /* which field the last header line was, for folded ones */
    uint8_t length_state; /* of Content-Length */
    uint8_t md5_state;    /* of x-MD5 */
    uint8_t location_state;
    bool is_encoded;     /* the answer has a Transfer-Encoding */
    bool is_redirecting; /* connect again once closed */
    bool is_foreign;     /* a redirect has left the server the credentials are for */
    bool owns_session;   /* the updater's session is this pull's */
    bool wants_others_closed;
    bool line_overflowed; /* the line goes on beyond what is in `line` */
    uint16_t status;
    uint16_t retry_after_s;
    uint16_t head_bytes;
    uint16_t line_length; /* sending: of the bytes in `line`; receiving: of the line so far */
    uint16_t line_sent;
    struct ud_url parts; /* of url */
    uint8_t first_length;
    uint8_t first[4];      /* of the body, judged before the updater begins */
    uint32_t request_sent; /* bytes of the request that are, or were, in `line` */
    uint32_t content_length;
    uint32_t body_received;
    uint32_t last_event_ms;
    struct ud_pull_config config;
    uint8_t md5[UD_MD5_SIZE]; /* of the answer's x-MD5 */
    char available_version[UD_PULL_VERSION_MAX];
    const char *url; /* the caller's, or the location */
    union {
        char host[UD_PULL_HOST_MAX]; /* to connect to */
        char line[UD_PULL_LINE_MAX]; /* once connected: a piece of the request, then a line of
                                      * the answer */
    };
};

/* Checks and copies config. UD_ERR_ARGUMENT when something needed is missing,
 * expected_md5 is not 32 hexadecimal digits, or a text has control characters in
 * it. */
UD_MUST_CHECK int ud_pull_init(struct ud_pull *pull, const struct ud_pull_config *config);

/* Starts a pull of `url`: http://[user:password@]host[:port][/path], or https
 * where the driver can. It must stay as it is until the pull is FINISHED.
 * UD_ERR_HTTP_URL, also for spaces and control characters: the engine is then
 * FINISHED with that error. UD_ERR_BUSY while one runs, which goes on. */
UD_MUST_CHECK int ud_pull_begin(struct ud_pull *pull, const char *url, uint32_t now_ms);

/* What the engine waits for: a set of enum ud_pull_want. */
unsigned ud_pull_want(const struct ud_pull *pull);

/* Whom to connect to, while CONNECT is wanted. */
struct ud_pull_endpoint ud_pull_endpoint(const struct ud_pull *pull);

/* Bytes to send now, valid until the next event. */
const void *ud_pull_send_buffer(const struct ud_pull *pull, uint32_t *length);

/* Events. */
void ud_pull_connected(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_connection_failed(struct ud_pull *pull);
/* There is no connection (any more), for a reason of its own: one of UD_ERR_TLS*. */
void ud_pull_broken(struct ud_pull *pull, int error);
void ud_pull_sent(struct ud_pull *pull, uint32_t length, uint32_t now_ms);
void ud_pull_received(struct ud_pull *pull, const void *data, uint32_t length, uint32_t now_ms);
void ud_pull_peer_closed(struct ud_pull *pull);
void ud_pull_others_closed(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_closed(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_tick(struct ud_pull *pull, uint32_t now_ms);

/* Gives the pull up; the updater's session with it. CLOSE is wanted next. What
 * has succeeded already stays so. */
void ud_pull_abort(struct ud_pull *pull);

/* When tick must be called, as an absolute time: compare as
 * (int32_t)(deadline - now). Meaningless once FINISHED. */
uint32_t ud_pull_deadline(const struct ud_pull *pull);

/* Valid once FINISHED. The error is UD_OK unless the result is FAILED: one of
 * UD_ERR_HTTP_*, UD_ERR_ABORTED, or the updater's own. Silence while the image
 * arrives is UD_ERR_TIMEOUT, the updater's "Stream Read Timeout", as the core
 * reports it; in every other phase after the request UD_ERR_HTTP_TIMEOUT. */
enum ud_pull_result ud_pull_result(const struct ud_pull *pull);
int ud_pull_error(const struct ud_pull *pull);

/* Seconds after which the server wants to be asked again: what a 503 says in Retry-After, at
 * most UD_PULL_RETRY_MAX_S; 0: it does not say. For those that tell the ability `retry`
 * (docs/device-api.md) this is how a server spreads downloads, and no failure worth reporting,
 * although the result is FAILED and the error UD_ERR_HTTP_STATUS. */
uint32_t ud_pull_retry_s(const struct ud_pull *pull);

/* The server's x-version, or "". */
const char *ud_pull_available_version(const struct ud_pull *pull);

#endif
