/* Command-line options of a subcommand as a const table: parsing, --help and
 * one-line usage errors from the same rows.
 */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,   /* bool *         set to true */
    OPTION_TEXT,   /* const char **  points into argv */
    OPTION_NUMBER, /* unsigned long * decimal, or hexadecimal with 0x; k and M suffixes */
    OPTION_LIST,   /* struct option_list * may be given several times; points into argv */
};

#define OPTION_LIST_MAX 8u

struct option_list {
    size_t count;
    const char *values[OPTION_LIST_MAX];
};

struct option_row {
    const char *name; /* "product" for --product; null ends the table */
    char letter;      /* 'p' for -p, or 0 */
    enum option_kind kind;
    void *value;          /* as the kind says; holds the default */
    const char *argument; /* name of the argument in the help, null for flags */
    const char *help;     /* one line */
};

struct command_usage {
    const char *name;     /* "updraft publish" */
    const char *synopsis; /* "FILE --product P --version V [--channel C]" */
    const char *about;    /* one or more lines */
    const struct option_row *options;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_BAD };

/* Parses argv[1..]; options and operands may mix, "--" ends options, --name=value
 * and -pVALUE work. Operands are moved to argv[1..*operand_count]. On HELP the
 * help is already on stdout (exit 0), on BAD one line is on stderr (exit 2). */
enum options_result options_parse(const struct command_usage *usage, int argc, char **argv,
                                  int *operand_count);

#endif
