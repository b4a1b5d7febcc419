/* The bootloader's gzip decoder against zlib: what zlib makes it reads; what zlib refuses
 * it refuses too, or the trailer vouches for what it made of it. */
#include "boot/inflate.h"

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
#define OUTPUT_MAX (1u << 16)              /* of what zlib makes of damaged members */
#define BEYOND_MAX (2 * BOOT_INFLATE_RING) /* bytes behind a member: there the flash ends */

/* ---- Decoding with the code under test ---- */

/* State and window end where writable memory does. */
struct rig {
    struct boot_inflate *inflate;
    struct guard_page state, window;
    const uint8_t *input;
    uint32_t size;
    uint32_t beyond;    /* seed of what lies behind the member */
    uint32_t refuse_at; /* calls of boot_inflate_output left until it refuses; 0 = never */
    uint32_t expected_offset;
    uint32_t inputs, outputs; /* calls */
    uint32_t trace;           /* CRC-32 of what the calls were given */
    uint8_t *data;
    uint32_t length, capacity;
    bool saw_short_piece; /* only the last one may be */
    jmp_buf refused;
};

/* The decoder has no place for a context: one decoding at a time. */
static struct rig *rig;

static void fill_garbage(void *data, size_t length, uint32_t *seed)
{
    uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(*seed >> 24);
    }
}

static void note(uint32_t value)
{
    rig->trace = (uint32_t)crc32(rig->trace, (const Bytef *)&value, sizeof value);
}

void boot_inflate_input(struct boot_inflate *inflate, uint32_t offset, uint32_t *piece)
{
    const uint32_t left = offset < rig->size ? rig->size - offset : 0;
    const uint32_t length = left < BOOT_INFLATE_INPUT ? left : BOOT_INFLATE_INPUT;
    uint8_t *input = (uint8_t *)piece;

    assert_ptr_equal(inflate, rig->inflate);
    assert_int_equal(offset, rig->expected_offset);
    assert_ptr_equal(piece, inflate->input + offset % BOOT_INFLATE_RING / 4);
    rig->expected_offset += BOOT_INFLATE_INPUT;
    rig->inputs++;
    note(offset);
    if (offset >= rig->size + BEYOND_MAX)
        boot_inflate_refuse(inflate);
    if (length > 0)
        memcpy(input, rig->input + offset, length);
    fill_garbage(input + length, BOOT_INFLATE_INPUT - length, &rig->beyond);
}

void boot_inflate_output(struct boot_inflate *inflate, uint32_t *sector, uint32_t length)
{
    const uint32_t offset = (uint32_t)((uint8_t *)sector - rig->window.data);

    assert_ptr_equal(inflate, rig->inflate);
    assert_in_range(length, 1, BOOT_INFLATE_SECTOR);
    assert_false(rig->saw_short_piece);
    assert_int_equal(offset, rig->outputs * BOOT_INFLATE_SECTOR % BOOT_INFLATE_WINDOW);
    rig->saw_short_piece = length < BOOT_INFLATE_SECTOR;
    rig->outputs++;
    note(length);
    if (rig->refuse_at > 0 && --rig->refuse_at == 0)
        boot_inflate_refuse(inflate);
    if (length > rig->capacity - rig->length) {
        rig->capacity = 2 * rig->capacity + BOOT_INFLATE_SECTOR;
        rig->data = realloc(rig->data, rig->capacity);
        assert_non_null(rig->data);
    }
    memcpy(rig->data + rig->length, sector, length);
    rig->trace = (uint32_t)crc32(rig->trace, (const Bytef *)sector, length);
    rig->length += length;
    memset((uint8_t *)sector + length, 0xff, BOOT_INFLATE_SECTOR - length); /* as it may */
}

void boot_inflate_refuse(struct boot_inflate *inflate)
{
    assert_ptr_equal(inflate, rig->inflate);
    longjmp(rig->refused, 1);
}

