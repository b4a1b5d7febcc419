#include "server/trend/sampler.h"

#include "server/log/log.h"
#include "server/model/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the worker's time, what counting devices may take. */
#define COUNT_SHARE 20

/* What a kill may lose of the trend. */
#define SAVE_MS (8 * 60 * 1000)

struct sampler {
    struct sampler_config config;
    atomic_bool is_busy;
    atomic_llong next_ms; /* monotonic, as the next */
    int64_t save_ms;
    struct trend_flow before; /* totals at the last sample; the worker's */
};

struct sampler *sampler_new(const struct sampler_config *config)
{
    struct sampler *sampler = calloc(1, sizeof *sampler);

    if (sampler == NULL)
        return NULL;
    sampler->config = *config;
    sampler->save_ms = clock_monotonic_ms() + SAVE_MS;
    trend_load(config->trend, config->path);
    return sampler;
}

static void save(const struct sampler *sampler)
{
    const int result = trend_save(sampler->config.trend, sampler->config.path);

    if (result != 0)
        log_line("%s cannot be written: %s", sampler->config.path, strerror(-result));
}

void sampler_free(struct sampler *sampler)
{
    save(sampler);
    free(sampler);
}

/* --- counting --- */

struct count {
    struct trend_point *point;
    struct trend_share *shares; /* of all versions */
    size_t share_count, capacity;
};

static struct trend_share *find_share(struct count *count, const char *product, const char *version)
{
    for (size_t i = 0; i < count->share_count; i++)
        if (strcmp(count->shares[i].version, version) == 0 &&
            strcmp(count->shares[i].product, product) == 0)
            return &count->shares[i];
    if (count->share_count == count->capacity) {
        const size_t capacity = count->capacity != 0 ? count->capacity * 2 : 16;
        struct trend_share *shares = realloc(count->shares, capacity * sizeof *shares);
        if (shares == NULL)
            return NULL;
        count->shares = shares;
        count->capacity = capacity;
    }
    struct trend_share *share = &count->shares[count->share_count++];
    *share = (struct trend_share){.devices = 0};
    snprintf(share->product, sizeof share->product, "%s", product);
    snprintf(share->version, sizeof share->version, "%s", version);
    return share;
}

static void count_device(void *ctx, const struct device_brief *device)
{
    struct count *count = ctx;
    struct trend_share *share;

    if (device->is_decommissioned)
        return;
    count->point->devices++;
    if (device->last_seen_ms != 0 && device->last_seen_ms < count->point->at_ms - SILENT_MS)
        count->point->silent++;
    if (device->product == NULL || device->version[0] == '\0')
        return;
    share = find_share(count, device->product, device->version);
    if (share != NULL)
        share->devices++;
}

static int compare_shares(const void *left, const void *right)
{
    const struct trend_share *a = left, *b = right;

    return (b->devices > a->devices) - (b->devices < a->devices);
}

/* The most frequent. */
static void take_shares(struct count *count)
{
    struct trend_point *point = count->point;

    if (count->share_count > 0)
        qsort(count->shares, count->share_count, sizeof *count->shares, compare_shares);
    while (point->share_count < TREND_VERSIONS && point->share_count < count->share_count) {
        point->shares[point->share_count] = count->shares[point->share_count];
        point->share_count++;
    }
}

static struct trend_flow totals(const struct sampler *sampler)
{
    const struct fleet_results results = fleet_results(sampler->config.fleet);
    struct trend_flow flow = {.arrived = results.arrived, .failed = results.failed};

    for (int i = 0; i <= COUNTED_STATUSES; i++)
        flow.checkins +=
            (uint64_t)counter_read(&sampler->config.counters->answers[COUNTED_CHECKIN][i]);
    return flow;
}

static void take_sample(void *ctx)
{
    struct sampler *sampler = ctx;
    const int64_t begun_ms = clock_monotonic_ms();
    struct trend_point point = {.at_ms = clock_now_ms()};
    struct count count = {.point = &point};
    const struct trend_flow now = totals(sampler);

    fleet_each_brief(sampler->config.fleet, count_device, &count);
    take_shares(&count);
    free(count.shares);
    point.flow = (struct trend_flow){now.checkins - sampler->before.checkins,
                                     now.arrived - sampler->before.arrived,
                                     now.failed - sampler->before.failed};
    sampler->before = now;
    trend_note(sampler->config.trend, &point);
    const int64_t ended_ms = clock_monotonic_ms();
    const int64_t pause_ms = (ended_ms - begun_ms) * COUNT_SHARE;
    const int64_t interval_ms = INT64_C(1000) * trend_interval_s(TREND_HOUR);
    sampler->next_ms = ended_ms + (pause_ms > interval_ms ? pause_ms : interval_ms);
    if (ended_ms >= sampler->save_ms) {
        sampler->save_ms = ended_ms + SAVE_MS;
        save(sampler);
    }
    sampler->is_busy = false;
}

void sampler_tick(struct sampler *sampler, int64_t monotonic_ms)
{
    if (monotonic_ms < sampler->next_ms || atomic_exchange(&sampler->is_busy, true))
        return;
    if (!worker_submit(sampler->config.worker, take_sample, sampler))
        sampler->is_busy = false;
}
