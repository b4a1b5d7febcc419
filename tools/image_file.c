#include "tools/image_file.h"

#include "device/port/bearssl/digest.h"
#include "host/elf.h"
#include "host/pack.h"
#include "host/sign_manifest.h"
#include "server/release/kind.h"
#include "updraft/image_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Twice the largest flash chip: anything beyond is no firmware. */
#define FILE_LIMIT     (32u << 20)
#define INFLATED_LIMIT (16u << 20)
#define SMALLEST_FLASH (512u << 10)

static void __attribute__((format(printf, 2, 3)))
set_problem(struct image_file *image, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(image->problem, sizeof image->problem, format, arguments);
    va_end(arguments);
}

static void digest(const struct ud_digest_class *class, const struct file_bytes *bytes,
                   uint8_t *out)
{
    struct ud_digest state;
    ud_digest_begin(&state, class);
    ud_digest_add(&state, bytes->data, (uint32_t)bytes->length);
    ud_digest_end(&state, out);
}

static void keep_segment(void *ctx, const struct ud_image_segment *segment)
{
    struct image_file *image = ctx;
    if (image->segment_count < IMAGE_FILE_MAX_SEGMENTS)
        image->segments[image->segment_count++] = *segment;
}

static void explain_checks(struct image_file *image)
{
    const struct ud_image_report *report = &image->report;
    const struct ud_image_part *first = &report->parts[0];
    if (report->crc == UD_CRC_MISMATCH)
        set_problem(image, "is damaged: its CRC word does not fit its content");
    else if (report->hash == UD_HASH_MISMATCH)
        set_problem(image, "is damaged: the SHA-256 at its end does not fit its content");
    else if (first->end && first->checksum_stored != first->checksum_computed)
        set_problem(image, "is damaged: checksum of the first image is %02x, should be %02x",
                    first->checksum_stored, first->checksum_computed);
    else
        set_problem(image, "is cut short: the image goes on after its end");
}

static void explain(struct image_file *image, int error, bool at_end)
{
    if (error == UD_ERR_MAGIC)
        set_problem(image, "is no firmware image: what is inside does not start with E9");
    else if (error == UD_ERR_NO_DATA)
        set_problem(image, "is empty");
    else if (at_end)
        explain_checks(image);
    else
        set_problem(image, "is damaged: segment %zu of its image cannot be",
                    image->segment_count ? image->segment_count - 1 : 0);
}

/* A bootloader, its padding, and then something else than an application. */
static bool lacks_application(const struct image_file *image, const struct file_bytes *bytes)
{
    const uint32_t end = image->report.parts[0].end;
    if (image->report.part_count != 1 || bytes->length <= UD_IMAGE_APP_OFFSET || end == 0 ||
        end >= UD_IMAGE_APP_OFFSET)
        return false;
    for (size_t i = end; i < UD_IMAGE_APP_OFFSET; i++)
        if (bytes->data[i] != PACK_BOOT_PADDING)
            return false;
    return true;
}

/* The image that starts the bytes. */
static void parse(struct image_file *image, const struct file_bytes *bytes)
{
    struct ud_image_watch watch;
    struct ud_image parser;

    ud_image_watch_init(&watch, &ud_sha256);
    watch.ctx = image;
    watch.segment = keep_segment;
    ud_image_begin(&parser, &watch);
    int error = ud_image_write(&parser, bytes->data, (uint32_t)bytes->length);
    const bool at_end = error == UD_OK;
    if (at_end)
        error = ud_image_end(&parser);
    image->report = parser.report;
    image->description = watch.description;
    if (lacks_application(image, bytes))
        set_problem(image, "is damaged: no application starts at %#x, after the bootloader",
                    UD_IMAGE_APP_OFFSET);
    else if (error != UD_OK)
        explain(image, error, at_end);
}

static int inflate_into(z_stream *stream, struct file_bytes *out)
{
    size_t capacity = 1u << 20;
    int result = Z_OK;
    out->data = malloc(capacity);
    while (out->data && result == Z_OK && out->length <= INFLATED_LIMIT) {
        if (out->length == capacity) {
            uint8_t *const data = realloc(out->data, capacity *= 2);
            if (!data)
                return Z_MEM_ERROR;
            out->data = data;
        }
        stream->next_out = out->data + out->length;
        stream->avail_out = (uInt)(capacity - out->length);
        result = inflate(stream, Z_NO_FLUSH);
        out->length = capacity - stream->avail_out;
    }
    return out->data ? result : Z_MEM_ERROR;
}

/* Returns the bytes of the gzip member, 0 with a problem set. */
static size_t inflate_file(struct image_file *image)
{
    z_stream stream = {.next_in = image->file.data, .avail_in = (uInt)image->file.length};
    /* 16 on top of the largest window: gzip only. */
    int result = inflateInit2(&stream, 15 + 16);
    if (result == Z_OK)
        result = inflate_into(&stream, &image->inflated);
    inflateEnd(&stream);
    if (result == Z_STREAM_END)
        return stream.total_in;
    if (result == Z_MEM_ERROR)
        set_problem(image, "needs more memory than there is");
    else if (image->inflated.length > INFLATED_LIMIT)
        set_problem(image, "inflates to more than the largest flash chip holds");
    else if (result == Z_BUF_ERROR)
        set_problem(image, "is cut short: the gzip stream goes on after its end");
    else
        set_problem(image, "is damaged: %s", stream.msg ? stream.msg : "the gzip stream is wrong");
    return 0;
}

