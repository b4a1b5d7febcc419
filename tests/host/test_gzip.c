/* Gzip files: zlib reads them back, whatever the header holds. */
#include "host/gzip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define CONTENT_SIZE 20000u

static uint8_t text[CONTENT_SIZE];
static const struct file_bytes content = {text, sizeof text};
static const uint8_t record[] = {1, 2, 3, 4, 5};
static const struct gzip_subfield subfield = {{'U', 'D'}, record, sizeof record};

static int fill(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)("updraft"[i % 7] ^ i / 64 * 37);
    return 0;
}

/* What zlib finds: content, and the extra field as far as it fits. */
struct found {
    uint8_t extra[64];
    char name[16];
    gz_header header;
};

static void read_back(const struct file_bytes *gzip, struct found *found)
{
    static uint8_t out[CONTENT_SIZE + 1];
    z_stream stream = {.next_in = gzip->data, .avail_in = (uInt)gzip->length};
    *found = (struct found){
        .header = {.extra_max = sizeof found->extra, .name_max = sizeof found->name}};
    found->header.extra = found->extra;
    found->header.name = (Bytef *)found->name;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflateGetHeader(&stream, &found->header), Z_OK);
    stream.next_out = out;
    stream.avail_out = sizeof out;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, sizeof text);
    assert_memory_equal(out, text, sizeof text);
    inflateEnd(&stream);
}

/* A member by zlib, with the parts of a header that flags ask for. */
static struct file_bytes zlib_member(bool extra, bool name, bool header_crc)
{
    struct file_bytes gzip = {malloc(2 * CONTENT_SIZE), 0};
    uint8_t old[] = {'O', 'L', 2, 0, 8, 9};
    char file_name[] = "fw.bin";
    gz_header header = {.extra = extra ? old : NULL,
                        .extra_len = sizeof old,
                        .name = name ? (Bytef *)file_name : NULL,
                        .hcrc = header_crc};
    z_stream stream = {.next_in = text, .avail_in = sizeof text};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflateSetHeader(&stream, &header), Z_OK);
    stream.next_out = gzip.data;
    stream.avail_out = 2 * CONTENT_SIZE;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    gzip.length = stream.total_out;
    deflateEnd(&stream);
    return gzip;
}

static void the_smallest_is_smaller_than_zlibs(void **state)
{
    struct file_bytes theirs = zlib_member(false, false, false);
    struct file_bytes ours, again;
    struct found found;
    (void)state;
    assert_int_equal(gzip_smallest(&content, &ours), 0);
    assert_true(gzip_is(&ours));
    read_back(&ours, &found);
    assert_true(ours.length < theirs.length);
    assert_int_equal(gzip_smallest(&content, &again), 0);
    assert_int_equal(again.length, ours.length);
    assert_memory_equal(again.data, ours.data, ours.length);
    free(theirs.data);
    free(ours.data);
    free(again.data);
}

/* First in the extra field, with all else kept, for every header zlib can write. */
static void a_subfield_goes_into_every_header(void **state)
{
    static const uint8_t expected[] = {'U', 'D', 5, 0, 1, 2, 3, 4, 5, 'O', 'L', 2, 0, 8, 9};
    (void)state;
    for (unsigned parts = 0; parts < 8; parts++) {
        struct file_bytes member = zlib_member(parts & 1, parts & 2, parts & 4);
        struct file_bytes out, twice;
        struct found found;
        read_back(&member, &found);
        assert_int_equal(gzip_add_subfield(&member, &subfield, &out), 0);
        read_back(&out, &found);
        assert_memory_equal(out.data + 12, expected, 9);
        assert_int_equal(found.header.extra_len, parts & 1 ? sizeof expected : 9);
        assert_memory_equal(found.extra, expected, found.header.extra_len);
        assert_string_equal(found.name, parts & 2 ? "fw.bin" : "");
        assert_int_equal(found.header.hcrc, 0);
        assert_int_equal(gzip_add_subfield(&out, &subfield, &twice), -EINVAL);
        free(member.data);
        free(out.data);
    }
}

/* Each in memory of its own length, so that sanitizers see a read past its end. */
static void headers_that_are_cut_are_refused(void **state)
{
    struct file_bytes member = zlib_member(true, true, true);
    const size_t header = 10 + 2 + 6 + 7 + 2;
    (void)state;
    for (size_t length = 0; length < header; length++) {
        struct file_bytes cut = {malloc(length + 1), length};
        struct file_bytes out;
        memcpy(cut.data, member.data, length);
        assert_int_equal(gzip_add_subfield(&cut, &subfield, &out), -EINVAL);
        free(cut.data);
    }
    free(member.data);
}

static void other_files_are_refused(void **state)
{
    static uint8_t image[32] = {0xe9};
    const struct file_bytes file = {image, sizeof image};
    const struct gzip_subfield huge = {{'U', 'D'}, text, 0xffff};
    struct file_bytes member = zlib_member(false, false, false);
    struct file_bytes out;
    (void)state;
    assert_false(gzip_is(&file));
    assert_int_equal(gzip_add_subfield(&file, &subfield, &out), -EINVAL);
    assert_int_equal(gzip_add_subfield(&member, &huge, &out), -ENOSPC);
    free(member.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_is_smaller_than_zlibs),
        cmocka_unit_test(a_subfield_goes_into_every_header),
        cmocka_unit_test(headers_that_are_cut_are_refused),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests_name("gzip", tests, fill, NULL);
}
