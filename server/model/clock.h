/* The two clocks, and times as people and programs read them. */
#ifndef SERVER_MODEL_CLOCK_H
#define SERVER_MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 25 /* "2026-11-21T10:20:30.123Z" and its NUL */

/* Milliseconds since 1970, UTC. */
int64_t clock_now_ms(void);

/* Milliseconds that only go forward, for deadlines. */
int64_t clock_monotonic_ms(void);

/* The same clock in microseconds, for what is measured. */
int64_t clock_monotonic_us(void);

/* Reads "2026-11-21T10:20:30Z", milliseconds or not. False when it is no such text, or before
 * 1970. */
bool clock_parse(const char *text, int64_t *ms);

/* ISO 8601 in UTC with milliseconds. Returns text. */
const char *clock_format(int64_t ms, char text[CLOCK_TEXT_SIZE]);

#endif
