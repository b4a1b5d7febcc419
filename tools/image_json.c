/* What `updraft image --json` prints. Fields never disappear: unknown is null. */
#include "host/flash_names.h"
#include "host/report.h"
#include "host/sign_manifest.h"
#include "tools/image_file.h"
#include "updraft/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *text_or_null(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    /* Descriptions need not be UTF-8. */
    return value ? value : json_null();
}

static json_t *hex(const uint8_t *bytes, uint32_t length)
{
    char text[2 * UD_DIGEST_MAX_SIZE + 1];
    ud_hex_encode(bytes, length, text);
    return json_string(text);
}

static json_t *size_or_null(uint64_t size)
{
    return size ? json_integer((json_int_t)size) : json_null();
}

static json_t *description(const struct image_file *image)
{
    const struct ud_image_description *from = &image->description;
    char built[40];
    if (!image->report.has_description)
        return json_null();
    snprintf(built, sizeof built, "%s %s", from->date, from->time);
    return json_pack("{s:o, s:o, s:o, s:o}", "project", text_or_null(from->project), "version",
                     text_or_null(from->version), "built", text_or_null(built), "sdk",
                     text_or_null(from->sdk));
}

static json_t *segment(const struct ud_image_header *header, const struct ud_image_segment *from)
{
    return json_pack("{s:I, s:o, s:I, s:I}", "address", (json_int_t)from->load_address, "region",
                     text_or_null(image_region_name(header, from->load_address)), "size",
                     (json_int_t)from->length, "offset", (json_int_t)from->offset);
}

static json_t *part(const struct image_file *image, unsigned number)
{
    const struct ud_image_part *from = &image->report.parts[number];
    json_t *segments = json_array();
    for (size_t i = 0; i < image->segment_count; i++)
        if (image->segments[i].part == number)
            json_array_append_new(segments, segment(&from->header, &image->segments[i]));
    const bool is_boot = number == 0 && image->report.part_count > 1;
    return json_pack("{s:s, s:I, s:I, s:I, s:i, s:i, s:o}", "name",
                     is_boot ? "bootloader" : "application", "offset", (json_int_t)from->offset,
                     "end", (json_int_t)from->end, "entry", (json_int_t)from->header.entry,
                     "checksum_stored", from->checksum_stored, "checksum_computed",
                     from->checksum_computed, "segments", segments);
}

static json_t *parts(const struct image_file *image)
{
    json_t *list = json_array();
    for (unsigned number = 0; number < image->report.part_count; number++)
        json_array_append_new(list, part(image, number));
    return list;
}

static json_t *crc(const struct ud_image_report *report)
{
    static const char *const names[] = {[UD_CRC_ABSENT] = "absent",
                                        [UD_CRC_MATCH] = "match",
                                        [UD_CRC_PATCHED] = "patched",
                                        [UD_CRC_MISMATCH] = "mismatch"};
    return json_string(names[report->crc]);
}

static json_t *hash(const struct ud_image_report *report)
{
    static const char *const names[] = {[UD_HASH_ABSENT] = "absent",
                                        [UD_HASH_UNCHECKED] = "unchecked",
                                        [UD_HASH_MATCH] = "match",
                                        [UD_HASH_MISMATCH] = "mismatch"};
    return json_string(names[report->hash]);
}

static json_t *built_byte(const struct ud_image_report *report, uint8_t byte)
{
    const bool is_known = report->crc == UD_CRC_MATCH || report->crc == UD_CRC_PATCHED;
    return is_known ? json_integer(byte) : json_null();
}

/* From the image's header and end. */
static void add_image(json_t *root, const struct image_file *image)
{
    const struct ud_image_report *report = &image->report;
    const struct ud_image_header *header = &report->parts[0].header;
    const bool has_header = report->part_count > 0;
    const char *mode = has_header ? flash_mode_name(header->flash_mode) : NULL;
    const unsigned mhz = has_header ? flash_frequency_mhz(header->flash_frequency_code) : 0;
    json_object_set_new(root, "description", description(image));
    json_object_set_new(root, "chip", text_or_null(has_header ? ud_image_chip_name(header) : NULL));
    json_object_set_new(root, "flash_mode", text_or_null(mode));
    json_object_set_new(root, "flash_size",
                        size_or_null(ud_image_flash_size(header->chip, header->flash_size_code)));
    json_object_set_new(root, "flash_mhz", size_or_null(mhz));
    json_object_set_new(root, "sketch_size", size_or_null(image_file_sketch_size(image)));
    json_object_set_new(root, "crc", crc(report));
    json_object_set_new(root, "built_mode_byte", built_byte(report, report->built_mode_byte));
    json_object_set_new(root, "built_size_byte", built_byte(report, report->built_size_byte));
    json_object_set_new(root, "hash", hash(report));
    json_object_set_new(root, "parts", parts(image));
}

