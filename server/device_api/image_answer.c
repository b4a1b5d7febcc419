#include "server/device_api/image_answer.h"

#include "server/http/etag.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *image_etag(const struct release_file *file, char etag[ETAG_SIZE])
{
    etag[0] = '"';
    ud_hex_encode(file->sha256, UD_SHA256_SIZE, etag + 1);
    strcat(etag, "\"");
    return etag;
}

struct image_part image_part_asked(const struct http_request *request,
                                   const struct release_file *file)
{
    const uint64_t size = file->size;
    struct image_part part = {RANGE_WHOLE, {0, size}};
    char etag[ETAG_SIZE];

    if (etag_allows_range(http_header(request, "If-Range"), image_etag(file, etag)))
        part.result = range_parse(http_header(request, "Range"), size, &part.range);
    return part;
}

void image_set_version(struct http_request *request, const struct image_choice *choice)
{
    char md5[2 * UD_MD5_SIZE + 1];

    ud_hex_encode(choice->file->md5, UD_MD5_SIZE, md5);
    http_set_header(request, "x-MD5", "%s", md5);
    http_set_header(request, "x-version", "%s", choice->release->version);
}

static void set_headers(struct http_request *request, const struct image_choice *choice)
{
    char etag[ETAG_SIZE];

    image_set_version(request, choice);
    http_set_header(request, "ETag", "%s", image_etag(choice->file, etag));
    http_set_header(request, "Accept-Ranges", "bytes");
    http_set_header(request, "Content-Disposition", "attachment; filename=\"%s\"",
                    choice->release->name);
}

void image_answer(struct http_request *request, const struct image_choice *choice,
                  const struct image_part *part, int descriptor, const struct http_file *callbacks)
{
    const unsigned long long size = choice->file->size;
    struct http_file file = callbacks != NULL ? *callbacks : (struct http_file){.ctx = NULL};

    if (part->result == RANGE_UNSATISFIABLE) {
        close(descriptor);
        http_set_header(request, "Content-Range", "bytes */%llu", size);
        http_answer_line(request, 416, "the range is outside the file of %llu bytes", size);
        return;
    }
    set_headers(request, choice);
    if (part->result == RANGE_PART)
        http_set_header(request, "Content-Range", "bytes %llu-%llu/%llu",
                        (unsigned long long)part->range.first,
                        (unsigned long long)(part->range.first + part->range.length - 1), size);
    file.file = descriptor;
    file.offset = part->range.first;
    file.length = part->range.length;
    http_answer_file(request, part->result == RANGE_PART ? 206 : 200, "application/octet-stream",
                     &file);
}
