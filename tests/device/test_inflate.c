/* The gzip decoder against zlib: what zlib makes it reads, what zlib refuses it
 * refuses. */
#include "updraft/inflate.h"

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

#define SEED       20260104u
#define OUTPUT_MAX (1u << 16) /* of what damaged members decode to */

/* ---- Decoding with the code under test ---- */

struct feed {
    const uint8_t *input;
    uint32_t size;
    uint32_t fail_read; /* calls left until reading fails; 0 = never */
    uint32_t fail_at;   /* calls left until output fails; 0 = never */
    uint32_t expected_offset;
    uint8_t *data;
    uint32_t length;
    bool saw_short_piece; /* only the last one may be */
    const uint8_t *window;
};

struct decoded {
    int status;
    uint32_t length;
    uint8_t *data;
};

/* The last words lie before a page nobody may touch, when the caller put them so. */
static int supply(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    struct feed *feed = ctx;

    assert_int_equal(offset, feed->expected_offset);
    assert_int_equal((uintptr_t)data % 4, 0);
    assert_int_equal(length, feed->size - offset < UD_INFLATE_INPUT ? feed->size - offset
                                                                    : UD_INFLATE_INPUT);
    feed->expected_offset += UD_INFLATE_INPUT;
    if (feed->fail_read > 0 && --feed->fail_read == 0)
        return UD_ERR_FLASH_READ;
    memcpy(data, feed->input + offset, length);
    return UD_OK;
}

static int collect(void *ctx, uint8_t *data, uint32_t length)
{
    struct feed *feed = ctx;

    assert_in_range(length, 1, UD_INFLATE_PIECE);
    assert_false(feed->saw_short_piece);
    assert_int_equal((uint32_t)(data - feed->window) % UD_INFLATE_PIECE, 0);
    feed->saw_short_piece = length < UD_INFLATE_PIECE;
    if (feed->fail_at > 0 && --feed->fail_at == 0)
        return UD_ERR_FLASH_WRITE;
    feed->data = realloc(feed->data, feed->length + length);
    assert_non_null(feed->data);
    memcpy(feed->data + feed->length, data, length);
    feed->length += length;
    memset(data + length, 0xff, UD_INFLATE_PIECE - length); /* as it may */
    return UD_OK;
}

/* State full of another member's remains is as good as any. */
static struct decoded decode_failing(const uint8_t *data, uint32_t length, uint32_t fail_read,
                                     uint32_t fail_at)
{
    struct ud_inflate *inflate = malloc(sizeof *inflate);
    struct feed feed = {.input = data, .size = length, .fail_read = fail_read, .fail_at = fail_at};
    const struct ud_inflate_config config = {length, &feed, supply, collect};

    assert_non_null(inflate);
    memset(inflate, 0xa5, sizeof *inflate);
    feed.window = (const uint8_t *)inflate->window;
    const int status = ud_inflate_run(inflate, &config);
    free(inflate);
    return (struct decoded){status, feed.length, feed.data};
}

static struct decoded decode(const uint8_t *data, uint32_t length)
{
    return decode_failing(data, length, 0, 0);
}

static void assert_decodes(const uint8_t *data, uint32_t length, const uint8_t *expected,
                           uint32_t expected_length)
{
    struct decoded decoded = decode(data, length);

    assert_int_equal(decoded.status, UD_OK);
    assert_int_equal(decoded.length, expected_length);
    assert_memory_equal(decoded.data, expected, expected_length);
    free(decoded.data);
}

static int decode_status(const uint8_t *data, uint32_t length)
{
    struct decoded decoded = decode(data, length);

    free(decoded.data);
    return decoded.status;
}

/* ---- Encoding with zlib ---- */

struct bytes {
    uint8_t *data;
    uint32_t length;
};

struct encoding {
    int level, strategy, window_bits, memory_level;
    gz_header *header;
};

static struct bytes encode_as(const uint8_t *data, uint32_t length, const struct encoding *encoding)
{
    z_stream stream = {0};
    struct bytes out;

