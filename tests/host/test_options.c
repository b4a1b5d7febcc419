/* The command line: every way to write an option, and one line for every
 * mistake.
 */
#include "capture.h"
#include "host/options.h"
#include "host/report.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_ARGUMENTS 12

/* What the table below parses into. */
struct values {
    bool force;
    bool verbose;
    const char *product;
    unsigned long size;
    struct option_list keys;
};

static enum options_result parse(struct values *values, char **argv, int argc, int *operands)
{
    const struct option_row rows[] = {
        {"force", 'f', OPTION_FLAG, &values->force, NULL, "replace what is there"},
        {"verbose", 'v', OPTION_FLAG, &values->verbose, NULL, "say more"},
        {"product", 'p', OPTION_TEXT, &values->product, "NAME", "what it is for"},
        {"size", 's', OPTION_NUMBER, &values->size, "BYTES", "how large"},
        {"key", 'k', OPTION_LIST, &values->keys, "FILE", "who may"},
        {NULL},
    };
    const struct command_usage usage = {"updraft test", "FILE", "Tests.", rows};
    return options_parse(&usage, argc, argv, operands);
}

/* Splits a line at spaces into argv, after the command's name. */
static int split(char *line, char **argv)
{
    int argc = 1;
    static char name[] = "test";
    argv[0] = name;
    for (char *word = strtok(line, " "); word && argc < MAX_ARGUMENTS; word = strtok(NULL, " "))
        argv[argc++] = word;
    return argc;
}

static void every_spelling_is_understood(void **state)
{
    static const struct {
        const char *line;
        struct values expected;
        const char *operands; /* joined by commas */
    } cases[] = {
        {"", {0}, ""},
        {"a b", {0}, "a,b"},
        {"--force", {.force = true}, ""},
        {"-f a", {.force = true}, "a"},
        {"a -fv b", {.force = true, .verbose = true}, "a,b"},
        {"--product demo a", {.product = "demo"}, "a"},
        {"--product=demo a", {.product = "demo"}, "a"},
        {"--product= a", {.product = ""}, "a"},
        {"--product --force", {.product = "--force"}, ""},
        {"-p demo", {.product = "demo"}, ""},
        {"-pdemo", {.product = "demo"}, ""},
        {"-fpdemo", {.force = true, .product = "demo"}, ""},
        {"--product a --product b", {.product = "b"}, ""},
        {"-- --force -p", {0}, "--force,-p"},
        {"a -- b", {0}, "a,b"},
        {"- a", {0}, "-,a"},
        {"--size 0", {.size = 0}, ""},
        {"--size 4096", {.size = 4096}, ""},
        {"--size 0x1F", {.size = 31}, ""},
        {"--size 4k", {.size = 4096}, ""},
        {"--size 4K", {.size = 4096}, ""},
        {"-s4M", {.size = 4u << 20}, ""},
        {"--size 0x10k", {.size = 16384}, ""},
        {"--key one a", {.keys = {1, {"one"}}}, "a"},
        {"--key one -ktwo a --key=three", {.keys = {3, {"one", "two", "three"}}}, "a"},
        {"-k1 -k2 -k3 -k4 -k5 -k6 -k7 -k8",
         {.keys = {8, {"1", "2", "3", "4", "5", "6", "7", "8"}}},
         ""},
        {"--size 18446744073709551615", {.size = ULONG_MAX}, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[128];
        char joined[128] = "";
        char *argv[MAX_ARGUMENTS];
        struct values values = {0};
        int operands = -1;
        snprintf(line, sizeof line, "%s", cases[i].line);
        const int argc = split(line, argv);
        assert_int_equal(parse(&values, argv, argc, &operands), OPTIONS_OK);
        for (int j = 1; j <= operands; j++)
            snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s",
                     j > 1 ? "," : "", argv[j]);
        assert_string_equal(joined, cases[i].operands);
        assert_int_equal(values.force, cases[i].expected.force);
        assert_int_equal(values.verbose, cases[i].expected.verbose);
        assert_true(values.size == cases[i].expected.size);
        assert_int_equal(values.keys.count, cases[i].expected.keys.count);
        for (size_t j = 0; j < values.keys.count; j++)
            assert_string_equal(values.keys.values[j], cases[i].expected.keys.values[j]);
        if (cases[i].expected.product)
            assert_string_equal(values.product, cases[i].expected.product);
        else
            assert_null(values.product);
    }
}

