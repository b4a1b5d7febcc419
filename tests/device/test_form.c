/* Requests and what the device answers: pages, uploads of each kind, and what is
 * wrong with them. Each is also played one byte at a time and parted at every place.
 */
#include "form_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])

#define MULTIPART                                                                                  \
    "POST /update HTTP/1.1\nHost: lamp\nContent-Type: multipart/form-data; boundary=XyZ\n"
#define CHUNKED "Transfer-Encoding: chunked\n"
#define FILE_PART(name)                                                                            \
    "--XyZ\nContent-Disposition: form-data; name=\"" name "\"; filename=\"a b.bin\"\n"             \
    "Content-Type: application/octet-stream\n\n"
#define FIELD(name, value) "--XyZ\nContent-Disposition: form-data; name=\"" name "\"\n\n" value "\n"
#define END                "\n--XyZ--\n"

/* A chunk of the body: its size is to be written by hand. */
#define CHUNK(size, text) size "\n" text "\n"

struct row {
    const char *text;
    int status;
    const char *body; /* that the answer's contains */
};

/* What is in `body`, behind the empty line, gets its Content-Length. */
static struct form_request with_length(const char *head, const char *body, const void *file,
                                       uint32_t file_length)
{
    char *text = malloc(strlen(head) + strlen(body) + 64);
    const struct form_request measured = form_rig_request(body, file, file_length);

    assert_non_null(text);
    sprintf(text, "%sContent-Length: %u\n\n%s", head, measured.length, body);
    const struct form_request request = form_rig_request(text, file, file_length);
    free(measured.bytes);
    free(text);
    return request;
}

static void assert_answer(const struct form_rig *rig, const struct row *row)
{
    if (form_rig_status(rig) != row->status || strstr(form_rig_body(rig), row->body) == NULL)
        print_message("%s\n", rig->answer);
    assert_int_equal(form_rig_status(rig), row->status);
    assert_non_null(strstr(form_rig_body(rig), row->body));
    assert_string_equal(form_rig_field(rig, "Connection"), "close");
    assert_int_equal(strtoul(form_rig_field(rig, "Content-Length"), NULL, 10),
                     rig->answer_length - (uint32_t)(form_rig_body(rig) - rig->answer));
    assert_int_equal(rig->device.flash.violations, 0);
}

/* Whole, one byte at a time, and parted at every place. */
static void play_in_all_ways(struct form_rig *rig, const struct form_request *request,
                             const struct row *row)
{
    for (uint32_t i = 0; i <= request->length; i++) {
        const struct form_pieces pieces = {.step = i == request->length, .split = i};

        rig->send_step = i % 3 == 2;
        form_rig_play(rig, request, pieces);
        assert_answer(rig, row);
    }
}

static void play_rows(struct form_rig *rig, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct form_request request =
            form_rig_request(rows[i].text, RIG_FILES, sizeof RIG_FILES - 1);

        print_message("row %zu\n", i);
        play_in_all_ways(rig, &request, &rows[i]);
        free(request.bytes);
    }
}

static int set_up(void **state)
{
    struct form_rig *rig = malloc(sizeof *rig);

    form_rig_init(rig, NULL);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    form_rig_free(*state);
    free(*state);
    return 0;
}

/* ---- pages ---- */

