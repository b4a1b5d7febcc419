#include "updraft/messages.h"

#include "text.h"

#include "updraft/hex.h"

#include <stddef.h>

#define UNKNOWN_NUMBER 255u

/* ---- the updater's ---- */

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
        add_md5(text, updater->expected_md5);
        ud_text_add(text, ", calculated: ");
        add_md5(text, updater->actual_md5);
    } else if (error == UD_ERR_FLASH_CONFIG) {
        ud_text_add_decimal(text, updater->config.flash->size);
        ud_text_add(text, ", SDK: ");
        ud_text_add_decimal(text, updater->flash_size_found);
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

static void add_updater_line(struct ud_text *text, const struct ud_updater *updater, int error)
{
    ud_text_add(text, "ERROR[");
    ud_text_add_decimal(text, ud_updater_error_number(error));
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
    add_updater_line(&out, updater, error);
}

/* ---- ESPhttpUpdate's ---- */

#define HTTP_CLIENT_LAST (-11) /* down to it the numbers are the HTTP client's */

static const struct pull_message {
    int8_t error;
    int8_t number;
    const char *text;
} pull_messages[] = {
    {UD_ERR_HTTP_CONNECT, -1, "connection failed"},
    {UD_ERR_TLS, -1, "connection failed: TLS"},
    {UD_ERR_TLS_TRUST, -1, "connection failed: certificate not trusted"},
    {UD_ERR_TLS_NAME, -1, "connection failed: certificate is for another host"},
    {UD_ERR_TLS_DATE, -1, "connection failed: certificate not valid at this time"},
    {UD_ERR_TLS_PIN, -1, "connection failed: server has another key than the pinned one"},
    {UD_ERR_TLS_RECORD, -1, "connection failed: TLS record larger than the buffer"},
    {UD_ERR_HTTP_SEND, -2, "send header failed"},
    {UD_ERR_HTTP_LOST, -5, "connection lost"},
    {UD_ERR_HTTP_NOT_HTTP, -7, "no HTTP server"},
    {UD_ERR_HTTP_ENCODING, -9, "Transfer-Encoding not supported"},
    {UD_ERR_HTTP_TIMEOUT, -11, "read Timeout"},
    {UD_ERR_HTTP_TOO_LARGE, -100, "Not Enough space"},
    {UD_ERR_HTTP_NO_LENGTH, -101, "Server Did Not Report Size"},
    {UD_ERR_HTTP_NOT_FOUND, -102, "File Not Found (404)"},
    {UD_ERR_HTTP_FORBIDDEN, -103, "Forbidden (403)"},
    {UD_ERR_HTTP_STATUS, -104, "Wrong HTTP Code"},
    {UD_ERR_HTTP_REDIRECTS, -104, "Wrong HTTP Code"},
    {UD_ERR_HTTP_BAD_MD5, -105, "Wrong MD5"},
    {UD_ERR_HTTP_BAD_HEADER, -106, "Verify Bin Header Failed"},
    {UD_ERR_HTTP_FLASH_SIZE, -107, "New Binary Does Not Fit Flash Size"},
    {UD_ERR_HTTP_UNAUTHORIZED, -108, "Unauthorized (401)"},
    {UD_ERR_HTTP_NO_VERSION, -109, "Server Did Not Report Version"},
    {UD_ERR_HTTP_URL, -110, "URL Malformed, Too Long Or Not Supported"},
};

#define PULL_MESSAGES (sizeof pull_messages / sizeof pull_messages[0])

static const struct pull_message *find_pull_message(int error)
{
    for (uint32_t i = 0; i < PULL_MESSAGES; i++) {
        if (pull_messages[i].error == error)
            return &pull_messages[i];
    }
    return NULL;
}

int16_t ud_pull_error_number(int error)
{
    const struct pull_message *message = find_pull_message(error);

    return message != NULL ? message->number : ud_updater_error_number(error);
}

void ud_pull_error_text(int error, const struct ud_updater *updater, char *text, uint32_t size)
{
    const struct pull_message *message = find_pull_message(error);
    struct ud_text out;

    ud_text_begin(&out, text, size);
    if (error == UD_OK)
        return;
    if (message == NULL) {
        ud_text_add(&out, "Update error: ");
        add_updater_line(&out, updater, error);
        return;
    }
    if (message->number >= HTTP_CLIENT_LAST)
        ud_text_add(&out, "HTTP error: ");
    ud_text_add(&out, message->text);
}
