/* What a device says to who uploads to it: datagrams, counts and results, and a page's
 * answer. Words are fit for a terminal, and pieces do not matter. */
#include "fuzz.h"

#include "host/push_answer.h"
#include "host/push_http.h"

#include <ctype.h>
#include <string.h>

#define INPUT_MAX 8192u

static void require_clean(const char *words, size_t size)
{
    const char *end = memchr(words, '\0', size);

    require(end != NULL);
    for (const char *at = words; at < end; at++)
        require((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void as_datagram(const uint8_t *data, size_t size)
{
    struct push_reply reply;

    push_reply_decode(data, size, &reply);
    require_clean(reply.words, sizeof reply.words);
    require(reply.number >= -1);
    if (reply.kind != PUSH_REPLY_CHALLENGE)
        return;
    const size_t digits = strlen(reply.nonce);
    require(digits == 32 || digits == 64);
    for (size_t i = 0; i < digits; i++)
        require(isxdigit((unsigned char)reply.nonce[i]));
}

static void as_stream(const uint8_t *data, size_t size)
{
    struct push_result whole = {0}, parted = {0};
    const size_t step = 1 + data[size / 2] % 9;

    push_result_add(&whole, data, size);
    for (size_t at = 0; at < size; at += step)
        push_result_add(&parted, data + at, size - at < step ? size - at : step);
    require(whole.state == parted.state && strcmp(whole.words, parted.words) == 0);
    push_result_end(&whole);
    require_clean(whole.words, sizeof whole.words);
    if (whole.state != PUSH_RESULT_ERROR)
        return;
    require(push_result_number(&whole) >= -1);
    require_clean(push_result_text(&whole), sizeof whole.words);
}

static void as_page(const uint8_t *data, size_t size)
{
    char body[INPUT_MAX + 1], url[PUSH_URL_MAX], explanation[PUSH_EXPLANATION_MAX];
    struct push_http_result result = {0};

    memcpy(body, data, size);
    body[size] = '\0';
    push_http_judge(100 + data[0] * 2, body, data[size - 1] & 1, &result);
    require_clean(result.words, sizeof result.words);
    push_http_explain(&result, explanation);
    require(memchr(explanation, '\0', sizeof explanation) != NULL);
    require(result.outcome != PUSH_HTTP_OK || result.status / 100 == 2 || result.status == 0 ||
            (100 + data[0] * 2) / 100 == 2);
    if (push_http_url(body, url))
        require(memchr(url, '\0', sizeof url) != NULL && strstr(url, "://") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    as_datagram(data, size);
    as_stream(data, size);
    as_page(data, size);
    return 0;
}
