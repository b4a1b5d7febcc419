#include "image_builder.h"

#include "updraft/endian.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <stdlib.h>
#include <string.h>

enum {
    ESP8266_HEADER = 8,
    ESP32_HEADER = 24,
    SEGMENT_HEADER = 8,
    CHECKSUM_SEED = 0xef,
    GAP_BYTE = 0xaa,
    DEFAULT_SIZE = 8192,
    SECURE_VERSION = 4, /* in a description */
};

/* ---- A growing buffer ---- */

static void append(struct image_bytes *image, const void *data, uint32_t length)
{
    uint8_t *grown = realloc(image->data, (size_t)image->length + length + 1);

    if (grown == NULL)
        abort();
    if (length > 0)
        memcpy(grown + image->length, data, length);
    image->data = grown;
    image->length += length;
}

static void append_byte(struct image_bytes *image, uint8_t byte)
{
    append(image, &byte, 1);
}

static void append_u32(struct image_bytes *image, uint32_t value)
{
    uint8_t bytes[4];

    ud_put_u32(bytes, value);
    append(image, bytes, sizeof bytes);
}

void image_free(struct image_bytes *image)
{
    free(image->data);
    image->data = NULL;
    image->length = 0;
}

/* ---- Checks, the plain way ---- */

/* CRC-32 of polynomial 04C11DB7, start FFFFFFFF, most significant bit first. */
static uint32_t forward_crc(const uint8_t *data, uint32_t length)
{
    uint32_t crc = 0xffffffffu;

    for (uint32_t i = 0; i < length; i++) {
        crc ^= (uint32_t)data[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x80000000u ? 0x04c11db7u : 0);
    }
    return crc;
}

static uint8_t checksum_of(const struct image_part *part)
{
    uint8_t sum = CHECKSUM_SEED;

    for (uint32_t i = 0; i < part->segment_count; i++)
        for (uint32_t j = 0; j < part->segments[i].length; j++)
            sum ^= part->segments[i].data[j];
    return sum;
}

/* ---- Parts ---- */

static void append_header(struct image_bytes *image, const struct image_part *part)
{
    append_byte(image, UD_IMAGE_MAGIC);
    append_byte(image, (uint8_t)part->segment_count);
    append_byte(image, part->mode_byte);
    append_byte(image, part->size_byte);
    append_u32(image, part->entry);
}

static void append_body(struct image_bytes *image, const struct image_part *part)
{
    for (uint32_t i = 0; i < part->segment_count; i++) {
        append_u32(image, part->segments[i].address);
        append_u32(image, part->segments[i].length);
        append(image, part->segments[i].data, part->segments[i].length);
    }
    while (image->length % 16 != 15)
        append_byte(image, 0);
    append_byte(image, checksum_of(part));
}

struct image_bytes image_build_esp8266(const struct image_part *part)
{
    struct image_bytes image = {NULL, 0};

    append_header(&image, part);
    append_body(&image, part);
    return image;
}

static void fill_in_words(struct image_bytes *image, enum image_words words)
{
    uint8_t *length_word = image->data + UD_IMAGE_LENGTH_WORD_OFFSET;
    uint8_t *crc_word = image->data + UD_IMAGE_CRC_WORD_OFFSET;

    ud_put_u32(length_word, 0);
    ud_put_u32(crc_word, 0);
    const uint32_t crc = forward_crc(image->data, image->length);
    ud_put_u32(length_word, image->length);
    ud_put_u32(crc_word, words == IMAGE_WORDS_WRONG ? crc ^ 1 : crc);
}

struct image_bytes image_build_two(const struct image_part *boot, const struct image_part *app,
                                   enum image_words words)
{
    struct image_bytes image = image_build_esp8266(boot);

    if (image.length > UD_IMAGE_APP_OFFSET || app->segment_count == 0 ||
        app->segments[0].length < 8)
        abort();
    while (image.length < UD_IMAGE_APP_OFFSET)
        append_byte(&image, GAP_BYTE);
    append_header(&image, app);
    append_body(&image, app);
    if (words != IMAGE_WORDS_ABSENT)
        fill_in_words(&image, words);
    return image;
}

static struct image_bytes build_esp32(const struct image_part *part, uint16_t chip_id,
                                      uint16_t min_revision, uint16_t max_revision, bool has_hash)
{
    uint8_t extension[ESP32_HEADER - ESP8266_HEADER] = {[0] = 0xee}; /* wp pin: off */
    uint8_t hash[UD_SHA256_SIZE];
    struct image_bytes image = {NULL, 0};

    ud_put_u16(extension + 4, chip_id);
    ud_put_u16(extension + 7, min_revision);
    ud_put_u16(extension + 9, max_revision != 0 ? max_revision : 0xffff);
    extension[15] = has_hash;
    append_header(&image, part);
    append(&image, extension, sizeof extension);
    append_body(&image, part);
    if (has_hash) {
        if (EVP_Digest(image.data, image.length, hash, NULL, EVP_sha256(), NULL) != 1)
            abort();
        append(&image, hash, sizeof hash);
    }
    return image;
}