static bool is_flash_size(size_t length)
{
    return length >= SMALLEST_FLASH && length <= INFLATED_LIMIT && (length & (length - 1)) == 0;
}

/* In a gzip file, the manifest is in the header of the member that ends there. */
static void note_manifest_inside(struct image_file *image, size_t end)
{
    const struct file_bytes member = {image->file.data, end};
    bool is_inside;
    if (image->container == CONTAINER_GZIP)
        image->trailer.has_manifest = manifest_find(&member, &image->trailer.manifest, &is_inside);
}

static void judge_secure_boot(struct image_file *image, size_t end)
{
    const struct secure_boot *found = &image->secure_boot;
    secure_boot_read(&image->file, end, &image->secure_boot);
    for (size_t i = 0; i < found->count && !image->problem[0]; i++)
        if (found->blocks[i].verdict != SECURE_BOOT_GOOD &&
            found->blocks[i].verdict != SECURE_BOOT_NOT_VERIFIED)
            set_problem(image, "has a bad Secure Boot signature in block %zu: %s", i,
                        secure_boot_message(found->blocks[i].verdict));
}

/* What follows the image in the file. */
static int judge_trailer(struct image_file *image, size_t end)
{
    image->trailing = image->file.length - end;
    const int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const struct trailer trailer = {.file = fd,
                                    .start = end,
                                    .end = image->file.length,
                                    .chip = image->report.parts[0].header.chip};
    if (trailer_judge(&trailer, &image->trailer) != TRAILER_KNOWN)
        image->trailer = (struct trailer_parts){.has_manifest = false};
    note_manifest_inside(image, end);
    if (trailer.chip == UD_CHIP_ESP32)
        judge_secure_boot(image, end);
    close(fd);
    return 0;
}

static int judge_plain(struct image_file *image)
{
    parse(image, &image->file);
    if (image->problem[0])
        return 0;
    if (image->report.trailing && is_flash_size(image->file.length)) {
        image->container = CONTAINER_FLASH;
        return 0;
    }
    return judge_trailer(image, image->report.length);
}

static int judge_gzip(struct image_file *image)
{
    image->container = CONTAINER_GZIP;
    const size_t end = inflate_file(image);
    if (end == 0)
        return 0;
    parse(image, &image->inflated);
    return image->problem[0] ? 0 : judge_trailer(image, end);
}

/* False when it is no ESP32's whole flash. */
static bool judge_slots(struct image_file *image)
{
    const enum image_slots found = image_find_slot(&image->file, &image->slot);
    if (found == IMAGE_SLOTS_NONE)
        return false;
    image->container = CONTAINER_FLASH;
    if (found == IMAGE_SLOTS_NOTHING_STARTS) {
        set_problem(image, "has a partition table, and no program that would start");
        return true;
    }
    const struct file_bytes slot = {image->file.data + image->slot.offset, image->slot.size};
    parse(image, &slot);
    return true;
}

static int judge(struct image_file *image)
{
    struct elf elf;
    const struct file_bytes *file = &image->file;
    if (elf_open(&elf, file->data, file->length) != ELF_NOT_ELF) {
        set_problem(image, "is an ELF file: pack it first, with updraft image --pack");
        return 0;
    }
    if (judge_slots(image))
        return 0;
    const char *objection =
        kind_objection(file->data, file->length < KIND_BYTES ? file->length : KIND_BYTES);
    if (objection) {
        set_problem(image, "is no firmware image: %s", objection);
        return 0;
    }
    return file->data[0] == UD_IMAGE_GZIP_MAGIC0 ? judge_gzip(image) : judge_plain(image);
}

int image_file_open(struct image_file *image, const char *path)
{
    *image = (struct image_file){.path = path};
    const int error = file_read(path, FILE_LIMIT, &image->file);
    if (error)
        return error;
    digest(&ud_md5, &image->file, image->md5);
    digest(&ud_sha256, &image->file, image->sha256);
    return judge(image);
}

void image_file_close(struct image_file *image)
{
    free(image->file.data);
    free(image->inflated.data);
}

static enum sign_verdict check_secure_boot(const struct secure_boot *found, const struct key *key)
{
    const size_t number = secure_boot_find(found, key);
    if (number == found->count)
        return SIGN_ABSENT;
    return found->blocks[number].verdict == SECURE_BOOT_GOOD ? SIGN_GOOD : SIGN_WRONG;
}

void image_file_check_signature(struct image_file *image, const struct key *key)
{
    struct image_signer *signer = &image->signer;
    size_t length;
    signer->is_asked = true;
    signer->verdict = image->secure_boot.count ? check_secure_boot(&image->secure_boot, key)
                                               : sign_check(key, &image->file, &length);
    key_name(key, signer->key_name);
    key_id_text(key, signer->key_id);
    if (signer->verdict != SIGN_GOOD && !image->problem[0])
        set_problem(image, "is not signed by the key %s as devices want it", signer->key_id);
}

const char *image_signature_kind(uint32_t length, char name[KEY_NAME_SIZE])
{
    if (length == 64)
        snprintf(name, KEY_NAME_SIZE, "P-256");
    else if (length % 128 == 0)
        snprintf(name, KEY_NAME_SIZE, "RSA-%u", 8 * length);
    else
        snprintf(name, KEY_NAME_SIZE, "ECDSA in DER");
    return name;
}

uint32_t image_file_sketch_size(const struct image_file *image)
{
    /* Images end on a multiple of 16, which is what the sum on the device comes to. */
    return ud_image_app(&image->report)->end;
}
