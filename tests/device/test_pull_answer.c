/* What servers answer, and what the device makes of it. Every answer is also
 * played one byte at a time and parted at every place.
 */
#include "pull_rig.h"

#include "device/port/bearssl/digest.h"
#include "image_builder.h"

#include "updraft/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define URL        "http://host/update"
#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

/* A sound image small enough to be parted everywhere. */
static const struct image_firmware small_firmware = {
    .version = "1.1.0", .project = "demo", .size = 304, .is_single = true};

/* What a play is expected to come to. */
struct outcome {
    enum ud_pull_result result;
    int error;
    int number; /* as ESPhttpUpdate reports it */
};

struct row {
    const char *head;
    const char *body;
    struct outcome outcome;
};

static void assert_outcome(const struct pull_rig *rig, const struct outcome *outcome)
{
    assert_int_equal(ud_pull_error(&rig->pull), outcome->error);
    assert_int_equal(ud_pull_result(&rig->pull), outcome->result);
    assert_int_equal(ud_pull_error_number(ud_pull_error(&rig->pull)), outcome->number);
    assert_int_equal(ud_pull_want(&rig->pull), UD_PULL_FINISHED);
    assert_false(ud_updater_is_running(&rig->updater));
    assert_int_equal(rig->commits, outcome->result == UD_PULL_OK && rig->starts > 0);
    assert_int_equal(rig->starts, rig->ends + rig->errors);
    assert_int_equal(rig->closes, rig->connections);
    assert_int_equal(rig->flash.violations, 0);
}

/* Whole, one byte at a time, and parted at every place. */
static void play_in_all_ways(struct pull_rig *rig, const struct rig_answer *answer,
                             const struct outcome *outcome)
{
    for (uint32_t i = 0; i <= answer->length + 1; i++) {
        const struct rig_pieces pieces = {.step = i == answer->length + 1, .split = i};

        rig_reset(rig);
        rig_play(rig, URL, answer, 1, pieces);
        assert_outcome(rig, outcome);
    }
}

static struct rig_answer join(const char *head, const void *body, uint32_t body_length)
{
    const uint32_t head_length = (uint32_t)strlen(head);
    uint8_t *bytes = malloc(head_length + body_length + 1);

    assert_non_null(bytes);
    memcpy(bytes, head, head_length);
    if (body_length > 0)
        memcpy(bytes + head_length, body, body_length);
    return (struct rig_answer){.bytes = bytes, .length = head_length + body_length};
}

static void release(const struct rig_answer *answer)
{
    free((void *)(uintptr_t)answer->bytes);
}

static void play_row(struct pull_rig *rig, const struct row *row)
{
    const struct rig_answer answer = join(row->head, row->body, (uint32_t)strlen(row->body));

    play_in_all_ways(rig, &answer, &row->outcome);
    release(&answer);
}

static void play_rows(struct pull_rig *rig, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("row %zu\n", i);
        play_row(rig, &rows[i]);
    }
}

/* ---- images ---- */

static void md5_text(const struct image_bytes *image, char text[UD_UPDATER_MD5_TEXT])
{
    struct ud_digest digest;
    uint8_t bytes[UD_MD5_SIZE];

    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, image->data, image->length);
    ud_digest_end(&digest, bytes);
    ud_hex_encode(bytes, sizeof bytes, text);
}

/* The answer with the image as its body. In the head, # stands for its length and
 * $ for its MD5. */
static struct rig_answer answer_with(const struct image_bytes *image, const char *pattern)
{
    char head[512], md5[UD_UPDATER_MD5_TEXT];
    size_t length = 0;

    md5_text(image, md5);
    for (; *pattern != '\0'; pattern++) {
        char *end = head + length;
        const size_t room = sizeof head - length;

        if (*pattern == '#')
            length += (size_t)snprintf(end, room, "%u", (unsigned)image->length);
        else
            length += (size_t)snprintf(end, room, "%.*s", *pattern == '$' ? 32 : 1,
                                       *pattern == '$' ? md5 : pattern);
        assert_in_range(length, 1, sizeof head - 1);
    }
    return join(head, image->data, image->length);
}

