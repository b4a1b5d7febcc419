#include "server/metrics/histogram.h"

const uint32_t histogram_bounds_us[HISTOGRAM_CLASSES] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
};

void histogram_note(struct histogram *histogram, int64_t took_us)
{
    const uint64_t us = took_us > 0 ? (uint64_t)took_us : 0;
    size_t class = 0;

    while (class < HISTOGRAM_CLASSES && us > histogram_bounds_us[class])
        class ++;
    atomic_fetch_add_explicit(&histogram->counts[class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, us, memory_order_relaxed);
}
