/* Input that is a row of records: what is said one after another, parted by a byte that
 * no protocol here has a use for.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RECORD_END 0x1e /* ASCII's record separator */

struct record {
    const uint8_t *bytes; /* part of the input */
    uint32_t length;
};

/* Splits at each such byte; what comes behind `limit` pieces belongs to the last. Returns how
 * many there are, at least one. */
static inline uint32_t split_at(const uint8_t *data, size_t size, uint8_t mark,
                                struct record *records, uint32_t limit)
{
    uint32_t count = 0;

    while (count + 1 < limit) {
        const uint8_t *end = size > 0 ? memchr(data, mark, size) : NULL;
        if (end == NULL)
            break;
        records[count++] = (struct record){data, (uint32_t)(end - data)};
        size -= (size_t)(end + 1 - data);
        data = end + 1;
    }
    records[count++] = (struct record){data, (uint32_t)size};
    return count;
}

static inline uint32_t records_split(const uint8_t *data, size_t size, struct record *records,
                                     uint32_t limit)
{
    return split_at(data, size, RECORD_END, records, limit);
}

#endif
