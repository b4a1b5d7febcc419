#include "server/fleet/site_loads.h"

#include <stdlib.h>
#include <string.h>

#define IPV4_START  12u
#define IPV4_SITE   15u /* bytes of the address that name the site: a /24 */
#define IPV6_SITE   8u  /* a /64 */
#define FIRST_SITES 16u

static const uint8_t ipv4_mapped[IPV4_START] = {[10] = 0xff, [11] = 0xff};

/* The last eight of the bytes that name the site; of IPv4, a prefix is among them
 * that no /64 begins with. */
static uint64_t site_of(const uint8_t address[16])
{
    const bool is_ipv4 = memcmp(address, ipv4_mapped, sizeof ipv4_mapped) == 0;
    const size_t end = is_ipv4 ? IPV4_SITE : IPV6_SITE;
    uint64_t site = 0;

    for (size_t i = end - 8; i < end; i++)
        site = site << 8 | address[i];
    return site;
}

static struct site_load *find(const struct site_loads *loads, uint64_t site)
{
    for (size_t i = 0; i < loads->count; i++)
        if (loads->loads[i].site == site)
            return &loads->loads[i];
    return NULL;
}

struct site_load site_loads_at(const struct site_loads *loads, const uint8_t address[16])
{
    const struct site_load *load = find(loads, site_of(address));

    return load != NULL ? *load : (struct site_load){.downloads = 0};
}

/* Sites whose last download is over, and its time, too. */
static void drop_idle(struct site_loads *loads, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < loads->count; i++)
        if (loads->loads[i].downloads > 0 || loads->loads[i].busy_until_ms > now_ms)
            loads->loads[kept++] = loads->loads[i];
    loads->count = kept;
}

static bool make_room(struct site_loads *loads, int64_t now_ms)
{
    if (loads->count == loads->capacity)
        drop_idle(loads, now_ms);
    if (loads->count < loads->capacity)
        return true;
    const size_t capacity = loads->capacity != 0 ? loads->capacity * 2 : FIRST_SITES;
    struct site_load *grown = realloc(loads->loads, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    loads->loads = grown;
    loads->capacity = capacity;
    return true;
}

bool site_loads_add(struct site_loads *loads, const uint8_t address[16], int64_t busy_until_ms,
                    int64_t now_ms)
{
    const uint64_t site = site_of(address);
    struct site_load *load = find(loads, site);

    if (load == NULL) {
        if (!make_room(loads, now_ms))
            return false;
        load = &loads->loads[loads->count++];
        *load = (struct site_load){.site = site};
    }
    load->downloads++;
    if (busy_until_ms > load->busy_until_ms)
        load->busy_until_ms = busy_until_ms;
    return true;
}

void site_loads_remove(struct site_loads *loads, const uint8_t address[16], int64_t now_ms)
{
    struct site_load *load = find(loads, site_of(address));

    if (load != NULL && --load->downloads == 0 && load->busy_until_ms <= now_ms)
        *load = loads->loads[--loads->count];
}
