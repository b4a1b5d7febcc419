#include "server/device_api/device_api.h"

#include "server/device_api/checkin.h"
#include "server/device_api/image_answer.h"
#include "server/log/log.h"
#include "server/model/clock.h"
#include "updraft/hex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Seconds until a device may ask again when something could not be written. */
#define RETRY_AFTER "30"

/* A check-in that waits for a durable write; the request's context. */
struct visit {
    const struct device_api *api;
    struct http_request *request;
    mac_address mac;
    enum device_mode mode;
    bool takes_retry; /* understands 503 with Retry-After */
    struct policy_decision decision;
    struct image_choice choice; /* to send */
    struct image_part part;
    enum change_result result;
    uint8_t address[16];
    bool has_download; /* one of those there may be at once; a transfer takes it over */
};

bool device_api_wants(const struct http_request *request)
{
    const char *path = http_path(request);

    return strcmp(path, "/update") == 0 || strncmp(path, "/firmware/", 10) == 0 ||
           checkin_updater(http_header(request, "User-Agent")) != UD_CHIP_UNKNOWN;
}

static void answer_nothing_due(struct http_request *request)
{
    http_answer(request, 304, NULL, "", 0);
}

static void answer_not_written(struct http_request *request)
{
    http_set_header(request, "Retry-After", RETRY_AFTER);
    http_answer_line(request, 503, "the server cannot write at the moment: ask again later");
}

static void end_visit(void *ctx)
{
    struct visit *visit = ctx;

    if (visit->has_download)
        fleet_download_over(visit->api->fleet, visit->address);
    free(visit);
}

static struct visit *new_visit(const struct device_api *api, struct http_request *request,
                               const struct checkin *checkin)
{
    struct visit *visit = calloc(1, sizeof *visit);

    if (visit == NULL)
        return NULL;
    visit->api = api;
    visit->request = request;
    visit->mac = checkin->mac;
    visit->mode = checkin->facts.mode;
    visit->takes_retry = checkin->facts.abilities.takes_retry;
    memcpy(visit->address, checkin->facts.address, sizeof visit->address);
    http_set_context(request, visit, end_visit);
    return visit;
}

/* The writer's answer: the request goes on, on its own thread. */
static void written(void *ctx, enum change_result result)
{
    struct visit *visit = ctx;

    visit->result = result;
    http_resume(visit->request);
}

/* --- sending --- */

struct transfer {
    const struct device_api *api;
    const struct release *release;
    mac_address mac;
    uint8_t address[16];
    bool is_files;   /* a file system */
    uint32_t number; /* of the fleet's transfers of firmware */
    uint32_t offset; /* of the first byte sent */
    uint32_t length; /* of what is sent */
    uint64_t sent;   /* of it, as last heard */
};

static void note_progress(void *ctx, uint64_t sent)
{
    struct transfer *transfer = ctx;

    transfer->sent = sent;
    fleet_transfer_progress(transfer->api->fleet, transfer->mac, transfer->number,
                            transfer->offset + (uint32_t)sent);
}

static void note_end(void *ctx, bool is_whole)
{
    struct transfer *transfer = ctx;
    const struct release *release = transfer->release;
    char mac[MAC_TEXT_SIZE];

    log_line("%s %s %s %s", mac_format(transfer->mac, mac),
             is_whole ? "was sent" : "broke off while it was sent", release->product,
             release->version);
    struct counters *counters = transfer->api->counters;
    counter_add(is_whole ? &counters->downloads_whole : &counters->downloads_broken, 1);
    counter_add(&counters->download_bytes, is_whole ? transfer->length : transfer->sent);
    if (!transfer->is_files)
        fleet_transfer_end(transfer->api->fleet, transfer->mac, transfer->number, is_whole);
    else if (is_whole)
        fleet_files_taken(transfer->api->fleet, transfer->mac, transfer->length);
    fleet_download_over(transfer->api->fleet, transfer->address);
    free(transfer);
}

