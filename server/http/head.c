#include "server/http/head.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NUMBER_SIZE 24 /* the longest: 2^64 - 1, or "HTTP/1.1 200 " */
#define DATE_SIZE   30 /* "Sat, 21 Nov 2026 14:32:53 GMT" */

bool head_is_last(const struct http_request *request)
{
    const char *wish = http_header(request, MHD_HTTP_HEADER_CONNECTION);

    if (strcmp(request->version, MHD_HTTP_VERSION_1_0) == 0)
        return wish == NULL || strcasestr(wish, "keep-alive") == NULL;
    return wish != NULL && strcasestr(wish, "close") != NULL;
}

/* Appends; *length grows beyond HEAD_SIZE when it does not fit. */
static void add_bytes(char *head, size_t *length, const char *bytes, size_t count)
{
    if (*length < HEAD_SIZE && count <= HEAD_SIZE - *length)
        memcpy(head + *length, bytes, count);
    *length += count;
}

static void add(char *head, size_t *length, const char *text)
{
    add_bytes(head, length, text, strlen(text));
}

static void add_field(char *head, size_t *length, const char *name, const char *value)
{
    add(head, length, name);
    add(head, length, ": ");
    add(head, length, value);
    add(head, length, "\r\n");
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
    char number[NUMBER_SIZE], date[DATE_SIZE];
    size_t size = 0;

    snprintf(number, sizeof number, "HTTP/1.1 %u ", status);
    add(head, &size, number);
    add(head, &size, MHD_get_reason_phrase_for(status));
    add(head, &size, "\r\n");
    add_field(head, &size, MHD_HTTP_HEADER_DATE, write_date(date));
    add_field(head, &size, MHD_HTTP_HEADER_CONNECTION, "close");
    if (type != NULL)
        add_field(head, &size, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (unsigned i = 0; i < request->field_count; i++)
        add_field(head, &size, request->fields[i].name, request->fields[i].value);
    snprintf(number, sizeof number, "%llu", (unsigned long long)length);
    add_field(head, &size, MHD_HTTP_HEADER_CONTENT_LENGTH, number);
    add(head, &size, "\r\n");
    return size <= HEAD_SIZE ? size : 0;
}
