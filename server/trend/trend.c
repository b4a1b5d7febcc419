#include "server/trend/trend.h"

#include "server/model/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 180 points 20 s apart are an hour, 480 s a day, 4 h thirty days. */
#define POINTS 180u

static const struct {
    const char *name;
    uint32_t interval_s;
} spans[TREND_SPANS] = {
    [TREND_HOUR] = {"hour", 20},
    [TREND_DAY] = {"day", 480},
    [TREND_MONTH] = {"month", 14400},
};

struct series {
    struct trend_point points[POINTS]; /* a ring */
    size_t first, count;
    struct trend_flow since; /* the last point */
};

struct trend {
    pthread_mutex_t lock;
    int64_t last_ms; /* sample */
    struct series series[TREND_SPANS];
};

struct trend *trend_new(void)
{
    struct trend *trend = calloc(1, sizeof *trend);

    if (trend != NULL)
        pthread_mutex_init(&trend->lock, NULL);
    return trend;
}

void trend_free(struct trend *trend)
{
    pthread_mutex_destroy(&trend->lock);
    free(trend);
}

const char *trend_span_name(enum trend_span span)
{
    return (unsigned)span < TREND_SPANS ? spans[span].name : NULL;
}

uint32_t trend_interval_s(enum trend_span span)
{
    return spans[span].interval_s;
}

static const struct trend_point *point_at(const struct series *series, size_t index)
{
    return &series->points[(series->first + index) % POINTS];
}

static int64_t last_at(const struct series *series)
{
    return series->count > 0 ? point_at(series, series->count - 1)->at_ms : 0;
}

static void push(struct series *series, const struct trend_point *point)
{
    if (series->count == POINTS)
        series->first = (series->first + 1) % POINTS;
    else
        series->count++;
    series->points[(series->first + series->count - 1) % POINTS] = *point;
}

static void add_flow(struct trend_flow *sum, const struct trend_flow *flow)
{
    sum->checkins += flow->checkins;
    sum->arrived += flow->arrived;
    sum->failed += flow->failed;
}

static void note(struct series *series, int64_t interval_ms, const struct trend_point *sample)
{
    add_flow(&series->since, &sample->flow);
    if (sample->at_ms < last_at(series))
        series->count = 0;
    if (series->count > 0 && sample->at_ms - last_at(series) < interval_ms)
        return;
    struct trend_point point = *sample;
    point.flow = series->since;
    series->since = (struct trend_flow){0};
    push(series, &point);
}

void trend_note(struct trend *trend, const struct trend_point *sample)
{
    pthread_mutex_lock(&trend->lock);
    for (int i = 0; i < TREND_SPANS; i++)
        note(&trend->series[i], INT64_C(1000) * spans[i].interval_s, sample);
    trend->last_ms = sample->at_ms;
    pthread_mutex_unlock(&trend->lock);
}

bool trend_put(struct trend *trend, enum trend_span span, const struct trend_point *point)
{
    pthread_mutex_lock(&trend->lock);
    const bool is_next = point->at_ms > last_at(&trend->series[span]);
    if (is_next)
        push(&trend->series[span], point);
    if (point->at_ms > trend->last_ms)
        trend->last_ms = point->at_ms;
    pthread_mutex_unlock(&trend->lock);
    return is_next;
}

void trend_resume(struct trend *trend)
{
    pthread_mutex_lock(&trend->lock);
    for (int i = TREND_HOUR + 1; i < TREND_SPANS; i++) {
        const struct series *finer = &trend->series[i - 1];
        struct series *series = &trend->series[i];
        series->since = finer->since;
        for (size_t at = 0; at < finer->count; at++)
            if (point_at(finer, at)->at_ms > last_at(series))
                add_flow(&series->since, &point_at(finer, at)->flow);
    }
    pthread_mutex_unlock(&trend->lock);
}

struct trend_flow trend_sum(struct trend *trend, enum trend_span span, int64_t age_ms)
{
    pthread_mutex_lock(&trend->lock);
    const struct series *series = &trend->series[span];
    struct trend_flow sum = series->since;
    for (size_t i = 0; i < series->count; i++)
        if (point_at(series, i)->at_ms > trend->last_ms - age_ms)
            add_flow(&sum, &point_at(series, i)->flow);
    pthread_mutex_unlock(&trend->lock);
    return sum;
}

static json_t *view_point(const struct trend_point *point)
{
    json_t *versions = json_array();
    char at[CLOCK_TEXT_SIZE];

    for (uint32_t i = 0; i < point->share_count; i++)
        json_array_append_new(versions, json_pack("{ss ss sI}", "product", point->shares[i].product,
                                                  "version", point->shares[i].version, "devices",
                                                  (json_int_t)point->shares[i].devices));
    return json_pack("{ss sI sI sI sI sI so}", "at", clock_format(point->at_ms, at), "devices",
                     (json_int_t)point->devices, "silent", (json_int_t)point->silent, "checkins",
                     (json_int_t)point->flow.checkins, "arrived", (json_int_t)point->flow.arrived,
                     "failed", (json_int_t)point->flow.failed, "versions", versions);
}

json_t *trend_view(struct trend *trend, enum trend_span span)
{
    json_t *array = json_array();

    pthread_mutex_lock(&trend->lock);
    const struct series *series = &trend->series[span];
    for (size_t i = 0; i < series->count; i++)
        json_array_append_new(array, view_point(point_at(series, i)));
    pthread_mutex_unlock(&trend->lock);
    return array;
}