static void pages_are_served(void **state)
{
    const struct row rows[] = {
        {"GET /update HTTP/1.1\nHost: lamp\n\n", 200, RIG_PAGE},
        {"GET /update?anything HTTP/1.0\n\n", 200, RIG_PAGE},
        {"\n\nGET /update HTTP/1.1\nCookie: a\n\n", 200, RIG_PAGE},
        {"GET /update?info HTTP/1.1\n\n", 200,
         "{\"product\":\"lamp\",\"version\":\"1.0.0\",\"chip\":\"ESP8266\",\"free\":900000,"
         "\"files\":65536,\"flash\":1048576,\"signed\":false,\"boot\":"},
        {"OPTIONS /update HTTP/1.1\n\n", 200, "OK"},
        {"GET / HTTP/1.1\n\n", 303, ""},
        {"GET /favicon.ico HTTP/1.1\n\n", 404, "Not Found"},
        {"GET /updates HTTP/1.1\n\n", 404, ""},
        {"GET /updat HTTP/1.1\n\n", 404, ""},
        {"GET /Update HTTP/1.1\n\n", 404, ""},
        {"DELETE /update HTTP/1.1\n\n", 405, ""},
        {"HEAD /update HTTP/1.1\n\n", 405, ""},
        {"POST / HTTP/1.1\nContent-Length: 3\n\nabc", 303, ""},
        {"POST /x HTTP/1.1\nContent-Length: 3\n\nabc", 404, ""},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    play_rows(rig, rows, SIZE(rows));
    assert_int_equal(rig->device.starts, 0);
    rig_assert_untouched(&rig->device);
}

static void answers_say_what_they_are(void **state)
{
    struct form_rig *rig = *state;

    form_rig_start(rig);
    form_rig_say(rig, "GET /update HTTP/1.1\n\n");
    assert_string_equal(form_rig_field(rig, "Content-Encoding"), "gzip");
    assert_string_equal(form_rig_field(rig, "Content-Type"), "text/html; charset=utf-8");
    form_rig_say(rig, "GET /update?info HTTP/1.1\n\n");
    assert_string_equal(form_rig_field(rig, "Content-Type"), "application/json");
    form_rig_say(rig, "GET / HTTP/1.1\n\n");
    assert_string_equal(form_rig_field(rig, "Location"), "/update");
    form_rig_say(rig, "TRACE /update HTTP/1.1\n\n");
    assert_string_equal(form_rig_field(rig, "Allow"), "GET, OPTIONS, POST, PUT");
    form_rig_say(rig, "OPTIONS /update HTTP/1.1\nOrigin: http://elsewhere\n\n");
    assert_string_equal(form_rig_field(rig, "Allow"), "GET, OPTIONS, POST, PUT");
    assert_null(form_rig_field(rig, "Access-Control-Allow-Origin"));
}

static void texts_are_quoted(void **state)
{
    struct form_rig *rig = *state;

    rig->config.about.product = "a\"b\\c\nd";
    rig->config.about.version = NULL;
    form_rig_start(rig);
    form_rig_say(rig, "GET /update?info HTTP/1.1\n\n");
    assert_non_null(strstr(form_rig_body(rig), "{\"product\":\"a\\\"b\\\\cd\",\"version\":\"\","));
}

/* The longest texts there are. */
static void answers_are_whole(void **state)
{
    struct form_rig *rig = *state;
    char name[200];

    memset(name, '"', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    rig->config.about.product = name;
    rig->config.path = "/01234567890123456789012345678901234567890123456789012345678901";
    form_rig_start(rig);
    form_rig_say(rig, "GET /01234567890123456789012345678901234567890123456789012345678901?info "
                      "HTTP/1.1\n\n");
    assert_answer(rig, &(struct row){"", 200, "{\"product\":\""});
    form_rig_say(rig, "GET / HTTP/1.1\n\n");
    assert_answer(rig, &(struct row){"", 303, "See Other\n"});
    rig->config.user = "a";
    rig->config.password = "b";
    form_rig_start(rig);
    form_rig_say(rig, "GET /01234567890123456789012345678901234567890123456789012345678901 "
                      "HTTP/1.1\nAuthorization: Basic eA==\n\n");
    assert_answer(rig, &(struct row){"", 401, "Unauthorized\n"});
    assert_true(rig->answer_length < UD_FORM_LINE_MAX - 40); /* it may be stale, too */
}

static void another_path(void **state)
{
    struct form_rig *rig = *state;

    rig->config.path = "/lamp/new";
    form_rig_start(rig);
    assert_int_equal(form_rig_say(rig, "GET /lamp/new HTTP/1.1\n\n"), 200);
    assert_int_equal(form_rig_say(rig, "GET /update HTTP/1.1\n\n"), 404);
    assert_int_equal(form_rig_say(rig, "GET / HTTP/1.1\n\n"), 303);
    assert_string_equal(form_rig_field(rig, "Location"), "/lamp/new");
}

static bool answers_for(void *ctx, const char *method, const char *target,
                        struct ud_form_answer *answer)
{
    snprintf(ctx, 64, "%s %s", method, target);
    *answer =
        (struct ud_form_answer){.status = 201, .type = "text/css", .body = "p {}", .length = 4};
    return strcmp(target, "/none") != 0;
}

static void an_applications_own_pages(void **state)
{
    const struct row rows[] = {
        {"GET / HTTP/1.1\n\n", 201, "p {}"},
        {"BREW /style.css?a=b HTTP/1.1\n\n", 201, "p {}"},
        {"GET /none HTTP/1.1\n\n", 404, "Not Found"},
        {"GET /update HTTP/1.1\n\n", 200, RIG_PAGE},
    };
    struct form_rig *rig = *state;
    char asked[64];

    rig->config.other = answers_for;
    rig->config.ctx = asked;
    form_rig_start(rig);
    play_rows(rig, rows, SIZE(rows));
    form_rig_say(rig, "BREW /style.css?a=b HTTP/1.1\n\n");
    assert_string_equal(asked, "BREW /style.css?a=b");
    assert_string_equal(form_rig_field(rig, "Content-Type"), "text/css");
    assert_null(form_rig_field(rig, "Content-Encoding"));
}

/* ---- uploads ---- */

static void file_systems_in_every_form(void **state)
{
    static const char *const bodies[] = {
        FILE_PART("filesystem") "$" END,
        "preamble\r\n" FILE_PART("filesystem") "$" END "epilogue",
        FIELD("size", "#") FIELD("other", "a\r\nb") FILE_PART("filesystem") "$" END,
        FILE_PART("firmware") END "ignored",
        FILE_PART("firmware") "\n" FILE_PART("filesystem") "$" END,
        FILE_PART("filesystem") "$\n" FILE_PART("firmware") END,
        FILE_PART("filesystem") "$\n" FIELD("other", "b") "--XyZ--",
    };
    const struct row good = {"", 200, "Update Success! Rebooting..."};
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(bodies); i++) {
        const struct form_request request =
            with_length(MULTIPART, bodies[i], RIG_FILES, sizeof RIG_FILES - 1);
        const struct row none = {"", 400, "ERROR[13]: No data supplied"};

        print_message("body %zu\n", i);
        play_in_all_ways(rig, &request, i == 3 ? &none : &good);
        if (i != 3)
            assert_memory_equal(rig->device.flash.bytes + rig->device.updater.placement.start,
                                RIG_FILES, sizeof RIG_FILES - 1);
        free(request.bytes);
    }
}

static void bodies_as_they_are(void **state)
{
    const struct row rows[] = {
        {"PUT /update?filesystem HTTP/1.1\nContent-Length: #\n\n$", 200, "Update Success!"},
        {"POST /update?filesystem HTTP/1.1\nContent-Length: #\n"
         "Content-Type: application/x-www-form-urlencoded\n\n$",
         200, "Update Success!"},
        {"PUT /update?filesystem HTTP/1.1\nContent-Length: #\nx-size: #\n\n$", 200, "Success"},
        {"PUT /update?filesystem HTTP/1.1\n" CHUNKED "\n8;a=b\n$\n0\n\n", 200, "Success"},
        {"PUT /update?filesystem HTTP/1.1\n" CHUNKED "\n" CHUNK("1", "e") CHUNK("007", "ight by")
             CHUNK("0", "a: b\nc: d\n"),
         200, "Success"},
        {"PUT /update?filesystem HTTP/1.1\nContent-Length: #\nExpect: 100-continue\n\n$", 200,
         "Success"},
        {MULTIPART CHUNKED "\n" CHUNK("2", "--")
             CHUNK("4c", "XyZ\nContent-Disposition: form-data; "
                         "name=\"filesystem\"; filename=\"a\"\n\neigh")
                 CHUNK("d", "t by\n--XyZ--") "0\n\n",
         200, "Success"},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    play_rows(rig, rows, SIZE(rows));
    assert_memory_equal(rig->device.flash.bytes + rig->device.updater.placement.start, RIG_FILES,
                        sizeof RIG_FILES - 1);
}

/* Data that begins like a delimiter, and goes on like one, almost. */
static void data_that_looks_like_a_delimiter(void **state)
{
    static const char *const files[] = {
        "\r\n--Xy",        "\r\n--XyA",        "\r\r\n-",          "\r\n\r\n--Xy\r\n--",
        "\n--XyZ",         "--XyZ--",          "\r\n--XxyZ",       "a\r",
        "\r\n--Xy\r\n--X", "\r\n\r\n\r\n\r\n", "-\r\n--xyz--\r\n", "\r",
    };
    const struct row good = {"", 200, "Success"};
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(files); i++) {
        const uint32_t length = (uint32_t)strlen(files[i]);
        const struct form_request request =
            with_length(MULTIPART, FILE_PART("filesystem") "$" END, files[i], length);

        print_message("file %zu\n", i);
        play_in_all_ways(rig, &request, &good);
        assert_int_equal(rig->device.updater.size, length);
        assert_memory_equal(rig->device.flash.bytes + rig->device.updater.placement.start, files[i],
                            length);
        free(request.bytes);
    }
}

static void a_firmware_is_staged(void **state)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "lamp", .size = 40000, .flash_mode = UD_MODE_DIO};
    static const char *const heads[] = {
        "PUT /update HTTP/1.1\nContent-Length: #\n\n$",
        "PUT /update HTTP/1.1\nContent-Length: #\nExpect: 100-continue\n\n$",
    };
    struct image_bytes image = image_build_firmware(&firmware);
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < 3; i++) {
        const struct form_request request =
            i < 2 ? form_rig_request(heads[i], image.data, image.length)
                  : with_length(MULTIPART, FILE_PART("anything") "$" END, image.data, image.length);

        for (size_t j = 0; j < rig_step_count; j++) {
            const struct form_pieces pieces = {.step = rig_steps[j]};
            assert_int_equal(form_rig_play(rig, &request, pieces), 200);
            assert_true(rig->restarts);
            assert_memory_equal(rig_staged(&rig->device, image.length), image.data, image.length);
            rig_assert_commanded(&rig->device, image.length, image.length, 0);
        }
        free(request.bytes);
    }
    image_free(&image);
}