struct decoded {
    bool is_accepted;
    uint32_t length;
    uint8_t *data;
    uint32_t inputs, outputs;
    uint32_t trace;
};

static struct guard_page garbage_page(size_t length, uint32_t *seed)
{
    uint8_t *data = malloc(length);

    assert_non_null(data);
    fill_garbage(data, length, seed);
    const struct guard_page page = guard_page_copy(data, length);
    free(data);
    return page;
}

/* In state and window full of anything. */
static struct decoded decode_within(const uint8_t *data, uint32_t length, uint32_t refuse_at,
                                    uint32_t seed)
{
    struct rig mine = {.input = data, .size = length, .refuse_at = refuse_at};
    volatile bool is_accepted = false;

    mine.state = garbage_page(sizeof *mine.inflate, &seed);
    mine.window = garbage_page(BOOT_INFLATE_WINDOW, &seed);
    mine.inflate = (struct boot_inflate *)(void *)mine.state.data;
    mine.inflate->window = (uint32_t *)(void *)mine.window.data;
    rig = &mine;
    if (setjmp(mine.refused) == 0) {
        boot_inflate_run(mine.inflate, length);
        is_accepted = true;
    }
    rig = NULL;
    guard_page_free(&mine.state);
    guard_page_free(&mine.window);
    return (struct decoded){is_accepted, mine.length,  mine.data,
                            mine.inputs, mine.outputs, mine.trace};
}

/* What memory holds differs from one decoding to the next; what it does may not, also
 * when it ends in a refusal. */
static struct decoded decode_refusing(const uint8_t *data, uint32_t length, uint32_t refuse_at)
{
    struct decoded first = decode_within(data, length, refuse_at, 1);
    struct decoded second = decode_within(data, length, refuse_at, 2);

    assert_int_equal(first.is_accepted, second.is_accepted);
    assert_int_equal(first.trace, second.trace);
    if (first.is_accepted)
        assert_in_range(first.inputs, (length + BOOT_INFLATE_INPUT - 1) / BOOT_INFLATE_INPUT,
                        (length + BOOT_INFLATE_RING) / BOOT_INFLATE_INPUT);
    free(second.data);
    return first;
}

static struct decoded decode(const uint8_t *data, uint32_t length)
{
    return decode_refusing(data, length, 0);
}

static void assert_decodes(const uint8_t *data, uint32_t length, const uint8_t *expected,
                           uint32_t expected_length)
{
    struct decoded decoded = decode(data, length);

    assert_true(decoded.is_accepted);
    assert_int_equal(decoded.length, expected_length);
    if (expected_length > 0)
        assert_memory_equal(decoded.data, expected, expected_length);
    free(decoded.data);
}

static bool is_accepted(const uint8_t *data, uint32_t length)
{
    struct decoded decoded = decode(data, length);

    free(decoded.data);
    return decoded.is_accepted;
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
    else if (kind == 3) /* each value half as frequent as the one before: long codes */
        for (uint32_t i = 0; i < length; i++)
            data[i] = (uint8_t)__builtin_ctz((unsigned)rand() | 1u << 20);
    else
        for (uint32_t i = 0; i < length; i++)
            data[i] = (uint8_t) "updraft "[i * i % 7];
}

#define KINDS 5

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
    } rows[] = {{0, 0x1e}, {0, 0xe9}, {1, 0x8c}, {2, 7}, {2, 9}, {2, 0x88}};
    struct bytes packed = encode((const uint8_t *)"abc", 3);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t right = packed.data[rows[i].offset];

        packed.data[rows[i].offset] = rows[i].value;
        assert_false(is_accepted(packed.data, packed.length));
        packed.data[rows[i].offset] = right;
    }
    free(packed.data);
}