static json_t *signature(const struct image_file *image)
{
    const struct image_signer *signer = &image->signer;
    const uint32_t length = image->trailer.signature_length;
    const bool is_verified = signer->is_asked && signer->verdict == SIGN_GOOD;
    char kind[KEY_NAME_SIZE];
    if (image->trailer.signature == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "length", size_or_null(length), "kind",
                     text_or_null(length ? image_signature_kind(length, kind) : NULL), "key_id",
                     text_or_null(is_verified ? signer->key_id : NULL), "verified",
                     signer->is_asked ? json_boolean(is_verified) : json_null());
}

static json_t *secure_boot(const struct secure_boot *found)
{
    json_t *list = json_array();
    for (size_t i = 0; i < found->count; i++) {
        const struct secure_boot_block *block = &found->blocks[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:b, s:s}", "kind", block->kind, "key_digest",
                                        hex(block->key_digest, SECURE_BOOT_KEY_DIGEST), "verified",
                                        block->verdict == SECURE_BOOT_GOOD, "verdict",
                                        secure_boot_message(block->verdict)));
    }
    return list;
}

static json_t *manifest(const struct trailer_parts *parts)
{
    const struct ud_manifest *from = &parts->manifest;
    char chip[MANIFEST_CHIP_NAME_SIZE];
    if (!parts->has_manifest)
        return json_null();
    return json_pack("{s:s, s:s, s:o, s:o, s:I}", "kind", manifest_kind_name(from->kind), "chip",
                     manifest_chip_name(from->chip, chip), "product", text_or_null(from->product),
                     "version", text_or_null(from->version), "security_version",
                     (json_int_t)from->security_version);
}

static json_t *slot(const struct ud_partition *from)
{
    return from->size ? json_pack("{s:o, s:I}", "label", text_or_null(from->label), "offset",
                                  (json_int_t)from->offset)
                      : json_null();
}

static void add_file(json_t *root, const struct image_file *image)
{
    static const char *const containers[] = {
        [CONTAINER_PLAIN] = "image", [CONTAINER_GZIP] = "gzip", [CONTAINER_FLASH] = "flash"};
    const size_t inner =
        image->container == CONTAINER_GZIP ? image->inflated.length : image->file.length;
    json_object_set_new(root, "file", text_or_null(image->path));
    json_object_set_new(root, "sound", json_boolean(!image->problem[0]));
    json_object_set_new(root, "problem", text_or_null(image->problem[0] ? image->problem : NULL));
    json_object_set_new(root, "container", json_string(containers[image->container]));
    json_object_set_new(root, "starts", slot(&image->slot));
    json_object_set_new(root, "size", json_integer((json_int_t)image->file.length));
    json_object_set_new(root, "image_size", json_integer((json_int_t)inner));
    json_object_set_new(root, "md5", hex(image->md5, UD_MD5_SIZE));
    json_object_set_new(root, "sha256", hex(image->sha256, UD_SHA256_SIZE));
    json_object_set_new(root, "trailing", json_integer((json_int_t)image->trailing));
    json_object_set_new(root, "signature_size", size_or_null(image->trailer.signature));
    json_object_set_new(root, "signature", signature(image));
    json_object_set_new(root, "secure_boot", secure_boot(&image->secure_boot));
    json_object_set_new(root, "manifest", manifest(&image->trailer));
}

int image_print_json(const struct image_file *image)
{
    json_t *root = json_object();
    add_file(root, image);
    add_image(root, image);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (!text)
        return report_failure("out of memory");
    puts(text);
    free(text);
    return EXIT_OK;
}
