#include "server/release/content.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define FLASH_SECTOR 4096u
#define INPUT_SIZE   16384u
#define GZIP_WINDOW  (15 + 16) /* zlib: largest window, gzip wrapper required */

/* Reads as much as there is, up to `size`. -1 on errors. */
static ssize_t read_at(int file, void *buffer, size_t size, uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        const ssize_t got = pread(file, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static enum content_result read_plain(const struct content *content, uint64_t limit,
                                      content_sink *sink, void *ctx, struct content_report *report)
{
    const uint64_t end = limit < content->size ? limit : content->size;
    uint8_t buffer[INPUT_SIZE];

    while (report->length < end) {
        const uint64_t left = end - report->length;
        const ssize_t got =
            read_at(content->file, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer,
                    report->length);
        if (got <= 0)
            return CONTENT_READ_ERROR;
        if (!sink(ctx, buffer, (uint32_t)got))
            return CONTENT_STOPPED;
        report->length += (uint64_t)got;
    }
    report->end = report->length;
    return CONTENT_OK;
}

struct inflater {
    z_stream stream;
    uint64_t offset; /* of the next byte of the file to hand to zlib */
    uint8_t input[INPUT_SIZE];
    uint8_t sector[FLASH_SECTOR];
};

/* Inflates the next sector, or what is left. Z_OK, Z_STREAM_END, Z_BUF_ERROR at
 * the end of a cut file, Z_ERRNO, or zlib's error. */
static int inflate_sector(struct inflater *inflater, const struct content *content)
{
    z_stream *stream = &inflater->stream;
    int status = Z_OK;

    stream->next_out = inflater->sector;
    stream->avail_out = FLASH_SECTOR;
    while (status == Z_OK && stream->avail_out > 0) {
        if (stream->avail_in == 0) {
            const ssize_t got =
                read_at(content->file, inflater->input, INPUT_SIZE, inflater->offset);
            if (got < 0)
                return Z_ERRNO;
            inflater->offset += (uint64_t)got;
            stream->next_in = inflater->input;
            stream->avail_in = (uInt)got;
        }
        status = inflate(stream, Z_NO_FLUSH);
    }
    return status;
}

/* The sector just made is erased and written whole; nothing before what has
 * been read of the file matters any more. */
static void note_lead(const struct inflater *inflater, struct content_report *report)
{
    const uint64_t written = (report->length + FLASH_SECTOR - 1) / FLASH_SECTOR * FLASH_SECTOR;
    const uint64_t consumed = inflater->stream.total_in;

    if (written > consumed && written - consumed > report->inflate_lead)
        report->inflate_lead = written - consumed;
}

static enum content_result inflate_all(struct inflater *inflater, const struct content *content,
                                       uint64_t limit, content_sink *sink, void *ctx,
                                       struct content_report *report)
{
    for (;;) {
        const int status = inflate_sector(inflater, content);
        uint64_t made = FLASH_SECTOR - inflater->stream.avail_out;
        if (status == Z_ERRNO)
            return CONTENT_READ_ERROR;
        if (status == Z_BUF_ERROR)
            return CONTENT_CUT;
        if (status != Z_OK && status != Z_STREAM_END)
            return CONTENT_DAMAGED;
        if (made > limit - report->length)
            made = limit - report->length;
        if (made > CONTENT_MAX - report->length)
            return CONTENT_TOO_LARGE;
        if (made > 0 && !sink(ctx, inflater->sector, (uint32_t)made))
            return CONTENT_STOPPED;
        report->length += made;
        note_lead(inflater, report);
        report->end = inflater->stream.total_in;
        if (status == Z_STREAM_END || report->length == limit)
            return CONTENT_OK;
    }
}

static enum content_result read_compressed(const struct content *content, uint64_t limit,
                                           content_sink *sink, void *ctx,
                                           struct content_report *report)
{
    struct inflater inflater = {.offset = 0};

    if (inflateInit2(&inflater.stream, GZIP_WINDOW) != Z_OK) {
        errno = ENOMEM;
        return CONTENT_READ_ERROR;
    }
    const enum content_result result = inflate_all(&inflater, content, limit, sink, ctx, report);
    inflateEnd(&inflater.stream);
    return result;
}

enum content_result content_read(const struct content *content, uint64_t limit, content_sink *sink,
                                 void *ctx, struct content_report *report)
{
    memset(report, 0, sizeof *report);
    return content->compressed ? read_compressed(content, limit, sink, ctx, report)
                               : read_plain(content, limit, sink, ctx, report);
}
