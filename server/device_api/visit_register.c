/* Devices that are not known yet. */
#include "server/device_api/visit.h"

#include "server/log/log.h"
#include "server/model/clock.h"

#include <stdlib.h>
#include <string.h>

static void answer_unregistered(struct visit *visit)
{
    const struct image_choice nothing = {NULL, NULL};

    if (visit->mode == DEVICE_MODE_VERSION)
        visit_answer_version(visit->request, &nothing);
    else
        visit_answer_nothing_due(visit->request);
}

static void go_on_registered(void *ctx, struct http_request *request)
{
    struct visit *visit = ctx;
    char mac[MAC_TEXT_SIZE];

    if (visit->result == CHANGE_FAILED) {
        visit_answer_not_written(request);
        return;
    }
    if (visit->result == CHANGE_DONE)
        log_line("%s is new", mac_format(visit->mac, mac));
    answer_unregistered(visit);
}

static struct device_event *first_event(const struct device_facts *facts, int64_t at_ms)
{
    struct device_event *event = calloc(1, sizeof *event);

    if (event == NULL)
        return NULL;
    event->kind = EVENT_REGISTERED;
    event->at_ms = at_ms;
    memcpy(event->version, facts->version, sizeof event->version);
    return event;
}

/* A device that no group accepts. False: it has its answer and is not registered. */
static bool may_register(struct visit *visit)
{
    char mac[MAC_TEXT_SIZE];
    bool is_news;

    if (visit->api->refuses_unknown) {
        log_line("%s is not known and refused", mac_format(visit->mac, mac));
        http_answer_line(visit->request, 403, "the device %s is not known here", mac);
        return false;
    }
    if (fleet_takes_unknown(visit->api->fleet, &is_news))
        return true;
    if (is_news)
        log_line("%s and those after it are not registered: too many devices are unassigned; "
                 "assign or remove some, or raise --unknown-limit",
                 mac_format(visit->mac, mac));
    answer_unregistered(visit);
    return false;
}

void visit_register(struct visit *visit, const struct checkin *checkin)
{
    char group[NAME_SIZE];

    if (!fleet_find_accepting(visit->api->fleet, checkin->mac, &checkin->facts, group) &&
        !may_register(visit))
        return;
    struct change *change = change_new(CHANGE_REGISTER, checkin->mac);
    if (change != NULL) {
        change->as.seen.at_ms = clock_now_ms();
        change->as.seen.facts = checkin->facts;
        memcpy(change->as.seen.group, group, sizeof group);
        change->event = first_event(&change->as.seen.facts, change->as.seen.at_ms);
    }
    http_suspend(visit->request, go_on_registered, visit);
    fleet_submit(visit->api->fleet, change, visit_written, visit);
}