/* Length unknown: it is staged as low as there is room. */
static void a_firmware_in_chunks(void **state)
{
    const struct image_firmware firmware = {
        .version = "1.1.0", .project = "lamp", .size = 40000, .flash_mode = UD_MODE_DIO};
    struct image_bytes image = image_build_firmware(&firmware);
    struct form_rig *rig = *state;
    char text[128];

    form_rig_start(rig);
    sprintf(text, "PUT /update HTTP/1.1\n" CHUNKED "\n%x\n$\n0\n\n", image.length);
    const struct form_request request = form_rig_request(text, image.data, image.length);
    assert_int_equal(form_rig_play(rig, &request, (struct form_pieces){.step = 1460}), 200);
    rig_assert_commanded(&rig->device, 900000, image.length, 0);
    free(request.bytes);
    image_free(&image);
}

/* ---- what is expected of a file ---- */

static void digests(char md5[33], char sha256[65])
{
    uint8_t bytes[32];

    EVP_Digest(RIG_FILES, sizeof RIG_FILES - 1, bytes, NULL, EVP_md5(), NULL);
    for (int i = 0; i < 16; i++)
        sprintf(md5 + 2 * i, "%02x", bytes[i]);
    EVP_Digest(RIG_FILES, sizeof RIG_FILES - 1, bytes, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 32; i++)
        sprintf(sha256 + 2 * i, "%02X", bytes[i]);
}