    assert_int_equal(deflateInit2(&stream, encoding->level, Z_DEFLATED, encoding->window_bits + 16,
                                  encoding->memory_level, encoding->strategy),
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

static struct bytes encode(const uint8_t *data, uint32_t length)
{
    const struct encoding encoding = {9, Z_DEFAULT_STRATEGY, 15, 8, NULL};

    return encode_as(data, length, &encoding);
}

/* ---- Things to encode ---- */

/* Bytes with the look of machine code: a few opcodes, near repeats, tables. */
static void fill_like_code(uint8_t *data, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        const int choice = rand() % 16;

        if (choice < 6 && i > 64)
            data[i] = data[i - 3 - (uint32_t)(rand() % 20)];
        else if (choice < 12)
            data[i] = (uint8_t)(rand() % 24);
        else
            data[i] = (uint8_t)rand();
    }
}

static void fill_by_kind(uint8_t *data, uint32_t length, int kind)
{
    if (kind == 0)
        memset(data, 0xff, length);
    else if (kind == 1)
        image_fill(data, length, (uint32_t)rand());
    else if (kind == 2)
        fill_like_code(data, length);
    else
        for (uint32_t i = 0; i < length; i++)
            data[i] = (uint8_t) "updraft "[i * i % 7];
}

#define KINDS 4

static struct bytes read_vector(const char *name)
{
    char path[1024];
    struct bytes bytes = {malloc(8192), 0};

    snprintf(path, sizeof path, "%s/gzip/%s", TEST_VECTORS, name);
    FILE *file = fopen(path, "rb");
    assert_true(file != NULL && bytes.data != NULL);
    bytes.length = (uint32_t)fread(bytes.data, 1, 8192, file);
    fclose(file);
    return bytes;
}

/* ---- Whole members ---- */

static void the_vector_is_decoded(void **state)
{
    struct bytes plain = read_vector("two-images.bin");
    struct bytes packed = read_vector("two-images.bin.gz");
    struct guard_page guard = guard_page_copy(packed.data, packed.length);

    (void)state;
    assert_int_equal(plain.length, 4160);
    assert_int_equal(packed.length, 123);
    assert_decodes(guard.data, packed.length, plain.data, plain.length);
    guard_page_free(&guard);
    free(packed.data);
    free(plain.data);
}

static void every_level_and_strategy_is_decoded(void **state)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
                                     Z_FIXED};
    static uint8_t data[20000];

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int kind = 0; kind < KINDS; kind++)
        for (int level = 0; level <= 9; level++)
            for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
                const struct encoding encoding = {level, strategies[i], 15, 1 + rand() % 9, NULL};
                const uint32_t length = (uint32_t)rand() % sizeof data;
                fill_by_kind(data, length, kind);
                struct bytes packed = encode_as(data, length, &encoding);
                assert_decodes(packed.data, packed.length, data, length);
                free(packed.data);
            }
}

static void short_members_of_every_length_are_decoded(void **state)
{
    uint8_t data[600];

    (void)state;
    srand(SEED);
    fill_like_code(data, sizeof data);
    for (uint32_t length = 0; length <= sizeof data; length += 1 + length / 20) {
        struct bytes packed = encode(data, length);

        assert_decodes(packed.data, packed.length, data, length);
        free(packed.data);
    }
}

/* Files larger than the window, with matches as far back as they go. */
static void large_files_go_round_the_window(void **state)
{
    const uint32_t length = 300000;
    uint8_t *data = malloc(length);

    (void)state;
    assert_non_null(data);
    srand(SEED);
    image_fill(data, 32768, 1);
    for (uint32_t at = 32768; at < length; at++)
        data[at] = rand() % 200 == 0 ? (uint8_t)rand() : data[at - 32500 + (at >> 16)];
    struct bytes packed = encode(data, length);
    assert_true(packed.length < length / 2);
    assert_decodes(packed.data, packed.length, data, length);
    free(packed.data);
    free(data);
}

/* ---- The frame ---- */

