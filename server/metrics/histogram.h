/* How long something took, counted in classes. Threads may note at once. */
#ifndef SERVER_METRICS_HISTOGRAM_H
#define SERVER_METRICS_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_CLASSES 14

/* Microseconds, each class up to and with its bound; what takes longer is in the
 * count beyond them. */
extern const uint32_t histogram_bounds_us[HISTOGRAM_CLASSES];

struct histogram {
    atomic_ullong counts[HISTOGRAM_CLASSES + 1];
    atomic_ullong sum_us;
};

void histogram_note(struct histogram *histogram, int64_t took_us);

#endif
