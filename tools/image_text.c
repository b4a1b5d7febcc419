/* What `updraft image` prints for people. */
#include "host/flash_names.h"
#include "host/sign_manifest.h"
#include "host/table.h"
#include "host/text.h"
#include "tools/image_file.h"
#include "updraft/hex.h"

#include <stdarg.h>
#include <stdio.h>

/* One line of the report: a name in a column of its own, and what it is. */
static void __attribute__((format(printf, 2, 3))) fact(const char *name, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_clean(text);
    printf("%-12s  %s\n", name, text);
}

static void print_digest(const char *name, const uint8_t *digest, uint32_t size)
{
    char text[2 * UD_DIGEST_MAX_SIZE + 1];
    ud_hex_encode(digest, size, text);
    fact(name, "%s", text);
}

static void print_file(const struct image_file *image)
{
    static const char *const containers[] = {
        [CONTAINER_PLAIN] = "firmware image",
        [CONTAINER_GZIP] = "firmware image, compressed with gzip",
        [CONTAINER_FLASH] = "content of a flash chip",
    };
    const struct ud_image_part *app = ud_image_app(&image->report);
    fact("file", "%s", image->path);
    fact("format", "%s for %s", containers[image->container], ud_image_chip_name(&app->header));
    fact("size", "%zu bytes", image->file.length);
    if (image->container == CONTAINER_GZIP)
        fact("inflated", "%zu bytes", image->inflated.length);
    print_digest("MD5", image->md5, UD_MD5_SIZE);
    print_digest("SHA-256", image->sha256, UD_SHA256_SIZE);
}

static void print_slot(const struct ud_partition *slot)
{
    if (slot->size)
        fact("starts", "what is in %s, at %#x", slot->label, slot->offset);
}

static void print_description(const struct image_file *image)
{
    const struct ud_image_description *description = &image->description;
    if (!image->report.has_description) {
        fact("description", "none");
        return;
    }
    fact("project", "%s", description->project);
    fact("version", "%s", description->version);
    fact("built", "%s %s with %s", description->date, description->time, description->sdk);
}

static void print_flash(const struct ud_image_header *header)
{
    char size[TEXT_SIZE_MAX];
    const uint32_t bytes = ud_image_flash_size(header->chip, header->flash_size_code);
    const char *mode = flash_mode_name(header->flash_mode);
    const unsigned mhz = flash_frequency_mhz(header->flash_frequency_code);
    char frequency[24] = "unknown frequency";
    if (mhz)
        snprintf(frequency, sizeof frequency, "%u MHz", mhz);
    fact("flash", "%s, %s, %s", mode ? mode : "unknown mode",
         bytes ? text_size(bytes, size) : "unknown size", frequency);
}

static void print_revisions(const struct ud_image_header *header)
{
    if (header->chip != UD_CHIP_ESP32)
        return;
    fact("revisions", "from %u.%02u", header->min_revision / 100, header->min_revision % 100);
}

static void print_crc(const struct ud_image_report *report)
{
    const struct ud_image_header *header = &report->parts[0].header;
    const unsigned size_byte =
        (unsigned)header->flash_size_code << 4 | header->flash_frequency_code;
    switch (report->crc) {
    case UD_CRC_MATCH:
        fact("CRC words", "match");
        break;
    case UD_CRC_PATCHED:
        fact("CRC words",
             "match what was built: flash mode and size bytes %02x %02x, now %02x %02x",
             report->built_mode_byte, report->built_size_byte, header->flash_mode, size_byte);
        break;
    case UD_CRC_MISMATCH:
        fact("CRC words", "do not fit the content");
        break;
    case UD_CRC_ABSENT:
    default:
        if (header->chip == UD_CHIP_ESP8266)
            fact("CRC words", "none");
    }
}

static void print_hash(const struct ud_image_report *report)
{
    if (report->hash == UD_HASH_MATCH)
        fact("hash", "SHA-256 appended, matches");
    else if (report->hash == UD_HASH_MISMATCH)
        fact("hash", "SHA-256 appended, does not fit the content");
}

static void print_manifest(const struct image_file *image)
{
    const struct ud_manifest *manifest = &image->trailer.manifest;
    char chip[MANIFEST_CHIP_NAME_SIZE];
    if (image->trailer.has_manifest)
        fact("manifest", "%s for %s, %s %s, security version %u",
             manifest_kind_name(manifest->kind), manifest_chip_name(manifest->chip, chip),
             manifest->product, manifest->version, manifest->security_version);
}

