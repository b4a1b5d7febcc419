/* What a stranger announces by mDNS, once the library has taken it off the wire: its
 * texts go into what has room for so many and so much. */
#include "fuzz.h"

#include "records.h"

#include <avahi-common/domain.h>

#include "host/mdns_browse.c" /* what is called from the library is static */

#define INPUT_MAX   8192u
#define RECORDS_MAX 24u

struct seen {
    unsigned count;
};

static void found(void *ctx, const struct mdns_device *device)
{
    ((struct seen *)ctx)->count++;
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

/* The library's texts are NUL-terminated; records may hold such bytes. */
static const char *text_of(const struct record *record, char *text, size_t size)
{
    const size_t length = record->length < size ? record->length : size - 1;

    if (length > 0)
        memcpy(text, record->bytes, length);
    text[length] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record records[RECORDS_MAX];
    struct seen seen = {0};
    struct mdns_browser browser = {.events = {.ctx = &seen, .found = found}};
    const struct sighting sighting = {.browser = &browser};
    char name[AVAHI_LABEL_MAX], host[AVAHI_DOMAIN_NAME_MAX];
    AvahiStringList *texts = NULL;
    AvahiAddress address = {.proto = AVAHI_PROTO_INET};

    if (size > INPUT_MAX)
        return 0;
    const uint32_t count = records_split(data, size, records, RECORDS_MAX);
    for (uint32_t i = 2; i < count; i++)
        texts = avahi_string_list_add_arbitrary(texts, records[i].bytes, records[i].length);
    address.data.ipv4.address = (uint32_t)size * 2654435761u;
    resolved(NULL, 0, AVAHI_PROTO_INET, AVAHI_RESOLVER_FOUND,
             text_of(&records[0], name, sizeof name), "", "",
             text_of(&records[count > 1], host, sizeof host), &address, (uint16_t)size, texts, 0,
             (void *)(uintptr_t)&sighting);
    require(seen.count == 1);
    avahi_string_list_free(texts);
    return 0;
}
