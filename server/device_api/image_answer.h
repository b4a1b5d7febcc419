/* A release's file as an answer: whole, in part, or not again. */
#ifndef SERVER_DEVICE_API_IMAGE_ANSWER_H
#define SERVER_DEVICE_API_IMAGE_ANSWER_H

#include "server/http/http.h"
#include "server/http/range.h"
#include "server/model/release.h"

/* One form of a release, to be sent. */
struct image_choice {
    const struct release *release;
    const struct release_file *file;
};

#define ETAG_SIZE (2 * UD_SHA256_SIZE + 3)

/* What of a file a request asks for. */
struct image_part {
    enum range_result result;
    struct range range; /* all of it unless result is RANGE_PART */
};

/* From Range and If-Range. */
struct image_part image_part_asked(const struct http_request *request,
                                   const struct release_file *file);

/* The file's tag with its quotes. Returns etag. */
const char *image_etag(const struct release_file *file, char etag[ETAG_SIZE]);

/* x-version and x-MD5. */
void image_set_version(struct http_request *request, const struct image_choice *choice);

/* Answers 200, 206 or 416. The descriptor is taken over; file carries the
 * callbacks and may be null. */
void image_answer(struct http_request *request, const struct image_choice *choice,
                  const struct image_part *part, int descriptor, const struct http_file *callbacks);

#endif
