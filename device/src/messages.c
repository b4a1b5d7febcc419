#include "updraft/messages.h"

#include "text.h"

#include "updraft/hex.h"

#include <stddef.h>

#define UNKNOWN_NUMBER 255u

/* By the Updater's number: the error, and its text or the start of it. */
static const struct updater_message {
    int8_t error;
    const char *text;
} updater_messages[] = {
    {UD_OK, "No Error"},
    {UD_ERR_FLASH_WRITE, "Flash Write Failed"},
    {UD_ERR_FLASH_ERASE, "Flash Erase Failed"},
    {UD_ERR_FLASH_READ, "Flash Read Failed"},
    {UD_ERR_SPACE, "Not Enough Space"},
    {UD_ERR_SIZE, "Bad Size Given"},
    {UD_ERR_TIMEOUT, "Stream Read Timeout"},
    {UD_ERR_MD5, "MD5 verification failed: expected: "},
    {UD_ERR_FLASH_CONFIG, "Flash config wrong: real: "},
    {UD_ERR_NEW_FLASH_CONFIG, "new Flash config wrong, real size: "},
    {UD_ERR_MAGIC, "Magic byte is not 0xE9"},
    {UD_ERR_BOOT_MODE, "Invalid bootstrapping state, reset ESP8266 before updating"},
    {UD_ERR_SIGNATURE, "Signature verification failed"},
    {UD_ERR_NO_DATA, "No data supplied"},
    {UD_ERR_MEMORY, "Out of memory"},
    {UD_ERR_BUSY, "Update already running"},
    {UD_ERR_COMMAND, "Unknown update command"},
    {UD_ERR_CHIP, "Image is for another chip"},
    {UD_ERR_IMAGE, "Image is damaged or not a firmware image"},
    {UD_ERR_UNFINISHED, "Update is not finished"},
    {UD_ERR_COMMIT, "Boot record could not be written"},
    {UD_ERR_ABORTED, "Update aborted"},
    {UD_ERR_MANIFEST, "Manifest is missing or damaged"},
    {UD_ERR_PRODUCT, "Update is for another product"},
    {UD_ERR_KIND, "Update is of another kind"},
    {UD_ERR_SECURITY, "Security version is too low"},
    {UD_ERR_KEY_UPDATE, "Key update cannot be used"},
    {UD_ERR_KEY_NUMBER, "Key update is not the next one"},
    {UD_ERR_LAST_KEY, "The last key cannot be revoked"},
    {UD_ERR_GZIP, "gzip file is damaged"},
    {UD_ERR_GZIP_PLACE, "gzip file cannot be decompressed here"},
    {UD_ERR_FLASH_MODE, "Flash mode is not the running one"},
    {UD_ERR_UNCONFIRMED, "Running program is not confirmed yet"},
    {UD_ERR_REVISION, "Image is for other revisions of the chip"},
    {UD_ERR_SHA256, "SHA-256 verification failed"},
};

#define UPDATER_MESSAGES (sizeof updater_messages / sizeof updater_messages[0])

uint8_t ud_updater_error_number(int error)
{
    for (uint8_t number = 0; number < UPDATER_MESSAGES; number++) {
        if (updater_messages[number].error == error)
            return number;
    }
    return UNKNOWN_NUMBER;
}

static void add_md5(struct ud_text *text, const uint8_t *digest)
{
    char digits[UD_UPDATER_MD5_TEXT];

    ud_hex_encode(digest, UD_MD5_SIZE, digits);
    ud_text_add(text, digits);
}

/* The figures of the three texts that have some. */
static void add_figures(struct ud_text *text, const struct ud_updater *updater, int error)
{
    if (error == UD_ERR_MD5) {
        add_md5(text, updater->expected);
        ud_text_add(text, ", calculated: ");
        add_md5(text, updater->actual);
    } else if (error == UD_ERR_FLASH_CONFIG) {
        ud_text_add_decimal(text, updater->config.flash->size);
        ud_text_add_number(text, ", SDK: ", updater->flash_size_found);
    } else if (error == UD_ERR_NEW_FLASH_CONFIG) {
        ud_text_add_decimal(text, updater->config.flash->size);
    }
}

static void add_updater_text(struct ud_text *text, const struct ud_updater *updater, int error)
{
    const uint8_t number = ud_updater_error_number(error);

    if (number == UNKNOWN_NUMBER) {
        ud_text_add(text, "UNKNOWN");
        return;
    }
    ud_text_add(text, updater_messages[number].text);
    if (updater != NULL)
        add_figures(text, updater, error);
}

void ud_text_add_error(struct ud_text *text, const struct ud_updater *updater, int error)
{
    ud_text_add_number(text, "ERROR[", ud_updater_error_number(error));
    ud_text_add(text, "]: ");
    add_updater_text(text, updater, error);
}

void ud_updater_error_text(const struct ud_updater *updater, char *text, uint32_t size)
{
    struct ud_text out;

    ud_text_begin(&out, text, size);
    add_updater_text(&out, updater, updater->error);
}

void ud_updater_error_line(const struct ud_updater *updater, int error, char *text, uint32_t size)
{
    struct ud_text out;

    ud_text_begin(&out, text, size);
    ud_text_add_error(&out, updater, error);
}
