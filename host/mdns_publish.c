#include "host/mdns.h"

#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/publish.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPLOADS "_arduino._tcp"
#define PAGE    "_http._tcp"

struct entry {
    struct mdns_publisher *publisher;
    struct mdns_service service; /* name as it is now */
    AvahiSEntryGroup *group;
};

struct mdns_publisher {
    AvahiThreadedPoll *poll;
    AvahiServer *server;
    struct entry *entries;
    size_t count;
};

/* ---- records ---- */

/* Avahi keeps such lists backwards: what is added last comes last on the wire. */
static AvahiStringList *texts_of(const struct mdns_service *service)
{
    AvahiStringList *list = NULL;

    for (size_t i = 0; i < service->text_count; i++)
        list = avahi_string_list_add(list, service->texts[i]);
    return list;
}

static bool carries(const struct ifaddrs *interface, const struct mdns_service *service)
{
    const unsigned needed = IFF_UP | IFF_MULTICAST;
    struct in_addr wanted;

    if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != AF_INET ||
        (interface->ifa_flags & needed) != needed || (interface->ifa_flags & IFF_LOOPBACK) ||
        inet_pton(AF_INET, service->address, &wanted) != 1)
        return false;
    const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)interface->ifa_addr;
    return wanted.s_addr == htonl(INADDR_ANY) || wanted.s_addr == own->sin_addr.s_addr;
}

/* Host and services on one interface. 0, or an Avahi error. */
static int add_records(struct entry *entry, const struct ifaddrs *interface)
{
    const struct mdns_service *service = &entry->service;
    const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)interface->ifa_addr;
    const AvahiIfIndex index = (AvahiIfIndex)if_nametoindex(interface->ifa_name);
    AvahiAddress address = {.proto = AVAHI_PROTO_INET};
    AvahiServer *server = entry->publisher->server;
    char host[MDNS_NAME_MAX + 8];

    snprintf(host, sizeof host, "%s.local", service->name);
    address.data.ipv4.address = own->sin_addr.s_addr;
    /* Several devices share the address here: none of them is its reverse name. */
    const int error = avahi_server_add_address(server, entry->group, index, AVAHI_PROTO_INET,
                                               AVAHI_PUBLISH_NO_REVERSE, host, &address);
    if (error < 0)
        return error;
    AvahiStringList *texts = texts_of(service);
    int result = 0;
    if (service->port != 0)
        result = avahi_server_add_service_strlst(server, entry->group, index, AVAHI_PROTO_INET, 0,
                                                 service->name, UPLOADS, NULL, host, service->port,
                                                 texts);
    if (result >= 0 && service->page_port != 0)
        result = avahi_server_add_service_strlst(server, entry->group, index, AVAHI_PROTO_INET, 0,
                                                 service->name, PAGE, NULL, host,
                                                 service->page_port, NULL);
    avahi_string_list_free(texts);
    return result;
}

static int add_everywhere(struct entry *entry)
{
    struct ifaddrs *interfaces = NULL;
    int error = AVAHI_ERR_NO_NETWORK;

    if (getifaddrs(&interfaces) != 0)
        return error;
    for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next) {
        if (!carries(i, &entry->service))
            continue;
        error = add_records(entry, i);
        if (error < 0)
            break;
    }
    freeifaddrs(interfaces);
    return error < 0 ? error : avahi_s_entry_group_commit(entry->group);
}

static void take_another_name(struct entry *entry)
{
    char *name = avahi_alternative_host_name(entry->service.name);

    if (name == NULL)
        return;
    snprintf(entry->service.name, sizeof entry->service.name, "%s", name);
    avahi_free(name);
}

static int announce(struct entry *entry)
{
    int error;

    while ((error = add_everywhere(entry)) == AVAHI_ERR_COLLISION) { /* in this process */
        avahi_s_entry_group_reset(entry->group);
        take_another_name(entry);
    }
    return error;
}

/* Somebody else has the name. */
static void group_changed(AvahiServer *server, AvahiSEntryGroup *group, AvahiEntryGroupState state,
                          void *ctx)
{
    struct entry *entry = ctx;

    (void)server;
    if (state != AVAHI_ENTRY_GROUP_COLLISION)
        return;
    avahi_s_entry_group_reset(group);
    take_another_name(entry);
    (void)announce(entry);
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
    (void)server;
    (void)state;
    (void)ctx;
}

/* A responder for our own records only. */
static AvahiServer *new_server(const AvahiPoll *poll, int *error)
{
    AvahiServerConfig config;
    AvahiServer *server;

    avahi_set_log_function(stay_silent);
    avahi_server_config_init(&config);
    config.publish_hinfo = config.publish_addresses = 0;
    config.publish_workstation = config.publish_domain = 0;
    server = avahi_server_new(poll, &config, server_changed, NULL, error);
    avahi_server_config_free(&config);
    return server;
}

static int open_publisher(struct mdns_publisher *publisher, const struct mdns_service *services)
{
    int error = AVAHI_ERR_NO_MEMORY;

    publisher->poll = avahi_threaded_poll_new();
    publisher->entries = calloc(publisher->count, sizeof *publisher->entries);
    if (publisher->poll == NULL || publisher->entries == NULL)
        return error;
    publisher->server = new_server(avahi_threaded_poll_get(publisher->poll), &error);
    if (publisher->server == NULL)
        return error;
    for (size_t i = 0; i < publisher->count; i++) {
        struct entry *entry = &publisher->entries[i];
        *entry = (struct entry){.publisher = publisher, .service = services[i]};
        entry->group = avahi_s_entry_group_new(publisher->server, group_changed, entry);
        error = entry->group == NULL ? AVAHI_ERR_NO_MEMORY : announce(entry);
        if (error < 0)
            return error;
    }
    return avahi_threaded_poll_start(publisher->poll) == 0 ? 0 : AVAHI_ERR_FAILURE;
}

struct mdns_publisher *mdns_publish(const struct mdns_service *services, size_t count,
                                    const char **why)
{
    struct mdns_publisher *publisher = calloc(1, sizeof *publisher);
    int error = AVAHI_ERR_NO_MEMORY;

    if (publisher != NULL) {
        publisher->count = count;
        error = open_publisher(publisher, services);
    }
    if (error >= 0)
        return publisher;
    *why = avahi_strerror(error);
    mdns_publisher_free(publisher);
    return NULL;
}

void mdns_publisher_free(struct mdns_publisher *publisher)
{
    if (publisher == NULL)
        return;
    if (publisher->poll != NULL)
        avahi_threaded_poll_stop(publisher->poll);
    if (publisher->server != NULL)
        avahi_server_free(publisher->server); /* with its groups, and says good-bye */
    if (publisher->poll != NULL)
        avahi_threaded_poll_free(publisher->poll);
    free(publisher->entries);
    free(publisher);
}
