/* A file on its way to becoming a release, or a further form of one. What a step finds amiss is
 * told to publication_refuse(), after which no further one is made.
 */
#ifndef SERVER_OPERATOR_API_PUBLICATION_H
#define SERVER_OPERATOR_API_PUBLICATION_H

#include "server/operator_api/operator_api.h"

#include "host/keys.h"
#include "server/release/inspect.h"

/* The request's context. */
struct publication {
    const struct operator_api *api;
    struct http_request *request;
    struct blob_upload *upload;
    const char *product, *version, *name; /* as asked; null = by the description */
    const char *channel;
    const char *requires, *notes; /* null = not given */
    bool is_draft;
    bool is_filesystem; /* of a release that is there */
    bool goes_first;    /* before the firmware */
    bool has_key;       /* whose signature it is, the request says */
    struct key key;
    struct blob_upload *signed_upload; /* the form signed here; null = none */
    struct release_file uploaded;      /* what was sent */
    struct release release;
    enum change_kind kind;
    unsigned status; /* of a refusal, 0 = none */
    char message[INSPECT_MESSAGE_SIZE + 80];
    enum change_result result;
};

/* The request is to be answered with the status and a line for people. */
void publication_refuse(struct publication *publication, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the request asks for. False, and answered, when that is malformed. */
bool publication_read_query(struct publication *publication);

/* The worker's part: all that takes long. The upload is whole. */

/* Is it sound, and what is it? */
void publication_look_inside(struct publication *publication);
/* Product and version: as asked, or as the image describes itself. */
void publication_name(struct publication *publication);
/* Whose signature is it, as far as keys are known here? */
void publication_find_signer(struct publication *publication);
/* A manifest for something else would make every device refuse the release. */
void publication_compare_with_manifest(struct publication *publication);
/* Which release it becomes, or joins; whether it may. */
void publication_find_place(struct publication *publication);
/* A new release of an image that nobody signed gets a signed form. */
void publication_sign(struct publication *publication);
/* Here, and then where the other nodes get it from, before any of them is told of it. */
void publication_store(struct publication *publication);

#endif
