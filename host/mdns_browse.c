#include "host/mdns.h"

#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/lookup.h>

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_TYPE "_arduino._tcp"

/* A service on one interface, which is asked for its address until it leaves. */
struct sighting {
    struct mdns_browser *browser;
    struct sighting *next;
    AvahiSServiceResolver *resolver;
    AvahiIfIndex interface;
    AvahiProtocol protocol;
    char name[MDNS_NAME_MAX];
};

struct mdns_browser {
    struct mdns_events events;
    AvahiSimplePoll *poll;
    AvahiServer *server;
    AvahiSServiceBrowser *services;
    AvahiWatch *watch;
    struct sighting *sightings;
};

const char *mdns_text(const struct mdns_device *device, const char *key)
{
    const size_t length = strlen(key);

    for (size_t i = 0; i < device->text_count; i++)
        if (strncmp(device->texts[i], key, length) == 0 && device->texts[i][length] == '=')
            return device->texts[i] + length + 1;
    return NULL;
}

/* ---- what is found ---- */

/* Link-local IPv6 addresses mean nothing without their interface. */
static void print_address(char *out, size_t size, const AvahiAddress *address,
                          AvahiIfIndex interface)
{
    char text[AVAHI_ADDRESS_STR_MAX], name[IF_NAMESIZE];

    avahi_address_snprint(text, sizeof text, address);
    if (address->proto == AVAHI_PROTO_INET6 && address->data.ipv6.address[0] == 0xfe &&
        if_indextoname((unsigned)interface, name) != NULL)
        snprintf(out, size, "%s%%%s", text, name);
    else
        snprintf(out, size, "%s", text);
}

/* Keys and values of strangers; what does not fit is left out. */
static void copy_texts(struct mdns_device *device, AvahiStringList *texts)
{
    for (; texts != NULL && device->text_count < MDNS_TEXTS_MAX;
         texts = avahi_string_list_get_next(texts)) {
        const size_t size = avahi_string_list_get_size(texts);
        if (size < MDNS_TEXT_MAX)
            snprintf(device->texts[device->text_count++], MDNS_TEXT_MAX, "%.*s", (int)size,
                     (const char *)avahi_string_list_get_text(texts));
    }
}

static void resolved(AvahiSServiceResolver *resolver, AvahiIfIndex interface,
                     AvahiProtocol protocol, AvahiResolverEvent event, const char *name,
                     const char *type, const char *domain, const char *host,
                     const AvahiAddress *address, uint16_t port, AvahiStringList *texts,
                     AvahiLookupResultFlags flags, void *ctx)
{
    const struct sighting *sighting = ctx;
    const struct mdns_events *events = &sighting->browser->events;
    struct mdns_device device = {.port = port};

    (void)resolver, (void)protocol, (void)type, (void)domain, (void)flags;
    if (event != AVAHI_RESOLVER_FOUND)
        return;
    snprintf(device.name, sizeof device.name, "%s", name);
    snprintf(device.host, sizeof device.host, "%s", host);
    print_address(device.address, sizeof device.address, address, interface);
    copy_texts(&device, texts);
    events->found(events->ctx, &device);
}

/* ---- what comes and goes ---- */

static struct sighting **find(struct mdns_browser *browser, AvahiIfIndex interface,
                              AvahiProtocol protocol, const char *name)
{
    struct sighting **link = &browser->sightings;

    while (*link != NULL && ((*link)->interface != interface || (*link)->protocol != protocol ||
                             strcmp((*link)->name, name) != 0))
        link = &(*link)->next;
    return link;
}

static bool is_sighted(const struct mdns_browser *browser, const char *name)
{
    for (const struct sighting *i = browser->sightings; i != NULL; i = i->next)
        if (strcmp(i->name, name) == 0)
            return true;
    return false;
}

static void free_sighting(struct sighting **link)
{
    struct sighting *sighting = *link;

    *link = sighting->next;
    if (sighting->resolver != NULL)
        avahi_s_service_resolver_free(sighting->resolver);
    free(sighting);
}