static void every_set_of_header_fields_is_read(void **state)
{
    static const uint8_t text[] = "text behind the header";
    uint8_t extra[70], name[] = "demo.bin", comment[] = "a comment";

    (void)state;
    image_fill(extra, sizeof extra, 2);
    for (unsigned set = 0; set < 32; set++) {
        gz_header header = {
            .text = set & 1,
            .time = 0x12345678,
            .os = 3,
            .extra = set & 2 ? extra : NULL,
            .extra_len = sizeof extra,
            .name = set & 4 ? name : NULL,
            .comment = set & 8 ? comment : NULL,
            .hcrc = set & 16 ? 1 : 0,
        };
        const struct encoding encoding = {6, Z_DEFAULT_STRATEGY, 15, 8, &header};
        struct bytes packed = encode_as(text, sizeof text, &encoding);

        assert_decodes(packed.data, packed.length, text, sizeof text);
        free(packed.data);
    }
}

static void an_empty_extra_field_is_read(void **state)
{
    static const uint8_t packed[] = {
        0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0, 0, /* extra field of no bytes */
        3,    0,    0, 0, 0, 0, 0, 0, 0, 0,       /* an empty block, the trailer */
    };

    (void)state;
    assert_decodes(packed, sizeof packed, (const uint8_t *)"", 0);
}

static void headers_that_are_not_gzips_are_refused(void **state)
{
    static const struct {
        uint32_t offset;
        uint8_t value;
    } rows[] = {{0, 0x1e}, {0, 0xe9}, {1, 0x8c}, {2, 7}, {2, 9}, {3, 0x20}, {3, 0x40}, {3, 0x80}};
    struct bytes packed = encode((const uint8_t *)"abc", 3);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t right = packed.data[rows[i].offset];

        packed.data[rows[i].offset] = rows[i].value;
        assert_int_equal(decode_status(packed.data, packed.length), UD_ERR_GZIP);
        packed.data[rows[i].offset] = right;
    }
    free(packed.data);
}

static void a_wrong_trailer_has_its_own_error(void **state)
{
    struct bytes packed = encode((const uint8_t *)"abcabcabcabc", 12);

    (void)state;
    for (uint32_t bit = 8 * (packed.length - 8); bit < 8 * packed.length; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(decode_status(packed.data, packed.length), UD_ERR_GZIP_CRC);
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(packed.data);
}

static void bytes_behind_the_end_are_refused(void **state)
{
    struct bytes packed = encode((const uint8_t *)"abc", 3);
    uint8_t longer[2 * UD_INFLATE_INPUT] = {0};

    (void)state;
    memcpy(longer, packed.data, packed.length);
    assert_int_equal(decode_status(longer, packed.length), UD_OK);
    for (uint32_t more = 1; packed.length + more <= sizeof longer; more++)
        assert_int_equal(decode_status(longer, packed.length + more), UD_ERR_GZIP);
    free(packed.data);
}

/* ---- Damage ---- */

/* Three small members: fixed codes, dynamic codes, stored. */
static struct bytes small_member(int kind, struct bytes *plain)
{
    const struct encoding encodings[] = {
        {9, Z_FIXED, 15, 8, NULL},
        {9, Z_DEFAULT_STRATEGY, 15, 8, NULL},
        {0, Z_DEFAULT_STRATEGY, 15, 8, NULL},
    };

    plain->length = 150;
    plain->data = malloc(plain->length);
    assert_non_null(plain->data);
    srand(SEED);
    fill_like_code(plain->data, plain->length);
    return encode_as(plain->data, plain->length, &encodings[kind]);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct bytes plain;
        struct bytes packed = small_member(kind, &plain);

        for (uint32_t length = 0; length < packed.length; length++)
            assert_int_equal(decode_status(packed.data, length), UD_ERR_GZIP);
        free(packed.data);
        free(plain.data);
    }
}

static void no_flipped_bit_gives_wrong_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct bytes plain;
        struct bytes packed = small_member(kind, &plain);
        uint32_t harmless = 0;

        for (uint32_t bit = 0; bit < 8 * packed.length; bit++) {
            packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct decoded decoded = decode(packed.data, packed.length);
            if (decoded.status == UD_OK) {
                harmless++;
                assert_int_equal(decoded.length, plain.length);
                assert_memory_equal(decoded.data, plain.data, plain.length);
            }
            free(decoded.data);
            packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        /* Time, extra flags, OS and the text flag say nothing about the bytes; nor
         * do the bits that fill up the last byte of a stored block's header. */
        assert_in_range(harmless, 6 * 8 + 1, 6 * 8 + 1 + 5 + 7);
        free(packed.data);
        free(plain.data);
    }
}

