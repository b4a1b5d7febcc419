#include "server/http/head.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DATE_SIZE 30 /* "Sat, 21 Nov 2026 14:32:53 GMT" */

bool head_is_last(const struct http_request *request)
{
    const char *wish = http_header(request, MHD_HTTP_HEADER_CONNECTION);

    if (strcmp(request->version, MHD_HTTP_VERSION_1_0) == 0)
        return wish == NULL || strcasestr(wish, "keep-alive") == NULL;
    return wish != NULL && strcasestr(wish, "close") != NULL;
}

/* Appends a line; *length grows beyond HEAD_SIZE when it does not fit. */
__attribute__((format(printf, 3, 4))) static void add(char *head, size_t *length,
                                                      const char *format, ...)
{
    const size_t room = *length < HEAD_SIZE ? HEAD_SIZE - *length : 0;
    va_list arguments;

    va_start(arguments, format);
    const int wanted = vsnprintf(room > 0 ? head + *length : NULL, room, format, arguments);
    va_end(arguments);
    *length += wanted > 0 ? (size_t)wanted : HEAD_SIZE;
}

static const char *write_date(char date[DATE_SIZE])
{
    const time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(date, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return date;
}

size_t head_write(const struct http_request *request, unsigned status, const char *type,
                  uint64_t length, char head[HEAD_SIZE])
{
    char date[DATE_SIZE];
    size_t size = 0;

    add(head, &size, "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n", status,
        MHD_get_reason_phrase_for(status), write_date(date));
    if (type != NULL)
        add(head, &size, "Content-Type: %s\r\n", type);
    for (unsigned i = 0; i < request->field_count; i++)
        add(head, &size, "%s: %s\r\n", request->fields[i].name, request->fields[i].value);
    add(head, &size, "Content-Length: %llu\r\n\r\n", (unsigned long long)length);
    return size < HEAD_SIZE ? size : 0;
}
