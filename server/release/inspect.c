#include "server/release/inspect.h"

#include "server/release/content.h"
#include "server/release/kind.h"
#include "server/release/trailer.h"

#include "device/port/bearssl/digest.h"
#include "updraft/image_watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct inspection {
    struct content content;
    struct content_report read;
    struct ud_image parser;
    struct ud_image_watch watch;
    int error; /* the parser's */
    struct trailer_parts trailer;
    struct release_image *image;
    char *message;
};

static enum inspect_result refuse(const struct inspection *inspection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum inspect_result refuse(const struct inspection *inspection, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(inspection->message, INSPECT_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    return INSPECT_REFUSED;
}

static enum inspect_result cannot_read(const struct inspection *inspection)
{
    snprintf(inspection->message, INSPECT_MESSAGE_SIZE, "the upload cannot be read back: %s",
             strerror(errno));
    return INSPECT_NOT_READ;
}

/* What the first bytes give away, when they are not an image's. */
static enum inspect_result sniff(struct inspection *inspection)
{
    uint8_t start[KIND_BYTES];
    const ssize_t got = pread(inspection->content.file, start, sizeof start, 0);

    if (got < 0)
        return cannot_read(inspection);
    const char *objection = kind_objection(start, (size_t)got);
    if (objection != NULL)
        return refuse(inspection, "%s", objection);
    inspection->content.compressed = start[0] == UD_IMAGE_GZIP_MAGIC0;
    return INSPECT_SOUND;
}

struct file_digests {
    struct ud_digest md5;
    struct ud_digest sha256;
};

static bool add_to_file_digests(void *ctx, const void *data, uint32_t length)
{
    struct file_digests *digests = ctx;

    ud_digest_add(&digests->md5, data, length);
    ud_digest_add(&digests->sha256, data, length);
    return true;
}

static enum inspect_result digest_file(struct inspection *inspection)
{
    const struct content whole = {inspection->content.file, inspection->content.size, false};
    struct content_report report;
    struct file_digests digests;

    ud_digest_begin(&digests.md5, &ud_md5);
    ud_digest_begin(&digests.sha256, &ud_sha256);
    if (content_read(&whole, UINT64_MAX, add_to_file_digests, &digests, &report) != CONTENT_OK)
        return cannot_read(inspection);
    ud_digest_end(&digests.md5, inspection->image->files[0].md5);
    ud_digest_end(&digests.sha256, inspection->image->files[0].sha256);
    inspection->image->files[0].size = (uint32_t)whole.size;
    return INSPECT_SOUND;
}

static bool parse(void *ctx, const void *data, uint32_t length)
{
    struct inspection *inspection = ctx;

    inspection->error = ud_image_write(&inspection->parser, data, length);
    return inspection->error == UD_OK;
}

static enum inspect_result refuse_content(const struct inspection *inspection,
                                          enum content_result result)
{
    if (result == CONTENT_CUT)
        return refuse(inspection, "the compressed file is cut off: upload it again, whole");
    if (result == CONTENT_TOO_LARGE)
        return refuse(inspection, "it inflates to more than 16 MB: no chip has room for that");
    return refuse(inspection, "the compressed file is damaged: compress the image again");
}

static enum inspect_result refuse_image(const struct inspection *inspection)
{
    const struct ud_image_report *report = &inspection->parser.report;
    const char *where = inspection->content.compressed ? "the image in the compressed file" : "it";

    if (inspection->error == UD_ERR_MAGIC)
        return refuse(inspection, "%s does not start with E9: not a firmware image", where);
    if (report->crc == UD_CRC_MISMATCH)
        return refuse(inspection,
                      "%s does not have the CRC it carries: it was damaged, build or "
                      "copy it again",
                      where);
    if (report->hash == UD_HASH_MISMATCH)
        return refuse(inspection,
                      "%s does not have the SHA-256 it carries: it was damaged, build "
                      "or copy it again",
                      where);
    return refuse(inspection, "%s is damaged or cut off after %llu bytes: build or copy it again",
                  where, (unsigned long long)inspection->read.length);
}

static enum inspect_result parse_image(struct inspection *inspection)
{
    ud_image_watch_init(&inspection->watch, &ud_sha256);
    ud_image_begin(&inspection->parser, &inspection->watch);
    const enum content_result result =
        content_read(&inspection->content, UINT64_MAX, parse, inspection, &inspection->read);
    if (result == CONTENT_READ_ERROR)
        return cannot_read(inspection);
    if (result == CONTENT_OK)
        inspection->error = ud_image_end(&inspection->parser);
    if (inspection->error != UD_OK)
        return refuse_image(inspection);
    return result == CONTENT_OK ? INSPECT_SOUND : refuse_content(inspection, result);
}

/* Bytes the image does not account for must be a signature: behind the gzip
 * member, or behind the plain image. */
static enum inspect_result judge_trailer(struct inspection *inspection)
{
    const struct ud_image_report *report = &inspection->parser.report;
    const bool compressed = inspection->content.compressed;
    const uint64_t end = compressed ? inspection->read.end : report->length;
    const struct trailer trailer = {inspection->content.file, end, inspection->content.size,
                                    report->parts[0].header.chip};

    if (compressed && report->trailing > 0)
        return refuse(inspection,
                      "%u bytes follow the image in the compressed file: sign after "
                      "compressing",
                      report->trailing);
    switch (trailer_judge(&trailer, &inspection->trailer)) {
    case TRAILER_NONE:
    case TRAILER_KNOWN:
        inspection->image->files[0].is_signed = inspection->trailer.signature > 0;
        return INSPECT_SOUND;
    case TRAILER_UNKNOWN:
        return refuse(inspection,
                      "%llu bytes follow the image and are no signature: build it again",
                      (unsigned long long)(inspection->content.size - end));
    case TRAILER_NOT_READ:
    default:
        return cannot_read(inspection);
    }
}

static enum inspect_result judge_chip(const struct inspection *inspection)
{
    const struct ud_image_report *report = &inspection->parser.report;
    const enum ud_chip chip = report->parts[0].header.chip;

    if (chip == UD_CHIP_ESP32 && inspection->content.compressed)
        return refuse(inspection, "it is a compressed ESP32 image, which ESP32 updaters do not "
                                  "unpack: publish the .bin");
    if (chip == UD_CHIP_ESP8266 && report->part_count < 2)
        return refuse(inspection, "it has no bootloader part, so a device could not start it: "
                                  "publish the file that holds both parts");
    return INSPECT_SOUND;
}

/* Copies a text of the image; bytes that are not printable ASCII would be good
 * for neither JSON nor a terminal. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t length = 0;

    for (; text[length] != '\0' && length + 1 < size; length++)
        out[length] = text[length] >= ' ' && text[length] <= '~' ? text[length] : '?';
    out[length] = '\0';
}

static void describe(struct inspection *inspection)
{
    const struct ud_image_report *report = &inspection->parser.report;
    const struct ud_image_header *header = &report->parts[0].header;
    const struct ud_image_description *description = &inspection->watch.description;
    struct release_image *image = inspection->image;

    image->chip = header->chip;
    snprintf(image->chip_name, sizeof image->chip_name, "%s", ud_image_chip_name(header));
    image->flash_mode = header->flash_mode;
    image->flash_size = ud_image_flash_size(header->chip, header->flash_size_code);
    image->image_size = report->length;
    image->files[0].compressed = inspection->content.compressed;
    image->files[0].inflate_lead = (uint32_t)inspection->read.inflate_lead;
    image->file_count = 1;
    image->has_description = report->has_description;
    if (!report->has_description)
        return;
    char built[sizeof image->built];
    snprintf(built, sizeof built, "%s %s", description->date, description->time);
    copy_text(image->project, sizeof image->project, description->project);
    copy_text(image->version, sizeof image->version, description->version);
    copy_text(image->sdk, sizeof image->sdk, description->sdk);
    copy_text(image->built, sizeof image->built, built);
}

struct sketch_digests {
    uint32_t position;
    uint8_t mode_count; /* digests: one, or one for each flash mode */
    struct ud_digest md5[RELEASE_MD5S];
};

/* The updater replaces byte 2 of an uncompressed ESP8266 file by the mode of
 * the image it runs from. */
static bool add_to_sketch_digests(void *ctx, const void *data, uint32_t length)
{
    struct sketch_digests *digests = ctx;
    const uint8_t *bytes = data;
    const uint32_t header = digests->position == 0 && digests->mode_count > 1 ? 3 : 0;

    for (uint8_t mode = 0; mode < digests->mode_count; mode++) {
        if (header != 0) {
            const uint8_t patched[3] = {bytes[0], bytes[1], mode};
            ud_digest_add(&digests->md5[mode], patched, header);
        }
        ud_digest_add(&digests->md5[mode], bytes + header, length - header);
    }
    digests->position += length;
    return true;
}

static enum inspect_result digest_sketch(struct inspection *inspection)
{
    struct release_digests *out = &inspection->image->digests;
    const bool is_patched =
        inspection->image->chip == UD_CHIP_ESP8266 && !inspection->image->files[0].compressed;
    struct sketch_digests digests = {.mode_count = is_patched ? RELEASE_MD5S : 1};
    struct content_report report;

    for (uint8_t i = 0; i < digests.mode_count; i++)
        ud_digest_begin(&digests.md5[i], &ud_md5);
    /* ESP.getSketchSize() counts the last image's padding and checksum, which
     * is where the parser sees it end. */
    if (content_read(&inspection->content, inspection->parser.report.length, add_to_sketch_digests,
                     &digests, &report) != CONTENT_OK)
        return cannot_read(inspection);
    out->md5_count = digests.mode_count;
    for (uint8_t i = 0; i < digests.mode_count; i++)
        ud_digest_end(&digests.md5[i], out->md5[i]);
    return INSPECT_SOUND;
}

/* An ESP32 reports the SHA-256 appended to its image, or else that of all of it. */
static enum inspect_result note_sha256(struct inspection *inspection)
{
    struct release_digests *out = &inspection->image->digests;
    const struct ud_image_report *report = &inspection->parser.report;

    if (inspection->image->chip != UD_CHIP_ESP32)
        return INSPECT_SOUND;
    if (report->parts[0].header.hash_appended) {
        if (pread(inspection->content.file, out->sha256[out->sha256_count++], UD_SHA256_SIZE,
                  (off_t)report->length - UD_SHA256_SIZE) != UD_SHA256_SIZE)
            return cannot_read(inspection);
    }
    memcpy(out->sha256[out->sha256_count++], inspection->image->files[0].sha256, UD_SHA256_SIZE);
    return INSPECT_SOUND;
}

enum inspect_result inspect_file(int file, uint64_t size, struct release_image *image,
                                 char message[INSPECT_MESSAGE_SIZE])
{
    struct inspection inspection = {
        .content = {file, size, false}, .image = image, .message = message};
    enum inspect_result result;

    memset(image, 0, sizeof *image);
    if (size > CONTENT_MAX)
        return refuse(&inspection, "it has more than 16 MB: no chip has room for that");
    result = sniff(&inspection);
    if (result == INSPECT_SOUND)
        result = parse_image(&inspection);
    if (result == INSPECT_SOUND)
        result = judge_chip(&inspection);
    if (result == INSPECT_SOUND)
        result = judge_trailer(&inspection);
    if (result != INSPECT_SOUND)
        return result;
    describe(&inspection);
    result = digest_file(&inspection);
    if (result == INSPECT_SOUND)
        result = digest_sketch(&inspection);
    return result == INSPECT_SOUND ? note_sha256(&inspection) : result;
}

/* --- file systems --- */

#define FLASH_SECTOR 4096u
#define LENGTH_WORD  4u

static bool is_signature_length(uint32_t length)
{
    return length == 64 || length == 128 || length == 256 || length == 384 || length == 512;
}

/* A file system comes in whole sectors; a manifest and a signature may follow. */
static enum inspect_result judge_size(struct inspection *inspection)
{
    const uint64_t size = inspection->content.size;
    uint8_t word[LENGTH_WORD];

    if (size > 0 && size % FLASH_SECTOR == 0)
        return INSPECT_SOUND;
    if (size < FLASH_SECTOR)
        return refuse(inspection, "it is no file system: those have at least 4096 bytes");
    if (pread(inspection->content.file, word, sizeof word, (off_t)(size - sizeof word)) !=
        (ssize_t)sizeof word)
        return cannot_read(inspection);
    const uint32_t length = (uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 |
                            (uint32_t)word[3] << 24;
    const uint64_t rest = size % FLASH_SECTOR;
    inspection->image->files[0].is_signed =
        is_signature_length(length) &&
        (rest == length + LENGTH_WORD || rest == length + LENGTH_WORD + UD_MANIFEST_SIZE);
    if (inspection->image->files[0].is_signed)
        return INSPECT_SOUND;
    return refuse(inspection, "it is no file system: those come in whole sectors of 4096 bytes");
}

static enum inspect_result judge_start(const struct inspection *inspection)
{
    uint8_t start[2];

    if (pread(inspection->content.file, start, sizeof start, 0) != (ssize_t)sizeof start)
        return cannot_read(inspection);
    if (start[0] == 0x1f && start[1] == 0x8b)
        return refuse(inspection, "it is compressed, which stock devices write as it is: publish "
                                  "the file system itself");
    if (start[0] == 0xe9)
        return refuse(inspection, "it begins like firmware: publish it as that");
    return INSPECT_SOUND;
}

enum inspect_result inspect_filesystem(int file, uint64_t size, struct release_image *image,
                                       char message[INSPECT_MESSAGE_SIZE])
{
    struct inspection inspection = {
        .content = {file, size, false}, .image = image, .message = message};

    memset(image, 0, sizeof *image);
    if (size > CONTENT_MAX)
        return refuse(&inspection, "it has more than 16 MB: no chip has room for that");
    image->file_count = 1;
    enum inspect_result result = judge_size(&inspection);
    if (result == INSPECT_SOUND)
        result = judge_start(&inspection);
    return result == INSPECT_SOUND ? digest_file(&inspection) : result;
}