static void every_mistake_is_one_line(void **state)
{
    static const struct {
        const char *line;
        const char *message;
    } cases[] = {
        {"--nonsense", "unknown option --nonsense"},
        {"--prodct x", "unknown option --prodct (did you mean --product?)"},
        {"--prodct=x", "unknown option --prodct (did you mean --product?)"},
        {"-x", "unknown option -x"},
        {"-fx", "unknown option -x"},
        {"--product", "--product needs a value (NAME)"},
        {"-p", "--product needs a value (NAME)"},
        {"--force=yes", "--force takes no value"},
        {"--help=me", "unknown option --help"},
        {"--size", "--size needs a value (BYTES)"},
        {"--size ten", "--size takes a number, not \"ten\""},
        {"--size=", "--size takes a number, not \"\""},
        {"--size -1", "--size takes a number, not \"-1\""},
        {"--size +1", "--size takes a number, not \"+1\""},
        {"--size 1.5", "--size takes a number, not \"1.5\""},
        {"--size 0x", "--size takes a number, not \"0x\""},
        {"--size 4G", "--size takes a number, not \"4G\""},
        {"--size 4kk", "--size takes a number, not \"4kk\""},
        {"--size 18446744073709551616", "--size takes a number, not \"18446744073709551616\""},
        {"--size 18446744073709551615k", "--size takes a number, not \"18446744073709551615k\""},
        {"-k", "--key needs a value (FILE)"},
        {"-k1 -k2 -k3 -k4 -k5 -k6 -k7 -k8 -k9", "--key is taken 8 times at most"},
    };
    (void)state;
    report_set_program("updraft test");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[128];
        char expected[256];
        char *argv[MAX_ARGUMENTS];
        struct values values = {0};
        struct capture capture;
        int operands;
        snprintf(line, sizeof line, "%s", cases[i].line);
        snprintf(expected, sizeof expected, "updraft test: %s; see updraft test --help\n",
                 cases[i].message);
        const int argc = split(line, argv);
        capture_start(&capture, 2);
        const enum options_result result = parse(&values, argv, argc, &operands);
        capture_stop(&capture);
        assert_int_equal(result, OPTIONS_BAD);
        assert_string_equal(capture.text, expected);
    }
}

static void help_names_every_option(void **state)
{
    static const char *const spellings[] = {"--help", "-h", "a --help", "-fh", "--size 4 -h"};
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        char line[64];
        char *argv[MAX_ARGUMENTS];
        struct values values = {0};
        struct capture capture;
        int operands;
        snprintf(line, sizeof line, "%s", spellings[i]);
        const int argc = split(line, argv);
        capture_start(&capture, 1);
        const enum options_result result = parse(&values, argv, argc, &operands);
        capture_stop(&capture);
        assert_int_equal(result, OPTIONS_HELP);
        assert_non_null(strstr(capture.text, "usage: updraft test FILE\n"));
        assert_non_null(strstr(capture.text, "  -p, --product NAME  what it is for\n"));
        assert_non_null(strstr(capture.text, "  -f, --force         replace what is there\n"));
        assert_non_null(strstr(capture.text, "  -h, --help          "));
    }
}

static void messages_stay_on_one_line_whatever_they_hold(void **state)
{
    char name[4096];
    struct capture capture;
    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    memcpy(name, "a\nb\033[2Jc\r", 9);
    report_set_program("updraft test");
    capture_start(&capture, 2);
    assert_int_equal(report_failure("%s", name), EXIT_FAILED);
    capture_stop(&capture);
    assert_int_equal(count_lines(capture.text), 1);
    assert_null(strchr(capture.text, '\033'));
    assert_null(strchr(capture.text, '\r'));
    assert_non_null(strstr(capture.text, "updraft test: a?b?[2Jc?x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_understood),
        cmocka_unit_test(every_mistake_is_one_line),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(messages_stay_on_one_line_whatever_they_hold),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
