/* Prometheus' text format, version 0.0.4. */
#ifndef SERVER_METRICS_EXPOSITION_H
#define SERVER_METRICS_EXPOSITION_H

#include "server/metrics/histogram.h"

#include <stdio.h>

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

struct metric_label {
    const char *name; /* null ends a list */
    const char *value;
};

/* The lines before a metric's values; once for each name. */
void exposition_begin(FILE *out, const char *name, enum metric_type type, const char *help);

/* labels may be null: none. */
void exposition_value(FILE *out, const char *name, const struct metric_label *labels, double value);

/* A metric that has one value. */
void exposition_single(FILE *out, const char *name, enum metric_type type, const char *help,
                       double value);

/* In seconds, whole. */
void exposition_histogram(FILE *out, const char *name, const char *help,
                          const struct histogram *histogram);

#endif