static void an_output_that_fails_ends_it(void **state)
{
    static uint8_t data[20000];
    static const uint32_t calls = (sizeof data + UD_INFLATE_PIECE - 1) / UD_INFLATE_PIECE;

    (void)state;
    srand(SEED);
    fill_like_code(data, sizeof data);
    struct bytes packed = encode(data, sizeof data);
    for (uint32_t fail_at = 1; fail_at <= calls; fail_at++) {
        struct decoded decoded = decode_failing(packed.data, packed.length, 0, fail_at);

        assert_int_equal(decoded.status, UD_ERR_FLASH_WRITE);
        assert_int_equal(decoded.length, (fail_at - 1) * UD_INFLATE_PIECE);
        free(decoded.data);
    }
    free(packed.data);
}

static void an_input_that_fails_ends_it(void **state)
{
    static uint8_t data[20000];

    (void)state;
    srand(SEED);
    fill_like_code(data, sizeof data);
    struct bytes packed = encode(data, sizeof data);
    const uint32_t calls = (packed.length + UD_INFLATE_INPUT - 1) / UD_INFLATE_INPUT;
    assert_true(calls > 10);
    for (uint32_t fail_read = 1; fail_read <= calls; fail_read++) {
        struct decoded decoded = decode_failing(packed.data, packed.length, fail_read, 0);

        assert_int_equal(decoded.status, UD_ERR_FLASH_READ);
        assert_true(decoded.length < sizeof data);
        free(decoded.data);
    }
    free(packed.data);
}

/* ---- Blocks written by hand ---- */

struct bit_writer {
    uint8_t data[1024];
    uint32_t bits;
};

static void put_bits(struct bit_writer *writer, uint32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, writer->bits++)
        if (value >> i & 1)
            writer->data[writer->bits / 8] |= (uint8_t)(1u << writer->bits % 8);
}

/* Prefix codes are sent from the top. */
static void put_code(struct bit_writer *writer, uint32_t code, uint32_t count)
{
    while (count-- > 0)
        put_bits(writer, code >> count & 1, 1);
}

static void begin_member(struct bit_writer *writer)
{
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};

    memset(writer, 0, sizeof *writer);
    memcpy(writer->data, header, sizeof header);
    writer->bits = 8 * sizeof header;
}

static void end_member(struct bit_writer *writer, const void *plain, uint32_t length)
{
    writer->bits = (writer->bits + 7) / 8 * 8;
    put_bits(writer, (uint32_t)crc32(0, plain, length), 32);
    put_bits(writer, length, 32);
}

/* zlib's word for it: are these bytes exactly one sound member? */
static bool zlib_accepts(const uint8_t *data, uint32_t length, struct bytes *plain)
{
    z_stream stream = {0};

    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = length;
    stream.next_out = plain->data;
    stream.avail_out = OUTPUT_MAX;
    const int status = inflate(&stream, Z_FINISH);
    plain->length = (uint32_t)stream.total_out;
    inflateEnd(&stream);
    return status == Z_STREAM_END && stream.avail_in == 0;
}

/* Ours and zlib's verdict are one; returns it. */
static bool both_accept(const uint8_t *data, uint32_t length)
{
    static uint8_t output[OUTPUT_MAX];
    struct bytes plain = {output, 0};
    struct decoded decoded = decode(data, length);
    const bool is_accepted = zlib_accepts(data, length, &plain);

    assert_int_equal(decoded.status == UD_OK, is_accepted);
    if (is_accepted) {
        assert_int_equal(decoded.length, plain.length);
        assert_memory_equal(decoded.data, plain.data, plain.length);
    }
    free(decoded.data);
    return is_accepted;
}

static bool accept_written(const struct bit_writer *writer)
{
    return both_accept(writer->data, writer->bits / 8);
}

/* Found out by what is written, not only by a trailer that does not fit. */
static void assert_damaged(const struct bit_writer *writer)
{
    assert_false(accept_written(writer));
    assert_int_equal(decode_status(writer->data, writer->bits / 8), UD_ERR_GZIP);
}

/* The code lengths of a dynamic block, sent with a code of 4 bits for each of the
 * lengths 0 to 15: symbol n is code n. */
