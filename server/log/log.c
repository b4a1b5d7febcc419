#include "server/log/log.h"

#include "server/model/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_SIZE 1024

void log_line(const char *format, ...)
{
    char line[LINE_SIZE], time[CLOCK_TEXT_SIZE];
    va_list arguments;
    int length;

    length = snprintf(line, sizeof line, "%s ", clock_format(clock_now_ms(), time));
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
    va_end(arguments);
    if ((size_t)length > sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    /* Nobody can be told when the log cannot be written. */
    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}