static void appeared(struct mdns_browser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
                     const char *name)
{
    struct sighting *sighting = calloc(1, sizeof *sighting);

    if (sighting == NULL)
        return;
    *sighting = (struct sighting){browser, browser->sightings, NULL, interface, protocol, ""};
    snprintf(sighting->name, sizeof sighting->name, "%s", name);
    browser->sightings = sighting;
    /* Uploads go over IPv4, which is all the originals know. */
    sighting->resolver =
        avahi_s_service_resolver_new(browser->server, interface, protocol, name, SERVICE_TYPE, NULL,
                                     AVAHI_PROTO_INET, 0, resolved, sighting);
}

static void browsed(AvahiSServiceBrowser *services, AvahiIfIndex interface, AvahiProtocol protocol,
                    AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
                    AvahiLookupResultFlags flags, void *ctx)
{
    struct mdns_browser *browser = ctx;

    (void)services, (void)type, (void)domain, (void)flags;
    if (event == AVAHI_BROWSER_NEW)
        appeared(browser, interface, protocol, name);
    if (event != AVAHI_BROWSER_REMOVE)
        return;
    struct sighting **link = find(browser, interface, protocol, name);
    if (*link == NULL)
        return;
    free_sighting(link);
    if (!is_sighted(browser, name))
        browser->events.lost(browser->events.ctx, name);
}

/* ---- life ---- */

/* What fails is told by results; its other remarks are no user's business. */
static void stay_silent(AvahiLogLevel level, const char *text)
{
    (void)level;
    (void)text;
}

static void server_changed(AvahiServer *server, AvahiServerState state, void *ctx)
{
    (void)server, (void)state, (void)ctx;
}

static void readable(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *ctx)
{
    const struct mdns_browser *browser = ctx;

    (void)watch, (void)fd, (void)event;
    browser->events.readable(browser->events.ctx);
}

static int open_browser(struct mdns_browser *browser, int fd)
{
    AvahiServerConfig config;
    int error = AVAHI_ERR_NO_MEMORY;

    browser->poll = avahi_simple_poll_new();
    if (browser->poll == NULL)
        return error;
    const AvahiPoll *poll = avahi_simple_poll_get(browser->poll);
    avahi_set_log_function(stay_silent);
    avahi_server_config_init(&config);
    config.disable_publishing = 1;
    browser->server = avahi_server_new(poll, &config, server_changed, NULL, &error);
    avahi_server_config_free(&config);
    if (browser->server == NULL)
        return error;
    browser->services =
        avahi_s_service_browser_new(browser->server, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC,
                                    SERVICE_TYPE, NULL, 0, browsed, browser);
    if (browser->services == NULL)
        return avahi_server_errno(browser->server);
    if (fd >= 0)
        browser->watch = poll->watch_new(poll, fd, AVAHI_WATCH_IN, readable, browser);
    return fd >= 0 && browser->watch == NULL ? AVAHI_ERR_NO_MEMORY : 0;
}

struct mdns_browser *mdns_browse(const struct mdns_events *events, int fd, const char **why)
{
    struct mdns_browser *browser = calloc(1, sizeof *browser);
    int error = AVAHI_ERR_NO_MEMORY;

    if (browser != NULL) {
        browser->events = *events;
        error = open_browser(browser, fd);
    }
    if (error == 0)
        return browser;
    *why = avahi_strerror(error);
    mdns_browser_free(browser);
    return NULL;
}

bool mdns_browser_step(struct mdns_browser *browser, int timeout_ms)
{
    return avahi_simple_poll_iterate(browser->poll, timeout_ms) == 0;
}

void mdns_browser_free(struct mdns_browser *browser)
{
    if (browser == NULL)
        return;
    while (browser->sightings != NULL)
        free_sighting(&browser->sightings);
    if (browser->services != NULL)
        avahi_s_service_browser_free(browser->services);
    if (browser->watch != NULL)
        avahi_simple_poll_get(browser->poll)->watch_free(browser->watch);
    if (browser->server != NULL)
        avahi_server_free(browser->server);
    if (browser->poll != NULL)
        avahi_simple_poll_free(browser->poll);
    free(browser);
}
