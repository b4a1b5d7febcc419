#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"

/* Each of the servers has its share of a limit, and at least one of it. */
static uint32_t share(const struct fleet *fleet, uint32_t limit)
{
    const struct store_standing *standing = &fleet->standing;

    if (limit == 0 || standing->nodes <= 1)
        return limit;
    const uint32_t part = limit / standing->nodes + (standing->rank < limit % standing->nodes);
    return part > 0 ? part : 1;
}

enum policy_load fleet_load_at(const struct fleet *fleet, const uint8_t address[16], bool continues)
{
    const struct fleet_limits *limits = &fleet->config.limits;
    const struct site_load site = site_loads_at(&fleet->sites, address);
    const int64_t now_ms = clock_monotonic_ms();

    if (limits->downloads != 0 && fleet->downloads >= share(fleet, limits->downloads))
        return LOAD_SERVER_FULL;
    if (limits->site_downloads != 0 && site.downloads >= share(fleet, limits->site_downloads))
        return LOAD_SITE_FULL;
    if (limits->rate != 0 && fleet->busy_until_ms > now_ms && !continues)
        return LOAD_SERVER_RATE;
    if (limits->site_rate != 0 && site.busy_until_ms > now_ms && !continues)
        return LOAD_SITE_RATE;
    return LOAD_LIGHT;
}

/* Seconds until a device that waits for others may be lucky. */
#define BUSY_RETRY_S 30

uint32_t fleet_busy_seconds(const struct fleet *fleet, const uint8_t address[16],
                            enum policy_load load)
{
    const int64_t until_ms = load == LOAD_SERVER_RATE ? fleet->busy_until_ms
                             : load == LOAD_SITE_RATE
                                 ? site_loads_at(&fleet->sites, address).busy_until_ms
                                 : 0;
    const int64_t left_ms = until_ms - clock_monotonic_ms();

    return left_ms > 0 ? (uint32_t)((left_ms + 999) / 1000) : BUSY_RETRY_S;
}

/* When so many bytes from now on are through, at a rate (0: at once). */
static int64_t busy_until(int64_t busy_until_ms, uint32_t bytes, uint32_t rate, int64_t now_ms)
{
    const int64_t from_ms = busy_until_ms > now_ms ? busy_until_ms : now_ms;

    return rate != 0 ? from_ms + (int64_t)bytes * 1000 / rate : 0;
}

bool fleet_take_download(struct fleet *fleet, const uint8_t address[16], uint32_t bytes)
{
    const struct fleet_limits *limits = &fleet->config.limits;
    const int64_t now_ms = clock_monotonic_ms();
    const int64_t site_ms = site_loads_at(&fleet->sites, address).busy_until_ms;

    if (!site_loads_add(&fleet->sites, address,
                        busy_until(site_ms, bytes, share(fleet, limits->site_rate), now_ms),
                        now_ms))
        return false;
    fleet->busy_until_ms =
        busy_until(fleet->busy_until_ms, bytes, share(fleet, limits->rate), now_ms);
    fleet->downloads++;
    return true;
}

void fleet_download_over(struct fleet *fleet, const uint8_t address[16])
{
    pthread_mutex_lock(&fleet->lock);
    site_loads_remove(&fleet->sites, address, clock_monotonic_ms());
    fleet->downloads--;
    pthread_mutex_unlock(&fleet->lock);
}

uint32_t fleet_download_count(struct fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    const uint32_t downloads = fleet->downloads;
    pthread_mutex_unlock(&fleet->lock);
    return downloads;
}
