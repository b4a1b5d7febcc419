/* The gzip decoder that is fed, against zlib: what zlib makes it reads, however it is
 * cut into pieces; what it takes of damaged members, zlib takes for the same, or the
 * trailer vouches for it. */
#include "updraft/gunzip.h"

#include "guard_page.h"
#include "image_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define SEED       20261121u
#define OUTPUT_MAX (1u << 17)
#define SIZE(list) (sizeof(list) / sizeof(list)[0])

/* ---- decoding ---- */

/* State and window end where writable memory does. */
struct rig {
    struct guard_page state, window;
    struct ud_gunzip *gunzip;
    uint8_t data[OUTPUT_MAX];
    uint32_t length;
    uint32_t pieces;
    uint32_t fail_at; /* call of collect() that fails; 0: none */
    bool saw_short_piece;
};

static int collect(void *ctx, const uint8_t *bytes, uint32_t length)
{
    struct rig *rig = ctx;

    assert_in_range(length, 1, UD_GUNZIP_PIECE);
    assert_false(rig->saw_short_piece);
    rig->saw_short_piece = length < UD_GUNZIP_PIECE;
    rig->pieces++;
    if (rig->pieces == rig->fail_at)
        return UD_ERR_IMAGE;
    assert_true(length <= OUTPUT_MAX - rig->length);
    memcpy(rig->data + rig->length, bytes, length);
    rig->length += length;
    return UD_OK;
}

static struct guard_page page_of(size_t length)
{
    uint8_t *garbage = malloc(length);

    assert_non_null(garbage);
    image_fill(garbage, (uint32_t)length, 3);
    const struct guard_page page = guard_page_copy(garbage, length);
    free(garbage);
    return page;
}

static struct rig *rig_new(uint32_t window_size)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->state = page_of(sizeof *rig->gunzip);
    rig->window = page_of(window_size);
    rig->gunzip = (struct ud_gunzip *)(void *)rig->state.data;
    assert_int_equal(ud_gunzip_init(rig->gunzip, rig->window.data, window_size), UD_OK);
    return rig;
}

static void rig_free(struct rig *rig)
{
    guard_page_free(&rig->state);
    guard_page_free(&rig->window);
    free(rig);
}

/* Feeds `first` bytes, then pieces of `step`, 0 for all that is left. */
static int decode(struct rig *rig, const uint8_t *data, uint32_t length, uint32_t first,
                  uint32_t step)
{
    rig->length = 0;
    rig->pieces = 0;
    rig->saw_short_piece = false;
    ud_gunzip_begin(rig->gunzip, collect, rig);
    int error = ud_gunzip_write(rig->gunzip, data, first);
    for (uint32_t at = first; at < length && error == UD_OK;) {
        const uint32_t part = step == 0 || length - at < step ? length - at : step;
        error = ud_gunzip_write(rig->gunzip, data + at, part);
        at += part;
    }
    const int end = ud_gunzip_end(rig->gunzip, length);
    assert_true(error == UD_OK || end == error);
    return end;
}

static void assert_decodes(struct rig *rig, const struct image_bytes *member, const uint8_t *data,
                           uint32_t length)
{
    assert_int_equal(rig->length, length);
    assert_memory_equal(rig->data, data, length);
    assert_int_equal(rig->gunzip->position, member->length);
    assert_int_equal(rig->gunzip->length, length);
}

/* ---- members ---- */

struct encoding {
    int level, strategy, window_bits;
    gz_header *header;
};

static struct image_bytes encode(const uint8_t *data, uint32_t length,
                                 const struct encoding *encoding)
{
    z_stream stream = {0};
    struct image_bytes out;

    assert_int_equal(deflateInit2(&stream, encoding->level, Z_DEFLATED, encoding->window_bits + 16,
                                  8, encoding->strategy),
                     Z_OK);
    if (encoding->header != NULL)
        assert_int_equal(deflateSetHeader(&stream, encoding->header), Z_OK);
    const uLong bound = deflateBound(&stream, length) + 1024;
    out.data = malloc(bound);
    assert_non_null(out.data);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = length;
    stream.next_out = out.data;
    stream.avail_out = (uInt)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.length = (uint32_t)stream.total_out;
    deflateEnd(&stream);
    return out;
}

/* Bytes with the look of machine code, long runs, or none at all. */
static void fill_by_kind(uint8_t *data, uint32_t length, int kind)
{
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t random = (uint32_t)rand();

        if (kind == 0)
            data[i] = 0xff;
        else if (kind == 1)
            data[i] = (uint8_t)random;
        else if (kind == 2) /* each value half as frequent as the one before: long codes */
            data[i] = (uint8_t)__builtin_ctz(random | 1u << 20);
        else
            data[i] = i > 64 && random % 4 != 0 ? data[i - 3 - random / 4 % 20]
                                                : (uint8_t)(random / 4 % 24);
    }
}

