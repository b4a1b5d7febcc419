#include "server/model/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THOUSANDTHS_DIGITS 3

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

bool clock_parse(const char *text, int64_t *ms)
{
    struct tm utc = {.tm_year = 0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    int64_t thousandths = 0;

    if (rest == NULL)
        return false;
    if (rest[0] == '.') {
        if (strspn(rest + 1, "0123456789") != THOUSANDTHS_DIGITS)
            return false;
        thousandths = strtol(rest + 1, NULL, 10);
        rest += 1 + THOUSANDTHS_DIGITS;
    }
    if (strcmp(rest, "Z") != 0)
        return false;
    *ms = (int64_t)timegm(&utc) * 1000 + thousandths;
    return *ms >= 0;
}

const char *clock_format(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
    const time_t seconds = (time_t)(ms / 1000);
    char date[20];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_SIZE, "%s.%03uZ", date, (unsigned)(ms % 1000));
    return text;
}