struct image_bytes image_build_esp32(const struct image_part *part, uint16_t chip_id, bool has_hash)
{
    return build_esp32(part, chip_id, 0, 0, has_hash);
}

/* ---- Whole firmware files ---- */

void image_fill(uint8_t *data, uint32_t length, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;

    for (uint32_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> 24);
    }
}

static void put_text(uint8_t *field, uint32_t size, const char *text)
{
    const size_t length = text == NULL ? 0 : strlen(text);

    memcpy(field, text == NULL ? "" : text, length < size ? length : size);
}

void image_encode_description(uint8_t out[UD_IMAGE_DESCRIPTION_SIZE], const char *version,
                              const char *project)
{
    memset(out, 0, UD_IMAGE_DESCRIPTION_SIZE);
    ud_put_u32(out, UD_IMAGE_DESCRIPTION_MAGIC);
    put_text(out + 16, 32, version);
    put_text(out + 48, 32, project);
    put_text(out + 80, 16, "12:34:56");
    put_text(out + 96, 16, "Jan  2 2024");
    put_text(out + 112, 32, "test-sdk");
    image_fill(out + 144, 32, 144);
}

/* Where descriptions lie, from the first byte of segment data. */
static uint32_t description_at(const struct image_firmware *firmware)
{
    const bool is_esp32 = firmware->chip == UD_CHIP_ESP32;

    return UD_IMAGE_DESCRIPTION_OFFSET - SEGMENT_HEADER -
           (is_esp32 ? (uint32_t)ESP32_HEADER : (uint32_t)ESP8266_HEADER);
}

/* The first segment's bytes: words, description, then noise. */
static uint8_t *make_program(const struct image_firmware *firmware, uint32_t size)
{
    uint8_t *program = malloc(size);

    if (program == NULL)
        abort();
    image_fill(program, size, firmware->seed);
    if (firmware->chip != UD_CHIP_ESP32 && firmware->words != IMAGE_WORDS_ABSENT)
        memset(program, 0, 8);
    if (firmware->version != NULL || firmware->project != NULL)
        image_encode_description(program + description_at(firmware), firmware->version,
                                 firmware->project);
    if (firmware->secure_version != 0)
        ud_put_u32(program + description_at(firmware) + SECURE_VERSION, firmware->secure_version);
    if (firmware->wants_trial)
        ud_put_u32(program + description_at(firmware) + UD_IMAGE_TRIAL_OFFSET,
                   UD_IMAGE_TRIAL_MAGIC);
    return program;
}

static struct image_bytes build_with_bootloader(const struct image_firmware *firmware,
                                                const struct image_part *app)
{
    uint8_t text[3408];
    static const uint8_t rodata[40] = "bootloader of a test image";
    const struct image_segment segments[] = {
        {0x4010f000, sizeof text, text},
        {0x3fff20b8, sizeof rodata, rodata},
    };
    const struct image_part boot = {
        .mode_byte = app->mode_byte,
        .size_byte = app->size_byte,
        .entry = 0x4010f474,
        .segment_count = 2,
        .segments = segments,
    };

    image_fill(text, sizeof text, 0xb001);
    return image_build_two(&boot, app, firmware->words);
}

struct image_bytes image_build_firmware(const struct image_firmware *firmware)
{
    const uint32_t size = firmware->size == 0 ? DEFAULT_SIZE : firmware->size;
    const bool is_esp32 = firmware->chip == UD_CHIP_ESP32;
    static const uint8_t ram_code[36] = "code that runs from RAM";

    if (size < 304 || size % 4 != 0)
        abort();
    uint8_t *program = make_program(firmware, size);
    const struct image_segment segments[] = {
        {is_esp32 ? 0x3f400020 : 0x40201010, size, program},
        {is_esp32 ? 0x40080000 : 0x40100000, sizeof ram_code, ram_code},
    };
    const struct image_part app = {
        .mode_byte = firmware->flash_mode,
        .size_byte = (uint8_t)(firmware->flash_size_code << 4 | firmware->flash_frequency_code),
        .entry = is_esp32 ? 0x40080400 : 0x40100004,
        .segment_count = 2,
        .segments = segments,
    };
    struct image_bytes image;

    if (is_esp32)
        image = build_esp32(&app, firmware->chip_id, firmware->min_revision, firmware->max_revision,
                            !firmware->has_no_hash);
    else if (firmware->is_single)
        image = image_build_esp8266(&app);
    else
        image = build_with_bootloader(firmware, &app);
    free(program);
    return image;
}

struct image_bytes image_compress(const uint8_t *data, uint32_t length)
{
    const uint32_t room = length + length / 100 + 1000;
    struct image_bytes file = {malloc(room), 0};
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)data,
        .avail_in = length,
        .next_out = file.data,
        .avail_out = room,
    };

    if (file.data == NULL ||
        deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    file.length = (uint32_t)stream.total_out;
    deflateEnd(&stream);
    return file;
}