static void send_image(struct visit *visit, int file)
{
    const struct image_choice *choice = &visit->choice;
    struct transfer *transfer = malloc(sizeof *transfer);
    const struct http_file callbacks = {
        .progress = note_progress, .done = note_end, .ctx = transfer};

    if (transfer == NULL || visit->part.result == RANGE_UNSATISFIABLE) {
        free(transfer);
        image_answer(visit->request, choice, &visit->part, file, NULL);
        return;
    }
    *transfer = (struct transfer){
        .api = visit->api,
        .release = choice->release,
        .mac = visit->mac,
        .is_files = visit->mode == DEVICE_MODE_SPIFFS,
        .offset = (uint32_t)visit->part.range.first,
        .length = (uint32_t)visit->part.range.length,
    };
    if (!transfer->is_files)
        transfer->number = fleet_transfer_begin(visit->api->fleet, visit->mac, choice->file->size);
    counter_add(&visit->api->counters->downloads_begun, 1);
    memcpy(transfer->address, visit->address, sizeof transfer->address);
    visit->has_download = false;
    image_answer(visit->request, choice, &visit->part, file, &callbacks);
}

void device_api_miss(const struct device_api *api, const struct release *release,
                     const struct release_file *file)
{
    fleet_note_file(api->fleet, release, file, false);
    keeper_want(api->keeper, release, file);
}

static void open_and_send(struct visit *visit)
{
    const struct release *release = visit->choice.release;
    const struct release_file *form = visit->choice.file;
    const int file = blob_open(visit->api->blobs, form->sha256, form->size);
    char mac[MAC_TEXT_SIZE];

    if (file >= 0) {
        send_image(visit, file);
        return;
    }
    log_line("%s cannot be sent %s %s: %s", mac_format(visit->mac, mac), release->product,
             release->version, file == -EIO ? "its file is damaged" : strerror(-file));
    if (file == -ENOENT || file == -EIO)
        device_api_miss(visit->api, release, form);
    http_set_header(visit->request, "Retry-After", RETRY_AFTER);
    http_answer_line(visit->request, 503, "the file of %s %s cannot be read on the server",
                     release->product, release->version);
}

/* Somebody has offered it something else meanwhile, or it could not be written. */
static void answer_not_offered(const struct visit *visit)
{
    if (visit->result == CHANGE_CONFLICT)
        answer_nothing_due(visit->request);
    else
        answer_not_written(visit->request);
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
    open_and_send(visit);
}

static void count_offer(struct visit *visit)
{
    struct change *change =
        visit->mode == DEVICE_MODE_SPIFFS
            ? fleet_offer_files(visit->api->fleet, visit->mac, &visit->decision.files)
            : fleet_offer(visit->api->fleet, visit->mac, &visit->decision);

    http_suspend(visit->request, go_on_offered, visit);
    fleet_submit(visit->api->fleet, change, written, visit);
}

/* A release goes out. A whole file is an offer and counts as one before it is
 * sent; going on where a counted one broke off is not. */
static void offer(struct visit *visit)
{
    const struct policy_decision *decision = &visit->decision;

    visit->choice = (struct image_choice){decision->next, decision->file};
    visit->part = image_part_asked(visit->request, decision->file);
    const bool is_whole = visit->part.result == RANGE_WHOLE ||
                          (visit->part.result == RANGE_PART && visit->part.range.first == 0);

    if (is_whole && decision->offers >= POLICY_OFFERS_MAX)
        answer_nothing_due(visit->request);
    else if (visit->part.result != RANGE_UNSATISFIABLE && (is_whole || decision->offers == 0))
        count_offer(visit);
    else
        open_and_send(visit);
}

/* --- checking in --- */

static void answer_version(struct http_request *request, const struct image_choice *choice)
{
    if (choice->release == NULL) {
        http_answer_line(request, 404, "there is no release for this device");
        return;
    }
    image_set_version(request, choice);
    http_answer(request, 200, NULL, "", 0);
}

static void answer_busy(const struct visit *visit)
{
    http_set_header(visit->request, "Retry-After", "%u", visit->decision.retry_s);
    http_answer_line(visit->request, 503, "others are being served: ask again later");
}

/* On another node it may be; here it will be. */
static void answer_missing(const struct visit *visit)
{
    http_set_header(visit->request, "Retry-After", RETRY_AFTER);
    http_answer_line(visit->request, 503, "the file is not here at the moment: ask again later");
}

/* The same for a file system. */
static void offer_files(struct visit *visit)
{
    const struct policy_files *files = &visit->decision.files;

    visit->choice = (struct image_choice){files->release, files->file};
    visit->part = image_part_asked(visit->request, files->file);
    if (visit->part.result == RANGE_WHOLE)
        count_offer(visit);
    else
        open_and_send(visit);
}