static void put_dynamic_head(struct bit_writer *writer, const uint8_t *lengths,
                             uint32_t literal_count, uint32_t distance_count)
{
    put_bits(writer, 1, 1);
    put_bits(writer, 2, 2);
    put_bits(writer, literal_count - 257, 5);
    put_bits(writer, distance_count - 1, 5);
    put_bits(writer, 15, 4);
    for (int i = 0; i < 19; i++)
        put_bits(writer, i < 3 ? 0 : 4, 3); /* 16, 17 and 18 have no code */
    for (uint32_t i = 0; i < literal_count + distance_count; i++)
        put_code(writer, lengths[i], 4);
}

/* Literal 'a', the end, and length 3 have codes 0, 10 and 11; distances as given. */
static void put_tiny_head(struct bit_writer *writer, uint8_t distance0, uint8_t distance1)
{
    uint8_t lengths[260] = {['a'] = 1, [256] = 2, [257] = 2};

    lengths[258] = distance0;
    lengths[259] = distance1;
    begin_member(writer);
    put_dynamic_head(writer, lengths, 258, 2);
}

static void a_lone_distance_code_is_allowed(void **state)
{
    struct bit_writer writer;

    (void)state;
    put_tiny_head(&writer, 1, 0);
    put_code(&writer, 0, 1); /* a */
    put_code(&writer, 3, 2); /* 3 more */
    put_code(&writer, 0, 1); /* of the byte before */
    put_code(&writer, 2, 2);
    end_member(&writer, "aaaa", 4);
    assert_true(accept_written(&writer));

    put_tiny_head(&writer, 1, 0);
    put_code(&writer, 0, 1);
    put_code(&writer, 3, 2);
    put_code(&writer, 1, 1); /* the code that is none */
    put_code(&writer, 2, 2);
    end_member(&writer, "aaaa", 4);
    assert_damaged(&writer);
}

static void no_distance_codes_are_allowed_when_none_is_used(void **state)
{
    struct bit_writer writer;

    (void)state;
    put_tiny_head(&writer, 0, 0);
    put_code(&writer, 0, 1);
    put_code(&writer, 2, 2);
    end_member(&writer, "a", 1);
    assert_true(accept_written(&writer));

    put_tiny_head(&writer, 0, 0);
    put_code(&writer, 0, 1);
    put_code(&writer, 3, 2);
    put_code(&writer, 0, 1);
    put_code(&writer, 2, 2);
    end_member(&writer, "aaaa", 4);
    assert_damaged(&writer);
}

static void incomplete_and_crowded_codes_are_refused(void **state)
{
    static const uint8_t distances[][2] = {{2, 0}, {1, 2}, {2, 2}, {0, 3}};
    static const uint8_t literals[][3] = {{1, 1, 1}, {1, 2, 3}, {2, 2, 2}, {0, 2, 0}, {1, 1, 2}};
    struct bit_writer writer;

    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
        put_tiny_head(&writer, distances[i][0], distances[i][1]);
        put_code(&writer, 0, 1);
        put_code(&writer, 2, 2);
        end_member(&writer, "a", 1);
        assert_damaged(&writer);
    }
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        const uint8_t lengths[259] = {
            ['a'] = literals[i][0], [256] = literals[i][1], [257] = literals[i][2], [258] = 1};
        begin_member(&writer);
        put_dynamic_head(&writer, lengths, 258, 1);
        put_code(&writer, 0, 1);
        put_code(&writer, 2, 2);
        end_member(&writer, "a", 1);
        assert_damaged(&writer);
    }
}

/* The most bits a length can take, 15 and 5, at every place in a byte. */
static void the_longest_codes_are_read(void **state)
{
    const uint32_t length = 227 + 31;
    uint8_t lengths[287] = {[256] = 15, [284] = 15, [285] = 0, [286] = 1};
    uint8_t plain[8 + 258];

    (void)state;
    memset(plain, 'a', sizeof plain);
    for (uint8_t i = 0; i < 14; i++)
        lengths['a' + i] = (uint8_t)(i + 1);
    for (uint32_t literals = 1; literals <= 8; literals++) {
        struct bit_writer writer;

        begin_member(&writer);
        put_dynamic_head(&writer, lengths, 286, 1);
        for (uint32_t i = 0; i < literals; i++)
            put_code(&writer, 0, 1);
        put_code(&writer, 0x7fff, 15);
        put_bits(&writer, 31, 5);
        put_code(&writer, 0, 1);
        put_code(&writer, 0x7ffe, 15);
        end_member(&writer, plain, literals + length);
        assert_true(accept_written(&writer));
    }
}

