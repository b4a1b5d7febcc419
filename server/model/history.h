/* What happened with a device: one line of its history. */
#ifndef SERVER_MODEL_HISTORY_H
#define SERVER_MODEL_HISTORY_H

#include "server/model/names.h"

#include <stdint.h>

#define HISTORY_MAX         100u /* events kept of each device; older ones go */
#define HISTORY_REASON_SIZE 81

enum event_kind {
    EVENT_REGISTERED, /* seen for the first time */
    EVENT_RUNS,       /* says it runs another version than before */
    EVENT_OFFERED,    /* version, bytes */
    EVENT_SENT,       /* version, bytes, duration: a whole download */
    EVENT_BROKE_OFF,  /* the same, as far as it got */
    EVENT_ARRIVED,    /* version, duration since the download */
    EVENT_FAILED,     /* version: came back without it */
    EVENT_KIND_COUNT,
};

struct device_event {
    enum event_kind kind;
    int64_t at_ms; /* UTC, since 1970 */
    char version[VERSION_SIZE];
    char before[VERSION_SIZE]; /* EVENT_RUNS: what it ran until then; "" = unknown */
    uint64_t bytes;            /* 0 = none to tell, as the next */
    uint64_t duration_ms;
    char reason[HISTORY_REASON_SIZE];
};

/* "registered" and so on; null past the last. */
const char *event_name(enum event_kind kind);

#endif
