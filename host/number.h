/* Numbers as people and devices write them where nothing else may stand: decimal digits alone. */
#ifndef HOST_NUMBER_H
#define HOST_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads so many characters, all of them digits: no sign, no space. False when there is none or the
 * number is larger than max; *number then stays as it was. */
bool number_read(const char *digits, size_t length, uint64_t max, uint64_t *number);

/* The same for a whole text and 32 bits. */
bool number_read_text(const char *text, uint32_t *number);

#endif