/* In the texts, M and S stand for the digests, m and s for ones that are wrong. */
static void put_digests(char *text, const char *pattern)
{
    char md5[33], sha256[65];

    digests(md5, sha256);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '%') {
            *text++ = *pattern;
            continue;
        }
        const char kind = *++pattern;
        char *start = text;
        text += sprintf(text, "%s", kind == 'M' || kind == 'm' ? md5 : sha256);
        if (kind == 'm' || kind == 's')
            *start = *start == '0' ? '1' : '0';
    }
    *text = '\0';
}

#define PUT(headers) "PUT /update?filesystem HTTP/1.1\nContent-Length: #\n" headers "\n$"

static void what_is_expected_is_checked(void **state)
{
    const struct row rows[] = {
        {PUT("x-MD5: %M\n"), 200, "Success"},
        {PUT("X-sha256: %S\n"), 200, "Success"},
        {PUT("x-MD5: %M\nx-SHA256: %S\nx-size: #\n"), 200, "Success"},
        {PUT("x-MD5: %m\n"), 422, "ERROR[7]: MD5 verification failed: expected: "},
        {PUT("x-SHA256: %s\n"), 422, "SHA-256 verification failed"},
        {PUT("x-SHA256: %s\nx-MD5: %M\n"), 422, "SHA-256 verification failed"},
        {PUT("x-MD5: %M\nx-SHA256: %s\n"), 422, "SHA-256 verification failed"},
        {PUT("x-SHA256: %S\nx-MD5: %m\n"), 200, "Success"},
        {PUT("x-SHA256: %S\nx-MD5: 1234\n"), 400, "Bad Request"},
        {PUT("x-size: 9\n"), 400, "ERROR[19]: Update is not finished"},
        {PUT("x-size: 7\n"), 413, "ERROR[4]: Not Enough Space"},
        {PUT("x-size: 0\n"), 400, "ERROR[5]: Bad Size Given"},
        {PUT("x-size: many\n"), 400, "Bad Request"},
        {PUT("x-MD5: 1234\n"), 400, "Bad Request"},
        {PUT("x-MD5: x%M\n"), 400, "Bad Request"},
        {PUT("x-SHA256: %M\n"), 400, "Bad Request"},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        char text[512];
        const struct row row = {text, rows[i].status, rows[i].body};

        print_message("row %zu\n", i);
        put_digests(text, rows[i].text);
        play_rows(rig, &row, 1);
        assert_int_equal(rig->restarts, row.status == 200);
    }
}

