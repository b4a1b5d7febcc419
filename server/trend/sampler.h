/* Looks at the fleet from time to time and notes in the trend how it is. */
#ifndef SERVER_TREND_SAMPLER_H
#define SERVER_TREND_SAMPLER_H

#include "server/fleet/fleet.h"
#include "server/metrics/counters.h"
#include "server/trend/trend.h"
#include "server/work/worker.h"

/* A device not heard of for so long is silent. */
#define SILENT_MS (INT64_C(24) * 3600 * 1000)

struct sampler_config {
    struct trend *trend;
    struct fleet *fleet;
    const struct counters *counters;
    struct worker *worker; /* counts devices */
    const char *path;      /* where the trend is kept; lives as long as the sampler */
};

struct sampler;

/* Reads what is kept; without that, begins anew. Null when memory is out. */
struct sampler *sampler_new(const struct sampler_config *config);

/* After the worker has stopped. Keeps the trend. */
void sampler_free(struct sampler *sampler);

/* Takes a sample when it is time to, on the worker's thread. */
void sampler_tick(struct sampler *sampler, int64_t monotonic_ms);

#endif
