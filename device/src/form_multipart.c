/* multipart/form-data (RFC 7578), as it arrives: parts, each between two delimiters. */
#include "form_parts.h"

#include "http_parameter.h"

#include <stddef.h>
#include <string.h>

#define BOUNDARY_MAX  70u
#define LINE_END      2u /* bytes of "\r\n", which belongs to a delimiter */
#define DELIMITER_END 4u /* bytes behind the last delimiter: "--\r\n" */

enum part {
    DATA = 0, /* of a part; at first the text before the first one */
    TAIL,     /* behind a delimiter */
    HEAD,     /* lines that say what the next part is */
    WHOLE,    /* behind the last delimiter */
};

enum kind {
    SIZE,
    MD5,
    SHA256,
    IGNORED, /* all others, and what is in front of the first part */
    FIRMWARE,
    FILESYSTEM,
};

bool ud_form_boundary(struct ud_form_client *client, const struct ud_http_value *parameters)
{
    struct ud_http_value boundary;

    if (!ud_http_parameter(parameters, "boundary", &boundary) || boundary.length == 0 ||
        boundary.length > BOUNDARY_MAX)
        return false;
    memcpy(client->delimiter, "\r\n--", 4);
    memcpy(client->delimiter + 4, boundary.text, boundary.length);
    client->delimiter[4 + boundary.length] = '\0';
    client->kind = IGNORED;
    client->matched = LINE_END; /* the body may begin with a delimiter */
    return true;
}

bool ud_form_multipart_is_whole(const struct ud_form_client *client)
{
    return client->part == WHOLE;
}

/* ---- the head of a part ---- */

static void disposition_received(struct ud_form_client *client)
{
    static const char *const names[] = {"Content-Disposition"};
    static const char *const fields[IGNORED] = {
        [SIZE] = "size",
        [MD5] = "md5",
        [SHA256] = "sha256",
    };
    struct ud_http_value value, name, file;

    if (ud_http_field(client->text, client->line_length, names, 1, &value) != 0 ||
        !ud_http_parameter(&value, "name", &name))
        return;
    if (!ud_http_parameter(&value, "filename", &file))
        client->kind = (uint8_t)ud_http_which(&name, fields, IGNORED);
    else
        client->kind = ud_http_is(&name, "filesystem") ? FILESYSTEM : FIRMWARE;
}

static void begin_line(struct ud_form_client *client)
{
    client->line_length = 0;
    client->line_overflowed = false;
}

static void head_received(struct ud_form_client *client, uint8_t byte)
{
    if (!ud_form_collect(client, byte))
        return;
    if (client->line_length == 0)
        client->part = DATA;
    else
        disposition_received(client);
    begin_line(client);
}

static void tail_received(struct ud_form_client *client, uint8_t byte)
{
    if (byte == '-' && ++client->matched == 2)
        client->part = WHOLE;
    if (byte != '\n')
        return;
    client->part = HEAD;
    client->kind = IGNORED;
    client->matched = 0;
    begin_line(client);
}

/* ---- data ---- */

/* The most that the file can have: all the rest, less the last delimiter. Exact for
 * the last part. */
static uint32_t most(const struct ud_form_client *client, enum ud_command command)
{
    const uint32_t end = (uint32_t)strlen(client->delimiter) + DELIMITER_END;

    if (client->is_chunked)
        return ud_form_space(client, command);
    return client->left > end ? client->left - end : 0;
}

static void file_received(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    const enum ud_command command =
        client->kind == FILESYSTEM ? UD_COMMAND_FILESYSTEM : UD_COMMAND_FIRMWARE;

    if (!client->in_file)
        ud_form_file_begin(client, command, most(client, command));
    client->in_file = true;
    ud_form_file_write(client, bytes, length);
}

static void data_received(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    if (client->kind == FIRMWARE || client->kind == FILESYSTEM) {
        file_received(client, bytes, length);
        return;
    }
    if (!ud_form_count(client, length) || client->kind == IGNORED)
        return;
    for (uint32_t i = 0; i < length; i++)
        if (ud_form_collect(client, bytes[i]))
            client->line_overflowed = true; /* none of the fields has lines */
}

static void part_ended(struct ud_form_client *client)
{
    static ud_form_take_field *const takers[IGNORED] = {
        [SIZE] = ud_form_expect_size,
        [MD5] = ud_form_expect_md5,
        [SHA256] = ud_form_expect_sha256,
    };
    struct ud_http_value value = {client->text, client->line_length};

    client->in_file = false;
    client->part = TAIL;
    if (client->line_overflowed ||
        (client->kind < IGNORED && !takers[client->kind](client, &value)))
        ud_form_answer_status(client, 400);
}

/* A delimiter begins with its only CR, so what does not go on as one cannot hold the
 * start of another, but for the byte at hand. Returns the bytes taken; 0 when that is
 * to be looked at again. */
static uint32_t match(struct ud_form_client *client, uint8_t byte)
{
    const uint32_t matched = client->matched;

    if (byte == (uint8_t)client->delimiter[matched]) {
        client->matched++;
        if (client->delimiter[matched + 1] == '\0') {
            client->matched = 0;
            part_ended(client);
        }
        return 1;
    }
    client->matched = 0;
    client->left += matched;
    data_received(client, (const uint8_t *)client->delimiter, matched);
    return 0;
}

static uint32_t scan(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    uint32_t plain = 0;

    if (client->matched > 0 || bytes[0] == '\r')
        return match(client, bytes[0]);
    while (plain < length && bytes[plain] != '\r')
        plain++;
    data_received(client, bytes, plain);
    return plain;
}

/* One step. Returns the bytes taken. */
static uint32_t step(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    if (client->part == DATA)
        return scan(client, bytes, length);
    if (!ud_form_count(client, 1))
        return length;
    if (client->part == TAIL)
        tail_received(client, bytes[0]);
    else if (client->part == HEAD)
        head_received(client, bytes[0]);
    return 1;
}

void ud_form_multipart(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    while (length > 0 && client->state == UD_FORM_BODY) {
        client->left = client->remaining + length;
        const uint32_t taken = step(client, bytes, length);
        bytes += taken;
        length -= taken;
    }
}