#define KINDS 4

static void every_kind_level_and_strategy_is_decoded(void **state)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
                                     Z_FIXED};
    static uint8_t data[80000];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int kind = 0; kind < KINDS; kind++)
        for (int level = 0; level <= 9; level += 3)
            for (size_t i = 0; i < SIZE(strategies); i++) {
                const struct encoding encoding = {level, strategies[i], 15, NULL};
                const uint32_t length = (uint32_t)rand() % sizeof data;
                fill_by_kind(data, length, kind);
                struct image_bytes member = encode(data, length, &encoding);
                assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
                assert_decodes(rig, &member, data, length);
                image_free(&member);
            }
    rig_free(rig);
}

/* Everything a header can have, with little in it. */
static struct image_bytes small_member(const uint8_t *data, uint32_t length)
{
    gz_header header = {
        .extra = (Bytef *)(uintptr_t) "UD\2\0hi",
        .extra_len = 6,
        .name = (Bytef *)(uintptr_t) "name",
        .comment = (Bytef *)(uintptr_t) "comment",
        .hcrc = 1,
    };
    const struct encoding encoding = {9, Z_DEFAULT_STRATEGY, 15, &header};

    return encode(data, length, &encoding);
}

static void pieces_do_not_matter(void **state)
{
    uint8_t data[700];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 3);
    struct image_bytes member = small_member(data, sizeof data);
    for (uint32_t step = 1; step < 20; step++) {
        assert_int_equal(decode(rig, member.data, member.length, 0, step), UD_OK);
        assert_decodes(rig, &member, data, sizeof data);
    }
    for (uint32_t split = 0; split <= member.length; split++) {
        assert_int_equal(decode(rig, member.data, member.length, split, 0), UD_OK);
        assert_decodes(rig, &member, data, sizeof data);
    }
    image_free(&member);
    rig_free(rig);
}

static void nothing_and_little_are_decoded(void **state)
{
    const struct encoding encoding = {9, Z_DEFAULT_STRATEGY, 15, NULL};
    uint8_t data[3 * UD_GUNZIP_PIECE];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 3);
    for (uint32_t length = 0; length <= sizeof data; length++) {
        struct image_bytes member = encode(data, length, &encoding);
        assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
        assert_decodes(rig, &member, data, length);
        assert_int_equal(rig->pieces, (length + UD_GUNZIP_PIECE - 1) / UD_GUNZIP_PIECE);
        image_free(&member);
    }
    rig_free(rig);
}

/* What follows is not looked at; where the member ends is. */
static void a_member_ends_where_it_ends(void **state)
{
    uint8_t data[300];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 3);
    struct image_bytes member = small_member(data, sizeof data);
    for (uint32_t length = 0; length < member.length; length++)
        assert_int_equal(decode(rig, member.data, length, 0, 7), UD_ERR_GZIP);
    uint8_t *longer = malloc(member.length + 260);
    assert_non_null(longer);
    memcpy(longer, member.data, member.length);
    memset(longer + member.length, 0xa5, 260);
    assert_int_equal(decode(rig, longer, member.length + 260, 0, 7), UD_ERR_GZIP);
    assert_int_equal(ud_gunzip_end(rig->gunzip, member.length), UD_OK);
    assert_int_equal(ud_gunzip_end(rig->gunzip, member.length - 1), UD_ERR_GZIP);
    free(longer);
    image_free(&member);
    rig_free(rig);
}

static void every_changed_bit_is_refused_or_changes_nothing(void **state)
{
    uint8_t data[700];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);
    uint32_t taken = 0;

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 3);
    struct image_bytes member = small_member(data, sizeof data);
    for (uint32_t bit = 0; bit < member.length * 8; bit++) {
        member.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (decode(rig, member.data, member.length, 0, 0) == UD_OK) {
            assert_decodes(rig, &member, data, sizeof data);
            taken++;
        }
        member.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* Only in the header: time, hints, names, and its own CRC. */
    assert_in_range(taken, 1, (10 + 2 + 6 + 5 + 8 + 2) * 8);
    image_free(&member);
    rig_free(rig);
}

/* zlib's verdict: what comes out, or refused. */
static bool zlib_takes(const uint8_t *data, uint32_t length, uint8_t *out, uint32_t *out_length)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = length};

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_out = out;
    stream.avail_out = OUTPUT_MAX;
    const int result = inflate(&stream, Z_FINISH);
    *out_length = (uint32_t)stream.total_out;
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.avail_in == 0;
}

/* Damage below the trailer is met only by what decodes; with the trailer made to fit what
 * zlib decodes, both have to come to the same. */
