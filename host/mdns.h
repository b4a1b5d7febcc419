/* Devices on the local network by mDNS: announcing them, and finding them. Avahi's
 * own responder runs in this process; no daemon is needed, and one does no harm.
 */
#ifndef HOST_MDNS_H
#define HOST_MDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDNS_NAME_MAX  64u /* bytes of a label, NUL included */
#define MDNS_TEXTS_MAX 8u
#define MDNS_TEXT_MAX  256u

/* ---- mdns_publish.c ---- */

struct mdns_service {
    char name[MDNS_NAME_MAX]; /* of host and service, without ".local" */
    const char *address;      /* IPv4 of the interface it is on; "0.0.0.0": all */
    uint16_t port;            /* UDP, of uploads; 0: it takes none */
    uint16_t page_port;       /* TCP, of a page for browsers; 0: it has none */
    size_t text_count;
    char texts[MDNS_TEXTS_MAX][MDNS_TEXT_MAX]; /* key=value */
};

struct mdns_publisher;

/* Announces uploads (_arduino._tcp) and pages (_http._tcp, without texts) from a thread
 * of its own until freed.
 * A name that somebody has already becomes "name-2" and so on. Null when there is
 * no interface that could carry it, or the responder does not start: *why says so,
 * without a full stop. */
struct mdns_publisher *mdns_publish(const struct mdns_service *services, size_t count,
                                    const char **why);

/* Says good-bye for all of them. Null is fine. */
void mdns_publisher_free(struct mdns_publisher *publisher);

/* ---- mdns_browse.c ---- */

struct mdns_device {
    char name[MDNS_NAME_MAX];
    char host[256];   /* "kitchen.local" */
    char address[64]; /* numeric; IPv6 with its scope */
    uint16_t port;
    size_t text_count;
    char texts[MDNS_TEXTS_MAX][MDNS_TEXT_MAX]; /* key=value */
};

/* The value of a key, or null. */
const char *mdns_text(const struct mdns_device *device, const char *key);

struct mdns_events {
    void *ctx;
    /* A device, or news of one that has been found before. */
    void (*found)(void *ctx, const struct mdns_device *device);
    void (*lost)(void *ctx, const char *name);
    void (*readable)(void *ctx); /* the descriptor given to mdns_browse(); may be null */
};

struct mdns_browser;

/* Starts to look for devices that take uploads. fd, if not -1, is watched too.
 * Null and *why as above. */
struct mdns_browser *mdns_browse(const struct mdns_events *events, int fd, const char **why);

/* Lets things happen, at most that long; -1: until one does. False when it cannot
 * go on. */
bool mdns_browser_step(struct mdns_browser *browser, int timeout_ms);

/* Null is fine. */
void mdns_browser_free(struct mdns_browser *browser);

#endif
