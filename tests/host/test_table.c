/* Tables: alignment, titles, missing and strange cells. */
#include "host/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {"name", TABLE_LEFT}, {"size", TABLE_RIGHT}, {"note", TABLE_LEFT}, {NULL, TABLE_LEFT}};

static void assert_prints(struct table *table, int indent, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(table_print(table, out, indent), 0);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    table_free(table);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    struct table *table = table_start(columns);
    (void)state;
    table_cell(table, "a");
    table_cell(table, "%u", 12345678u);
    table_cell(table, "first");
    table_cell(table, "\xc3\xa9t\xc3\xa9 long");
    table_cell(table, "7");
    table_cell(table, "b");
    assert_prints(table, 2,
                  "  name          size  note\n"
                  "  a         12345678  first\n"
                  "  \xc3\xa9t\xc3\xa9 long         7  b\n");
}

static void an_empty_table_is_its_titles(void **state)
{
    (void)state;
    assert_prints(table_start(columns), 0, "name  size  note\n");
}

static void empty_cells_show_and_strange_ones_are_cleaned(void **state)
{
    struct table *table = table_start(columns);
    (void)state;
    table_cell(table, "%s", "");
    table_cell(table, "%s", "");
    table_cell(table, "x\ny");
    assert_prints(table, 0,
                  "name  size  note\n"
                  "-        -  x?y\n");
}

static void many_rows_are_kept(void **state)
{
    struct table *table = table_start(columns);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    size_t lines = 0;
    (void)state;
    for (unsigned i = 0; i < 3000; i++)
        table_cell(table, "%04u", i);
    assert_int_equal(table_print(table, out, 0), 0);
    fclose(out);
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 1001);
    assert_non_null(strstr(text, "\n2997  2998  2999\n"));
    free(text);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(an_empty_table_is_its_titles),
        cmocka_unit_test(empty_cells_show_and_strange_ones_are_cleaned),
        cmocka_unit_test(many_rows_are_kept),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
