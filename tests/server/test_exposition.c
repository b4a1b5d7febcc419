/* Prometheus' text format, and the classes of histograms. */
#include "server/metrics/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct page {
    FILE *out;
    char *text;
    size_t size;
};

static void open_page(struct page *page)
{
    page->out = open_memstream(&page->text, &page->size);
    assert_non_null(page->out);
}

static void assert_page(struct page *page, const char *expected)
{
    assert_int_equal(fclose(page->out), 0);
    assert_string_equal(page->text, expected);
    free(page->text);
}

static void values_have_labels_or_not(void **state)
{
    const struct metric_label labels[] = {{"product", "demo"}, {"state", "due"}, {NULL, NULL}};
    struct page page;

    (void)state;
    open_page(&page);
    exposition_begin(page.out, "devices", METRIC_GAUGE, "How many.");
    exposition_value(page.out, "devices", labels, 3);
    exposition_single(page.out, "bytes_total", METRIC_COUNTER, "Sent.", 1e15);
    assert_page(&page, "# HELP devices How many.\n# TYPE devices gauge\n"
                       "devices{product=\"demo\",state=\"due\"} 3\n"
                       "# HELP bytes_total Sent.\n# TYPE bytes_total counter\n"
                       "bytes_total 1000000000000000\n");
}

static void labels_are_escaped(void **state)
{
    const struct metric_label labels[] = {{"version", "a\"b\\c\nd"}, {NULL, NULL}};
    struct page page;

    (void)state;
    open_page(&page);
    exposition_value(page.out, "running", labels, 0.5);
    assert_page(&page, "running{version=\"a\\\"b\\\\c\\nd\"} 0.5\n");
}

static void a_histogram_adds_up(void **state)
{
    struct histogram histogram = {.sum_us = 0};
    struct page page;

    (void)state;
    histogram_note(&histogram, -5); /* a clock that was set back costs nothing */
    histogram_note(&histogram, 100);
    histogram_note(&histogram, 101);
    histogram_note(&histogram, 2500000);
    histogram_note(&histogram, 2500001);
    open_page(&page);
    exposition_histogram(page.out, "took_seconds", "Took.", &histogram);
    fclose(page.out);
    assert_non_null(strstr(page.text, "# TYPE took_seconds histogram\n"
                                      "took_seconds_bucket{le=\"0.0001\"} 2\n"
                                      "took_seconds_bucket{le=\"0.00025\"} 3\n"));
    assert_non_null(strstr(page.text, "took_seconds_bucket{le=\"1\"} 3\n"
                                      "took_seconds_bucket{le=\"2.5\"} 4\n"
                                      "took_seconds_bucket{le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(page.text, "took_seconds_count 5\n"));
    free(page.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_labels_or_not),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(a_histogram_adds_up),
    };

    return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
