/* Tables for people: columns as wide as their widest cell. Cells may hold bytes
 * from strangers; control characters are replaced.
 */
#ifndef HOST_TABLE_H
#define HOST_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table;

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    const char *title; /* null ends the list */
    enum table_align align;
};

/* columns must outlive the table. Null when out of memory. */
struct table *table_start(const struct table_column *columns);

/* The next cell, from left to right, row after row. Empty text shows as "-". */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints titles and rows, each line after `indent` spaces. 0, or -ENOMEM when a
 * cell was lost. */
int table_print(const struct table *table, FILE *out, int indent);

void table_free(struct table *table);

#endif