static void reserved_flags_are_left_to_the_trailer(void **state)
{
    struct bytes packed = encode((const uint8_t *)"abc", 3);

    (void)state;
    for (unsigned flag = 0x20; flag <= 0x80; flag *= 2) {
        packed.data[3] = (uint8_t)flag;
        assert_decodes(packed.data, packed.length, (const uint8_t *)"abc", 3);
    }
    free(packed.data);
}

static void a_wrong_trailer_is_refused(void **state)
{
    struct bytes packed = encode((const uint8_t *)"abcabcabcabc", 12);

    (void)state;
    for (uint32_t bit = 8 * (packed.length - 8); bit < 8 * packed.length; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(is_accepted(packed.data, packed.length));
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(packed.data);
}

static void bytes_behind_the_end_are_refused(void **state)
{
    struct bytes packed = encode((const uint8_t *)"abc", 3);
    uint8_t longer[2 * BOOT_INFLATE_INPUT] = {0};

    (void)state;
    memcpy(longer, packed.data, packed.length);
    assert_true(is_accepted(longer, packed.length));
    for (uint32_t more = 1; packed.length + more <= sizeof longer; more++)
        assert_false(is_accepted(longer, packed.length + more));
    free(packed.data);
}

/* ---- Damage ---- */

/* Three small members, by block type: stored, fixed codes, dynamic codes. */
static struct bytes small_member(int type, struct bytes *plain)
{
    const struct encoding encodings[] = {
        {0, Z_DEFAULT_STRATEGY, 15, 8, NULL},
        {9, Z_FIXED, 15, 8, NULL},
        {9, Z_DEFAULT_STRATEGY, 15, 8, NULL},
    };

    plain->length = 150;
    plain->data = malloc(plain->length);
    assert_non_null(plain->data);
    srand(SEED);
    fill_like_code(plain->data, plain->length);
    if (type != 0)
        for (uint32_t i = 0; i < plain->length; i++)
            plain->data[i] = plain->data[i] % 11;
    const struct bytes packed = encode_as(plain->data, plain->length, &encodings[type]);
    assert_int_equal(packed.data[10] >> 1 & 3, type);
    return packed;
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct bytes plain;
        struct bytes packed = small_member(kind, &plain);

        for (uint32_t length = 0; length < packed.length; length++)
            assert_false(is_accepted(packed.data, length));
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
            if (decoded.is_accepted) {
                harmless++;
                assert_int_equal(decoded.length, plain.length);
                assert_memory_equal(decoded.data, plain.data, plain.length);
            }
            free(decoded.data);
            packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        /* Time, extra flags, OS, the flag of text and three reserved ones say nothing
         * about the bytes, a stored block's padding and complement neither, nor some of
         * what describes codes that are not used. */
        const uint32_t header = 6 * 8 + 1 + 3;
        print_message("block type %d: %u harmless bits\n", kind, harmless);
        assert_in_range(harmless, header, header + 40);
        if (kind == 0)
            assert_int_equal(harmless, header + 5 + 16);
        free(packed.data);
        free(plain.data);
    }
}

