/* A file on its way to a device. */
#include "server/device_api/visit.h"

#include "server/log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

void visit_send(struct visit *visit)
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
             release->version, file == BLOB_DAMAGED ? "its file is damaged" : strerror(-file));
    if (blob_is_lost(file))
        device_api_miss(visit->api, release, form);
    http_set_header(visit->request, "Retry-After", VISIT_RETRY_AFTER);
    http_answer_line(visit->request, 503, "the file of %s %s cannot be read on the server",
                     release->product, release->version);
}
