/* Comma-separated values, RFC 4180: fields in quotes where they need them, a quote in
 * quotes doubled; lines end with CR LF or LF.
 */
#ifndef HOST_CSV_H
#define HOST_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One row; texts point into what was parsed. */
struct csv_row {
    char **fields;
    size_t count;
    size_t line; /* where it begins, from 1 */
};

/* Takes the next row from *at, which it changes and moves on. 1; 0 at the end; -1 for a
 * quote that does not end; -2 when memory is out. free() row->fields. *line, 1 to begin
 * with, is kept. */
int csv_next(char **at, size_t *line, struct csv_row *row);

/* Writes a field, and before it a comma unless it is the first of its row. */
void csv_put(FILE *file, const char *text, bool is_first);

#endif
