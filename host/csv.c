#include "host/csv.h"

#include <stdlib.h>
#include <string.h>

static bool add_field(struct csv_row *row, char *text)
{
    if ((row->count & (row->count - 1)) == 0) {
        const size_t room = row->count != 0 ? row->count * 2 : 1;
        char **fields = realloc(row->fields, room * sizeof *fields);
        if (fields == NULL)
            return false;
        row->fields = fields;
    }
    row->fields[row->count++] = text;
    return true;
}

/* Ends the field where it is, and steps over what separates it from the next. True when
 * that is of the same row. */
static bool end_field(char **at, char *end)
{
    const char separator = **at;

    if (separator == '\r' && (*at)[1] == '\n')
        (*at)++;
    if (**at != '\0')
        (*at)++;
    *end = '\0';
    return separator == ',';
}

/* Moves what is in quotes to where they begin. Its end, or null when they do not end. */
static char *unquote(char **at, size_t *line)
{
    char *to = *at;

    for (char *from = *at + 1; *from != '\0'; from++) {
        *line += *from == '\n';
        if (*from == '"' && from[1] != '"') {
            *at = from + 1 + strcspn(from + 1, ",\r\n");
            return to;
        }
        from += *from == '"';
        *to++ = *from;
    }
    return NULL;
}

int csv_next(char **at, size_t *line, struct csv_row *row)
{
    bool goes_on = true;

    *row = (struct csv_row){NULL, 0, *line};
    if (**at == '\0')
        return 0;
    while (goes_on) {
        char *text = *at, *end;
        if (*text == '"') {
            end = unquote(at, line);
        } else {
            end = text + strcspn(text, ",\r\n");
            *at = end;
        }
        if (end == NULL || !add_field(row, text)) {
            free(row->fields);
            row->fields = NULL;
            return end == NULL ? -1 : -2;
        }
        goes_on = end_field(at, end);
    }
    ++*line;
    return 1;
}

void csv_put(FILE *file, const char *text, bool is_first)
{
    if (!is_first)
        putc(',', file);
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}
