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
 * Every event may be reported at any time: one the engine did not want is
 * ignored. Time is any millisecond counter that wraps at 2^32.
 */
#ifndef UPDRAFT_PULL_H
#define UPDRAFT_PULL_H

#include "updraft/error.h"
#include "updraft/updater.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_PULL_URL_MAX 256u  /* bytes of a URL, NUL included; longer is refused */
#define UD_PULL_LINE_MAX 320u /* longest line sent, or looked at when received */
#define UD_PULL_VERSION_MAX 33u
#define UD_PULL_TIMEOUT_MS 8000u
#define UD_PULL_REDIRECT_LIMIT 10u

/* What the device says of itself, as text the server compares. All pointers
 * must outlive the pull; null or empty leaves the header out. */
struct ud_pull_identity {
    uint32_t chip_id;        /* ESP8266 only */
    const char *sta_mac;     /* "5C:CF:7F:00:00:01" */
    const char *ap_mac;
    uint32_t free_space;     /* bytes a new firmware may have */
    uint32_t sketch_size;
    const char *sketch_md5;  /* 32 hexadecimal digits */
    const char *sketch_sha256; /* 64 digits, upper case; ESP32 only */
    uint32_t chip_size;      /* bytes of the real flash chip */
    const char *sdk_version;
};

enum ud_pull_mode { UD_PULL_SKETCH, UD_PULL_FILESYSTEM, UD_PULL_VERSION };

enum ud_pull_redirects {
    UD_PULL_REDIRECTS_OFF,    /* a redirect is a wrong status, as in the core by default */
    UD_PULL_REDIRECTS_FOLLOW, /* 301, 302, 303, 307 and 308, up to the limit */
};

struct ud_pull_config {
    enum ud_chip chip; /* which header set: x-ESP8266-… or x-ESP32-… */
    struct ud_pull_identity identity;
    struct ud_updater *updater; /* initialised; may be null in version mode */
    const char *version;        /* x-…-version; null or empty: not sent */
    const char *expected_md5;   /* overrides the server's x-MD5; may be null */
    const char *user;           /* Basic authorization when both are set */
    const char *password;
    const char *authorization;  /* raw value; used when user and password are not */
    enum ud_pull_mode mode;
    enum ud_pull_redirects redirects;
    uint8_t redirect_limit;     /* 0: UD_PULL_REDIRECT_LIMIT */
    uint32_t timeout_ms;        /* of silence, in every phase; 0: UD_PULL_TIMEOUT_MS */
    uint32_t filesystem_space;  /* bytes of the file system, for filesystem mode */
    bool keep_alive;            /* Connection: keep-alive in place of close */
    bool keep_other_connections; /* do not ask for CLOSE_OTHERS */
};

enum ud_pull_result { UD_PULL_FAILED = 0, UD_PULL_NO_UPDATES = 1, UD_PULL_OK = 2 };

enum ud_pull_want {
    UD_PULL_CONNECT = 1 << 0,
    UD_PULL_SEND = 1 << 1,
    UD_PULL_RECEIVE = 1 << 2,
    UD_PULL_CLOSE = 1 << 3,
    UD_PULL_CLOSE_OTHERS = 1 << 4,
    UD_PULL_FINISHED = 1 << 5, /* alone: nothing more will be wanted */
};

struct ud_pull_endpoint {
    const char *host; /* NUL-terminated, valid until the next event */
    uint16_t port;
    bool tls;
};

/* State; private, public only for its size. */
struct ud_pull {
    struct ud_pull_config config;
    int error;
    uint8_t state;
    uint8_t result;
    uint8_t request_step;   /* which line of the request is being sent */
    uint8_t redirects_left;
    bool tls;
    bool is_http;           /* status line seen */
    bool has_length;
    bool has_location;
    bool has_md5;
    bool is_bad_md5;
    bool is_chunked;
    bool line_overflowed;
    uint16_t port;
    uint16_t status;
    uint16_t line_length;
    uint16_t line_sent;
    uint16_t path;          /* offset of the path in url */
    uint32_t content_length;
    uint32_t body_received;
    uint32_t last_event_ms;
    uint8_t first_length;
    uint8_t first[4];       /* of the body, judged before the updater begins */
    char md5[UD_UPDATER_MD5_TEXT];
    char available_version[UD_PULL_VERSION_MAX];
    char host[64];
    char url[UD_PULL_URL_MAX];
    char location[UD_PULL_URL_MAX];
    char line[UD_PULL_LINE_MAX];
};

/* Checks and copies config. UD_ERR_ARGUMENT when something needed is missing. */
UD_MUST_CHECK int ud_pull_init(struct ud_pull *pull, const struct ud_pull_config *config);

/* Starts a pull of `url` (http://host[:port]/path, or https where the driver
 * can). UD_ERR_HTTP_URL, also for control characters; UD_ERR_BUSY while one runs. */
UD_MUST_CHECK int ud_pull_begin(struct ud_pull *pull, const char *url, uint32_t now_ms);

/* What the engine waits for: a set of enum ud_pull_want. */
unsigned ud_pull_want(const struct ud_pull *pull);

struct ud_pull_endpoint ud_pull_endpoint(const struct ud_pull *pull);

/* Bytes to send now, valid until the next event. */
const void *ud_pull_send_buffer(const struct ud_pull *pull, uint32_t *length);

/* Events. */
void ud_pull_connected(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_connection_failed(struct ud_pull *pull);
void ud_pull_sent(struct ud_pull *pull, uint32_t length, uint32_t now_ms);
void ud_pull_received(struct ud_pull *pull, const void *data, uint32_t length, uint32_t now_ms);
void ud_pull_peer_closed(struct ud_pull *pull);
void ud_pull_others_closed(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_closed(struct ud_pull *pull, uint32_t now_ms);
void ud_pull_tick(struct ud_pull *pull, uint32_t now_ms);

/* Gives the pull up; the updater's session with it. */
void ud_pull_abort(struct ud_pull *pull);

/* When tick must be called, as an absolute time. Meaningless once FINISHED. */
uint32_t ud_pull_deadline(const struct ud_pull *pull);

/* Valid once FINISHED. */
enum ud_pull_result ud_pull_result(const struct ud_pull *pull);
int ud_pull_error(const struct ud_pull *pull);

/* The server's x-version, or "". */
const char *ud_pull_available_version(const struct ud_pull *pull);

#endif
