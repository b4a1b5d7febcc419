/* Several things under way at once: bars redrawn in place on a terminal, plain
 * lines (one at each quarter, and for each change of words) everywhere else.
 *
 *   5C:CF:7F:00:00:01  [=============>              ]  47 %  writing 1.1.0
 *
 * One thread at a time.
 */
#ifndef HOST_PROGRESS_H
#define HOST_PROGRESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress;

/* `rows` bars on out, all at 0 and without words; nothing is drawn yet. More rows
 * than the terminal has lines are shown as plain lines. Null when out of memory. */
struct progress *progress_start(FILE *out, size_t rows);

/* Names a row; copied, at most 40 bytes. */
void progress_name(struct progress *progress, size_t row, const char *name);

/* done of total units; total 0 hides the bar. */
void progress_set(struct progress *progress, size_t row, uint64_t done, uint64_t total);

/* The words after a bar; cleaned and cut to 80 bytes. Unchanged words print nothing. */
void progress_note(struct progress *progress, size_t row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line of its own, above the bars. */
void progress_line(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Draws the bars a last time, leaves them on the screen and frees. Null is fine. */
void progress_end(struct progress *progress);

#endif
