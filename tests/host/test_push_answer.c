/* What devices say to uploads, whole, byte by byte and parted anywhere. */
#include "host/push.h"
#include "host/push_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NONCE32 "25d55ad283aa400af464c76d713c07ad"
#define NONCE64 "78377b525757b494427f89014f97d79928f3938d14eb51e20fb5dec9834eb304"

/* ---- datagrams ---- */

static const struct reply_row {
    const char *text;
    enum push_reply_kind kind;
    int number;
    const char *words; /* or the nonce */
} reply_rows[] = {
    {"OK", PUSH_REPLY_OK, -1, "OK"},
    {"OK\n", PUSH_REPLY_OK, -1, "OK"},
    {"AUTH " NONCE32, PUSH_REPLY_CHALLENGE, -1, NONCE32},
    {"AUTH " NONCE64 "\n", PUSH_REPLY_CHALLENGE, -1, NONCE64},
    {"Authentication Failed", PUSH_REPLY_REFUSED, -1, "Authentication Failed"},
    {"ERR: ERROR[4]: Not Enough Space\n", PUSH_REPLY_ERROR, 4, "Not Enough Space"},
    {"ERR: ERROR[255]: UNKNOWN\r\n", PUSH_REPLY_ERROR, 255, "UNKNOWN"},
    {"ERR: something", PUSH_REPLY_ERROR, -1, "something"},
    {"ERR: ERROR[x]: y", PUSH_REPLY_ERROR, -1, "ERROR[x]: y"},
    {"AUTH", PUSH_REPLY_OTHER, -1, "AUTH"},
    {"AUTH " NONCE32 "0", PUSH_REPLY_OTHER, -1, "AUTH " NONCE32 "0"},
    {"AUTH 25d55ad283aa400af464c76d713c07aX", PUSH_REPLY_OTHER, -1,
     "AUTH 25d55ad283aa400af464c76d713c07aX"},
    {"OKAY", PUSH_REPLY_OTHER, -1, "OKAY"},
    {"ok", PUSH_REPLY_OTHER, -1, "ok"},
    {"", PUSH_REPLY_OTHER, -1, ""},
    {"\033[2Jhello", PUSH_REPLY_OTHER, -1, "?[2Jhello"},
};

static void every_datagram(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reply_rows / sizeof reply_rows[0]; i++) {
        const struct reply_row *row = &reply_rows[i];
        struct push_reply reply;

        push_reply_decode(row->text, strlen(row->text), &reply);
        assert_int_equal(reply.kind, row->kind);
        assert_int_equal(reply.number, row->number);
        assert_string_equal(row->kind == PUSH_REPLY_CHALLENGE ? reply.nonce : reply.words,
                            row->words);
    }
}

static void long_datagrams_are_cut(void **state)
{
    char text[2000];
    struct push_reply reply;

    (void)state;
    memset(text, 'x', sizeof text);
    push_reply_decode(text, sizeof text, &reply);
    assert_int_equal(reply.kind, PUSH_REPLY_OTHER);
    assert_int_equal(strlen(reply.words), PUSH_WORDS_MAX - 1);
}

/* ---- the connection ---- */

static const struct result_row {
    const char *text;
    enum push_result_state open;   /* while the connection is */
    enum push_result_state closed; /* when it has been closed */
    int number;
    const char *words; /* of an error */
} result_rows[] = {
    {"", PUSH_RESULT_NONE, PUSH_RESULT_NONE, -1, NULL},
    {"146014601460", PUSH_RESULT_NONE, PUSH_RESULT_NONE, -1, NULL},
    {"OK", PUSH_RESULT_OK, PUSH_RESULT_OK, -1, NULL},
    {"1460320OK", PUSH_RESULT_OK, PUSH_RESULT_OK, -1, NULL},
    {"1460OK\n", PUSH_RESULT_OK, PUSH_RESULT_OK, -1, NULL},
    {"OKERROR[1]: x\n", PUSH_RESULT_OK, PUSH_RESULT_OK, -1, NULL},
    {"O", PUSH_RESULT_NONE, PUSH_RESULT_NONE, -1, NULL},
    {"OOK", PUSH_RESULT_OK, PUSH_RESULT_OK, -1, NULL},
    {"1OxK", PUSH_RESULT_NONE, PUSH_RESULT_NONE, -1, NULL},
    {"ERROR[7]: MD5 verification failed: expected: OK\n", PUSH_RESULT_ERROR, PUSH_RESULT_ERROR, 7,
     "MD5 verification failed: expected: OK"},
    {"12ERROR[10]: Magic byte is not 0xE9\r\n", PUSH_RESULT_ERROR, PUSH_RESULT_ERROR, 10,
     "Magic byte is not 0xE9"},
    {"OERROR[2]: x\nOK", PUSH_RESULT_ERROR, PUSH_RESULT_ERROR, 2, "x"},
    {"1460ERROR[6]: Stream", PUSH_RESULT_NONE, PUSH_RESULT_ERROR, 6, "Stream"},
    {"E", PUSH_RESULT_NONE, PUSH_RESULT_ERROR, -1, "E"},
    {"Error: \007bell\n", PUSH_RESULT_ERROR, PUSH_RESULT_ERROR, -1, "Error: ?bell"},
    {" \n\r\n 5", PUSH_RESULT_NONE, PUSH_RESULT_NONE, -1, NULL},
};

