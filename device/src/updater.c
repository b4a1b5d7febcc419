#include "updater_internal.h"

#include <stddef.h>
#include <string.h>

#define BUFFER_MIN   64u
#define BUFFER_MAX   UD_FLASH_SECTOR
#define HEADER_BYTES 24u /* enough to tell an ESP32 header from an ESP8266 one */
#define ERASED       0xffu

static bool is_buffer_sound(const struct ud_updater_config *config)
{
    const uint32_t size = config->buffer_size;

    if (size == 0)
        return true; /* reported by begin, as a failed allocation is */
    return config->buffer != NULL && (uintptr_t)config->buffer % UD_FLASH_WORD == 0 &&
           size >= BUFFER_MIN && size <= BUFFER_MAX && (size & (size - 1)) == 0;
}

static bool is_verifier_sound(const struct ud_verifier *verifier)
{
    return verifier == NULL || (verifier->check != NULL && verifier->verify != NULL);
}

static bool are_terms_sound(const struct ud_manifest_terms *terms)
{
    return terms == NULL || (terms->judge != NULL && terms->product != NULL);
}

static bool is_look_sound(const struct ud_updater_config *config)
{
    return config->look == NULL || config->gunzip != NULL;
}

int ud_updater_init(struct ud_updater *updater, const struct ud_updater_config *config)
{
    if (ud_flash_check(config->flash) != UD_OK || config->target.methods == NULL ||
        config->md5 == NULL || config->md5->size != UD_MD5_SIZE || !is_buffer_sound(config) ||
        !is_verifier_sound(config->verifier) || !are_terms_sound(config->terms) ||
        !is_look_sound(config))
        return UD_ERR_ARGUMENT;
    memset(updater, 0, sizeof *updater);
    updater->config = *config;
    return UD_OK;
}

/* Ends the session with its first error. */
static int fail(struct ud_updater *updater, int error)
{
    const struct ud_updater_events *events = &updater->config.events;

    updater->running = false;
    updater->error = error;
    if (events->error != NULL)
        events->error(events->ctx, error);
    return error;
}

static void report_progress(const struct ud_updater *updater)
{
    const struct ud_updater_events *events = &updater->config.events;

    if (events->progress != NULL)
        events->progress(events->ctx, updater->flushed, updater->size);
}

/* ---- begin ---- */

static int find_place(struct ud_updater *updater, enum ud_command command, uint32_t size)
{
    const struct ud_target *target = &updater->config.target;
    int error = target->methods->ready(target->ctx);

    if (error != UD_OK)
        return error;
    if (size == 0)
        return UD_ERR_SIZE;
    memset(&updater->placement, 0, sizeof updater->placement);
    error = target->methods->place(target->ctx, command, size, &updater->placement);
    updater->flash_size_found = updater->placement.running_flash_size;
    if (error != UD_OK)
        return error;
    return updater->config.buffer_size == 0 ? UD_ERR_MEMORY : UD_OK;
}

int ud_updater_begin(struct ud_updater *updater, enum ud_command command, uint32_t size)
{
    if (updater->running)
        return UD_ERR_BUSY;

    updater->error = UD_OK;
    updater->has_expectation = false;
    updater->form = UD_FORM_FILES;
    updater->mode_change = 0;
    updater->command = command;
    updater->size = size;
    updater->flushed = 0;
    updater->buffered = 0;

    const int error = find_place(updater, command, size);
    if (error != UD_OK)
        return fail(updater, error);

    ud_digest_begin(&updater->digest, updater->config.md5);
    ud_image_begin(&updater->image, NULL);
    updater->running = true;
    if (updater->config.events.start != NULL)
        updater->config.events.start(updater->config.events.ctx);
    report_progress(updater);
    return UD_OK;
}

int ud_updater_expect(struct ud_updater *updater, const struct ud_digest_class *methods,
                      const uint8_t *digest)
{
    if (!updater->running)
        return UD_ERR_STATE;
    if (methods != updater->digest.methods) {
        if (ud_updater_progress(updater) > 0)
            return UD_ERR_STATE;
        ud_digest_begin(&updater->digest, methods);
    }
    memcpy(updater->expected, digest, methods->size);
    updater->has_expectation = true;
    return UD_OK;
}

