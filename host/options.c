#include "host/options.h"

#include "host/report.h"
#include "host/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One walk over argv. Operands are collected at its front as they are met. */
struct scan {
    const struct command_usage *usage;
    int argc;
    char **argv;
    int next;     /* index of the argument to look at */
    int operands; /* operands kept so far, at argv[1..] */
};

static const struct option_row *row_named(const struct command_usage *usage, const char *name,
                                          size_t length)
{
    for (const struct option_row *row = usage->options; row && row->name; row++)
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return row;
    return NULL;
}

static const struct option_row *row_lettered(const struct command_usage *usage, char letter)
{
    for (const struct option_row *row = usage->options; row && row->name; row++)
        if (row->letter == letter)
            return row;
    return NULL;
}

/* Value of a hexadecimal or decimal digit, or 16. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

static unsigned long suffix_factor(const char *suffix)
{
    if (strcmp(suffix, "") == 0)
        return 1;
    if (strcmp(suffix, "k") == 0 || strcmp(suffix, "K") == 0)
        return 1ul << 10;
    return strcmp(suffix, "M") == 0 ? 1ul << 20 : 0;
}

static bool number_parse(const char *text, unsigned long *number)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (digit_value(*text) >= base)
        return false;
    unsigned long value = 0;
    for (; digit_value(*text) < base; text++) {
        if (value > (ULONG_MAX - digit_value(*text)) / base)
            return false;
        value = value * base + digit_value(*text);
    }
    const unsigned long factor = suffix_factor(text);
    if (!factor || value > ULONG_MAX / factor)
        return false;
    *number = value * factor;
    return true;
}

static enum options_result bad_number(const struct option_row *row, const char *text)
{
    report_usage("--%s takes a number, not \"%s\"", row->name, text);
    return OPTIONS_BAD;
}

static enum options_result list_add(const struct option_row *row, const char *text)
{
    struct option_list *list = row->value;

    if (list->count == OPTION_LIST_MAX) {
        report_usage("--%s is taken %u times at most", row->name, OPTION_LIST_MAX);
        return OPTIONS_BAD;
    }
    list->values[list->count++] = text;
    return OPTIONS_OK;
}

static enum options_result row_set(const struct option_row *row, const char *text)
{
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->value = true;
        return OPTIONS_OK;
    case OPTION_TEXT:
        *(const char **)row->value = text;
        return OPTIONS_OK;
    case OPTION_NUMBER:
        return number_parse(text, row->value) ? OPTIONS_OK : bad_number(row, text);
    case OPTION_LIST:
        return list_add(row, text);
    default:
        return OPTIONS_BAD;
    }
}

static enum options_result unknown_option(const struct command_usage *usage, const char *name,
                                          size_t length)
{
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word), name);
    struct text_nearest nearest;
    text_nearest_begin(&nearest, word);
    for (const struct option_row *row = usage->options; row && row->name; row++)
        text_nearest_offer(&nearest, row->name);
    if (nearest.best)
        report_usage("unknown option --%s (did you mean --%s?)", word, nearest.best);
    else
        report_usage("unknown option --%s", word);
    return OPTIONS_BAD;
}

/* The value of an option that stands alone is the next argument. */
static enum options_result value_from_next(struct scan *scan, const struct option_row *row)
{
    if (scan->next >= scan->argc) {
        report_usage("--%s needs a value (%s)", row->name, row->argument);
        return OPTIONS_BAD;
    }
    return row_set(row, scan->argv[scan->next++]);
}

/* text is what follows "--". */
static enum options_result long_option(struct scan *scan, const char *text)
{
    const size_t length = strcspn(text, "=");
    const char *value = text[length] == '=' ? text + length + 1 : NULL;
    const struct option_row *row = row_named(scan->usage, text, length);
    if (!row && !value && strcmp(text, "help") == 0)
        return OPTIONS_HELP;
    if (!row)
        return unknown_option(scan->usage, text, length);
    if (row->kind == OPTION_FLAG && value) {
        report_usage("--%s takes no value", row->name);
        return OPTIONS_BAD;
    }
    if (row->kind == OPTION_FLAG || value)
        return row_set(row, value);
    return value_from_next(scan, row);
}

/* text is what follows "-": letters of flags, the last of which may be that of
 * an option with a value. */
static enum options_result letter_options(struct scan *scan, const char *text)
{
    for (; *text; text++) {
        const struct option_row *row = row_lettered(scan->usage, *text);
        if (!row && *text == 'h')
            return OPTIONS_HELP;
        if (!row) {
            report_usage("unknown option -%c", *text);
            return OPTIONS_BAD;
        }
        if (row->kind != OPTION_FLAG)
            return text[1] ? row_set(row, text + 1) : value_from_next(scan, row);
        row_set(row, NULL);
    }
    return OPTIONS_OK;
}

static void keep_operand(struct scan *scan, char *operand)
{
    scan->argv[++scan->operands] = operand;
}

static enum options_result take_argument(struct scan *scan)
{
    char *argument = scan->argv[scan->next++];
    if (strcmp(argument, "--") == 0) {
        while (scan->next < scan->argc)
            keep_operand(scan, scan->argv[scan->next++]);
        return OPTIONS_OK;
    }
    if (argument[0] == '-' && argument[1] == '-')
        return long_option(scan, argument + 2);
    if (argument[0] == '-' && argument[1])
        return letter_options(scan, argument + 1);
    keep_operand(scan, argument);
    return OPTIONS_OK;
}

/* "  -p, --product NAME", the left column of the help. Returns its width. */
static int row_label(const struct option_row *row, char *out, size_t size)
{
    const char letter[] = {'-', row->letter, ',', ' ', '\0'};
    return snprintf(out, size, "  %s--%s%s%s", row->letter ? letter : "    ", row->name,
                    row->argument ? " " : "", row->argument ? row->argument : "");
}

static void print_help(const struct command_usage *usage)
{
    static const struct option_row help = {.name = "help", .letter = 'h', .help = "say this"};
    char label[128];
    int width = row_label(&help, label, sizeof label);
    for (const struct option_row *row = usage->options; row && row->name; row++) {
        const int this_width = row_label(row, label, sizeof label);
        width = this_width > width ? this_width : width;
    }
    printf("usage: %s %s\n\n%s\n\n", usage->name, usage->synopsis, usage->about);
    for (const struct option_row *row = usage->options; row && row->name; row++) {
        row_label(row, label, sizeof label);
        printf("%-*s  %s\n", width, label, row->help);
    }
    row_label(&help, label, sizeof label);
    printf("%-*s  %s\n", width, label, help.help);
}

enum options_result options_parse(const struct command_usage *usage, int argc, char **argv,
                                  int *operand_count)
{
    struct scan scan = {.usage = usage, .argc = argc, .argv = argv, .next = 1};
    while (scan.next < scan.argc) {
        const enum options_result result = take_argument(&scan);
        if (result == OPTIONS_HELP)
            print_help(usage);
        if (result != OPTIONS_OK)
            return result;
    }
    *operand_count = scan.operands;
    return OPTIONS_OK;
}
