/* Values that are bound, and those of the row at hand; in binary. */
#include "server/store/db_postgres.h"

#include <string.h>

int postgres_parameters(struct db_statement *statement)
{
    return statement_of(statement)->count;
}

static void bind(struct db_statement *base, int place, struct parameter value)
{
    struct postgres_statement *statement = statement_of(base);

    if (place <= statement->count)
        statement->parameters[place - 1] = value;
}

void postgres_bind_number(struct db_statement *base, int place, int64_t value)
{
    struct postgres_statement *statement = statement_of(base);
    struct parameter *parameter = &statement->parameters[place - 1];

    bind(base, place, (struct parameter){.type = TYPE_NUMBER, .length = NUMBER_SIZE});
    if (place > statement->count)
        return;
    for (int i = 0; i < NUMBER_SIZE; i++)
        parameter->number[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    parameter->data = parameter->number;
}

void postgres_bind_text(struct db_statement *statement, int place, const char *text)
{
    bind(statement, place,
         (struct parameter){.type = TYPE_TEXT, .data = text, .length = (int)strlen(text)});
}

void postgres_bind_bytes(struct db_statement *statement, int place, const void *data, int length)
{
    bind(statement, place, (struct parameter){.type = TYPE_BYTES, .data = data, .length = length});
}

bool postgres_is_null(struct db_statement *base, int column)
{
    const struct postgres_statement *row = statement_of(base);

    return PQgetisnull(row->result, row->row, column) != 0;
}

const char *postgres_text(struct db_statement *base, int column)
{
    const struct postgres_statement *row = statement_of(base);

    return postgres_is_null(base, column) ? NULL : PQgetvalue(row->result, row->row, column);
}

const void *postgres_bytes(struct db_statement *base, int column, int *length)
{
    const struct postgres_statement *row = statement_of(base);

    *length = PQgetlength(row->result, row->row, column);
    return PQgetvalue(row->result, row->row, column);
}

/* Of two, four or eight bytes, the sign in the first. */
int64_t postgres_number(struct db_statement *base, int column)
{
    int length;
    const uint8_t *data = postgres_bytes(base, column, &length);

    if (length == 0 || length > NUMBER_SIZE)
        return 0;
    uint64_t value = data[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < length; i++)
        value = value << 8 | data[i];
    return (int64_t)value;
}
