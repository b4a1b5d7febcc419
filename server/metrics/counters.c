#include "server/metrics/counters.h"

/* The most frequent first. */
static const unsigned short statuses[COUNTED_STATUSES] = {
    304, 200, 206, 201, 204, 400, 401, 403, 404, 405,
    409, 413, 416, 422, 429, 500, 503, 202, 302, 303,
};

unsigned counters_status(size_t place)
{
    return place < COUNTED_STATUSES ? statuses[place] : 0;
}

void counters_note_answer(struct counters *counters, enum counted_interface interface,
                          unsigned status)
{
    size_t place = 0;

    while (place < COUNTED_STATUSES && statuses[place] != status)
        place++;
    counter_add(&counters->answers[interface][place], 1);
}