static void print_signer(const struct image_signer *signer)
{
    static const char *const verdicts[] = {
        [SIGN_GOOD] = "verified",
        [SIGN_GOOD_LEGACY] = "verified, but in the legacy form, for Arduino cores up to 2.5.2",
        [SIGN_GOOD_DER] = "verified, but in DER, which no device accepts",
        [SIGN_WRONG] = "not verified: another key's, or the file was changed",
        [SIGN_ABSENT] = "not verified: no signature this key could have made",
    };
    if (signer->is_asked)
        fact("signed by", "%s %s, %s", signer->key_name, signer->key_id, verdicts[signer->verdict]);
}

static void print_secure_boot(const struct secure_boot *found)
{
    char digest[2 * SECURE_BOOT_KEY_DIGEST + 1];
    for (size_t i = 0; i < found->count; i++) {
        const struct secure_boot_block *block = &found->blocks[i];
        ud_hex_encode(block->key_digest, SECURE_BOOT_KEY_DIGEST, digest);
        fact("Secure Boot", "block %zu, %s, %s; key digest %s", i, block->kind,
             secure_boot_message(block->verdict), digest);
    }
}

static void print_trailer(const struct image_file *image)
{
    const struct trailer_parts *parts = &image->trailer;
    char kind[KEY_NAME_SIZE];
    print_manifest(image);
    if (parts->signature_length)
        fact("signature", "%u bytes, as %s makes them%s", parts->signature_length,
             image_signature_kind(parts->signature_length, kind),
             image->signer.is_asked ? "" : "; --key FILE verifies it");
    else if (image->secure_boot.count)
        print_secure_boot(&image->secure_boot);
    else if (parts->signature)
        fact("signature", "%llu bytes, in an ESP32's form, not verified here",
             (unsigned long long)parts->signature);
    else if (image->trailing && !parts->has_manifest)
        fact("trailing", "%llu bytes after the image, meaning unknown",
             (unsigned long long)image->trailing);
    print_signer(&image->signer);
}

static void print_checksum(const struct ud_image_report *report, unsigned number)
{
    const struct ud_image_part *part = &report->parts[number];
    if (part->checksum_stored == part->checksum_computed)
        fact("  checksum", "%02x, matches", part->checksum_stored);
    else if (number == 1)
        fact("  checksum",
             "%02x stored, %02x computed: packers take it before the CRC words are"
             " filled in, and nothing checks it",
             part->checksum_stored, part->checksum_computed);
    else
        fact("  checksum", "%02x stored, %02x computed", part->checksum_stored,
             part->checksum_computed);
}

static void print_segments(const struct image_file *image, unsigned number)
{
    static const struct table_column columns[] = {{"segment", TABLE_RIGHT}, {"address", TABLE_LEFT},
                                                  {"region", TABLE_LEFT},   {"size", TABLE_RIGHT},
                                                  {"offset", TABLE_RIGHT},  {NULL, TABLE_LEFT}};
    const struct ud_image_header *header = &image->report.parts[number].header;
    struct table *table = table_start(columns);
    if (!table)
        return;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct ud_image_segment *segment = &image->segments[i];
        const char *region = image_region_name(header, segment->load_address);
        if (segment->part != number)
            continue;
        table_cell(table, "%u", segment->index);
        table_cell(table, "%08x", segment->load_address);
        table_cell(table, "%s", region ? region : "");
        table_cell(table, "%u", segment->length);
        table_cell(table, "%#x", segment->offset);
    }
    table_print(table, stdout, 2);
    table_free(table);
}

static void print_part(const struct image_file *image, unsigned number)
{
    const struct ud_image_part *part = &image->report.parts[number];
    const bool is_boot = number == 0 && image->report.part_count > 1;
    printf("\n");
    fact(is_boot ? "bootloader" : "application", "%#x to %#x, entry %08x", part->offset, part->end,
         part->header.entry);
    print_checksum(&image->report, number);
    print_segments(image, number);
}

void image_print_text(const struct image_file *image)
{
    const struct ud_image_report *report = &image->report;
    print_file(image);
    print_slot(&image->slot);
    print_description(image);
    print_flash(&report->parts[0].header);
    print_revisions(&report->parts[0].header);
    print_crc(report);
    print_hash(report);
    fact("in flash", "%u bytes", image_file_sketch_size(image));
    print_trailer(image);
    for (unsigned number = 0; number < report->part_count; number++)
        print_part(image, number);
}