/* The way out of an output that cannot be written, too. */
static void a_refusal_during_output_ends_it(void **state)
{
    static uint8_t data[20000];
    static const uint32_t calls = (sizeof data + BOOT_INFLATE_SECTOR - 1) / BOOT_INFLATE_SECTOR;

    (void)state;
    srand(SEED);
    fill_like_code(data, sizeof data);
    struct bytes packed = encode(data, sizeof data);
    for (uint32_t refuse_at = 1; refuse_at <= calls; refuse_at++) {
        struct decoded decoded = decode_refusing(packed.data, packed.length, refuse_at);

        assert_false(decoded.is_accepted);
        assert_int_equal(decoded.outputs, refuse_at);
        assert_int_equal(decoded.length, (refuse_at - 1) * BOOT_INFLATE_SECTOR);
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

/* What zlib accepts we do, and get the same from it. What we accept has the CRC-32 and
 * length of its trailer. Returns our verdict. */
static bool judge(const uint8_t *data, uint32_t length, bool *is_sound)
{
    static uint8_t output[OUTPUT_MAX];
    struct bytes plain = {output, 0};
    struct decoded decoded = decode(data, length);

    *is_sound = zlib_accepts(data, length, &plain);
    if (*is_sound) {
        assert_true(decoded.is_accepted);
        assert_int_equal(decoded.length, plain.length);
        if (plain.length > 0)
            assert_memory_equal(decoded.data, plain.data, plain.length);
    }
    if (decoded.is_accepted) {
        struct bit_writer trailer = {.bits = 0};

        end_member(&trailer, decoded.length > 0 ? decoded.data : output, decoded.length);
        assert_memory_equal(data + length - 8, trailer.data, 8);
    }
    free(decoded.data);
    return decoded.is_accepted;
}

static bool both_accept(const uint8_t *data, uint32_t length)
{
    bool is_sound;
    const bool is_ours = judge(data, length, &is_sound);

    assert_int_equal(is_ours, is_sound);
    return is_sound;
}

static bool accept_written(const struct bit_writer *writer)
{
    return both_accept(writer->data, writer->bits / 8);
}

/* Found out by what is written, before any of it was output: not by the trailer. */
static void assert_damaged(const struct bit_writer *writer)
{
    assert_false(accept_written(writer));
    struct decoded decoded = decode(writer->data, writer->bits / 8);
    assert_int_equal(decoded.outputs, 0);
    free(decoded.data);
}

/* Only the way it is written is wrong: not zlib, but CRC-32 and length vouch for it. */
static void assert_vouched_for(const struct bit_writer *writer)
{
    bool is_sound;

    assert_true(judge(writer->data, writer->bits / 8, &is_sound));
    assert_false(is_sound);
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

/* Lengths of the codes of 'a', the end and length 3. */
static void put_three_head(struct bit_writer *writer, const uint8_t lengths[3])
{
    const uint8_t all[259] = {
        ['a'] = lengths[0], [256] = lengths[1], [257] = lengths[2], [258] = 1};

    begin_member(writer);
    put_dynamic_head(writer, all, 258, 1);
}

static void crowded_codes_are_refused(void **state)
{
    static const uint8_t three[][3] = {{1, 1, 1}, {1, 1, 2}, {1, 1, 15}, {1, 2, 1}};
    struct bit_writer writer;

    (void)state;
    for (size_t i = 0; i < sizeof three / sizeof three[0]; i++) {
        put_three_head(&writer, three[i]);
        put_code(&writer, 0, 1);
        put_code(&writer, 1, 1);
        end_member(&writer, "a", 1);
        assert_damaged(&writer);
    }
    for (uint8_t length = 1; length <= 8; length++) { /* where 9 bits have room for all */
        uint8_t lengths[287];

        memset(lengths, length, sizeof lengths);
        begin_member(&writer);
        put_dynamic_head(&writer, lengths, 286, 1);
        put_code(&writer, 0, length);
        end_member(&writer, "", 0);
        assert_damaged(&writer);
    }
    begin_member(&writer); /* a code of code lengths */
    put_bits(&writer, 1, 1);
    put_bits(&writer, 2, 2);
    put_bits(&writer, 0, 10);
    put_bits(&writer, 15, 4);
    for (int i = 0; i < 19; i++)
        put_bits(&writer, 1, 3);
    end_member(&writer, "", 0);
    assert_damaged(&writer);
}

static void codes_with_room_left_are_left_to_the_trailer(void **state)
{
    static const uint8_t distances[][2] = {{2, 0}, {1, 2}, {2, 2}, {0, 3}};
    static const struct {
        uint8_t lengths[3];
        uint8_t a, end;
    } rows[] = {{{1, 2, 3}, 0, 2}, {{2, 2, 2}, 0, 1}, {{15, 9, 10}, 3 << 5, 0}};
    struct bit_writer writer;

    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; i++) {
        put_tiny_head(&writer, distances[i][0], distances[i][1]);
        put_code(&writer, 0, 1);
        put_code(&writer, 2, 2);
        end_member(&writer, "a", 1);
        assert_vouched_for(&writer);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_three_head(&writer, rows[i].lengths);
        put_code(&writer, rows[i].a, rows[i].lengths[0]);
        put_code(&writer, rows[i].end, rows[i].lengths[1]);
        end_member(&writer, "a", 1);
        assert_vouched_for(&writer);
    }
}

/* Short ones, long ones, and those that begin like a long one. */
static void bits_without_a_code_are_refused(void **state)
{
    static const struct {
        uint8_t lengths[3];
        uint16_t code;
        uint8_t length;
    } rows[] = {{{1, 2, 3}, 7, 3},     {{0, 2, 0}, 1, 2},  {{0, 1, 0}, 1, 1},
                {{0, 15, 0}, 1, 15},   {{0, 15, 0}, 1, 1}, {{0, 15, 15}, 2, 15},
                {{10, 11, 12}, 7, 12}, {{0, 0, 0}, 0, 1}};
    struct bit_writer writer;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_three_head(&writer, rows[i].lengths);
        put_code(&writer, rows[i].code, rows[i].length);
        put_bits(&writer, 0, 32);
        end_member(&writer, "", 0);
        assert_damaged(&writer);
    }
}

/* A complete code of `count` symbols, grown by splitting, for any of the bytes and the
 * end. */
static void grow_code(uint8_t lengths[257], uint32_t count)
{
    memset(lengths, 0, 257);
    lengths[0] = lengths[1] = 1;
    for (uint32_t have = 2; have < count;) {
        const uint32_t at = have - 1 - (uint32_t)rand() % (1 + (uint32_t)rand() % have);

        if (lengths[at] < 15)
            lengths[have++] = ++lengths[at];
    }
    for (uint32_t i = 256; i > 0 || lengths[256] == 0; i = i == 0 ? 256 : i - 1) {
        const uint32_t other = (uint32_t)rand() % (i + 1);
        const uint8_t length = lengths[i];

        lengths[i] = lengths[other];
        lengths[other] = length;
    }
}

/* The code of a symbol: how many of the same length come before it, behind the
 * shorter ones. */
static uint32_t code_of(const uint8_t *lengths, uint32_t count, uint32_t symbol)
{
    uint32_t code = 0;

    for (uint32_t i = 0; i < count; i++)
        if (lengths[i] != 0 &&
            (lengths[i] < lengths[symbol] || (lengths[i] == lengths[symbol] && i < symbol)))
            code += 1u << (15 - lengths[i]);
    return code >> (15 - lengths[symbol]);
}

static void codes_of_every_shape_are_read(void **state)
{
    uint8_t longest = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 300; round++) {
        uint8_t lengths[258] = {[257] = 1};
        uint8_t text[256];
        uint32_t used = 0;
        struct bit_writer writer;

        grow_code(lengths, 2 + (uint32_t)rand() % 256);
        begin_member(&writer);
        put_dynamic_head(&writer, lengths, 257, 1);
        for (uint32_t i = 0; i < 256; i++) {
            if (lengths[i] == 0)
                continue;
            put_code(&writer, code_of(lengths, 257, i), lengths[i]);
            text[used++] = (uint8_t)i;
            longest = lengths[i] > longest ? lengths[i] : longest;
        }
        put_code(&writer, code_of(lengths, 257, 256), lengths[256]);
        end_member(&writer, text, used);
        assert_true(accept_written(&writer));
    }
    assert_int_equal(longest, 15);
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
    assert_false(accept_written(&writer));
}