static void damaged_members_are_decoded_as_zlib_does_or_refused(void **state)
{
    static uint8_t out[OUTPUT_MAX];
    uint8_t data[3000];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);
    const struct encoding encoding = {9, Z_DEFAULT_STRATEGY, 15, NULL};
    uint32_t taken = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int i = 0; i < 20000; i++) {
        uint32_t length;
        if (i % 1000 == 0)
            fill_by_kind(data, sizeof data, i / 1000 % KINDS);
        struct image_bytes member = encode(data, 1 + (uint32_t)rand() % 400, &encoding);
        member.data[10 + (uint32_t)rand() % (member.length - 18)] ^= (uint8_t)(1 << rand() % 8);
        (void)zlib_takes(member.data, member.length, out, &length);
        const uint32_t words[] = {(uint32_t)crc32(0, out, length), length};
        memcpy(member.data + member.length - 8, words, sizeof words);
        const bool is_taken = zlib_takes(member.data, member.length, out, &length);
        const int result = decode(rig, member.data, member.length, 0, 0);
        if (is_taken) {
            assert_int_equal(result, UD_OK);
            assert_decodes(rig, &member, out, length);
            taken++;
        }
        image_free(&member);
    }
    assert_true(taken > 1000);
    rig_free(rig);
}

static void garbage_is_refused(void **state)
{
    uint8_t data[600];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        image_fill(data, sizeof data, SEED + i);
        memcpy(data, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
        data[10] = (uint8_t)((data[10] & ~6u) | 2u << i % 2);
        assert_int_equal(decode(rig, data, sizeof data, 0, 0), UD_ERR_GZIP);
    }
    rig_free(rig);
}

/* ---- single symbols ---- */

#define HEADER "\x1f\x8b\x08\0\0\0\0\0\0\3"

/* A member's beginning: a header, then these bits in the order they are sent. Returns
 * its bytes. */
static uint32_t begin_member(const char *bits, uint8_t *out)
{
    uint32_t count = 0;

    memcpy(out, HEADER, 10);
    for (; *bits != '\0'; bits++) {
        if (*bits == ' ')
            continue;
        if (count % 8 == 0)
            out[10 + count / 8] = 0;
        out[10 + count / 8] |= (uint8_t)((*bits - '0') << count % 8);
        count++;
    }
    return 10 + (count + 7) / 8;
}

/* Not only by a CRC-32 in the end: what the window held before may not come out. Bits of
 * codes come from the top, others from the bottom: last block, fixed codes, … */
static void what_cannot_be_is_refused_at_once(void **state)
{
    static const struct {
        const char *bits;
        int error;
    } cases[] = {
        {"1 10 00110000 0000001 00000 0000000", UD_OK},         /* 0, 3 bytes 1 back */
        {"1 10 0000001 00000 0000000", UD_ERR_GZIP},            /* 1 back, of nothing */
        {"1 10 00110000 0000001 00001 0000000", UD_ERR_GZIP},   /* 2 back, of 1 */
        {"1 10 00110000 0000001 00100 0 0000000", UD_ERR_GZIP}, /* 5 back, of 1 */
        {"1 10 00110000 0000001 11110 0000000", UD_ERR_GZIP},   /* distance 30 */
        {"1 10 00110000 11000110 00000 0000000", UD_ERR_GZIP},  /* length 286 */
        {"1 11 0000000", UD_ERR_GZIP},                          /* block of type 3 */
        /* 257 and 1 codes; of the lengths' four 16, 17, 18 and 0: only 16 has a code */
        {"1 01 00000 00000 0000 100 000 000 000 0 00 0000000", UD_ERR_GZIP},
        /* three codes of one bit, for 17, 18 and 0 */
        {"1 01 00000 00000 0000 000 100 100 100 0 0 0 0", UD_ERR_GZIP},
        /* only 18: 138 zeros twice are more than 258 */
        {"1 01 00000 00000 0000 000 000 100 000 0 1111111 0 1111111 0000000", UD_ERR_GZIP},
    };
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);
    uint8_t member[64];

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const uint32_t length = begin_member(cases[i].bits, member);
        print_message("%s\n", cases[i].bits);
        ud_gunzip_begin(rig->gunzip, NULL, NULL);
        assert_int_equal(ud_gunzip_write(rig->gunzip, member, length), cases[i].error);
    }
    assert_int_equal(rig->gunzip->error, UD_ERR_GZIP);
    rig_free(rig);
}

/* ---- windows ---- */