static const struct outcome updated = {UD_PULL_OK, UD_OK, 0};

static void assert_installed(const struct pull_rig *rig, const struct image_bytes *image)
{
    assert_int_equal(rig->commits, 1);
    assert_int_equal(rig->committed_size, image->length);
    assert_memory_equal(rig->flash.bytes + RIG_STAGED_AT, image->data, image->length);
}

static void an_image_is_installed(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.0 200 OK\r\nContent-Length: #\r\nx-MD5: $\r\n\r\n",
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: #\r\n\r\n",
        "HTTP/1.1 200\r\ncontent-LENGTH:#\r\nX-md5:\t $ \t\r\n\r\n",
        "HTTP/1.0 200 OK\nContent-Length: #\nx-MD5: $\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: #\r\nContent-Length: #\r\nx-MD5:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\n: no name\r\nx:\r\nContent-Length: #\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b: c\r\n\tContent-Length: 1\r\n"
        "Content-Length: 000#\r\n \r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
        "HTTP/1.1 103 Early Hints\r\nx-MD5: nonsense\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: #\r\n\r\n",
        "HTTP/1.1 200 OK\r\nLocation: ://nonsense\r\nContent-Length: #\r\n\r\n",
    };
    struct image_bytes image = image_build_firmware(&small_firmware);
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < SIZE(heads); i++) {
        const struct rig_answer answer = answer_with(&image, heads[i]);

        print_message("head %zu\n", i);
        play_in_all_ways(&rig, &answer, &updated);
        assert_installed(&rig, &image);
        assert_int_equal(rig.others_closed, 1);
        release(&answer);
    }
    rig_free(&rig);
    image_free(&image);
}

/* A file of many sectors, in pieces as TCP would bring them. */
static void a_large_image_is_installed(void **state)
{
    const struct image_firmware firmware = {
        .version = "2", .project = "demo", .size = 100000, .is_single = true};
    struct image_bytes image = image_build_firmware(&firmware);
    const struct rig_answer answer =
        answer_with(&image, "HTTP/1.1 200 OK\r\nContent-Length: #\r\nx-MD5: $\r\n\r\n");
    static const uint32_t steps[] = {0, 536, 1460, 4096, 65536};
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < SIZE(steps); i++) {
        rig_reset(&rig);
        rig_play(&rig, URL, &answer, 1, (struct rig_pieces){.step = steps[i]});
        assert_outcome(&rig, &updated);
        assert_installed(&rig, &image);
    }
    release(&answer);
    rig_free(&rig);
    image_free(&image);
}

static void bytes_after_the_image_are_not_looked_at(void **state)
{
    struct image_bytes image = image_build_firmware(&small_firmware);
    struct image_bytes longer = {.length = image.length + 100};
    struct pull_rig rig;
    char head[64];

    (void)state;
    rig_init(&rig);
    longer.data = calloc(1, longer.length);
    assert_non_null(longer.data);
    memcpy(longer.data, image.data, image.length);
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
             (unsigned)image.length);
    const struct rig_answer answer = join(head, longer.data, longer.length);
    play_in_all_ways(&rig, &answer, &updated);
    assert_installed(&rig, &image);
    release(&answer);
    rig_free(&rig);
    image_free(&image);
    image_free(&longer);
}

static void the_callers_md5_overrides_the_servers(void **state)
{
    static const char head[] = "HTTP/1.0 200 OK\r\nContent-Length: #\r\nx-MD5: not one\r\n\r\n";
    const struct outcome wrong_md5 = {UD_PULL_FAILED, UD_ERR_MD5, 7};
    struct image_bytes image = image_build_firmware(&small_firmware);
    const struct rig_answer answer = answer_with(&image, head);
    char md5[UD_UPDATER_MD5_TEXT];
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    md5_text(&image, md5);
    rig.config.expected_md5 = md5;
    play_in_all_ways(&rig, &answer, &updated);
    md5[0] = md5[0] == '0' ? '1' : '0';
    play_in_all_ways(&rig, &answer, &wrong_md5);
    release(&answer);
    rig_free(&rig);
    image_free(&image);
}

