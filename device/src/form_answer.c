#include "form_parts.h"

#include "chars.h"

#include "updraft/image.h"
#include "updraft/messages.h"

#include <stddef.h>
#include <string.h>

#define INFO_MAX 288u /* bytes of the JSON; with its head it fits a line */

/* ---- statuses ---- */

#define DIGITS 3u /* of a status */

/* Each with its words, one behind the other: pointers to them would take 56 bytes. */
static const char statuses[] = "200OK\0"
                               "303See Other\0"
                               "400Bad Request\0"
                               "401Unauthorized\0"
                               "403Forbidden\0"
                               "404Not Found\0"
                               "405Method Not Allowed\0"
                               "408Request Timeout\0"
                               "411Length Required\0"
                               "413Content Too Large\0"
                               "422Unprocessable Content\0"
                               "431Request Header Fields Too Large\0"
                               "500Internal Server Error\0"
                               "503Service Unavailable\0";

/* An application may answer with others, which go without. */
static const char *words_of(uint16_t status)
{
    const char *words = statuses;
    uint32_t number;

    while (ud_decimal(words, DIGITS, &number) == UD_DECIMAL_GOOD && number != status)
        words += strlen(words) + 1;
    return *words != '\0' ? words + DIGITS : words;
}

/* ---- heads ---- */

static void add_fields_of_status(struct ud_text *text, const struct ud_form_client *client,
                                 uint16_t status)
{
    if (status == 401)
        ud_form_add_challenge(text, client);
    if (status == 405 || client->method == UD_FORM_OPTIONS)
        ud_text_add(text, "Allow: GET, OPTIONS, POST, PUT\r\n");
    if (status == 303) {
        ud_text_add(text, "Location: ");
        ud_text_add(text, client->form->config.path);
        ud_text_add(text, "\r\n");
    }
}

/* The head of client->answer, for a body of that length. */
static void begin_answer(struct ud_form_client *client, struct ud_text *text, uint32_t length)
{
    const struct ud_form_answer *answer = &client->answer;

    client->state = UD_FORM_ANSWERING;
    client->sent = 0;
    if (client->framing != 0) /* what remains is of a chunk only */
        client->remaining = UD_FORM_UNKNOWN_LENGTH;
    ud_text_begin(text, client->text, sizeof client->text);
    ud_text_add_number(text, "HTTP/1.1 ", answer->status);
    ud_text_add(text, " ");
    ud_text_add(text, words_of(answer->status));
    ud_text_add(text, "\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Type: ");
    ud_text_add(text, answer->type);
    ud_text_add_number(text, "\r\nContent-Length: ", length);
    ud_text_add(text, "\r\n");
    add_fields_of_status(text, client, answer->status);
}

/* An answer whose body is two texts, one after the other. */
static void put_answer(struct ud_form_client *client, uint16_t status, const char *type,
                       const char *first, const char *second)
{
    struct ud_text text;

    client->answer.status = status;
    client->answer.type = type;
    client->answer.length = 0;
    begin_answer(client, &text, (uint32_t)(strlen(first) + strlen(second)));
    ud_text_add(&text, "\r\n");
    ud_text_add(&text, first);
    ud_text_add(&text, second);
    client->text_length = (uint16_t)text.length;
}

/* ---- answers ---- */

void ud_form_answer_status(struct ud_form_client *client, uint16_t status)
{
    ud_form_file_drop(client, UD_ERR_ABORTED);
    put_answer(client, status, "text/plain", words_of(status), "\n");
}

void ud_form_answer_words(struct ud_form_client *client, uint16_t status, const char *words)
{
    ud_form_file_drop(client, UD_ERR_ABORTED);
    put_answer(client, status, "text/html", "Update error: ", words);
}

static uint16_t status_of(int error)
{
    switch (error) {
    case UD_ERR_SPACE:
        return 413;
    case UD_ERR_BUSY:
        return 503;
    case UD_ERR_TIMEOUT:
        return 408;
    case UD_ERR_SIZE:
    case UD_ERR_NO_DATA:
    case UD_ERR_UNFINISHED:
        return 400;
    case UD_ERR_FLASH_WRITE:
    case UD_ERR_FLASH_ERASE:
    case UD_ERR_FLASH_READ:
    case UD_ERR_FLASH_CONFIG:
    case UD_ERR_BOOT_MODE:
    case UD_ERR_MEMORY:
    case UD_ERR_COMMIT:
        return 500;
    default:
        return 422; /* the file is not one for this device */
    }
}

void ud_form_answer_error(struct ud_form_client *client, int error)
{
    char line[UD_MESSAGE_MAX];

    ud_form_file_drop(client, error);
    ud_updater_error_line(client->form->config.updater, error, line, sizeof line);
    ud_form_answer_words(client, status_of(error), line);
}

void ud_form_answer_success(struct ud_form_client *client)
{
    client->is_committed = true;
    put_answer(client, 200, "text/html", "<META http-equiv=\"refresh\" content=\"15;URL=/\">",
               "Update Success! Rebooting...");
}

void ud_form_answer_given(struct ud_form_client *client)
{
    const struct ud_form_answer *answer = &client->answer;
    struct ud_text text;

    if (answer->length == 0) {
        ud_form_answer_status(client, answer->status);
        return;
    }
    begin_answer(client, &text, answer->length);
    ud_text_add(&text, answer->is_gzip ? "Content-Encoding: gzip\r\n\r\n" : "\r\n");
    client->text_length = (uint16_t)text.length;
}

/* ---- what the device is ---- */

static void add_string(struct ud_text *text, const char *name, const char *value)
{
    ud_text_add(text, name);
    for (; ud_form_is_given(value); value++) {
        if (*value == '"' || *value == '\\')
            ud_text_add(text, "\\");
        if (!ud_is_control(*value))
            ud_text_add_bytes(text, value, 1);
    }
}

void ud_form_answer_info(struct ud_form_client *client)
{
    const struct ud_form_about *about = &client->form->config.about;
    const struct ud_updater_config *updater = &client->form->config.updater->config;
    char json[INFO_MAX];
    struct ud_text text;

    ud_text_begin(&text, json, sizeof json);
    add_string(&text, "{\"product\":\"", about->product);
    add_string(&text, "\",\"version\":\"", about->version);
    add_string(&text, "\",\"chip\":\"",
               updater->target.chip == UD_CHIP_ESP32 ? "ESP32" : "ESP8266");
    ud_text_add_number(&text, "\",\"free\":", about->free_space);
    ud_text_add_number(&text, ",\"files\":", about->filesystem_space);
    ud_text_add_number(&text, ",\"flash\":", updater->flash->size);
    ud_text_add(&text, updater->verifier != NULL ? ",\"signed\":true" : ",\"signed\":false");
    ud_text_add_number(&text, ",\"boot\":", client->form->boot);
    put_answer(client, 200, "application/json", json, "}\n");
}
