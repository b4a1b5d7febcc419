#include "form_parts.h"

#include "updraft/hex.h"

#include <stddef.h>

#define CHUNK_LIMIT (1u << 24) /* bytes; no chip holds more */

/* Where in a body. */
enum framing {
    PLAIN = 0,   /* it has a length, of which some remains */
    CHUNK_FIRST, /* at the first digit of a size */
    CHUNK_SIZE,
    CHUNK_REST, /* of the line with the size */
    CHUNK,
    CHUNK_END,
    TRAILER, /* at the start of a line */
    TRAILER_REST,
    ENDED,
    BAD,
};

static enum ud_command command_of(const struct ud_form_client *client)
{
    return client->resource == UD_FORM_FILESYSTEM ? UD_COMMAND_FILESYSTEM : UD_COMMAND_FIRMWARE;
}

uint32_t ud_form_space(const struct ud_form_client *client, enum ud_command command)
{
    const struct ud_form_about *about = &client->form->config.about;

    return command == UD_COMMAND_FILESYSTEM ? about->filesystem_space : about->free_space;
}

static void body_ended(struct ud_form_client *client)
{
    client->framing = PLAIN;
    client->remaining = 0;
    if (client->is_multipart && !ud_form_multipart_is_whole(client))
        ud_form_answer_error(client, UD_ERR_UNFINISHED);
    else
        ud_form_file_end(client);
}

/* A file that comes as it is can be refused before it is sent. */
static void begin_plain(struct ud_form_client *client)
{
    if (client->remaining == 0)
        body_ended(client);
    else if (!client->is_multipart)
        ud_form_file_begin(client, command_of(client), client->remaining);
}

void ud_form_body_begin(struct ud_form_client *client)
{
    static const char invitation[] = "HTTP/1.1 100 Continue\r\n\r\n";

    client->state = UD_FORM_BODY;
    client->head_bytes = 0;
    if (client->is_chunked) {
        client->framing = CHUNK_FIRST;
        client->remaining = 0;
    } else {
        begin_plain(client);
    }
    if (client->state == UD_FORM_BODY && client->wants_continue) {
        client->state = UD_FORM_INVITING;
        client->answer.body = invitation;
        client->answer.length = sizeof invitation - 1;
    }
}

static void content(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    if (client->is_multipart) {
        ud_form_multipart(client, bytes, length);
        return;
    }
    if (!client->has_file)
        ud_form_file_begin(client, command_of(client), ud_form_space(client, command_of(client)));
    ud_form_file_write(client, bytes, length);
}

/* Content up to the end of the body, or of this chunk. */
static uint32_t take_content(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    const uint32_t taken = length < client->remaining ? length : client->remaining;

    client->remaining -= taken;
    content(client, bytes, taken);
    return taken;
}

/* ---- chunks ---- */

static enum framing size_received(struct ud_form_client *client, uint8_t byte)
{
    const int digit = ud_hex_digit((char)byte);

    if (digit < 0)
        return client->framing == CHUNK_FIRST ? BAD : CHUNK_REST;
    client->remaining = client->remaining << 4 | (uint32_t)digit;
    return client->remaining < CHUNK_LIMIT ? CHUNK_SIZE : BAD;
}

/* Where the body is behind a byte that is no content. */
static enum framing follow(struct ud_form_client *client, uint8_t byte)
{
    const bool is_line_end = byte == '\n';
    enum framing framing = (enum framing)client->framing;

    if (framing == CHUNK_FIRST || framing == CHUNK_SIZE)
        framing = size_received(client, byte);
    if (framing == CHUNK_REST && is_line_end)
        return client->remaining > 0 ? CHUNK : TRAILER;
    if (framing == CHUNK_END && byte != '\r')
        return is_line_end ? CHUNK_FIRST : BAD;
    if (framing == TRAILER && byte != '\r')
        return is_line_end ? ENDED : TRAILER_REST;
    if (framing == TRAILER_REST && is_line_end)
        return TRAILER;
    return framing;
}

static void framing_received(struct ud_form_client *client, uint8_t byte)
{
    if (!ud_form_count(client, 1))
        return;
    client->framing = (uint8_t)follow(client, byte);
    if (client->framing == BAD)
        ud_form_answer_status(client, 400);
    if (client->framing == ENDED)
        body_ended(client);
}

uint32_t ud_form_body(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    if (client->framing != PLAIN && client->framing != CHUNK) {
        framing_received(client, bytes[0]);
        return 1;
    }
    const uint32_t taken = take_content(client, bytes, length);
    if (client->state != UD_FORM_BODY || client->remaining > 0)
        return taken;
    if (client->framing == PLAIN)
        body_ended(client);
    else
        client->framing = CHUNK_END;
    return taken;
}