static void a_file_system_may_begin_with_anything(void **state)
{
    const struct row rows[] = {
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", "x", {UD_PULL_OK, UD_OK, 0}},
        {"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n", "file", {UD_PULL_OK, UD_OK, 0}},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "files", {UD_PULL_OK, UD_OK, 0}},
        {"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n",
         "file",
         {UD_PULL_FAILED, UD_ERR_HTTP_LOST, -5}},
        {"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n",
         "",
         {UD_PULL_FAILED, UD_ERR_HTTP_TOO_LARGE, -100}},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.mode = UD_PULL_FILESYSTEM;
    rig.config.filesystem_space = 7;
    rig.config.identity.free_space = 0;
    play_rows(&rig, rows, SIZE(rows));
    rig_free(&rig);
}

/* ---- answers that are no image ---- */

#define E9 "\xe9\x01\x02"

static void statuses_have_their_numbers(void **state)
{
    const struct row rows[] = {
        {"HTTP/1.1 304 Not Modified\r\n\r\n", "", {UD_PULL_NO_UPDATES, UD_OK, 0}},
        {"HTTP/1.0 304\nContent-Length: 99\n\n", "", {UD_PULL_NO_UPDATES, UD_OK, 0}},
        {"HTTP/1.1 401 No\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_UNAUTHORIZED, -108}},
        {"HTTP/1.1 403 No\r\n\r\n", "no", {UD_PULL_FAILED, UD_ERR_HTTP_FORBIDDEN, -103}},
        {"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n",
         "0\r\n\r\n",
         {UD_PULL_FAILED, UD_ERR_HTTP_NOT_FOUND, -102}},
        {"HTTP/1.1 101 Switch\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 204 None\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 206 Part\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n",
         "",
         {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 500 Oh\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 999 \r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_rows(&rig, rows, SIZE(rows));
    rig_free(&rig);
}

/* What a server that is busy says, and what is made of it. */
static void a_busy_server_says_when_to_ask_again(void **state)
{
    const struct {
        const char *head;
        uint32_t seconds;
    } rows[] = {
        {"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\n\r\n", 30},
        {"HTTP/1.1 503 Busy\r\nretry-after:1\r\n\r\n", 1},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 3601\r\n\r\n", UD_PULL_RETRY_MAX_S},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999\r\n\r\n", UD_PULL_RETRY_MAX_S},
        {"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", 0},
        {"HTTP/1.1 503 Busy\r\nRetry-After: -1\r\n\r\n", 0},
        {"HTTP/1.1 503 Busy\r\nRetry-After:\r\n\r\n", 0},
        {"HTTP/1.1 503 Busy\r\n\r\n", 0},
        {"HTTP/1.1 500 Oh\r\nRetry-After: 30\r\n\r\n", 0},
        {"HTTP/1.1 100 Continue\r\nRetry-After: 30\r\n\r\nHTTP/1.1 503 Busy\r\n\r\n", 0},
    };
    const struct outcome failed = {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104};
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        const struct rig_answer answer = join(rows[i].head, "", 0);

        print_message("row %zu\n", i);
        play_in_all_ways(&rig, &answer, &failed);
        assert_int_equal(ud_pull_retry_s(&rig.pull), rows[i].seconds);
        release(&answer);
    }
    play_row(&rig, &(struct row){"HTTP/1.1 304 Not Modified\r\nRetry-After: 30\r\n\r\n",
                                 "",
                                 {UD_PULL_NO_UPDATES, UD_OK, 0}});
    assert_int_equal(ud_pull_retry_s(&rig.pull), 0);
    rig_free(&rig);
}

static void lengths_must_be_usable(void **state)
{
    const struct outcome none = {UD_PULL_FAILED, UD_ERR_HTTP_NO_LENGTH, -101};
    const struct outcome large = {UD_PULL_FAILED, UD_ERR_HTTP_TOO_LARGE, -100};
    const struct outcome encoded = {UD_PULL_FAILED, UD_ERR_HTTP_ENCODING, -9};
    const struct row rows[] = {
        {"HTTP/1.0 200 OK\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0000\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length:\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: +5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0x10\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5, 5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\ncontent-length: x\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: x\r\nContent-Length: 5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length : 5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nX-Content-Length: 5\r\n\r\n", E9, none},
        {"HTTP/1.0 200 OK\r\nContent-Length: 131073\r\n\r\n", E9, large},
        {"HTTP/1.0 200 OK\r\nContent-Length: 4294967295\r\n\r\n", E9, large},
        {"HTTP/1.0 200 OK\r\nContent-Length: 4294967296\r\n\r\n", E9, large},
        {"HTTP/1.0 200 OK\r\nContent-Length: 4294967301\r\n\r\n", E9, large},
        {"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", E9, large},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n", encoded},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ntransfer-encoding: gzip\r\n\r\n", E9, encoded},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_rows(&rig, rows, SIZE(rows));
    assert_int_equal(rig.starts, 0);
    rig_free(&rig);
}

static void a_digest_that_is_none_stops_before_the_updater_begins(void **state)
{
    const struct outcome bad = {UD_PULL_FAILED, UD_ERR_HTTP_BAD_MD5, -105};
    const struct row rows[] = {
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nx-MD5: 0123\r\n\r\n", E9, bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n"
         "x-MD5: 0123456789abcdef0123456789abcdef0\r\n\r\n",
         E9, bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n"
         "x-MD5: 0123456789abcdef0123456789abcdeg\r\n\r\n",
         E9, bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n"
         "x-MD5: 0123456789abcdef0123456789abcdef\r\n"
         "x-MD5: 0123456789abcdef0123456789abcdee\r\n\r\n",
         E9, bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nx-MD5: 0123\r\n"
         "x-MD5: 0123456789abcdef0123456789abcdef\r\n\r\n",
         E9, bad},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_rows(&rig, rows, SIZE(rows));
    assert_int_equal(rig.starts, 0);
    rig_free(&rig);
}

static void the_first_bytes_decide(void **state)
{
    const struct outcome bad = {UD_PULL_FAILED, UD_ERR_HTTP_BAD_HEADER, -106};
    const struct outcome large = {UD_PULL_FAILED, UD_ERR_HTTP_FLASH_SIZE, -107};
    const struct row rows[] = {
        {"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n", "<html>", bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", "x", bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n", "\xea\x04\x02\x40----", bad},
        {"HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n", "\xe9\x04\x02\x90----", large},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_rows(&rig, rows, SIZE(rows));
    assert_int_equal(rig.starts, 0);
    assert_int_equal(rig.flash.erases, 0);

    /* Where the layout is chosen at boot, the size in the header binds nobody:
     * the updater gets its turn, and misses the rest. */
    rig.config.auto_map = true;
    const struct row lost = {rows[3].head, rows[3].body, {UD_PULL_FAILED, UD_ERR_HTTP_LOST, -5}};
    play_row(&rig, &lost);
    assert_int_equal(rig.starts, 1);
    rig_free(&rig);
}

static void what_is_not_http_is_refused(void **state)
{
    const struct outcome not_http = {UD_PULL_FAILED, UD_ERR_HTTP_NOT_HTTP, -7};
    const struct outcome lost = {UD_PULL_FAILED, UD_ERR_HTTP_LOST, -5};
    const struct row rows[] = {
        {"SSH-2.0-OpenSSH_9.2\r\n", "", not_http},
        {"\r\n", "", not_http},
        {"HTTP/2 200 OK\r\n\r\n", "", not_http},
        {"HTTP/1.x 200 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1  200 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 20 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 2000 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 099 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 20x OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 200OK\r\n\r\n", "", not_http},
        {"http/1.1 200 OK\r\n\r\n", "", not_http},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n 4\r\n\r\n", E9, not_http},
        {"", "", lost},
        {"HTTP/1.1 200 OK", "", lost},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "", lost},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "", lost},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "\xe9", lost},
        {"HTTP/1.1 100 Continue\r\n\r\n", "", lost},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_rows(&rig, rows, SIZE(rows));
    rig_free(&rig);
}

/* ---- heads that are too much ---- */

/* Appends `count` times `c`. */
static void add(char **end, char c, size_t count)
{
    memset(*end, c, count);
    *end += count;
}

static void add_text(char **end, const char *text)
{
    memcpy(*end, text, strlen(text));
    *end += strlen(text);
}

static void long_lines_are_passed_over(void **state)
{
    struct image_bytes image = image_build_firmware(&small_firmware);
    struct pull_rig rig;
    char head[2048], *end;
    char length[64];

    (void)state;
    rig_init(&rig);
    snprintf(length, sizeof length, "\r\nContent-Length: %u\r\n", (unsigned)image.length);
    /* Around the limit: the last line that fits and the first that does not. */
    for (uint32_t size = UD_PULL_LINE_MAX - 20; size < UD_PULL_LINE_MAX + 5; size++) {
        end = head;
        add_text(&end, "HTTP/1.1 200 ");
        add(&end, 'K', size);
        add_text(&end, "\r\nX-Long: ");
        add(&end, 'y', size);
        add_text(&end, length);
        add(&end, 'z', size);
        add_text(&end, "\r\n");
        add(&end, ' ', size);
        add_text(&end, "\r\n\r\n");
        *end = '\0';
        const struct rig_answer answer = join(head, image.data, image.length);
        for (uint32_t step = 0; step < 3; step++) {
            rig_reset(&rig);
            rig_play(&rig, URL, &answer, 1, (struct rig_pieces){.step = step});
            assert_outcome(&rig, &updated);
            assert_installed(&rig, &image);
        }
        release(&answer);
    }
    rig_free(&rig);
    image_free(&image);
}

/* A value whose end has not been seen is no value. */
static void cut_values_are_not_used(void **state)
{
    static const struct {
        const char *name, *value;
        struct outcome outcome;
    } rows[] = {
        {"Content-Length:", "12", {UD_PULL_FAILED, UD_ERR_HTTP_NO_LENGTH, -101}},
        {"Content-Length: 3\r\nx-MD5:", "00", {UD_PULL_FAILED, UD_ERR_HTTP_BAD_MD5, -105}},
        {"Content-Length: 3\r\nTransfer-Encoding:",
         "a",
         {UD_PULL_FAILED, UD_ERR_HTTP_ENCODING, -9}},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        char head[1024], *end = head;

        add_text(&end, "HTTP/1.1 200 OK\r\n");
        add_text(&end, rows[i].name);
        add(&end, ' ', UD_PULL_LINE_MAX);
        add_text(&end, rows[i].value);
        add_text(&end, "\r\n\r\n");
        *end = '\0';
        play_row(&rig, &(struct row){head, E9, rows[i].outcome});
    }
    rig_free(&rig);
}

/* The limit is on the bytes of the head, however they are put. */
static void endless_heads_are_given_up(void **state)
{
    static const struct {
        const char *start, *repeated;
    } rows[] = {
        {"", "x"},
        {"HTTP/1.1 200 OK\r\n", "x"},
        {"HTTP/1.1 200 OK\r\n", "a: b\n"},
        {"HTTP/1.1 200 OK\r\n", "X-Long: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n"},
    };
    const struct outcome outcome = {UD_PULL_FAILED, UD_ERR_HTTP_NOT_HTTP, -7};
    static char head[2 * UD_PULL_HEAD_MAX];
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        char *end = head;

        add_text(&end, rows[i].start);
        while ((size_t)(end - head) <= UD_PULL_HEAD_MAX)
            add_text(&end, rows[i].repeated);
        const struct rig_answer answer = {
            .bytes = head, .length = (uint32_t)(end - head), .then_silent = true};
        for (uint32_t step = 0; step < 4; step++) {
            rig_reset(&rig);
            rig_play(&rig, URL, &answer, 1, (struct rig_pieces){.step = step});
            assert_outcome(&rig, &outcome);
            assert_int_equal(rig.now_ms, 0); /* it was not the silence */
        }
    }
    rig_free(&rig);
}

