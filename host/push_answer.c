#include "host/push_answer.h"

#include "host/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- "ERROR[n]: text" ---- */

/* Nobody has that many kinds of errors. */
#define NUMBER_DIGITS_MAX 4u

/* The number in brackets and what follows it; -1 and all of it without one. */
static int error_number(const char *words, const char **text)
{
    static const char before[] = "ERROR[";
    static const char behind[] = "]: ";

    *text = words;
    if (strncmp(words, before, sizeof before - 1) != 0)
        return -1;
    const char *digits = words + sizeof before - 1;
    const size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > NUMBER_DIGITS_MAX ||
        strncmp(digits + count, behind, sizeof behind - 1) != 0)
        return -1;
    *text = digits + count + sizeof behind - 1;
    return (int)strtol(digits, NULL, 10);
}

/* ---- datagrams ---- */

static void trim(char *words)
{
    size_t length = strlen(words);

    while (length > 0 && (words[length - 1] == '\n' || words[length - 1] == '\r'))
        words[--length] = '\0';
    text_clean(words);
}

static bool is_nonce(const char *text)
{
    const size_t length = strlen(text);

    return (length == 2 * UD_MD5_SIZE || length == 2 * UD_SHA256_SIZE) &&
           strspn(text, "0123456789abcdefABCDEF") == length;
}

static enum push_reply_kind reply_kind(struct push_reply *reply)
{
    static const char challenge[] = "AUTH ";
    static const char error[] = "ERR: ";
    const char *words = reply->words;
    const char *text;

    if (strcmp(words, "OK") == 0)
        return PUSH_REPLY_OK;
    if (strcmp(words, "Authentication Failed") == 0)
        return PUSH_REPLY_REFUSED;
    if (strncmp(words, challenge, sizeof challenge - 1) == 0 &&
        is_nonce(words + sizeof challenge - 1)) {
        snprintf(reply->nonce, sizeof reply->nonce, "%s", words + sizeof challenge - 1);
        return PUSH_REPLY_CHALLENGE;
    }
    if (strncmp(words, error, sizeof error - 1) != 0)
        return PUSH_REPLY_OTHER;
    reply->number = error_number(words + sizeof error - 1, &text);
    memmove(reply->words, text, strlen(text) + 1);
    return PUSH_REPLY_ERROR;
}

void push_reply_decode(const void *data, size_t length, struct push_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->number = -1;
    snprintf(reply->words, sizeof reply->words, "%.*s", (int)length, (const char *)data);
    trim(reply->words);
    reply->kind = reply_kind(reply);
}

/* ---- the connection ---- */

/* Counts are digits; what comes between them and the result is noise. */
static bool starts_result(char c)
{
    return c == 'O' || c == 'E';
}

static void add_byte(struct push_result *result, char c)
{
    if (result->length == 1 && result->words[0] == 'O' && c != 'K')
        result->length = 0;
    if (result->length == 0 && !starts_result(c))
        return;
    if (result->length < sizeof result->words - 1) {
        result->words[result->length++] = c;
        result->words[result->length] = '\0';
    }
    if (result->words[0] == 'O' && result->length == 2)
        result->state = PUSH_RESULT_OK;
    else if (c == '\n' || c == '\r')
        push_result_end(result);
}

void push_result_add(struct push_result *result, const void *data, size_t length)
{
    const char *bytes = data;

    for (size_t i = 0; i < length && result->state == PUSH_RESULT_NONE; i++)
        add_byte(result, bytes[i]);
}

void push_result_end(struct push_result *result)
{
    if (result->state != PUSH_RESULT_NONE || result->length == 0 || result->words[0] != 'E')
        return;
    result->state = PUSH_RESULT_ERROR;
    trim(result->words);
}

int push_result_number(const struct push_result *result)
{
    const char *text;

    return error_number(result->words, &text);
}

const char *push_result_text(const struct push_result *result)
{
    const char *text;

    (void)error_number(result->words, &text);
    return text;
}
