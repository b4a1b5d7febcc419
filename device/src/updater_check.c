#include "updater_internal.h"

#include "updraft/endian.h"

#include <string.h>

/* Flash as a port through which the staged image reads as it was received: what
 * was patched into the mode byte is taken back, and bits it lost since stay lost.
 * Good for reading only. */
struct received_view {
    const struct ud_flash *flash;
    uint32_t word_address; /* of the image's first word, which holds the byte */
    uint8_t mode_change;
};

static int view_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    const struct received_view *view = ctx;
    const int error = ud_flash_read(view->flash, address, data, length);
    uint8_t *bytes = data;

    /* Ports are asked for whole words, so the first word comes whole or not at all. */
    if (error == UD_OK && address <= view->word_address && view->word_address - address < length)
        bytes[view->word_address - address + UD_UPDATER_MODE_BYTE] ^= view->mode_change;
    return error;
}

/* Digest of what flash holds; equal to the received bytes' digest unless the
 * chip failed without saying so. */
static int check_flash(struct ud_updater *updater, const struct ud_flash *received)
{
    void *buffer = updater->config.buffer;
    const uint32_t buffer_size = updater->config.buffer_size;
    uint8_t found[UD_DIGEST_MAX_SIZE];
    uint32_t position = 0;

    ud_digest_begin(&updater->digest, updater->digest.methods);
    while (position < updater->size) {
        const uint32_t left = updater->size - position;
        const uint32_t part = left < buffer_size ? left : buffer_size;
        const int error =
            ud_flash_read(received, updater->placement.start + position, buffer, part);
        if (error != UD_OK)
            return error;
        ud_digest_add(&updater->digest, buffer, part);
        position += part;
    }
    ud_digest_end(&updater->digest, found);
    return memcmp(found, updater->actual, updater->digest.methods->size) == 0 ? UD_OK
                                                                              : UD_ERR_FLASH_WRITE;
}

static int check_digest(const struct ud_updater *updater)
{
    const uint32_t size = updater->digest.methods->size;

    if (!updater->has_expectation || memcmp(updater->expected, updater->actual, size) == 0)
        return UD_OK;
    return size == UD_MD5_SIZE ? UD_ERR_MD5 : UD_ERR_SHA256;
}

/* Is it what the sender meant? *image_size becomes the size without trailer. A gzip
 * file loses its trailer even where nobody verifies: no decompressor takes it. */
static int check_origin(struct ud_updater *updater, const struct ud_flash *received,
                        uint32_t *image_size)
{
    const struct ud_verifier *verifier = updater->config.verifier;
    const int error = check_digest(updater);

    *image_size = updater->size;
    if (verifier != NULL && error != UD_ERR_SHA256)
        return verifier->check(verifier, received, updater->placement.start, updater->size,
                               image_size);
    if (error != UD_OK)
        return error;
    if (updater->form == UD_FORM_GZIP)
        return ud_signature_skip(received, updater->placement.start, updater->size, image_size);
    return UD_OK;
}

/* Is it meant for this device? *image_size becomes the size without manifest. */
static int check_purpose(const struct ud_updater *updater, const struct ud_flash *received,
                         uint32_t *image_size)
{
    const struct ud_manifest_terms *terms = updater->config.terms;
    const enum ud_manifest_kind kind = updater->command == UD_COMMAND_FILESYSTEM
                                           ? UD_MANIFEST_FILE_SYSTEM
                                           : UD_MANIFEST_APPLICATION;
    struct ud_manifest_file file = {received, updater->placement.start, *image_size};

    if (terms == NULL)
        return UD_OK;
    const int error = terms->judge(terms, kind, &file);
    *image_size = file.size;
    return error;
}

int ud_updater_check_image(struct ud_updater *updater)
{
    const int error = ud_image_end(&updater->image);
    if (error != UD_OK)
        return error;
    /* A file that is all application would be copied over the bootloader. */
    if (updater->image.report.part_count != updater->config.target.part_count)
        return UD_ERR_IMAGE;
    return UD_OK;
}

/* What comes out must have room, and where somebody looked must be sound. */
static int check_gzip(struct ud_updater *updater, const struct ud_flash *received,
                      uint32_t image_size)
{
    const struct ud_updater_look *look = updater->config.look;
    const uint32_t start = updater->placement.start;
    uint32_t length; /* of what comes out: a gzip file's last bytes */
    int error = look != NULL ? look->end(updater, image_size) : UD_OK;

    if (error != UD_OK)
        return error;
    if (image_size < sizeof length)
        return UD_ERR_GZIP;
    error = ud_flash_read(received, start + image_size - (uint32_t)sizeof length, &length,
                          sizeof length);
    if (error == UD_OK && ud_le32(length) > updater->placement.max_output)
        error = UD_ERR_SPACE;
    return error;
}

static int check_structure(struct ud_updater *updater, const struct ud_flash *received,
                           uint32_t image_size)
{
    if (updater->form == UD_FORM_IMAGE)
        return ud_updater_check_image(updater);
    return updater->form == UD_FORM_GZIP ? check_gzip(updater, received, image_size) : UD_OK;
}

int ud_updater_check(struct ud_updater *updater, uint32_t *image_size)
{
    const struct ud_verifier *verifier = updater->config.verifier;
    const uint32_t start = updater->placement.start;
    struct received_view view = {
        .flash = updater->config.flash,
        .word_address = start,
        .mode_change = updater->mode_change,
    };
    struct ud_flash received = *updater->config.flash;
    int error;

    received.ctx = &view;
    received.read = view_read;
    error = check_origin(updater, &received, image_size);
    if (error == UD_OK && updater->form == UD_FORM_KEYS)
        return verifier->update_keys(verifier->ctx, &received, start, *image_size);
    if (error == UD_OK)
        error = check_purpose(updater, &received, image_size);
    if (error == UD_OK)
        error = check_structure(updater, &received, *image_size);
    if (error == UD_OK)
        error = check_flash(updater, &received);
    return error;
}