static void a_head_may_be_as_long_as_the_limit(void **state)
{
    static char head[UD_PULL_HEAD_MAX + 1];
    struct pull_rig rig;
    char *end = head;

    (void)state;
    rig_init(&rig);
    add_text(&end, "HTTP/1.1 304 Not Modified\r\nX: ");
    add(&end, 'y', (size_t)(head + UD_PULL_HEAD_MAX - 4 - end));
    add_text(&end, "\r\n\r\n");
    const struct rig_answer answer = {.bytes = head, .length = UD_PULL_HEAD_MAX};
    for (uint32_t step = 0; step < 4; step++) {
        rig_reset(&rig);
        rig_play(&rig, URL, &answer, 1, (struct rig_pieces){.step = step});
        assert_outcome(&rig, &(struct outcome){UD_PULL_NO_UPDATES, UD_OK, 0});
    }
    rig_free(&rig);
}

/* ---- the updater's own errors ---- */

static void the_updaters_errors_come_through(void **state)
{
    static const char head[] = "HTTP/1.0 200 OK\r\nContent-Length: #\r\n\r\n";
    struct image_bytes image = image_build_firmware(&small_firmware);
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    const struct rig_answer answer = answer_with(&image, head);

    rig.flash.fail_erase = 1;
    rig_play(&rig, URL, &answer, 1, (struct rig_pieces){0});
    assert_outcome(&rig, &(struct outcome){UD_PULL_FAILED, UD_ERR_FLASH_ERASE, 2});

    rig_reset(&rig);
    rig.flash.fail_program = 1;
    rig_play(&rig, URL, &answer, 1, (struct rig_pieces){0});
    assert_outcome(&rig, &(struct outcome){UD_PULL_FAILED, UD_ERR_FLASH_WRITE, 1});

    rig_reset(&rig);
    rig.commit_error = UD_ERR_COMMIT;
    rig_play(&rig, URL, &answer, 1, (struct rig_pieces){0});
    assert_outcome(&rig, &(struct outcome){UD_PULL_FAILED, UD_ERR_COMMIT, 20});

    rig_reset(&rig);
    image.data[image.length - 8] ^= 1;
    const struct rig_answer damaged = answer_with(&image, head);
    play_in_all_ways(&rig, &damaged, &(struct outcome){UD_PULL_FAILED, UD_ERR_IMAGE, 18});

    release(&answer);
    release(&damaged);
    rig_free(&rig);
    image_free(&image);
}

