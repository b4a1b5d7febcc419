/* What a device says to an upload: one datagram at a time before it, and a stream
 * of counts and one result during it. Pure decoders, for bytes from strangers.
 */
#ifndef HOST_PUSH_ANSWER_H
#define HOST_PUSH_ANSWER_H

#include "updraft/espota_auth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PUSH_WORDS_MAX 200u /* bytes kept of what a device says, NUL included */

/* ---- datagrams ---- */

enum push_reply_kind {
    PUSH_REPLY_OK,
    PUSH_REPLY_CHALLENGE, /* "AUTH <nonce>" */
    PUSH_REPLY_REFUSED,   /* "Authentication Failed" */
    PUSH_REPLY_ERROR,     /* "ERR: ERROR[n]: text" */
    PUSH_REPLY_OTHER,     /* anything else; words has it */
};

struct push_reply {
    enum push_reply_kind kind;
    char nonce[UD_ESPOTA_HEX_TEXT]; /* 32 digits (MD5), or 64 (SHA-256) */
    int number;                     /* n of an error, -1 if it has none */
    char words[PUSH_WORDS_MAX];     /* what was said, or the text of the error; cleaned */
};

void push_reply_decode(const void *data, size_t length, struct push_reply *reply);

/* ---- the connection ---- */

enum push_result_state {
    PUSH_RESULT_NONE,  /* counts so far */
    PUSH_RESULT_OK,    /* "OK" */
    PUSH_RESULT_ERROR, /* "ERROR[n]: text" and its line end */
};

/* Begin with all zero. */
struct push_result {
    enum push_result_state state;
    size_t length;              /* of words */
    char words[PUSH_WORDS_MAX]; /* from the first letter that is no count */
};

/* Takes the next bytes. What follows a result is ignored. */
void push_result_add(struct push_result *result, const void *data, size_t length);

/* The device has closed: an error without its line end is one now. */
void push_result_end(struct push_result *result);

/* Of an error: its number, -1 if it has none, and its text. */
int push_result_number(const struct push_result *result);
const char *push_result_text(const struct push_result *result);

#endif