/* --- key updates --- */

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
static void offer_keys(struct visit *visit)
{
    http_suspend(visit->request, go_on_with_keys, visit);
    fleet_submit(visit->api->fleet,
                 fleet_offer_keys(visit->api->fleet, visit->mac, &visit->decision.keys), written,
                 visit);
}

static bool is_for_sketch(enum device_mode mode)
{
    return mode == DEVICE_MODE_NONE || mode == DEVICE_MODE_SKETCH;
}

static void answer_known(struct visit *visit)
{
    const struct policy_decision *decision = &visit->decision;
    const bool has_none = decision->state == STATE_WAITING || decision->state == STATE_AHEAD ||
                          decision->state == STATE_NO_RELEASE;
    const struct image_choice choice = {has_none ? NULL : decision->next, decision->file};

    if (visit->mode == DEVICE_MODE_VERSION)
        answer_version(visit->request, &choice);
    else if (visit->mode == DEVICE_MODE_SPIFFS && decision->offer)
        offer_files(visit);
    else if (decision->offer)
        offer(visit);
    else if (decision->keys.rule == RULE_DUE && is_for_sketch(visit->mode))
        offer_keys(visit);
    else if (decision->rule == RULE_BUSY && visit->takes_retry)
        answer_busy(visit);
    else if (decision->rule == RULE_FILE_MISSING && visit->takes_retry)
        answer_missing(visit);
    else
        answer_nothing_due(visit->request);
}

static void answer_unregistered(struct visit *visit)
{
    const struct image_choice nothing = {NULL, NULL};

    if (visit->mode == DEVICE_MODE_VERSION)
        answer_version(visit->request, &nothing);
    else
        answer_nothing_due(visit->request);
}

static void go_on_registered(void *ctx, struct http_request *request)
{
    struct visit *visit = ctx;
    char mac[MAC_TEXT_SIZE];

    if (visit->result == CHANGE_FAILED) {
        answer_not_written(request);
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

static void answer_unknown(struct visit *visit, const struct checkin *checkin)
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
    fleet_submit(visit->api->fleet, change, written, visit);
}

/* Does it ask for the rest of a file? */
static bool is_continuing(const struct http_request *request)
{
    struct range range;

    return range_parse(http_header(request, "Range"), UINT64_MAX, &range) == RANGE_PART &&
           range.first > 0;
}

/* Whoever asks here is taken for one that takes signed files only. */
static void ask_for_signed(struct device_abilities *abilities)
{
    abilities->is_told = true;
    abilities->verifies = true;
}

static void check_in(const struct device_api *api, struct http_request *request)
{
    struct checkin_headers headers = {.user_agent = NULL};
    char error[CHECKIN_ERROR_SIZE];
    struct checkin checkin;

    http_each_header(request, checkin_take_header, &headers);
    if (!checkin_read(&headers, &checkin, error)) {
        http_answer_line(request, 403, "%s", error);
        return;
    }
    if (!device_access_allows(&api->access, request, checkin.mac))
        return;
    http_peer(request, checkin.facts.address);
    if (api->is_signed_only)
        ask_for_signed(&checkin.facts.abilities);
    struct visit *visit = new_visit(api, request, &checkin);
    if (visit == NULL) {
        answer_not_written(request);
        return;
    }
    if (!fleet_check_in(api->fleet, checkin.mac, &checkin.facts, is_continuing(request),
                        &visit->decision)) {
        answer_unknown(visit, &checkin);
        return;
    }
    counter_add(&api->counters->decisions[visit->decision.state], 1);
    visit->has_download = visit->decision.offer;
    answer_known(visit);
}

void device_api_handle(const struct device_api *api, struct http_request *request)
{
    const char *method = http_method(request);
    const bool is_download = strncmp(http_path(request), "/firmware/", 10) == 0;

    if (strcmp(method, "GET") != 0 && !(is_download && strcmp(method, "HEAD") == 0)) {
        http_set_header(request, "Allow", is_download ? "GET, HEAD" : "GET");
        http_answer_line(request, 405, "devices ask with GET");
        return;
    }
    http_set_mark(request, is_download ? COUNTED_DOWNLOAD : COUNTED_CHECKIN);
    if (is_download && device_access_allows(&api->access, request, 0))
        device_api_download(api, request);
    else if (!is_download)
        check_in(api, request);
}
