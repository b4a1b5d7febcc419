#include "server/model/history.h"

#include <stddef.h>

const char *event_name(enum event_kind kind)
{
    static const char *const names[EVENT_KIND_COUNT] = {
        [EVENT_REGISTERED] = "registered", [EVENT_RUNS] = "runs",
        [EVENT_OFFERED] = "offered",       [EVENT_SENT] = "sent",
        [EVENT_BROKE_OFF] = "broke-off",   [EVENT_ARRIVED] = "arrived",
        [EVENT_FAILED] = "failed",
    };

    return (unsigned)kind < EVENT_KIND_COUNT ? names[kind] : NULL;
}