int ud_updater_expect_md5(struct ud_updater *updater, const char *md5)
{
    uint8_t digest[UD_MD5_SIZE];

    if (!updater->running)
        return UD_ERR_STATE;
    if (strlen(md5) != 2 * UD_MD5_SIZE || ud_hex_decode(md5, digest, UD_MD5_SIZE) != UD_OK)
        return UD_ERR_ARGUMENT;
    return ud_updater_expect(updater, updater->config.md5, digest);
}

/* ---- write ---- */

/* By the first byte; whatever is none of these is read as an image, and refused. */
static enum ud_updater_form form_of(const struct ud_updater *updater, uint8_t first)
{
    if (updater->command != UD_COMMAND_FIRMWARE)
        return UD_FORM_FILES;
    if (first == UD_IMAGE_GZIP_MAGIC0)
        return UD_FORM_GZIP;
    if (first == UD_KEY_UPDATE_MAGIC0 && ud_verifier_takes_keys(updater->config.verifier))
        return UD_FORM_KEYS;
    return UD_FORM_IMAGE;
}

int ud_updater_judge_header(struct ud_updater *updater, const uint8_t *bytes, uint32_t length)
{
    const struct ud_placement *placement = &updater->placement;
    struct ud_image_header header;

    const int error =
        ud_image_header_decode(bytes, length < HEADER_BYTES ? length : HEADER_BYTES, &header);
    if (error != UD_OK)
        return error;
    if (header.chip != updater->config.target.chip)
        return UD_ERR_CHIP;
    const uint32_t flash_size = ud_image_flash_size(header.chip, header.flash_size_code);
    if (placement->max_flash_size != 0 && flash_size > placement->max_flash_size) {
        updater->flash_size_found = flash_size;
        return UD_ERR_NEW_FLASH_CONFIG;
    }
    return UD_OK;
}

/* The running flash mode replaces the image's: the chip on this board is known
 * to work in it. Digests and structure are over the bytes as received. */
static void patch_flash_mode(struct ud_updater *updater, uint8_t *bytes)
{
    const uint8_t received = bytes[UD_UPDATER_MODE_BYTE];

    if (updater->placement.flash_mode != UD_KEEP_FLASH_MODE)
        bytes[UD_UPDATER_MODE_BYTE] = updater->placement.flash_mode;
    updater->mode_change = received ^ bytes[UD_UPDATER_MODE_BYTE];
}

static int prepare_first_buffer(struct ud_updater *updater, uint8_t *bytes)
{
    if (updater->buffered >= 2 && bytes[0] == UD_IMAGE_GZIP_MAGIC0 &&
        bytes[1] == UD_IMAGE_GZIP_MAGIC1) {
        updater->form = UD_FORM_GZIP;
        return updater->placement.max_output == 0 ? UD_ERR_GZIP_PLACE : UD_OK;
    }
    if (updater->form == UD_FORM_GZIP)
        return UD_ERR_MAGIC;
    if (updater->form != UD_FORM_IMAGE)
        return UD_OK;
    const int error = ud_updater_judge_header(updater, bytes, updater->buffered);
    if (error == UD_OK)
        patch_flash_mode(updater, bytes);
    return error;
}

/* Looks into the buffer, when there is something to be looked into. */
static int look_inside(struct ud_updater *updater, const uint8_t *bytes)
{
    const struct ud_updater_look *look = updater->config.look;

    return updater->form == UD_FORM_GZIP && look != NULL
               ? look->write(updater, bytes, updater->buffered)
               : UD_OK;
}

/* The last moment before flash is touched. */
static int open_place(struct ud_updater *updater, uint8_t *bytes)
{
    const struct ud_target *target = &updater->config.target;
    int error = prepare_first_buffer(updater, bytes);

    if (error == UD_OK)
        error = look_inside(updater, bytes);
    return error != UD_OK
               ? error
               : target->methods->open(target->ctx, &updater->placement, bytes, updater->buffered);
}

/* Erases a sector when the first byte of it is about to be programmed, so that
 * flash is touched no earlier than data for it is there. */
