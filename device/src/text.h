/* Text put together in a caller's buffer: what printf is for elsewhere. */
#ifndef UPDRAFT_SRC_TEXT_H
#define UPDRAFT_SRC_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct ud_text {
    char *out; /* always ends in a NUL, if size is not 0 */
    uint32_t size;
    uint32_t skip;     /* characters still to be passed over: of a text put together in
                        * pieces the ones before this piece */
    uint32_t length;   /* characters so far, without the NUL */
    bool is_cut;       /* not all that was added fitted */
    bool has_controls; /* ud_text_add_printable met a control character */
};

void ud_text_begin(struct ud_text *text, char *out, uint32_t size);
void ud_text_add_bytes(struct ud_text *text, const char *bytes, uint32_t length);
void ud_text_add(struct ud_text *text, const char *string);

/* Adds a text from outside, and notes if it could end a line early. */
void ud_text_add_printable(struct ud_text *text, const char *string);

void ud_text_add_decimal(struct ud_text *text, uint32_t number);

/* Adds a number behind the text that says what it is. */
void ud_text_add_number(struct ud_text *text, const char *name, uint32_t number);

struct ud_updater;

/* "ERROR[n]: text": messages.c */
void ud_text_add_error(struct ud_text *text, const struct ud_updater *updater, int error);

#endif