static void fields_are_checked_like_headers(void **state)
{
    static const struct row rows[] = {
        {FIELD("md5", "%M") FIELD("sha256", "%S") FIELD("size", "8"), 200, "Success"},
        {FIELD("md5", "%m"), 422, "ERROR[7]"},
        {FIELD("sha256", "%s"), 422, "SHA-256"},
        {FIELD("size", "9"), 400, "ERROR[19]"},
        {FIELD("size", "7"), 413, "ERROR[4]"},
        {FIELD("size", ""), 400, "Bad Request"},
        {FIELD("size", "8\n"), 400, "Bad Request"},
        {FIELD("md5", "%M%M"), 400, "Bad Request"},
    };
    struct form_rig *rig = *state;

    form_rig_start(rig);
    for (size_t i = 0; i < SIZE(rows); i++) {
        char body[1024];

        print_message("row %zu\n", i);
        put_digests(body, rows[i].text);
        strcat(body, FILE_PART("filesystem") "$" END);
        const struct form_request request =
            with_length(MULTIPART, body, RIG_FILES, sizeof RIG_FILES - 1);
        play_in_all_ways(rig, &request, &rows[i]);
        free(request.bytes);
    }
}

static void after_the_file_it_is_too_late(void **state)
{
    const struct form_request request = with_length(
        MULTIPART, FILE_PART("filesystem") "$\n" FIELD("size", "8") "--XyZ--", RIG_FILES, 8);
    const struct row late = {"", 400, "Bad Request"};

    form_rig_start(*state);
    play_in_all_ways(*state, &request, &late);
    free(request.bytes);
}

static void two_files_are_refused(void **state)
{
    const struct form_request request = with_length(
        MULTIPART, FILE_PART("filesystem") "$\n" FILE_PART("filesystem") "$" END, RIG_FILES, 8);
    const struct row refused = {"", 400, "One file at a time"};

    form_rig_start(*state);
    play_in_all_ways(*state, &request, &refused);
    free(request.bytes);
}

static void without_sha256_it_cannot_be_asked_for(void **state)
{
    struct form_rig *rig = *state;
    const struct row rows[] = {{PUT("x-SHA256: 00\n"), 400, "Bad Request"},
                               {PUT(""), 200, "Success"}};

    rig->config.sha256 = NULL;
    rig->config.digest_login = NULL;
    form_rig_start(rig);
    play_rows(rig, rows, SIZE(rows));
}

/* ---- requests that make no sense ---- */

static void malformed_requests(void **state)
{
    const struct row rows[] = {
        {"GET\n\n", 400, "Bad Request"},
        {"GET /update\n\n", 400, ""},
        {"GET /update HTTP/2.0\n\n", 400, ""},
        {"GET /update HTTP/1.1 \n\n", 400, ""},
        {"GET  /update HTTP/1.1\n\n", 400, ""},
        {"GET update HTTP/1.1\n\n", 400, ""},
        {"GET http://lamp/update HTTP/1.1\n\n", 400, ""},
        {"GET /update HTTP/1.1\nHost: a\n b\n\n", 400, ""},
        {"PUT /update HTTP/1.1\nContent-Length: 8\nContent-Length: 9\n\n$", 400, ""},
        {"PUT /update HTTP/1.1\nContent-Length: -8\n\n$", 400, ""},
        {"PUT /update HTTP/1.1\nContent-Length: 8,8\n\n$", 400, ""},
        {"PUT /update HTTP/1.1\nContent-Length: 99999999\n\n$", 413, ""},
        {"PUT /update HTTP/1.1\nContent-Length: 99999999999999\n\n$", 413, ""},
        {"PUT /update HTTP/1.1\nContent-Length: 8\n" CHUNKED "\n8\n$\n0\n\n", 400, ""},
        {"PUT /update HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\n8\n$\n0\n\n", 400, ""},
        {"PUT /update HTTP/1.1\n\n$", 411, "Length Required"},
        {"PUT /update HTTP/1.1\n" CHUNKED "\n\n8\n$\n0\n\n", 400, ""},
        {"PUT /update?filesystem HTTP/1.1\n" CHUNKED "\n7\n$\n0\n\n", 400, ""},
        {"PUT /update HTTP/1.1\n" CHUNKED "\nx\n$\n0\n\n", 400, ""},
        {"PUT /update HTTP/1.1\n" CHUNKED "\n1000000\n$\n0\n\n", 400, ""},
        {"PUT /update HTTP/1.1\n" CHUNKED "\n0\n\n", 400, "ERROR[13]: No data supplied"},
        {"PUT /update HTTP/1.1\nContent-Length: 0\n\n", 400, "ERROR[13]"},
        {"POST /update HTTP/1.1\nContent-Type: multipart/form-data\nContent-Length: 8\n\n$", 400,
         ""},
        {"POST /update HTTP/1.1\nContent-Type: multipart/form-data; boundary=\nContent-Length: 8\n"
         "\n$",
         400, ""},
        {MULTIPART "Content-Length: 8\n\n$", 400, "ERROR[19]"},
        {MULTIPART "Content-Length: 7\n\n--XyZ--", 400, "ERROR[13]"},
        {MULTIPART "Content-Length: 9\n\n--XyZ\n--", 400, "ERROR[19]"},
        {MULTIPART CHUNKED "\n0\n\n", 400, "ERROR[19]"},
    };

    form_rig_start(*state);
    play_rows(*state, rows, SIZE(rows));
}