static void a_wrong_md5_is_the_updaters_to_report(void **state)
{
    static const char head[] =
        "HTTP/1.0 200 OK\r\nContent-Length: #\r\nx-MD5: 00000000000000000000000000000000\r\n\r\n";
    struct image_bytes image = image_build_firmware(&small_firmware);
    const struct rig_answer answer = answer_with(&image, head);
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    play_in_all_ways(&rig, &answer, &(struct outcome){UD_PULL_FAILED, UD_ERR_MD5, 7});
    release(&answer);
    rig_free(&rig);
    image_free(&image);
}

/* An update that came in another way meanwhile is left alone. */
static void a_running_update_is_left_alone(void **state)
{
    static const char head[] = "HTTP/1.0 200 OK\r\nContent-Length: #\r\n\r\n";
    struct image_bytes image = image_build_firmware(&small_firmware);
    const struct rig_answer answer = answer_with(&image, head);
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    assert_int_equal(ud_updater_begin(&rig.updater, UD_COMMAND_FIRMWARE, image.length), UD_OK);
    assert_int_equal(ud_updater_write(&rig.updater, image.data, 100), UD_OK);
    rig_play(&rig, URL, &answer, 1, (struct rig_pieces){0});
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_BUSY);
    assert_int_equal(ud_pull_error_number(UD_ERR_BUSY), 15);
    assert_true(ud_updater_is_running(&rig.updater));
    assert_int_equal(ud_updater_write(&rig.updater, image.data + 100, image.length - 100), UD_OK);
    assert_int_equal(ud_updater_end(&rig.updater), UD_OK);
    assert_installed(&rig, &image);
    release(&answer);
    rig_free(&rig);
    image_free(&image);
}

