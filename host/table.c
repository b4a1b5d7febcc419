#include "host/table.h"

#include "host/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

struct table {
    const struct table_column *columns;
    size_t column_count;
    char **cells; /* row after row */
    size_t cell_count;
    size_t capacity;
    bool is_broken;  /* a cell could not be kept */
    size_t widths[]; /* of the columns, in characters */
};

struct table *table_start(const struct table_column *columns)
{
    size_t count = 0;
    while (columns[count].title)
        count++;
    struct table *table = calloc(1, sizeof *table + count * sizeof table->widths[0]);
    if (!table)
        return NULL;
    table->columns = columns;
    table->column_count = count;
    for (size_t i = 0; i < count; i++)
        table->widths[i] = text_width(columns[i].title);
    return table;
}

static bool make_room(struct table *table)
{
    if (table->cell_count < table->capacity)
        return true;
    const size_t capacity = table->capacity ? table->capacity * 2 : 64;
    char **cells = realloc(table->cells, capacity * sizeof *cells);
    if (!cells)
        return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

static void widen(struct table *table, size_t cell)
{
    const size_t width = text_width(table->cells[cell]);
    size_t *column = &table->widths[cell % table->column_count];
    *column = width > *column ? width : *column;
}

void table_cell(struct table *table, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(table)) {
        if (length >= 0)
            free(text);
        table->is_broken = true;
        return;
    }
    text_clean(text);
    table->cells[table->cell_count] = text;
    widen(table, table->cell_count++);
}

/* A last column that is left-aligned gets no trailing blanks. */
static void print_padded(const struct table *table, FILE *out, size_t column, const char *text)
{
    const int blanks = (int)(table->widths[column] - text_width(text));
    const bool is_last = column + 1 == table->column_count;
    if (table->columns[column].align == TABLE_RIGHT)
        fprintf(out, "%*s%s", blanks, "", text);
    else
        fprintf(out, "%s%*s", text, is_last ? 0 : blanks, "");
    fputs(is_last ? "\n" : "  ", out);
}

int table_print(const struct table *table, FILE *out, int indent)
{
    fprintf(out, "%*s", indent, "");
    for (size_t column = 0; column < table->column_count; column++)
        print_padded(table, out, column, table->columns[column].title);
    for (size_t i = 0; i < table->cell_count; i++) {
        if (i % table->column_count == 0)
            fprintf(out, "%*s", indent, "");
        print_padded(table, out, i % table->column_count,
                     table->cells[i][0] ? table->cells[i] : "-");
    }
    return table->is_broken ? -ENOMEM : 0;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}
