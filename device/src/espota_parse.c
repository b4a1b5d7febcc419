#include "espota_parts.h"

#include "chars.h"

#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

#define PROOF_COMMAND 200u

struct cursor {
    const char *at;
    const char *end;
};

static bool is_space(char c)
{
    return ud_is_blank(c) || c == '\r' || c == '\n';
}

static void skip_spaces(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_space(*cursor->at))
        cursor->at++;
}

/* The next word, which ends at a space or the end of the datagram. */
static uint32_t take_word(struct cursor *cursor, const char **word)
{
    skip_spaces(cursor);
    *word = cursor->at;
    while (cursor->at < cursor->end && !is_space(*cursor->at))
        cursor->at++;
    return (uint32_t)(cursor->at - *word);
}

static bool take_number(struct cursor *cursor, uint32_t *number)
{
    const char *word;
    const uint32_t length = take_word(cursor, &word);

    return ud_decimal(word, length, number) == UD_DECIMAL_GOOD;
}

/* A word of the digits of exactly `size` bytes. Null: it is none. */
static const char *take_digest(struct cursor *cursor, uint32_t size, uint8_t *bytes)
{
    const char *word;

    if (take_word(cursor, &word) != 2 * size || ud_hex_decode(word, bytes, size) != UD_OK)
        return NULL;
    return word;
}

static bool is_at_end(struct cursor *cursor)
{
    skip_spaces(cursor);
    return cursor->at == cursor->end;
}

bool ud_espota_parse_invitation(const void *data, uint32_t length,
                                struct ud_espota_invitation *invitation)
{
    struct cursor cursor = {data, (const char *)data + length};

    memset(invitation, 0, sizeof *invitation);
    return take_number(&cursor, &invitation->command) &&
           (invitation->command == UD_COMMAND_FIRMWARE ||
            invitation->command == UD_COMMAND_FILESYSTEM) &&
           take_number(&cursor, &invitation->port) && invitation->port - 1 < UINT16_MAX &&
           take_number(&cursor, &invitation->size) &&
           take_digest(&cursor, sizeof invitation->md5, invitation->md5) != NULL &&
           is_at_end(&cursor);
}

bool ud_espota_parse_proof(const void *data, uint32_t length, uint32_t digest_size,
                           struct ud_espota_proof *proof)
{
    struct cursor cursor = {data, (const char *)data + length};
    const char *cnonce;
    uint32_t command;

    if (!take_number(&cursor, &command) || command != PROOF_COMMAND)
        return false;
    cnonce = take_digest(&cursor, digest_size, proof->response);
    if (cnonce == NULL)
        return false;
    memcpy(proof->cnonce, cnonce, 2 * digest_size);
    proof->cnonce[2 * digest_size] = '\0';
    return take_digest(&cursor, digest_size, proof->response) != NULL && is_at_end(&cursor);
}