static void a_lone_end_code_makes_an_empty_block(void **state)
{
    const uint8_t lengths[258] = {[256] = 1};
    struct bit_writer writer;

    (void)state;
    begin_member(&writer);
    put_dynamic_head(&writer, lengths, 257, 1);
    put_code(&writer, 0, 1);
    end_member(&writer, "", 0);
    assert_true(accept_written(&writer));
}

static void a_block_that_cannot_end_is_refused(void **state)
{
    const uint8_t lengths[259] = {['a'] = 1, ['b'] = 1};
    struct bit_writer writer;

    (void)state;
    begin_member(&writer);
    put_dynamic_head(&writer, lengths, 258, 1);
    put_code(&writer, 0, 8);
    end_member(&writer, "aaaaaaaa", 8);
    assert_damaged(&writer);
}

static void too_many_codes_are_refused(void **state)
{
    static const struct {
        uint32_t literals, distances;
        bool is_fine;
    } rows[] = {
        {286, 30, true}, {287, 1, false}, {288, 1, false}, {257, 31, false}, {257, 32, false}};
    const uint8_t lengths[320] = {['a'] = 1, [256] = 1};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bit_writer writer;

        begin_member(&writer);
        put_dynamic_head(&writer, lengths, rows[i].literals, rows[i].distances);
        put_code(&writer, 0, 1);
        put_code(&writer, 1, 1);
        end_member(&writer, "a", 1);
        if (rows[i].is_fine)
            assert_true(accept_written(&writer));
        else
            assert_damaged(&writer);
    }
}

/* Code-length symbols 16 with nothing before it, and runs past the end. */
static void bad_repetitions_are_refused(void **state)
{
    for (int row = 0; row < 4; row++) {
        struct bit_writer writer;

        begin_member(&writer);
        put_bits(&writer, 1, 1);
        put_bits(&writer, 2, 2);
        put_bits(&writer, 0, 5);
        put_bits(&writer, 0, 5);
        put_bits(&writer, 15, 4);
        for (int i = 0; i < 19; i++) /* 16: 0, 18: 10, 1: 11 */
            put_bits(&writer, i == 0 ? 1 : i == 2 || i == 17 ? 2 : 0, 3);
        if (row == 0)
            put_code(&writer, 0, 1); /* repeat what? */
        put_code(&writer, 3, 2);     /* 138 zeros */
        put_bits(&writer, 127, 7);
        put_code(&writer, 3, 2); /* 118 zeros, or too many */
        put_bits(&writer, row == 1 ? 127 : 107, 7);
        put_code(&writer, 2, 2); /* 256 */
        if (row == 2) {
            put_code(&writer, 0, 1); /* three more of it, where one fits */
            put_bits(&writer, 0, 2);
        } else {
            put_code(&writer, 2, 2); /* the distance */
        }
        put_code(&writer, 0, 1);
        end_member(&writer, "", 0);
        if (row == 3)
            assert_true(accept_written(&writer));
        else
            assert_damaged(&writer);
    }
    (void)state;
}

static void begin_fixed(struct bit_writer *writer)
{
    begin_member(writer);
    put_bits(writer, 1, 1);
    put_bits(writer, 1, 2);
    put_code(writer, 0x30 + 'x', 8);
}

static void symbols_without_a_meaning_are_refused(void **state)
{
    struct bit_writer writer;

    (void)state;
    for (uint32_t code = 0xc6; code <= 0xc7; code++) { /* 286, 287 */
        begin_fixed(&writer);
        put_code(&writer, code, 8);
        put_bits(&writer, 0, 6); /* as a group of twice the span would have */
        put_code(&writer, 0, 5);
        put_code(&writer, 0, 7);
        end_member(&writer, "xxxx", 4);
        assert_damaged(&writer);
    }
    for (uint32_t code = 29; code <= 31; code++) { /* the last two mean nothing */
        begin_fixed(&writer);
        put_code(&writer, 1, 7);
        put_code(&writer, code, 5);
        put_bits(&writer, 0, 13);
        put_code(&writer, 0, 7);
        end_member(&writer, "xxxx", 4);
        assert_damaged(&writer);
    }
}

