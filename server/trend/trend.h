/* How the fleet was over time: a bounded number of points, close together for the last hour
 * and further apart for the last day and month. May be called from any thread.
 */
#ifndef SERVER_TREND_TREND_H
#define SERVER_TREND_TREND_H

#include "server/model/names.h"
#include "server/model/release.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Versions told apart in one point, the most frequent ones. */
#define TREND_VERSIONS 6u

enum trend_span { TREND_HOUR, TREND_DAY, TREND_MONTH, TREND_SPANS };

struct trend_share {
    char product[NAME_SIZE];
    char version[VERSION_SIZE];
    uint32_t devices;
};

/* What happened; in a sample since the one before, in a point since the point before. */
struct trend_flow {
    uint64_t checkins;
    uint64_t arrived; /* devices that came to run what they were offered */
    uint64_t failed;  /* that came back without it */
};

struct trend_point {
    int64_t at_ms; /* UTC, since 1970 */
    uint32_t devices;
    uint32_t silent; /* not heard of for a day */
    struct trend_flow flow;
    uint32_t share_count;
    struct trend_share shares[TREND_VERSIONS];
};

struct trend;

struct trend *trend_new(void);
void trend_free(struct trend *trend);

/* Takes a sample into account; it becomes a point of those spans whose last one is old
 * enough. Samples older than a span's last point, as after a clock was set back, begin it
 * anew. */
void trend_note(struct trend *trend, const struct trend_point *sample);

/* The flow of the span's points and of what came after the last of them, not older than
 * `age_ms` before the last sample. */
struct trend_flow trend_sum(struct trend *trend, enum trend_span span, int64_t age_ms);

/* "hour" and so on; null past the last. */
const char *trend_span_name(enum trend_span span);

/* Seconds between two points of a span. */
uint32_t trend_interval_s(enum trend_span span);

/* A span's points as JSON, the oldest first. A new value; null when memory is out. */
json_t *trend_view(struct trend *trend, enum trend_span span);

/* Writes all spans to a file, or reads what was written there; 0, or a negative errno. What
 * is malformed is left out. */
int trend_save(struct trend *trend, const char *path);
int trend_load(struct trend *trend, const char *path);

/* What the two share: adds a point as it was read. False when the span has newer ones. */
bool trend_put(struct trend *trend, enum trend_span span, const struct trend_point *point);

/* After all were added: what came since a span's last point is in the points of the span before
 * it, which are closer together. */
void trend_resume(struct trend *trend);

#endif