static void what_breaks_off_leaves_no_session(void **state)
{
    static const char head[] = "HTTP/1.0 200 OK\r\nContent-Length: #\r\n\r\n";
    struct image_bytes image = image_build_firmware(&small_firmware);
    const struct rig_answer whole = answer_with(&image, head);
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    for (uint32_t length = 0; length < whole.length; length++) {
        struct rig_answer part = {.bytes = whole.bytes, .length = length};

        rig_reset(&rig);
        rig_play(&rig, URL, &part, 1, (struct rig_pieces){0});
        assert_outcome(&rig, &(struct outcome){UD_PULL_FAILED, UD_ERR_HTTP_LOST, -5});
        assert_int_equal(rig.session_error, rig.starts > 0 ? UD_ERR_UNFINISHED : UD_OK);

        rig_reset(&rig);
        part.then_silent = true;
        rig_play(&rig, URL, &part, 1, (struct rig_pieces){0});
        const bool is_writing = rig.starts > 0;
        assert_outcome(&rig, &(struct outcome){UD_PULL_FAILED,
                                               is_writing ? UD_ERR_TIMEOUT : UD_ERR_HTTP_TIMEOUT,
                                               is_writing ? 6 : -11});
        assert_int_equal(rig.session_error, is_writing ? UD_ERR_TIMEOUT : UD_OK);
        assert_int_equal(rig.now_ms, UD_PULL_TIMEOUT_MS);
    }
    release(&whole);
    rig_free(&rig);
    image_free(&image);
}

