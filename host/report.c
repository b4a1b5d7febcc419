#include "host/report.h"

#include "host/text.h"

#include <stdio.h>
#include <string.h>

/* Messages carry file names and device texts, so they are bounded and cleaned. */
#define MESSAGE_LIMIT 1024

static const char *program = "updraft";

void report_set_program(const char *name)
{
    program = name;
}

const char *report_program(void)
{
    return program;
}

static void print_line(const char *format, va_list arguments, const char *hint)
{
    char message[MESSAGE_LIMIT];
    if (vsnprintf(message, sizeof message, format, arguments) < 0)
        message[0] = '\0';
    text_clean(message);
    fflush(stdout);
    if (hint)
        fprintf(stderr, "%s: %s; see %s %s\n", program, message, program, hint);
    else
        fprintf(stderr, "%s: %s\n", program, message);
}

int report_failure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments, NULL);
    va_end(arguments);
    return EXIT_FAILED;
}

int report_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments, "--help");
    va_end(arguments);
    return EXIT_USAGE;
}