static void heads_have_a_limit(void **state)
{
    struct form_rig *rig = *state;
    char text[20000];
    size_t length;

    form_rig_start(rig);
    for (size_t i = 0; i < 2; i++) {
        length = (size_t)sprintf(text, "GET /update HTTP/1.1\n");
        while (length < (i == 0 ? 8000 : 9000)) /* many, or longer ones */
            length += (size_t)sprintf(text + length, "Cookie: %0*d\n", i == 0 ? 70 : 900, 0);
        strcpy(text + length, "\n");
        assert_int_equal(form_rig_say(rig, text), i == 0 ? 200 : 431);
    }
    length = (size_t)sprintf(text, "GET /update HTTP/1.1\nHost: %0600d\n\n", 0);
    assert_int_equal(form_rig_say(rig, text), 400);
    sprintf(text, "GET /%0600d HTTP/1.1\n\n", 0);
    assert_int_equal(form_rig_say(rig, text), 400);
}

static void forms_have_a_limit(void **state)
{
    const struct row large = {"", 413, "Content Too Large"};
    struct form_rig *rig = *state;
    char body[20000];

    form_rig_start(rig);
    sprintf(body, FIELD("other", "%09000d") FILE_PART("filesystem") "$" END, 0);
    const struct form_request request = with_length(MULTIPART, body, RIG_FILES, 8);
    assert_int_equal(form_rig_play(rig, &request, (struct form_pieces){0}), large.status);
    assert_int_equal(form_rig_play(rig, &request, (struct form_pieces){.step = 1}), large.status);
    assert_answer(rig, &large);
    free(request.bytes);
}

/* What is around a file counts as much: a chunk's extension, a part's head. */
static void what_is_around_a_file_has_a_limit(void **state)
{
    struct form_rig *rig = *state;
    char text[20000];
    size_t length;

    form_rig_start(rig);
    sprintf(text, "PUT /update?filesystem HTTP/1.1\nTransfer-Encoding: chunked\n\n1;%09000d", 0);
    assert_int_equal(form_rig_say(rig, text), 413);
    length = (size_t)sprintf(text, "POST /update HTTP/1.1\nContent-Length: 20000\n"
                                   "Content-Type: multipart/form-data; boundary=X\n\n--X\n");
    while (length < 10000)
        length += (size_t)sprintf(text + length, "Other: %070d\n", 0);
    assert_int_equal(form_rig_say(rig, text), 413);
}

/* ---- files that are refused ---- */

static void refusals_tell_the_truth(void **state)
{
    const struct row rows[] = {
        {"PUT /update HTTP/1.1\nContent-Length: #\n\n$", 422, "ERROR[10]: Magic byte is not 0xE9"},
        {"PUT /update HTTP/1.1\nContent-Length: 1000000\n\n$", 413, "ERROR[4]: Not Enough Space"},
        {"PUT /update?filesystem HTTP/1.1\nContent-Length: 65537\n\n$", 413, "ERROR[4]"},
    };

    form_rig_start(*state);
    for (size_t i = 0; i < SIZE(rows); i++) {
        print_message("row %zu\n", i);
        play_rows(*state, rows + i, 1);
        rig_assert_untouched(&((struct form_rig *)*state)->device);
    }
}