/* ---- version mode ---- */

static void a_version_is_asked_for(void **state)
{
    static const char long_version[] =
        "HTTP/1.1 200 OK\r\nx-version: 123456789012345678901234567890123\r\n\r\n";
    const struct outcome none = {UD_PULL_FAILED, UD_ERR_HTTP_NO_VERSION, -109};
    const struct row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", none},
        {"HTTP/1.1 200 OK\r\nx-version:\r\n\r\n", "", none},
        {"HTTP/1.1 200 OK\r\nx-version: 1\x01\r\n\r\n", "", none},
        {long_version, "", none},
        {"HTTP/1.1 304 Same\r\nx-version: 1\r\n\r\n",
         "",
         {UD_PULL_FAILED, UD_ERR_HTTP_STATUS, -104}},
        {"HTTP/1.1 404 No\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_NOT_FOUND, -102}},
        {"HTTP/1.1 401 No\r\n\r\n", "", {UD_PULL_FAILED, UD_ERR_HTTP_UNAUTHORIZED, -108}},
        {"HTTP/1.1 200 OK\r\nX-VERSION: 1.2.3-rc1+7 \r\nTransfer-Encoding: chunked\r\n\r\n",
         "0\r\n\r\n",
         {UD_PULL_OK, UD_OK, 0}},
    };
    struct pull_rig rig;

    (void)state;
    rig_init(&rig);
    rig.config.mode = UD_PULL_VERSION;
    rig.config.updater = NULL;
    play_rows(&rig, rows, SIZE(rows));
    assert_string_equal(ud_pull_available_version(&rig.pull), "1.2.3-rc1+7");
    assert_int_equal(rig.others_closed, 0);

    /* A version of another time is forgotten. */
    assert_int_equal(ud_pull_begin(&rig.pull, URL, 0), UD_OK);
    assert_string_equal(ud_pull_available_version(&rig.pull), "");
    rig_free(&rig);
}

