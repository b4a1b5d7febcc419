/* What is offered counts as an offer before it is sent. */
#include "server/device_api/visit.h"

#include "server/log/log.h"
#include "updraft/hex.h"

/* Somebody has offered it something else meanwhile, or it could not be written. */
static void answer_not_offered(const struct visit *visit)
{
    if (visit->result == CHANGE_CONFLICT)
        visit_answer_nothing_due(visit->request);
    else
        visit_answer_not_written(visit->request);
}

/* The offer is counted, or could not be. */
static void go_on_offered(void *ctx, struct http_request *request)
{
    struct visit *visit = ctx;
    char mac[MAC_TEXT_SIZE];

    (void)request;
    if (visit->result != CHANGE_DONE) {
        answer_not_offered(visit);
        return;
    }
    log_line("%s is offered %s %s", mac_format(visit->mac, mac), visit->choice.release->product,
             visit->choice.release->version);
    visit_send(visit);
}

static void count_offer(struct visit *visit)
{
    struct change *change =
        visit->mode == DEVICE_MODE_SPIFFS
            ? fleet_offer_files(visit->api->fleet, visit->mac, &visit->decision.files)
            : fleet_offer(visit->api->fleet, visit->mac, &visit->decision);

    http_suspend(visit->request, go_on_offered, visit);
    fleet_submit(visit->api->fleet, change, visit_written, visit);
}

/* A release goes out. A whole file is an offer and counts as one before it is
 * sent; going on where a counted one broke off is not. */
void visit_offer_release(struct visit *visit)
{
    const struct policy_decision *decision = &visit->decision;

    visit->choice = (struct image_choice){decision->next, decision->file};
    visit->part = image_part_asked(visit->request, decision->file);
    const bool is_whole = visit->part.result == RANGE_WHOLE ||
                          (visit->part.result == RANGE_PART && visit->part.range.first == 0);

    if (is_whole && decision->offers >= POLICY_OFFERS_MAX)
        visit_answer_nothing_due(visit->request);
    else if (visit->part.result != RANGE_UNSATISFIABLE && (is_whole || decision->offers == 0))
        count_offer(visit);
    else
        visit_send(visit);
}

void visit_offer_files(struct visit *visit)
{
    const struct policy_files *files = &visit->decision.files;

    visit->choice = (struct image_choice){files->release, files->file};
    visit->part = image_part_asked(visit->request, files->file);
    if (visit->part.result == RANGE_WHOLE)
        count_offer(visit);
    else
        visit_send(visit);
}

static void go_on_with_keys(void *ctx, struct http_request *request)
{
    struct visit *visit = ctx;
    const struct ring_update *update = visit->decision.keys.update;
    char mac[MAC_TEXT_SIZE], md5[2 * UD_MD5_SIZE + 1];

    if (visit->result != CHANGE_DONE) {
        answer_not_offered(visit);
        return;
    }
    log_line("%s is offered key update %u of %s", mac_format(visit->mac, mac), update->number,
             update->product);
    ud_hex_encode(update->md5, UD_MD5_SIZE, md5);
    http_set_header(request, "x-MD5", "%s", md5);
    http_set_header(request, "Content-Disposition", "attachment; filename=\"key-update-%u.signed\"",
                    update->number);
    http_answer(request, 200, "application/octet-stream", update->bytes, update->length);
}

/* It goes out whole and uncounted by the limits of downloads: it is that small. */
void visit_offer_keys(struct visit *visit)
{
    http_suspend(visit->request, go_on_with_keys, visit);
    fleet_submit(visit->api->fleet,
                 fleet_offer_keys(visit->api->fleet, visit->mac, &visit->decision.keys),
                 visit_written, visit);
}
