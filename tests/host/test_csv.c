/* Comma-separated values, as written by people, by spreadsheets and by us. */
#include "host/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads the text and joins fields with | and rows with / . */
static const char *read_all(const char *text, char *out)
{
    char *copy = strdup(text), *at = copy;
    size_t line = 1;
    struct csv_row row;
    int status;

    out[0] = '\0';
    while ((status = csv_next(&at, &line, &row)) == 1) {
        for (size_t i = 0; i < row.count; i++) {
            strcat(out, i > 0 ? "|" : out[0] != '\0' ? "/" : "");
            strcat(out, row.fields[i]);
        }
        free(row.fields);
    }
    if (status < 0)
        strcat(out, "!");
    free(copy);
    return out;
}

static void rows_are_read(void **state)
{
    char out[200];

    (void)state;
    assert_string_equal(read_all("", out), "");
    assert_string_equal(read_all("a,b\nc,d\n", out), "a|b/c|d");
    assert_string_equal(read_all("a,b\r\nc,d", out), "a|b/c|d");
    assert_string_equal(read_all("a,,\n,b", out), "a||/|b");
    assert_string_equal(read_all("\"a,b\",\"c\"\"d\"\n", out), "a,b|c\"d");
    assert_string_equal(read_all("\"a\nb\",c\nd\n", out), "a\nb|c/d");
    assert_string_equal(read_all("\"\",\"\"\n", out), "|");
    assert_string_equal(read_all("a,\"b", out), "!");
    assert_string_equal(read_all("a\"b,c\n", out), "a\"b|c");
}

static void rows_know_their_lines(void **state)
{
    char text[] = "a\n\"b\nc\",d\ne\n", *at = text;
    const size_t lines[] = {1, 2, 4};
    size_t line = 1;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct csv_row row;
        assert_int_equal(csv_next(&at, &line, &row), 1);
        assert_int_equal(row.line, lines[i]);
        free(row.fields);
    }
}

static void what_is_written_is_read_again(void **state)
{
    static const char *const fields[] = {"a", "", "b,c", "\"", "two\nlines", "q\"\"q", " "};
    char *text = NULL, *at;
    size_t size, line = 1;
    FILE *file = open_memstream(&text, &size);
    struct csv_row row;

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        csv_put(file, fields[i], i == 0);
    fclose(file);
    at = text;
    assert_int_equal(csv_next(&at, &line, &row), 1);
    assert_int_equal(row.count, sizeof fields / sizeof fields[0]);
    for (size_t i = 0; i < row.count; i++)
        assert_string_equal(row.fields[i], fields[i]);
    free(row.fields);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(rows_know_their_lines),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
