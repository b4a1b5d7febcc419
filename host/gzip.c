#include "host/gzip.h"

#include "updraft/endian.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zopfli/zopfli.h>

#define HEADER        10u /* before extra field, name and so on */
#define TRAILER       8u  /* CRC-32 and inflated length */
#define SUBFIELD_HEAD 4u  /* id and length */

#define AT_FLAGS 3u
#define AT_OS    9u

#define FLAG_HEADER_CRC 0x02u
#define FLAG_EXTRA      0x04u
#define FLAG_NAME       0x08u
#define FLAG_COMMENT    0x10u

#define OS_UNKNOWN 255u

bool gzip_is(const struct file_bytes *file)
{
    return file->length >= HEADER + TRAILER && file->data[0] == 0x1f && file->data[1] == 0x8b &&
           file->data[2] == Z_DEFLATED;
}

/* --- compressing --- */

static uint8_t *put_member(const struct file_bytes *content, const uint8_t *deflated,
                           size_t deflated_length)
{
    static const uint8_t header[HEADER] = {0x1f, 0x8b, Z_DEFLATED, [AT_OS] = OS_UNKNOWN};
    uint8_t *data = malloc(HEADER + deflated_length + TRAILER);
    if (!data)
        return NULL;
    memcpy(data, header, HEADER);
    memcpy(data + HEADER, deflated, deflated_length);
    uint8_t *trailer = data + HEADER + deflated_length;
    ud_put_u32(trailer, (uint32_t)crc32_z(0, content->data, content->length));
    ud_put_u32(trailer + 4, (uint32_t)content->length);
    return data;
}

int gzip_smallest(const struct file_bytes *content, struct file_bytes *gzip)
{
    ZopfliOptions options;
    unsigned char *deflated = NULL;
    size_t length = 0;
    ZopfliInitOptions(&options);
    ZopfliCompress(&options, ZOPFLI_FORMAT_DEFLATE, content->data, content->length, &deflated,
                   &length);
    uint8_t *data = deflated ? put_member(content, deflated, length) : NULL;
    free(deflated);
    if (!data)
        return -ENOMEM;
    *gzip = (struct file_bytes){data, HEADER + length + TRAILER};
    return 0;
}

/* --- the extra field --- */

/* The parts of a header; offsets into the file. */
struct header {
    size_t extra;        /* first byte of the subfields */
    size_t extra_length; /* 0 without an extra field */
    size_t texts;        /* name and comment, if any; where the extra field ends */
    size_t body;         /* deflated data */
};

/* Moves *at past a text's NUL. */
static bool skip_text(const struct file_bytes *file, size_t *at)
{
    const uint8_t *end = memchr(file->data + *at, 0, file->length - *at);
    if (!end)
        return false;
    *at = (size_t)(end - file->data) + 1;
    return true;
}

static bool read_extra(const struct file_bytes *file, struct header *header)
{
    header->extra_length = ud_get_u16(file->data + HEADER);
    header->extra = HEADER + 2;
    if (header->extra_length > file->length - header->extra)
        return false;
    header->texts = header->extra + header->extra_length;
    return true;
}

static bool read_header(const struct file_bytes *file, struct header *header)
{
    if (!gzip_is(file))
        return false;
    const uint8_t flags = file->data[AT_FLAGS];
    *header = (struct header){.extra = HEADER, .texts = HEADER};
    if ((flags & FLAG_EXTRA) && !read_extra(file, header))
        return false;
    header->body = header->texts;
    if ((flags & FLAG_NAME) && !skip_text(file, &header->body))
        return false;
    if ((flags & FLAG_COMMENT) && !skip_text(file, &header->body))
        return false;
    return true;
}

static bool has_subfield(const struct file_bytes *file, const struct header *header,
                         const char id[2])
{
    const uint8_t *at = file->data + header->extra;
    size_t left = header->extra_length;
    while (left >= SUBFIELD_HEAD) {
        const size_t length = SUBFIELD_HEAD + ud_get_u16(at + 2);
        if (memcmp(at, id, 2) == 0)
            return true;
        if (length > left)
            return false;
        at += length;
        left -= length;
    }
    return false;
}

static uint8_t *append(uint8_t *out, const void *data, size_t length)
{
    memcpy(out, data, length);
    return out + length;
}

int gzip_add_subfield(const struct file_bytes *member, const struct gzip_subfield *subfield,
                      struct file_bytes *out)
{
    struct header header;
    if (!read_header(member, &header) || has_subfield(member, &header, subfield->id))
        return -EINVAL;
    const uint8_t flags = member->data[AT_FLAGS];
    const size_t extra = header.extra_length + SUBFIELD_HEAD + subfield->length;
    const size_t body = header.body + (flags & FLAG_HEADER_CRC ? 2 : 0);
    if (extra > UINT16_MAX)
        return -ENOSPC;
    if (body > member->length)
        return -EINVAL;
    uint8_t *data = malloc(member->length + 2 + SUBFIELD_HEAD + subfield->length);
    if (!data)
        return -ENOMEM;
    uint8_t *at = append(data, member->data, HEADER);
    data[AT_FLAGS] = (uint8_t)((flags | FLAG_EXTRA) & ~FLAG_HEADER_CRC);
    ud_put_u16(at, (uint16_t)extra);
    at = append(at + 2, subfield->id, 2);
    ud_put_u16(at, subfield->length);
    at = append(at + 2, subfield->data, subfield->length);
    at = append(at, member->data + header.extra, header.extra_length);
    at = append(at, member->data + header.texts, header.body - header.texts);
    at = append(at, member->data + body, member->length - body);
    *out = (struct file_bytes){data, (size_t)(at - data)};
    return 0;
}