static void too_many_codes_are_left_to_the_trailer(void **state)
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
            assert_vouched_for(&writer);
    }
}

/* Code-length symbols 16 with nothing before it, and runs past the end. */
static void bad_repetitions_do_no_harm(void **state)
{
    enum { SOUND, REPEATS_NOTHING, ZEROS_TOO_MANY, ONES_TOO_MANY, ROWS };

    (void)state;
    for (int row = 0; row < ROWS; row++) {
        struct bit_writer writer;
        uint32_t zeros = 118;

        begin_member(&writer);
        put_bits(&writer, 1, 1);
        put_bits(&writer, 2, 2);
        put_bits(&writer, 0, 5);
        put_bits(&writer, 0, 5);
        put_bits(&writer, 15, 4);
        for (int i = 0; i < 19; i++) /* 16: 0, 1: 10, 18: 11 */
            put_bits(&writer, i == 0 ? 1 : i == 2 || i == 17 ? 2 : 0, 3);
        if (row == REPEATS_NOTHING) {
            put_code(&writer, 0, 1);
            put_bits(&writer, 0, 2);
            zeros -= 3; /* the last length, before the first, is 0 */
        }
        put_code(&writer, 3, 2);
        put_bits(&writer, 138 - 11, 7);
        put_code(&writer, 3, 2);
        put_bits(&writer, (row == ZEROS_TOO_MANY ? 138 : zeros) - 11, 7);
        put_code(&writer, 2, 2); /* 256 */
        if (row == ONES_TOO_MANY) {
            put_code(&writer, 0, 1); /* three more of it, where one fits */
            put_bits(&writer, 0, 2);
        } else {
            put_code(&writer, 2, 2); /* the distance */
        }
        put_code(&writer, 0, 1);
        end_member(&writer, "", 0);
        if (row == SOUND)
            assert_true(accept_written(&writer));
        else if (row == ZEROS_TOO_MANY)
            assert_damaged(&writer);
        else
            assert_vouched_for(&writer);
    }
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
        assert_false(accept_written(&writer));
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

static void a_stored_length_is_what_it_says(void **state)
{
    static const struct {
        uint16_t length, complement;
        bool is_fine, is_vouched_for;
    } rows[] = {
        {2, 0xfffd, true, true},   {2, 0xfffc, false, true},  {2, 0x7ffd, false, true},
        {0, 0x0000, false, false}, {1, 0xfffe, false, false}, {3, 0xfffc, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bit_writer writer;

        begin_member(&writer);
        put_bits(&writer, 1, 1);
        put_bits(&writer, 0, 2 + 5);
        put_bits(&writer, rows[i].length, 16);
        put_bits(&writer, rows[i].complement, 16);
        put_bits(&writer, 'o' | 'k' << 8, 16);
        end_member(&writer, "ok", 2);
        if (rows[i].is_vouched_for && !rows[i].is_fine)
            assert_vouched_for(&writer);
        else
            assert_int_equal(accept_written(&writer), rows[i].is_fine);
    }
}

static void block_type_3_is_left_to_the_trailer(void **state)
{
    const uint32_t type_3_not_2 = 1u << 1;
    struct bit_writer writer;

    (void)state;
    put_tiny_head(&writer, 1, 0);
    put_code(&writer, 0, 1);
    put_code(&writer, 2, 2);
    end_member(&writer, "a", 1);
    assert_true(accept_written(&writer));
    writer.data[10] |= type_3_not_2;
    assert_vouched_for(&writer);
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

/* ---- Anything goes ---- */

static void damaged_members_do_no_harm(void **state)
{
    uint32_t accepted = 0;
    bool is_sound;

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
            accepted += judge(damaged, packed.length, &is_sound);
        }
        free(damaged);
        free(packed.data);
        free(plain.data);
    }
    print_message("%u of 6000 have their bytes\n", accepted);
    assert_in_range(accepted, 20, 3000);
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
static void damaged_blocks_with_a_fitting_trailer_do_no_harm(void **state)
{
    const uint32_t header = 10;
    static uint8_t output[OUTPUT_MAX];
    struct bytes decoded = {output, 0};
    uint32_t sound = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    for (int round = 0; round < 6000; round++) {
        struct bytes plain;
        struct bytes packed = small_member(round % 3, &plain);
        struct bit_writer writer = {.bits = 0};
        uint32_t taken;
        bool is_sound;

        srand(SEED + (unsigned)round);
        memcpy(writer.data, packed.data, packed.length - 8);
        for (int i = rand() % 3; i >= 0; i--)
            writer.data[header + (uint32_t)rand() % (packed.length - 8 - header)] ^=
                (uint8_t)(1u << rand() % 8);
        sound += zlib_accepts_body(writer.data + header, 512, &decoded, &taken);
        writer.bits = 8 * (header + taken);
        memset(writer.data + header + taken, 0, sizeof writer.data - header - taken);
        end_member(&writer, decoded.data, decoded.length);
        (void)judge(writer.data, writer.bits / 8, &is_sound);
        free(packed.data);
        free(plain.data);
    }
    print_message("%u of 6000 are sound\n", sound);
    assert_in_range(sound, 1000, 5000);
}

/* Blocks of random bits, most of them with codes: what is decoded ends in a refusal. */
static void random_bits_do_no_harm(void **state)
{
    uint8_t data[1500];
    uint32_t outputs = 0;

    (void)state;
    print_message("seed %u\n", SEED);
    srand(SEED);
    for (int round = 0; round < 4000; round++) {
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)(rand() >> 8);
        memcpy(data, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
        if (round % 4 == 0)
            data[10] = (uint8_t)((data[10] & ~6) | 2); /* fixed codes */
        else if (round % 4 != 1)
            data[10] = (uint8_t)((data[10] & ~6) | 4); /* dynamic ones */
        struct decoded decoded = decode(data, (uint32_t)rand() % sizeof data);
        assert_false(decoded.is_accepted);
        outputs += decoded.outputs;
        free(decoded.data);
    }
    print_message("%u sectors were handed out\n", outputs);
    assert_true(outputs > 0);
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
        cmocka_unit_test(reserved_flags_are_left_to_the_trailer),
        cmocka_unit_test(a_wrong_trailer_is_refused),
        cmocka_unit_test(bytes_behind_the_end_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(no_flipped_bit_gives_wrong_bytes),
        cmocka_unit_test(a_refusal_during_output_ends_it),
        cmocka_unit_test(a_lone_distance_code_is_allowed),
        cmocka_unit_test(no_distance_codes_are_allowed_when_none_is_used),
        cmocka_unit_test(crowded_codes_are_refused),
        cmocka_unit_test(codes_with_room_left_are_left_to_the_trailer),
        cmocka_unit_test(bits_without_a_code_are_refused),
        cmocka_unit_test(codes_of_every_shape_are_read),
        cmocka_unit_test(the_longest_codes_are_read),
        cmocka_unit_test(a_lone_end_code_makes_an_empty_block),
        cmocka_unit_test(a_block_that_cannot_end_is_refused),
        cmocka_unit_test(too_many_codes_are_left_to_the_trailer),
        cmocka_unit_test(bad_repetitions_do_no_harm),
        cmocka_unit_test(symbols_without_a_meaning_are_refused),
        cmocka_unit_test(distances_before_the_start_are_refused),
        cmocka_unit_test(the_longest_distance_is_read),
        cmocka_unit_test(a_stored_length_is_what_it_says),
        cmocka_unit_test(block_type_3_is_left_to_the_trailer),
        cmocka_unit_test(an_empty_stored_block_between_others_is_read),
        cmocka_unit_test(damaged_members_do_no_harm),
        cmocka_unit_test(damaged_blocks_with_a_fitting_trailer_do_no_harm),
        cmocka_unit_test(random_bits_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