static int store(struct ud_updater *updater, uint8_t *bytes, uint32_t length)
{
    const struct ud_flash *flash = updater->config.flash;
    const uint32_t address = updater->placement.start + updater->flushed;
    const uint32_t padding = (UD_FLASH_WORD - length % UD_FLASH_WORD) % UD_FLASH_WORD;

    if (length + padding > updater->placement.capacity - updater->flushed)
        return UD_ERR_SPACE;
    if (address % UD_FLASH_SECTOR == 0) {
        const int error = ud_flash_erase_sector(flash, address);
        if (error != UD_OK)
            return error;
    }
    memset(bytes + length, ERASED, padding);
    return ud_flash_program(flash, address, bytes, length + padding);
}

static int flush(struct ud_updater *updater)
{
    uint8_t *bytes = updater->config.buffer;
    int error = updater->flushed == 0 ? open_place(updater, bytes) : look_inside(updater, bytes);

    if (error == UD_OK)
        error = store(updater, bytes, updater->buffered);
    if (error != UD_OK)
        return error;
    updater->flushed += updater->buffered;
    updater->buffered = 0;
    report_progress(updater);
    return UD_OK;
}

/* Digests the bytes and reads their structure, in the order they arrive. */
static int inspect(struct ud_updater *updater, const uint8_t *data, uint32_t length)
{
    ud_digest_add(&updater->digest, data, length);
    if (ud_updater_progress(updater) == 0)
        updater->form = form_of(updater, data[0]);
    return updater->form == UD_FORM_IMAGE ? ud_image_write(&updater->image, data, length) : UD_OK;
}

/* Takes as much as the buffer has room for. */
static int take(struct ud_updater *updater, const uint8_t *data, uint32_t length)
{
    uint8_t *buffer = updater->config.buffer;
    int error = inspect(updater, data, length);

    if (error != UD_OK)
        return error;
    memcpy(buffer + updater->buffered, data, length);
    updater->buffered += length;
    const bool is_full = updater->buffered == updater->config.buffer_size;
    return is_full || ud_updater_remaining(updater) == 0 ? flush(updater) : UD_OK;
}

int ud_updater_write(struct ud_updater *updater, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    if (!updater->running)
        return updater->error != UD_OK ? updater->error : UD_ERR_STATE;
    if (length > ud_updater_remaining(updater))
        return fail(updater, UD_ERR_SPACE);
    while (length > 0) {
        const uint32_t room = updater->config.buffer_size - updater->buffered;
        const uint32_t part = length < room ? length : room;
        const int error = take(updater, bytes, part);
        if (error != UD_OK)
            return fail(updater, error);
        bytes += part;
        length -= part;
    }
    return UD_OK;
}

int ud_updater_truncate(struct ud_updater *updater)
{
    if (!updater->running)
        return updater->error != UD_OK ? updater->error : UD_ERR_STATE;
    if (ud_updater_remaining(updater) == 0)
        return UD_OK;
    updater->size = ud_updater_progress(updater);
    if (updater->buffered == 0 && updater->size > 0)
        report_progress(updater); /* no write is left that would tell the new size */
    return UD_OK;
}

/* ---- end ---- */

static int check_and_commit(struct ud_updater *updater)
{
    const struct ud_target *target = &updater->config.target;
    uint32_t image_size;
    int error;

    if (ud_updater_progress(updater) == 0)
        return UD_ERR_NO_DATA;
    if (ud_updater_remaining(updater) > 0)
        return UD_ERR_UNFINISHED;
    error = updater->buffered > 0 ? flush(updater) : UD_OK;
    if (error != UD_OK)
        return error;
    ud_digest_end(&updater->digest, updater->actual);
    error = ud_updater_check(updater, &image_size);
    if (error != UD_OK || updater->form == UD_FORM_KEYS)
        return error;
    return target->methods->commit(target->ctx, updater->command, &updater->placement, image_size);
}

int ud_updater_end(struct ud_updater *updater)
{
    if (!updater->running)
        return updater->error != UD_OK ? updater->error : UD_ERR_STATE;

    const int error = check_and_commit(updater);
    if (error != UD_OK)
        return fail(updater, error);
    updater->running = false;
    if (updater->config.events.end != NULL)
        updater->config.events.end(updater->config.events.ctx);
    return UD_OK;
}

void ud_updater_abort(struct ud_updater *updater, int error)
{
    if (updater->running)
        (void)fail(updater, error);
}

uint32_t ud_updater_progress(const struct ud_updater *updater)
{
    return updater->flushed + updater->buffered;
}

uint32_t ud_updater_remaining(const struct ud_updater *updater)
{
    return updater->size - ud_updater_progress(updater);
}