/* Such a file is refused before it is sent. */
static void who_asks_first_need_not_send(void **state)
{
    struct form_rig *rig = *state;

    form_rig_start(rig);
    assert_int_equal(form_rig_say(rig, "PUT /update HTTP/1.1\nContent-Length: 1000000\n"
                                       "Expect: 100-continue\n\n"),
                     413);
    assert_null(strstr(rig->answer, "100 Continue"));
}

static void who_asks_is_invited(void **state)
{
    const struct form_request request =
        form_rig_request("PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n"
                         "Expect: 100-continue\n\n$",
                         RIG_FILES, 8);
    struct form_rig *rig = *state;

    form_rig_start(rig);
    form_rig_play(rig, &request, (struct form_pieces){.split = request.length - 8});
    assert_int_equal(strncmp(rig->answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 42),
                     0);
    form_rig_play(rig, &request, (struct form_pieces){0});
    assert_null(strstr(rig->answer, "100 Continue")); /* it has not waited */
    free(request.bytes);
}

static void a_flash_that_fails_is_the_devices_fault(void **state)
{
    const struct form_request request =
        form_rig_request("PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n\n$", RIG_FILES, 8);
    struct form_rig *rig = *state;

    form_rig_start(rig);
    rig->device.flash.fail_erase = 1;
    assert_int_equal(form_rig_play(rig, &request, (struct form_pieces){0}), 500);
    assert_non_null(strstr(form_rig_body(rig), "Update error: ERROR[2]: Flash Erase Failed"));
    assert_false(rig->restarts);
    free(request.bytes);
}

static void the_success_is_the_originals(void **state)
{
    const struct form_request request =
        form_rig_request("PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n\n$", RIG_FILES, 8);
    struct form_rig *rig = *state;

    form_rig_start(rig);
    form_rig_play(rig, &request, (struct form_pieces){0});
    assert_string_equal(form_rig_body(rig), "<META http-equiv=\"refresh\" content=\"15;URL=/\">"
                                            "Update Success! Rebooting...");
    free(request.bytes);
}

/* ---- where it comes from ---- */

static void only_the_page_itself_may_send(void **state)
{
    static const struct row rows[] = {
        {"Host: lamp\nOrigin: http://lamp\n", 200, "Success"},
        {"Origin: http://LAMP:80\nHost: lamp:80\n", 200, "Success"},
        {"Host: 192.168.1.7:8080\nOrigin: https://192.168.1.7:8080\n", 200, "Success"},
        {"Host: lamp\nOrigin: http://lamp.evil.example\n", 403, "Wrong origin received!"},
        {"Host: lamp\nOrigin: http://lamp:81\n", 403, "Wrong origin"},
        {"Origin: http://evil.example\nHost: lamp\n", 403, "Wrong origin"},
        {"Host: lamp\nOrigin: null\n", 403, "Wrong origin"},
        {"Host: lamp\nOrigin:\n", 403, "Wrong origin"},
        {"Origin: http://lamp\n", 403, "Wrong origin"},
        {"Host: lamp\nHost: evil\nOrigin: http://lamp\n", 403, "Wrong origin"},
        {"Host: lamp\nOrigin: http://lamp\nOrigin: http://evil\n", 403, "Wrong origin"},
        {"Host: \nOrigin: http://\n", 403, "Wrong origin"},
        {"Host: lamp\n", 200, "Success"},
        {"", 200, "Success"},
    };

    form_rig_start(*state);
    for (size_t i = 0; i < SIZE(rows); i++) {
        char text[256];
        const struct row row = {text, rows[i].status, rows[i].body};

        print_message("row %zu\n", i);
        sprintf(text, "PUT /update?filesystem HTTP/1.1\nContent-Length: #\n%s\n$", rows[i].text);
        play_rows(*state, &row, 1);
    }
}

static void a_long_host(void **state)
{
    struct form_rig *rig = *state;
    char text[512];

    form_rig_start(rig);
    sprintf(text,
            "PUT /update HTTP/1.1\nContent-Length: 1\nHost: %0100d\nOrigin: http://%0100d\n\n", 0,
            0);
    assert_int_equal(form_rig_say(rig, text), 403);
}

/* ---- one at a time ---- */

