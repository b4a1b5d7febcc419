/* The Range header: one range of bytes of a file. */
#ifndef SERVER_HTTP_RANGE_H
#define SERVER_HTTP_RANGE_H

#include <stdint.h>

enum range_result {
    RANGE_WHOLE,         /* none, or one we need not honour: send the file */
    RANGE_PART,          /* send these bytes as 206 */
    RANGE_UNSATISFIABLE, /* 416 */
};

struct range {
    uint64_t first;
    uint64_t length;
};

/* Reads the value of a Range header (null: absent) for a file of `size` bytes.
 * Several ranges, other units and malformed values ask for the whole file, as
 * RFC 9110 section 14.2 allows. */
enum range_result range_parse(const char *value, uint64_t size, struct range *range);

#endif
