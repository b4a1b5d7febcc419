/* ESPhttpUpdate's numbers and texts. In a file of their own, as the linker keeps all the
 * texts of a file or none. */
#include "updraft/messages.h"

#include "text.h"

#include <stddef.h>

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
        ud_text_add_error(&out, updater, error);
        return;
    }
    if (message->number >= HTTP_CLIENT_LAST)
        ud_text_add(&out, "HTTP error: ");
    ud_text_add(&out, message->text);
}