static void assert_result(const struct result_row *row, size_t split, size_t step)
{
    const size_t length = strlen(row->text);
    struct push_result result = {0};

    push_result_add(&result, row->text, split);
    for (size_t at = split; at < length; at += step)
        push_result_add(&result, row->text + at, length - at < step ? length - at : step);
    assert_int_equal(result.state, row->open);
    push_result_end(&result);
    assert_int_equal(result.state, row->closed);
    if (row->words == NULL)
        return;
    assert_int_equal(push_result_number(&result), row->number);
    assert_string_equal(push_result_text(&result), row->words);
}

static void every_result_in_every_piece(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof result_rows / sizeof result_rows[0]; i++) {
        const struct result_row *row = &result_rows[i];
        const size_t length = strlen(row->text);

        print_message("%s\n", row->text);
        assert_result(row, 0, 1);
        for (size_t split = 0; split <= length; split++)
            assert_result(row, split, length + 1);
    }
}

static void endless_errors_are_cut(void **state)
{
    struct push_result result = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        push_result_add(&result, "ERROR[1]: ", 10);
    assert_int_equal(result.state, PUSH_RESULT_NONE);
    push_result_end(&result);
    assert_int_equal(result.state, PUSH_RESULT_ERROR);
    assert_int_equal(push_result_number(&result), 1);
}

/* Any bytes at all: no trip, and no success without "OK" in them. */
static void noise(void **state)
{
    const unsigned seed = 8266;

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 20000; round++) {
        static const char letters[] = "OKER[]: 0123\n";
        struct push_result result = {0};
        char text[13] = "";

        for (size_t i = 0; i < sizeof text - 1; i++)
            text[i] = rand() % 8 ? letters[(size_t)rand() % (sizeof letters - 1)]
                                 : (char)(1 + rand() % 255);
        push_result_add(&result, text, sizeof text - 1);
        push_result_end(&result);
        if (result.state == PUSH_RESULT_OK)
            assert_non_null(strstr(text, "OK"));
        else if (strstr(text, "OK") != NULL)
            assert_non_null(strchr(text, 'E')); /* it was said inside an error */
    }
}

/* ---- the proof ---- */

#define CNONCE32 "1646d7774c859d79ccf6c1209e3bf014"
#define CNONCE64 "8011c082976c2e84ed034a6c2954c74ff0ecd6e762e9dc161d848c68545708e6"

static void assert_proof(const char *nonce, const char *cnonce, bool by_md5, const char *expected)
{
    char proof[2 * UD_ESPOTA_HEX_TEXT + 8];

    push_proof(nonce, cnonce, "admin", by_md5, proof);
    assert_string_equal(proof, expected);
}

static void proofs_of_both_protocols(void **state)
{
    static const char md5[] = "200 " CNONCE32 " 5db094d206d1474c0db679b92f85fb09\n";

    (void)state;
    assert_proof(NONCE32, CNONCE32, false, md5);
    assert_proof(NONCE32, CNONCE32, true, md5);
    assert_proof(NONCE64, CNONCE64, false,
                 "200 " CNONCE64
                 " f9e8e7688e4e2fdbe303848829938853ad4cc759f9e6486fa41dd75f1006183c\n");
    assert_proof(NONCE64, CNONCE64, true,
                 "200 " CNONCE64
                 " 294612795f6fe5e9668b93f0a6b6b5cdcc93fac636bd9ab0b12d463d2a49e73d\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datagram),
        cmocka_unit_test(long_datagrams_are_cut),
        cmocka_unit_test(every_result_in_every_piece),
        cmocka_unit_test(endless_errors_are_cut),
        cmocka_unit_test(noise),
        cmocka_unit_test(proofs_of_both_protocols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
