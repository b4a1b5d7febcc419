/* Requests that were right before chance had its way with them. What must hold is in
 * form_abuse.h; a failure ends the program.
 */
#include "form_abuse.h"
#include "form_rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REQUESTS   1000
#define LENGTH_MAX 60000u

static const char *const originals[] = {
    "PUT /update?filesystem HTTP/1.1\nHost: a\nContent-Length: #\n\n$",
    "PUT /update HTTP/1.1\nContent-Length: #\nExpect: 100-continue\nx-size: #\n\n$",
    "PUT /update?filesystem HTTP/1.1\nTransfer-Encoding: "
    "chunked\n\n3;x\nabc\n0008\nabcdefgh\n0\na: "
    "b\n\n",
    "POST /update HTTP/1.1\nHost: a\nOrigin: http://a\nContent-Type: multipart/form-data; "
    "boundary=\"XyZ\"\nContent-Length: 150\n\n--XyZ\nContent-Disposition: form-data; "
    "name=\"size\"\n\n5\n--XyZ\nContent-Disposition: form-data; name=\"filesystem\"; "
    "filename=\"a\"\n\n\r\n--X\n--XyZ--\n",
    "POST /update HTTP/1.1\nContent-Type: multipart/form-data; boundary=B\nContent-Length: "
    "8388\n\n--B\nContent-Disposition: form-data; name=\"firmware\"; filename=\"a\"\n\n$\n--B--\n",
    "POST /update HTTP/1.1\nContent-Type: multipart/form-data; boundary=B\nTransfer-Encoding: "
    "chunked\n\nc\n--B\nContent-D\n45\nisposition: form-data; name=\"filesystem\"; "
    "filename=\"a\"\n\nabcdefg\n--B--\n\n0\n\n",
    "GET /update?info HTTP/1.1\nAuthorization: Digest username=\"admin\", realm=\"Login "
    "Required\", nonce=\"00\", uri=\"/update\", response=\"00\", qop=auth, nc=00000001, "
    "cnonce=\"a\\\"b\"\n\n",
    "OPTIONS /update HTTP/1.0\nAuthorization: Basic YWRtaW46c2VjcmV0\n\n",
};

static const char *const tokens[] = {
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "--",
    "\r\n--B",
    "\r\n--XyZ--",
    "\"",
    ";",
    "filename=",
    "name=",
    "filesystem",
    "\r\nContent-Length: 7",
    "\r\nTransfer-Encoding: chunked",
    "\r\nExpect: 100-continue",
    "0\r\n\r\n",
    "ffffff\r\n",
    "4294967295",
    "\r\nOrigin: http://b",
    "boundary=",
    " ",
    ":",
    "x-SHA256: ",
    "x-MD5: ",
    "?filesystem",
    "PUT ",
};

struct text {
    uint8_t bytes[LENGTH_MAX];
    uint32_t length;
};

static uint32_t below(uint32_t limit)
{
    return (uint32_t)rand() % limit;
}

static void insert(struct text *text, uint32_t at, const void *bytes, uint32_t length)
{
    if (length > LENGTH_MAX - text->length)
        return;
    memmove(text->bytes + at + length, text->bytes + at, text->length - at);
    memcpy(text->bytes + at, bytes, length);
    text->length += length;
}

static void cut(struct text *text, uint32_t at, uint32_t length)
{
    memmove(text->bytes + at, text->bytes + at + length, text->length - at - length);
    text->length -= length;
}

/* Mostly where the head is, which is a small part of a firmware's request. */
static void mutate(struct text *text)
{
    uint8_t copy[64];
    const uint32_t reach = below(4) == 0 || text->length < 600 ? text->length : 600;
    const uint32_t at = below(reach);
    const uint32_t rest = text->length - at;
    const uint32_t length = 1 + below(rest < sizeof copy ? rest : (uint32_t)sizeof copy);
    const char *token = tokens[below(sizeof tokens / sizeof tokens[0])];

    switch (below(5)) {
    case 0:
        text->bytes[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        text->bytes[at] = (uint8_t)rand();
        break;
    case 2:
        if (length < text->length)
            cut(text, at, length);
        break;
    case 3:
        memcpy(copy, text->bytes + at, length);
        insert(text, below(reach), copy, length);
        break;
    default:
        insert(text, at, token, (uint32_t)strlen(token));
        break;
    }
}

static void begin(struct text *text, const struct image_bytes *image, uint32_t number)
{
    const size_t count = sizeof originals / sizeof originals[0];
    const struct form_request request =
        form_rig_request(originals[number % count], image->data, image->length);

    assert_in_range(request.length, 1, LENGTH_MAX - FORM_ABUSE_SETTINGS);
    text->bytes[0] = (uint8_t)rand();
    text->bytes[1] = below(3) == 0 ? (uint8_t)rand() : 0;
    memcpy(text->bytes + FORM_ABUSE_SETTINGS, request.bytes, request.length);
    text->length = request.length + FORM_ABUSE_SETTINGS;
    free(request.bytes);
}

static void play_file(const char *path)
{
    static struct text text;
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    text.length = (uint32_t)fread(text.bytes, 1, sizeof text.bytes, file);
    fclose(file);
    for (uint32_t length = 0; length < text.length; length += 1 + length / 20)
        form_abuse(text.bytes, length);
    form_abuse(text.bytes, text.length);
}

/* The fuzzer's seeds, and what they are cut short. */
static void the_seeds_do_no_harm(void **state)
{
    static const char folder[] = TEST_VECTORS "/form";
    struct dirent **entries;
    char path[4096];
    int played = 0;

    (void)state;
    const int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && ++played > 0)
            play_file(path);
        free(entries[i]);
    }
    free(entries);
    assert_true(played >= 20);
}

static void malformed_requests_do_no_harm(void **state)
{
    const struct image_firmware firmware = {.version = "2", .project = "lamp", .size = 4000};
    static struct text text;
    const unsigned seed = 1763716000;
    struct image_bytes image = image_build_firmware(&firmware);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        begin(&text, &image, i);
        for (uint32_t mutations = below(6); mutations > 0; mutations--)
            mutate(&text);
        form_abuse(text.bytes, text.length);
    }
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seeds_do_no_harm),
        cmocka_unit_test(malformed_requests_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
