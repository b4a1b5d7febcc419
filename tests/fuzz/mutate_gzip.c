/* Changes gzip files and what is in them: bytes anywhere, bytes before a trailer that is
 * then put right, and bytes of the content, which is then compressed in one of the ways
 * zlib knows. Images in them, and by themselves, get their checksums at times. */
#include "mutate.h"

#include "fuzz.h"
#include "mend_image.h"
#include "updraft/endian.h"

#include <string.h>
#include <zlib.h>

#define PLAIN_MAX  65536u
#define HEAD_SIZE  10u /* without name, comment and the like */
#define TAIL_SIZE  8u
#define FLAGS_AT   3u
#define RAW_WINDOW (-15)
#define AS_GZIP    16 /* added to a window's bits */

static unsigned pick(unsigned *seed, unsigned count)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % count;
}

/* Decompresses as far as it goes. Bytes of content; *end is where its trailer would be, 0
 * when it has no end. */
static size_t unpack(const uint8_t *data, size_t size, uint8_t plain[PLAIN_MAX], size_t *end)
{
    z_stream stream = {0};

    *end = 0;
    if (size < HEAD_SIZE || data[0] != 0x1f || data[1] != 0x8b || data[FLAGS_AT] != 0)
        return 0;
    require(inflateInit2(&stream, RAW_WINDOW) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)(data + HEAD_SIZE);
    stream.avail_in = (uInt)(size - HEAD_SIZE);
    stream.next_out = plain;
    stream.avail_out = PLAIN_MAX;
    if (inflate(&stream, Z_FINISH) == Z_STREAM_END)
        *end = HEAD_SIZE + stream.total_in;
    inflateEnd(&stream);
    return stream.total_out;
}

static size_t mend_trailer(uint8_t *data, size_t size, size_t max_size)
{
    static uint8_t plain[PLAIN_MAX];
    size_t end;
    const size_t length = unpack(data, size, plain, &end);

    if (end == 0 || max_size - end < TAIL_SIZE)
        return size;
    ud_put_u32(data + end, (uint32_t)crc32(0, plain, (uInt)length));
    ud_put_u32(data + end + 4, (uint32_t)length);
    return size > end + TAIL_SIZE ? size : end + TAIL_SIZE;
}

/* 0 when there is no room for it. */
static size_t pack(const uint8_t *plain, size_t length, uint8_t *data, size_t max_size,
                   unsigned *seed)
{
    static Bytef name[] = "it";
    z_stream stream = {0};
    gz_header header = {.name = name, .hcrc = (int)pick(seed, 2)};
    const int level = (int)pick(seed, 10), window = 9 + (int)pick(seed, 7);
    const int memory = 1 + (int)pick(seed, 9), strategy = (int)pick(seed, Z_FIXED + 1);

    require(deflateInit2(&stream, level, Z_DEFLATED, window + AS_GZIP, memory, strategy) == Z_OK);
    if (pick(seed, 4) == 0)
        deflateSetHeader(&stream, &header);
    stream.next_in = (Bytef *)(uintptr_t)plain;
    stream.avail_in = (uInt)length;
    stream.next_out = data;
    stream.avail_out = (uInt)max_size;
    const int result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? stream.total_out : 0;
}

static size_t change_image(uint8_t *data, size_t size, size_t max_size, unsigned *seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (pick(seed, 2) == 0)
        mend_image(data, (uint32_t)size);
    return size;
}

static size_t change_content(uint8_t *data, size_t size, size_t max_size, unsigned *seed)
{
    static uint8_t plain[PLAIN_MAX], packed[PLAIN_MAX];
    size_t end, length = unpack(data, size, plain, &end);

    if (length == 0 && size <= PLAIN_MAX) {
        memcpy(plain, data, size);
        length = size;
    }
    length = change_image(plain, length, PLAIN_MAX, seed);
    size = pack(plain, length, packed, max_size < PLAIN_MAX ? max_size : PLAIN_MAX, seed);
    if (size == 0)
        return LLVMFuzzerMutate(data, end > 0 ? end : 1, max_size);
    memcpy(data, packed, size);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    switch (pick(&seed, 4)) {
    case 0:
        return change_content(data, size, max_size, &seed);
    case 1:
        return mend_trailer(data, LLVMFuzzerMutate(data, size, max_size), max_size);
    case 2:
        return change_image(data, size, max_size, &seed);
    default:
        return LLVMFuzzerMutate(data, size, max_size);
    }
}
