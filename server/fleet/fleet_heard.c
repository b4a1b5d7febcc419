/* When devices were last heard of: gathered, and written behind in rounds. What changes with every
 * check-in is so written once a round, by MAC, so that many rows share the writing of a page. */
#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"

#include <stdlib.h>
#include <string.h>

#define ROUND_MS     15000
#define SLICES       10 /* in a round; below that of SLICE_MIN, fewer */
#define SLICE_MIN    1000u
#define LOCKED_COUNT 256u /* devices looked up while check-ins wait */

void fleet_mark_heard(struct fleet *fleet, struct device *device)
{
    if (!device->is_heard)
        device->is_heard = mac_list_add(&fleet->heard.gathered, device->mac);
}

bool fleet_set_heard(struct device *device, int64_t at_ms)
{
    if (device == NULL || device->told_ms == 0 || at_ms <= device->last_seen_ms)
        return false;
    device->last_seen_ms = at_ms;
    return true;
}

/* What was gathered is to be written. */
static void begin_round(struct fleet *fleet)
{
    struct heard_round *round = &fleet->heard;
    const struct mac_list emptied = round->devices;
    const uint32_t length_ms = fleet->config.heard_round_ms;

    round->devices = round->gathered;
    round->gathered = (struct mac_list){emptied.macs, 0, emptied.capacity};
    mac_list_sort(&round->devices);
    round->next = 0;
    round->slice = round->devices.count / SLICES + 1;
    if (round->slice < SLICE_MIN)
        round->slice = SLICE_MIN;
    round->until_ms = clock_monotonic_ms() + (length_ms != 0 ? length_ms : ROUND_MS);
}

/* The next `limit` devices of the round, without their times; null when there is none, or
 * memory is out. */
static struct heard_times *take_slice(struct heard_round *round, size_t limit)
{
    const size_t left = round->devices.count - round->next;
    const size_t count = left < limit ? left : limit;
    struct heard_times *heard =
        count > 0 ? malloc(sizeof *heard + count * sizeof heard->devices[0]) : NULL;

    if (heard == NULL)
        return NULL;
    heard->since_ms = 0;
    heard->count = count;
    for (size_t i = 0; i < count; i++)
        heard->devices[i].mac = round->devices.macs[round->next++];
    return heard;
}

static void fetch(const struct fleet *fleet, const struct heard_times *heard, size_t from)
{
    mac_address macs[DEVICES_FETCHED];
    size_t count = 0;

    for (; count < DEVICES_FETCHED && from + count < heard->count; count++)
        macs[count] = heard->devices[from + count].mac;
    device_table_fetch(&fleet->devices, macs, count);
}

/* Looks up the times of some, from `from` on, and keeps those that are still there behind the
 * `kept` ones of before. Returns how many are kept then. */
static size_t look_up(struct fleet *fleet, struct heard_times *heard, size_t from, size_t kept)
{
    for (size_t i = from; i < heard->count && i < from + LOCKED_COUNT; i++) {
        if ((i - from) % DEVICES_FETCHED == 0)
            fetch(fleet, heard, i);
        struct device *device = device_table_find(&fleet->devices, heard->devices[i].mac);
        if (device == NULL)
            continue;
        device->is_heard = false;
        heard->devices[kept++] = (struct heard_device){device->mac, device->last_seen_ms};
        if (fleet->heard.since_ms == 0 || device->last_seen_ms < fleet->heard.since_ms)
            fleet->heard.since_ms = device->last_seen_ms;
    }
    return kept;
}

/* With the last slice of a round the others are told to read what the round has written. */
static struct change *finish(struct fleet *fleet, struct heard_times *heard)
{
    struct heard_round *round = &fleet->heard;
    struct change *change = change_new(CHANGE_HEARD, 0);
    size_t kept = 0;

    for (size_t i = 0; i < heard->count; i += LOCKED_COUNT) {
        pthread_mutex_lock(&fleet->lock);
        kept = look_up(fleet, heard, i, kept);
        pthread_mutex_unlock(&fleet->lock);
    }
    heard->count = kept;
    if (change == NULL) {
        fleet_hear_again(fleet, heard);
        free(heard);
        return NULL;
    }
    pthread_mutex_lock(&fleet->lock);
    if (round->next == round->devices.count) {
        heard->since_ms = round->since_ms;
        round->since_ms = 0;
    }
    pthread_mutex_unlock(&fleet->lock);
    change->as.heard = heard;
    return change;
}

struct change *fleet_collect_heard(void *ctx, bool is_last)
{
    struct fleet *fleet = ctx;
    struct heard_round *round = &fleet->heard;

    pthread_mutex_lock(&fleet->lock);
    const bool is_over = round->next == round->devices.count;
    if (is_over && (is_last || clock_monotonic_ms() >= round->until_ms))
        begin_round(fleet);
    struct heard_times *heard = take_slice(round, is_last ? SIZE_MAX : round->slice);
    pthread_mutex_unlock(&fleet->lock);
    return heard != NULL ? finish(fleet, heard) : NULL;
}

struct change *fleet_take_heard(struct fleet *fleet)
{
    struct heard_round *round = &fleet->heard;

    pthread_mutex_lock(&fleet->lock);
    for (; round->next < round->devices.count; round->next++)
        if (!mac_list_add(&round->gathered, round->devices.macs[round->next]))
            break;
    struct heard_times *heard = NULL;
    if (round->next == round->devices.count) {
        begin_round(fleet);
        heard = take_slice(round, SIZE_MAX);
    }
    pthread_mutex_unlock(&fleet->lock);
    return heard != NULL ? finish(fleet, heard) : NULL;
}

void fleet_hear_again(struct fleet *fleet, const struct heard_times *heard)
{
    pthread_mutex_lock(&fleet->lock);
    for (size_t i = 0; i < heard->count; i++) {
        struct device *device = device_table_find(&fleet->devices, heard->devices[i].mac);
        if (device != NULL)
            fleet_mark_heard(fleet, device);
    }
    pthread_mutex_unlock(&fleet->lock);
}
