/* What strangers announce by mDNS, once the library has taken it off the wire: who comes,
 * who leaves, and what they say of themselves, which goes into what has room for so many
 * texts and so much.
 *
 * Input: records (records.h), an event each: a letter, a digit for the interface, a name.
 *   N…  appears      R…  disappears
 *   F…  says what it is: behind the name its host, address and texts, parted by UNIT_END */
#include "fuzz.h"

#include "records.h"

#include <avahi-common/domain.h>

#include "host/mdns_browse.c" /* what is called from the library is static */

#define INPUT_MAX   8192u
#define RECORDS_MAX 24u
#define UNITS_MAX   12u
#define UNIT_END    0x1f /* ASCII's unit separator */

/* ---- what stands for the library's questions about one device ---- */

static unsigned questions;

AvahiSServiceResolver *avahi_s_service_resolver_new(AvahiServer *server, AvahiIfIndex interface,
                                                    AvahiProtocol protocol, const char *name,
                                                    const char *type, const char *domain,
                                                    AvahiProtocol wanted, AvahiLookupFlags flags,
                                                    AvahiSServiceResolverCallback callback,
                                                    void *ctx)
{
    (void)server, (void)interface, (void)protocol, (void)type, (void)domain, (void)flags;
    require(wanted == AVAHI_PROTO_INET && callback == resolved && ctx != NULL && name != NULL);
    questions++;
    return malloc(1); /* so that it is seen when it is freed twice, or never */
}

void avahi_s_service_resolver_free(AvahiSServiceResolver *resolver)
{
    questions--;
    free(resolver);
}

/* ---- what must hold ---- */

struct seen {
    struct mdns_browser *browser;
    unsigned found;
};

static void found(void *ctx, const struct mdns_device *device)
{
    ((struct seen *)ctx)->found++;
    require(memchr(device->name, '\0', sizeof device->name) != NULL);
    require(memchr(device->host, '\0', sizeof device->host) != NULL);
    require(memchr(device->address, '\0', sizeof device->address) != NULL);
    require(device->text_count <= MDNS_TEXTS_MAX);
    for (size_t i = 0; i < device->text_count; i++)
        require(memchr(device->texts[i], '\0', MDNS_TEXT_MAX) != NULL);
    const char *board = mdns_text(device, "board");
    require(board == NULL || strlen(board) < MDNS_TEXT_MAX);
    (void)mdns_text(device, "");
}

static void lost(void *ctx, const char *name)
{
    const struct seen *seen = ctx;

    require(name != NULL && !is_sighted(seen->browser, name));
}

/* ---- events ---- */

/* The library's texts are NUL-terminated; records may hold such bytes. */
static const char *text_of(const struct record *record, char *text, size_t size)
{
    const size_t length = record->length < size ? record->length : size - 1;

    if (length > 0)
        memcpy(text, record->bytes, length);
    text[length] = '\0';
    return text;
}

/* An IPv4 address of what there is of it, or an IPv6 one where there is more. */
static AvahiAddress address_of(const struct record *record)
{
    AvahiAddress address = {.proto = AVAHI_PROTO_INET};
    const bool is_v6 = record->length > 4;
    const size_t room = is_v6 ? sizeof address.data.ipv6 : sizeof address.data.ipv4;

    address.proto = is_v6 ? AVAHI_PROTO_INET6 : AVAHI_PROTO_INET;
    if (record->length > 0)
        memcpy(&address.data, record->bytes, record->length < room ? record->length : room);
    return address;
}

/* It is asked for by who is sighted, or by nobody any more. */
static void resolve(struct seen *seen, AvahiIfIndex interface, const struct record *said)
{
    struct record units[UNITS_MAX] = {{NULL, 0}};
    char name[AVAHI_LABEL_MAX], host[AVAHI_DOMAIN_NAME_MAX];
    AvahiStringList *texts = NULL;
    const uint32_t count = split_at(said->bytes, said->length, UNIT_END, units, UNITS_MAX);

    text_of(&units[0], name, sizeof name);
    struct sighting *sighting = *find(seen->browser, interface, AVAHI_PROTO_INET, name);
    if (sighting == NULL)
        return;
    for (uint32_t i = 3; i < count; i++)
        texts = avahi_string_list_add_arbitrary(texts, units[i].bytes, units[i].length);
    const AvahiAddress address = address_of(&units[2]);
    const unsigned before = seen->found;
    const AvahiResolverEvent event =
        count > 1 ? AVAHI_RESOLVER_FOUND : AVAHI_RESOLVER_FAILURE; /* nothing is known of it */
    resolved(sighting->resolver, interface, AVAHI_PROTO_INET, event, name, SERVICE_TYPE, "local",
             text_of(&units[1], host, sizeof host), &address, (uint16_t)said->length, texts, 0,
             sighting);
    require(seen->found == before + (count > 1));
    avahi_string_list_free(texts);
}

static AvahiBrowserEvent event_of(uint8_t letter)
{
    if (letter == 'N')
        return AVAHI_BROWSER_NEW;
    return letter == 'R' ? AVAHI_BROWSER_REMOVE : AVAHI_BROWSER_CACHE_EXHAUSTED;
}

static void happen(struct seen *seen, const struct record *record)
{
    char name[AVAHI_LABEL_MAX];

    if (record->length < 2)
        return;
    const AvahiIfIndex interface = record->bytes[1] % 4;
    const struct record rest = {record->bytes + 2, record->length - 2};
    if (record->bytes[0] == 'F')
        resolve(seen, interface, &rest);
    else
        browsed(NULL, interface, AVAHI_PROTO_INET, event_of(record->bytes[0]),
                text_of(&rest, name, sizeof name), SERVICE_TYPE, "local", 0, seen->browser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record records[RECORDS_MAX];
    struct seen seen = {0};

    if (size > INPUT_MAX)
        return 0;
    seen.browser = calloc(1, sizeof *seen.browser);
    require(seen.browser != NULL);
    seen.browser->events = (struct mdns_events){.ctx = &seen, .found = found, .lost = lost};
    const uint32_t count = records_split(data, size, records, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        happen(&seen, &records[i]);
    mdns_browser_free(seen.browser);
    require(questions == 0);
    return 0;
}