static void windows_are_powers_of_two(void **state)
{
    static uint8_t window[2 * UD_GUNZIP_WINDOW];
    static const uint32_t wrong[] = {0, 1, 128, 255, 257, 32767, 32769, 65536};
    struct ud_gunzip gunzip;

    (void)state;
    for (size_t i = 0; i < SIZE(wrong); i++)
        assert_int_equal(ud_gunzip_init(&gunzip, window, wrong[i]), UD_ERR_ARGUMENT);
    assert_int_equal(ud_gunzip_init(&gunzip, NULL, UD_GUNZIP_WINDOW), UD_ERR_ARGUMENT);
    for (uint32_t size = UD_GUNZIP_WINDOW_MIN; size <= UD_GUNZIP_WINDOW; size *= 2)
        assert_int_equal(ud_gunzip_init(&gunzip, window, size), UD_OK);
}

/* A stream that does not refer further back than the window is seen to its end; of any
 * other what comes before it does. */
static void a_small_window_sees_as_far_as_it_reaches(void **state)
{
    static uint8_t data[30000];
    const struct encoding near = {9, Z_DEFAULT_STRATEGY, 9, NULL};
    const struct encoding far = {9, Z_DEFAULT_STRATEGY, 15, NULL};
    struct rig *rig = rig_new(1024);

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 1);
    memcpy(data + 20000, data, 5000);
    struct image_bytes member = encode(data, sizeof data, &near);
    assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
    assert_false(rig->gunzip->is_blind);
    assert_decodes(rig, &member, data, sizeof data);
    image_free(&member);

    member = encode(data, sizeof data, &far);
    assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
    assert_true(rig->gunzip->is_blind);
    /* Random bytes have short matches of their own that far back. */
    assert_in_range(rig->length, 1024 - UD_GUNZIP_PIECE, 20000 + UD_GUNZIP_PIECE);
    assert_memory_equal(rig->data, data, rig->length);
    /* What it did not see it does not judge. */
    assert_int_equal(ud_gunzip_end(rig->gunzip, 1), UD_OK);
    member.data[100] ^= 1;
    assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
    image_free(&member);
    rig_free(rig);
}

static void a_window_reaches_as_far_as_it_is_large(void **state)
{
    static uint8_t data[2 * (UD_GUNZIP_WINDOW_MIN + 1)];
    const struct encoding encoding = {9, Z_DEFAULT_STRATEGY, 15, NULL};
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW_MIN);

    (void)state;
    srand(SEED);
    for (uint32_t distance = UD_GUNZIP_WINDOW_MIN - 1; distance <= UD_GUNZIP_WINDOW_MIN + 1;
         distance++) {
        fill_by_kind(data, distance, 1);
        memcpy(data + distance, data, distance);
        struct image_bytes member = encode(data, 2 * distance, &encoding);
        assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
        assert_int_equal(rig->gunzip->is_blind, distance > UD_GUNZIP_WINDOW_MIN);
        assert_memory_equal(rig->data, data, rig->length);
        image_free(&member);
    }
    rig_free(rig);
}

/* ---- errors ---- */

static void errors_of_the_output_end_it_and_stick(void **state)
{
    uint8_t data[1000];
    struct rig *rig = rig_new(UD_GUNZIP_WINDOW);

    (void)state;
    srand(SEED);
    fill_by_kind(data, sizeof data, 3);
    struct image_bytes member = small_member(data, sizeof data);
    for (uint32_t step = 0; step < 9; step++)
        for (rig->fail_at = 1; rig->fail_at <= 4; rig->fail_at++) {
            assert_int_equal(decode(rig, member.data, member.length, 0, step), UD_ERR_IMAGE);
            assert_int_equal(rig->pieces, rig->fail_at);
            assert_int_equal(ud_gunzip_write(rig->gunzip, data, 1), UD_ERR_IMAGE);
            assert_int_equal(ud_gunzip_end(rig->gunzip, member.length), UD_ERR_IMAGE);
        }
    /* And then anew. */
    rig->fail_at = 0;
    assert_int_equal(decode(rig, member.data, member.length, 0, 0), UD_OK);
    ud_gunzip_begin(rig->gunzip, NULL, NULL);
    assert_int_equal(ud_gunzip_write(rig->gunzip, member.data, member.length), UD_OK);
    assert_int_equal(ud_gunzip_end(rig->gunzip, member.length), UD_OK);
    image_free(&member);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_level_and_strategy_is_decoded),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(nothing_and_little_are_decoded),
        cmocka_unit_test(a_member_ends_where_it_ends),
        cmocka_unit_test(every_changed_bit_is_refused_or_changes_nothing),
        cmocka_unit_test(damaged_members_are_decoded_as_zlib_does_or_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(what_cannot_be_is_refused_at_once),
        cmocka_unit_test(windows_are_powers_of_two),
        cmocka_unit_test(a_small_window_sees_as_far_as_it_reaches),
        cmocka_unit_test(a_window_reaches_as_far_as_it_is_large),
        cmocka_unit_test(errors_of_the_output_end_it_and_stick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
