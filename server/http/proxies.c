#include "server/http/proxies.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_SIZE   64 /* an IPv6 address, brackets, a port, and a NUL */
#define BITS_ALL     128u
#define BITS_MAPPED  96u /* of an IPv4 address in IPv6, before it */
#define IPV4_AT      12
#define LONGEST_BITS 3 /* digits */

static const uint8_t mapped[IPV4_AT] = {[10] = 0xff, [11] = 0xff};

/* False when it is no address. *is_ipv4: how it was written. */
static bool parse_address(const char *text, uint8_t address[16], bool *is_ipv4)
{
    *is_ipv4 = inet_pton(AF_INET, text, address + IPV4_AT) == 1;
    if (*is_ipv4)
        memcpy(address, mapped, sizeof mapped);
    return *is_ipv4 || inet_pton(AF_INET6, text, address) == 1;
}

static bool parse_bits(const char *text, unsigned *bits)
{
    const size_t length = strlen(text);

    if (length == 0 || length > LONGEST_BITS || strspn(text, "0123456789") != length)
        return false;
    *bits = (unsigned)strtoul(text, NULL, 10);
    return true;
}

static bool parse_network(char *text, struct http_network *network)
{
    char *slash = strchr(text, '/');
    unsigned bits = 0;
    bool is_ipv4;

    if (slash != NULL) {
        *slash = '\0';
        if (!parse_bits(slash + 1, &bits))
            return false;
    }
    if (!parse_address(text, network->address, &is_ipv4))
        return false;
    const unsigned before = is_ipv4 ? BITS_MAPPED : 0;
    network->bits = slash != NULL ? before + bits : BITS_ALL;
    return network->bits <= BITS_ALL;
}

/* Copies what is between `from` and `end` without the spaces around it. */
static bool copy_entry(const char *from, const char *end, char entry[ENTRY_SIZE])
{
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (from < end && isspace((unsigned char)end[-1]))
        end--;
    const size_t length = (size_t)(end - from);
    if (length == 0 || length >= ENTRY_SIZE)
        return false;
    memcpy(entry, from, length);
    entry[length] = '\0';
    return true;
}

bool http_proxies_parse(const char *text, struct http_proxies *proxies)
{
    char entry[ENTRY_SIZE];

    proxies->count = 0;
    for (;;) {
        const char *end = strchrnul(text, ',');
        if (proxies->count == HTTP_PROXIES_MAX || !copy_entry(text, end, entry) ||
            !parse_network(entry, &proxies->networks[proxies->count]))
            return false;
        proxies->count++;
        if (*end == '\0')
            return true;
        text = end + 1;
    }
}

static bool is_in(const struct http_network *network, const uint8_t address[16])
{
    const unsigned whole = network->bits / 8, rest = network->bits % 8;

    if (memcmp(network->address, address, whole) != 0)
        return false;
    return rest == 0 || ((network->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool http_proxies_have(const struct http_proxies *proxies, const uint8_t address[16])
{
    for (size_t i = 0; i < proxies->count; i++)
        if (is_in(&proxies->networks[i], address))
            return true;
    return false;
}

/* Some proxies write the port, too: 192.0.2.1:4711, [2001:db8::1]:4711. */
static void drop_port(char *entry)
{
    char *bracket = strchr(entry, ']');

    if (entry[0] == '[' && bracket != NULL) {
        *bracket = '\0';
        memmove(entry, entry + 1, strlen(entry));
    } else if (strchr(entry, ':') == strrchr(entry, ':')) {
        entry[strcspn(entry, ":")] = '\0';
    }
}

void http_proxies_trace(const struct http_proxies *proxies, const char *forwarded,
                        uint8_t address[16])
{
    const char *end = forwarded + strlen(forwarded);
    char entry[ENTRY_SIZE];
    uint8_t before[16];
    bool is_ipv4;

    while (http_proxies_have(proxies, address)) {
        const char *comma = memrchr(forwarded, ',', (size_t)(end - forwarded));
        const char *from = comma != NULL ? comma + 1 : forwarded;
        if (!copy_entry(from, end, entry))
            return;
        drop_port(entry);
        if (!parse_address(entry, before, &is_ipv4))
            return;
        memcpy(address, before, sizeof before);
        if (comma == NULL)
            return;
        end = comma;
    }
}