/* ---- a server that says anything ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Changes, drops or doubles bytes of a sound answer. */
static uint32_t mutate(uint8_t *bytes, uint32_t length, uint32_t *seed)
{
    const uint32_t count = next_random(seed) % 4 + 1;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = next_random(seed) % length;
        switch (next_random(seed) % 3) {
        case 0:
            bytes[at] = (uint8_t)next_random(seed);
            break;
        case 1:
            memmove(bytes + at, bytes + at + 1, length - at - 1);
            length--;
            break;
        default:
            memmove(bytes + at + 1, bytes + at, length - at);
            length++;
            break;
        }
    }
    return length;
}

/* However the answer is damaged: no crash, an end, the same one in any pieces,
 * and never an image that is not the one meant. */
static void damaged_answers_end_the_same_in_any_pieces(void **state)
{
    static const char head[] = "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nServer: x\r\n"
                               "Content-Length: #\r\nx-version: 1.1.0\r\nx-MD5: $\r\n\r\n";
    struct image_bytes image = image_build_firmware(&small_firmware);
    const struct rig_answer sound = answer_with(&image, head);
    uint8_t *bytes = malloc(sound.length + 8);
    uint32_t seed = 20240817;
    struct pull_rig rig;

    (void)state;
    print_message("seed %u\n", (unsigned)seed);
    assert_non_null(bytes);
    rig_init(&rig);
    rig.config.redirects = &ud_pull_follow;
    rig.config.location = rig.location;
    for (int i = 0; i < 1500; i++) {
        memcpy(bytes, sound.bytes, sound.length);
        const uint32_t length = mutate(bytes, sound.length, &seed);
        const struct rig_answer answer = {.bytes = bytes, .length = length};

        rig_reset(&rig);
        rig_play(&rig, URL, &answer, 1, (struct rig_pieces){0});
        const int error = ud_pull_error(&rig.pull);
        const enum ud_pull_result result = ud_pull_result(&rig.pull);
        if (rig.commits > 0)
            assert_installed(&rig, &image);

        rig_reset(&rig);
        rig_play(&rig, URL, &answer, 1, (struct rig_pieces){.step = next_random(&seed) % 5 + 1});
        assert_outcome(&rig, &(struct outcome){result, error, ud_pull_error_number(error)});
    }
    free(bytes);
    release(&sound);
    rig_free(&rig);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_installed),
        cmocka_unit_test(a_large_image_is_installed),
        cmocka_unit_test(bytes_after_the_image_are_not_looked_at),
        cmocka_unit_test(the_callers_md5_overrides_the_servers),
        cmocka_unit_test(a_file_system_may_begin_with_anything),
        cmocka_unit_test(statuses_have_their_numbers),
        cmocka_unit_test(a_busy_server_says_when_to_ask_again),
        cmocka_unit_test(lengths_must_be_usable),
        cmocka_unit_test(a_digest_that_is_none_stops_before_the_updater_begins),
        cmocka_unit_test(the_first_bytes_decide),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(long_lines_are_passed_over),
        cmocka_unit_test(cut_values_are_not_used),
        cmocka_unit_test(endless_heads_are_given_up),
        cmocka_unit_test(a_head_may_be_as_long_as_the_limit),
        cmocka_unit_test(the_updaters_errors_come_through),
        cmocka_unit_test(a_wrong_md5_is_the_updaters_to_report),
        cmocka_unit_test(a_running_update_is_left_alone),
        cmocka_unit_test(what_breaks_off_leaves_no_session),
        cmocka_unit_test(a_version_is_asked_for),
        cmocka_unit_test(damaged_answers_end_the_same_in_any_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