static void distances_before_the_start_are_refused(void **state)
{
    (void)state;
    for (uint32_t distance = 1; distance <= 4; distance++) {
        struct bit_writer writer;

        begin_fixed(&writer);
        put_code(&writer, 1, 7); /* length 3 */
        put_code(&writer, distance - 1, 5);
        put_code(&writer, 0, 7);
        end_member(&writer, "xxxx", 4);
        if (distance == 1)
            assert_true(accept_written(&writer));
        else
            assert_damaged(&writer);
    }
}

/* zlib never goes back as far as the format allows; others do. */
static void the_longest_distance_is_read(void **state)
{
    enum { BACK = 32768 };
    uint8_t *data = calloc(1, BACK + 64);
    uint8_t plain[BACK + 3];

    (void)state;
    assert_non_null(data);
    for (uint32_t surplus = 0; surplus <= 1; surplus++) {
        const uint32_t stored = BACK - surplus; /* one byte too few: before the start */
        struct bit_writer end = {.bits = 0};
        uint8_t *at = data;

        memcpy(at, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
        at[10] = 0;
        at[11] = (uint8_t)stored;
        at[12] = (uint8_t)(stored >> 8);
        at[13] = (uint8_t)~at[11];
        at[14] = (uint8_t)~at[12];
        image_fill(at + 15, stored, 3);
        memcpy(plain, at + 15, stored);
        memcpy(plain + stored, plain, 3);
        put_bits(&end, 1, 1);
        put_bits(&end, 1, 2);
        put_code(&end, 1, 7);
        put_code(&end, 29, 5);
        put_bits(&end, 0x1fff, 13);
        put_code(&end, 0, 7);
        end_member(&end, plain, stored + 3);
        memcpy(at + 15 + stored, end.data, end.bits / 8);
        assert_int_equal(both_accept(data, 15 + stored + end.bits / 8), surplus == 0);
    }
    free(data);
}

static void block_types_and_stored_lengths_are_checked(void **state)
{
    static const struct {
        uint8_t type;
        uint16_t length, complement;
        bool is_fine;
    } rows[] = {
        {0, 2, 0xfffd, true},  {0, 2, 0xfffc, false}, {0, 2, 0x7ffd, false},
        {0, 0, 0x0000, false}, {3, 2, 0xfffd, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bit_writer writer;

        begin_member(&writer);
        put_bits(&writer, 1, 1);
        put_bits(&writer, rows[i].type, 2);
        put_bits(&writer, 0, 5);
        put_bits(&writer, rows[i].length, 16);
        put_bits(&writer, rows[i].complement, 16);
        put_bits(&writer, 'o' | 'k' << 8, 16);
        end_member(&writer, "ok", 2);
        if (rows[i].is_fine)
            assert_true(accept_written(&writer));
        else
            assert_damaged(&writer);
    }
}

static void an_empty_stored_block_between_others_is_read(void **state)
{
    struct bit_writer writer;

    (void)state;
    begin_member(&writer);
    put_bits(&writer, 0, 3 + 5);
    put_bits(&writer, 0xffff0000, 32);
    put_bits(&writer, 1, 1);
    put_bits(&writer, 1, 2);
    put_code(&writer, 0x30 + 'x', 8);
    put_code(&writer, 0, 7);
    end_member(&writer, "x", 1);
    assert_true(accept_written(&writer));
}

/* ---- Anything goes: the verdict is zlib's ---- */

static void damaged_members_are_judged_as_zlib_does(void **state)
{
    (void)state;
    print_message("seed %u\n", SEED);
    for (int kind = 0; kind < 3; kind++) {
        struct bytes plain;
        struct bytes packed = small_member(kind, &plain);
        uint8_t *damaged = malloc(packed.length);

        assert_non_null(damaged);
        srand(SEED + (unsigned)kind);
        for (int round = 0; round < 2000; round++) {
            memcpy(damaged, packed.data, packed.length);
            for (int i = rand() % 4; i >= 0; i--)
                damaged[(uint32_t)rand() % packed.length] ^= (uint8_t)(1u << rand() % 8);
            (void)both_accept(damaged, packed.length);
        }
        free(damaged);
        free(packed.data);
        free(plain.data);
    }
}

/* Decodes the bare deflate stream behind a member's header; sets what of the
 * input it took. */
static bool zlib_accepts_body(const uint8_t *data, uint32_t length, struct bytes *plain,
                              uint32_t *taken)
{
    z_stream stream = {0};

    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = length;
    stream.next_out = plain->data;
    stream.avail_out = OUTPUT_MAX;
    const int status = inflate(&stream, Z_FINISH);
    plain->length = (uint32_t)stream.total_out;
    *taken = (uint32_t)stream.total_in;
    inflateEnd(&stream);
    return status == Z_STREAM_END;
}

/* The trailer would catch most damage whatever the decoder makes of the blocks,
 * so here it is made to fit what zlib makes of them. */
static void damaged_blocks_with_a_fitting_trailer_are_judged_as_zlib_does(void **state)
{
    const uint32_t header = 10;
    static uint8_t output[OUTPUT_MAX];
    struct bytes decoded = {output, 0};
    uint32_t accepted = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    for (int round = 0; round < 6000; round++) {
        struct bytes plain;
        struct bytes packed = small_member(round % 3, &plain);
        struct bit_writer writer = {.bits = 0};
        uint32_t taken;

        srand(SEED + (unsigned)round);
        memcpy(writer.data, packed.data, packed.length - 8);
        for (int i = rand() % 3; i >= 0; i--)
            writer.data[header + (uint32_t)rand() % (packed.length - 8 - header)] ^=
                (uint8_t)(1u << rand() % 8);
        const bool is_sound = zlib_accepts_body(writer.data + header, 512, &decoded, &taken);
        writer.bits = 8 * (header + taken);
        memset(writer.data + header + taken, 0, sizeof writer.data - header - taken);
        end_member(&writer, decoded.data, decoded.length);
        assert_int_equal(accept_written(&writer), is_sound);
        accepted += is_sound;
        free(packed.data);
        free(plain.data);
    }
    print_message("%u of 6000 are sound\n", accepted);
    assert_in_range(accepted, 1000, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_is_decoded),
        cmocka_unit_test(every_level_and_strategy_is_decoded),
        cmocka_unit_test(short_members_of_every_length_are_decoded),
        cmocka_unit_test(large_files_go_round_the_window),
        cmocka_unit_test(every_set_of_header_fields_is_read),
        cmocka_unit_test(an_empty_extra_field_is_read),
        cmocka_unit_test(headers_that_are_not_gzips_are_refused),
        cmocka_unit_test(a_wrong_trailer_has_its_own_error),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(no_flipped_bit_gives_wrong_bytes),
        cmocka_unit_test(an_output_that_fails_ends_it),
        cmocka_unit_test(an_input_that_fails_ends_it),
        cmocka_unit_test(a_lone_distance_code_is_allowed),
        cmocka_unit_test(no_distance_codes_are_allowed_when_none_is_used),
        cmocka_unit_test(incomplete_and_crowded_codes_are_refused),
        cmocka_unit_test(the_longest_codes_are_read),
        cmocka_unit_test(a_lone_end_code_makes_an_empty_block),
        cmocka_unit_test(a_block_that_cannot_end_is_refused),
        cmocka_unit_test(too_many_codes_are_refused),
        cmocka_unit_test(bad_repetitions_are_refused),
        cmocka_unit_test(symbols_without_a_meaning_are_refused),
        cmocka_unit_test(distances_before_the_start_are_refused),
        cmocka_unit_test(the_longest_distance_is_read),
        cmocka_unit_test(block_types_and_stored_lengths_are_checked),
        cmocka_unit_test(an_empty_stored_block_between_others_is_read),
        cmocka_unit_test(damaged_members_are_judged_as_zlib_does),
        cmocka_unit_test(damaged_blocks_with_a_fitting_trailer_are_judged_as_zlib_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
