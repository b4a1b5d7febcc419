/* A check-in while it is answered. Every function answers the request, or suspends it. */
#ifndef SERVER_DEVICE_API_VISIT_H
#define SERVER_DEVICE_API_VISIT_H

#include "server/device_api/checkin.h"
#include "server/device_api/device_api.h"
#include "server/device_api/image_answer.h"

/* Seconds until a device may ask again when something could not be written or read. */
#define VISIT_RETRY_AFTER "30"

/* The request's context. */
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

/* Becomes the request's context. Null when memory is out. */
struct visit *visit_new(const struct device_api *api, struct http_request *request,
                        const struct checkin *checkin);

/* The writer's answer: the request goes on, on its own thread. */
void visit_written(void *ctx, enum change_result result);

void visit_answer_nothing_due(struct http_request *request);
void visit_answer_not_written(struct http_request *request);
/* Which version is the device's? There may be none. */
void visit_answer_version(struct http_request *request, const struct image_choice *choice);

/* A device that is not known yet. */
void visit_register(struct visit *visit, const struct checkin *checkin);

/* What was decided goes out. */
void visit_offer_release(struct visit *visit);
void visit_offer_files(struct visit *visit); /* a file system */
void visit_offer_keys(struct visit *visit);  /* a key update */

/* Sends visit->part of visit->choice. */
void visit_send(struct visit *visit);

#endif