static void a_second_one_has_to_wait(void **state)
{
    const struct form_request whole =
        form_rig_request("PUT /update?filesystem HTTP/1.1\nContent-Length: 8\n\n$", RIG_FILES, 8);
    struct form_rig *rig = *state;
    struct ud_form_client first;

    form_rig_start(rig);
    ud_form_open(&first, &rig->form, rig->now_ms);
    ud_form_received(&first, whole.bytes, whole.length - 1, rig->now_ms);
    ud_form_open(&rig->client, &rig->form, rig->now_ms);
    form_rig_receive(rig, whole.bytes, whole.length);
    assert_int_equal(form_rig_status(rig), 503);
    assert_non_null(strstr(form_rig_body(rig), "ERROR[15]: Update already running"));
    assert_true(ud_updater_is_running(&rig->device.updater));
    ud_form_received(&first, whole.bytes + whole.length - 1, 1, rig->now_ms);
    assert_int_equal(ud_form_want(&first), UD_FORM_SEND | UD_FORM_RECEIVE);
    assert_int_equal(rig->device.ends, 1);
    free(whole.bytes);
}

/* Two that were let in at once: the updater decides. */
static void two_begin_at_once(void **state)
{
    struct form_rig *rig = *state;
    struct ud_form_client clients[2];
    const struct form_request request =
        with_length(MULTIPART, FILE_PART("filesystem") "$" END, RIG_FILES, 8);
    uint32_t head = 0;

    form_rig_start(rig);
    while (memcmp(request.bytes + head, "\r\n\r\n", 4) != 0)
        head++;
    for (int i = 0; i < 2; i++) {
        ud_form_open(&clients[i], &rig->form, 0);
        ud_form_received(&clients[i], request.bytes, head + 10, 0);
        assert_int_equal(ud_form_want(&clients[i]), UD_FORM_RECEIVE);
    }
    ud_form_received(&clients[0], request.bytes + head + 10, request.length - head - 15, 0);
    rig->client = clients[1];
    memset(rig->answer, 0, sizeof rig->answer);
    rig->answer_length = 0;
    form_rig_receive(rig, request.bytes + head + 10, request.length - head - 10);
    assert_int_equal(form_rig_status(rig), 503);
    ud_form_received(&clients[0], request.bytes + request.length - 5, 5, 0);
    assert_int_equal(rig->device.ends, 1);
    free(request.bytes);
}

/* ---- config ---- */

static void configs_are_checked(void **state)
{
    const uint8_t random[UD_FORM_RANDOM] = {0};
    struct form_rig *rig = *state;
    struct ud_form_config configs[7];

    for (size_t i = 0; i < SIZE(configs); i++)
        configs[i] = rig->config;
    configs[0].updater = NULL;
    configs[1].path = "update";
    configs[2].path = "/012345678901234567890123456789012345678901234567890123456789012";
    configs[3].timeout_ms = 0x80000000u;
    configs[4].digest_login = NULL;
    configs[4].digest_only = true;
    configs[6].sha256 = NULL;
    configs[5].page = NULL;
    for (size_t i = 0; i < SIZE(configs); i++)
        assert_int_equal(ud_form_init(&rig->form, &configs[i], random), UD_ERR_ARGUMENT);
    configs[2].path++;
    rig->config.path = "/";
    form_rig_start(rig);
    assert_int_equal(form_rig_say(rig, "GET / HTTP/1.1\n\n"), 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_are_served),
        TEST(answers_say_what_they_are),
        TEST(texts_are_quoted),
        TEST(answers_are_whole),
        TEST(another_path),
        TEST(an_applications_own_pages),
        TEST(file_systems_in_every_form),
        TEST(bodies_as_they_are),
        TEST(data_that_looks_like_a_delimiter),
        TEST(a_firmware_is_staged),
        TEST(a_firmware_in_chunks),
        TEST(what_is_expected_is_checked),
        TEST(fields_are_checked_like_headers),
        TEST(after_the_file_it_is_too_late),
        TEST(two_files_are_refused),
        TEST(without_sha256_it_cannot_be_asked_for),
        TEST(malformed_requests),
        TEST(heads_have_a_limit),
        TEST(forms_have_a_limit),
        TEST(what_is_around_a_file_has_a_limit),
        TEST(refusals_tell_the_truth),
        TEST(who_asks_first_need_not_send),
        TEST(who_asks_is_invited),
        TEST(a_flash_that_fails_is_the_devices_fault),
        TEST(the_success_is_the_originals),
        TEST(only_the_page_itself_may_send),
        TEST(a_long_host),
        TEST(a_second_one_has_to_wait),
        TEST(two_begin_at_once),
        TEST(configs_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
