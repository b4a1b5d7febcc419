/* Both gzip decoders against zlib and each other: what zlib takes they take, for the same
 * bytes; what the updater's takes the bootloader's can decompress; pieces do not matter. */
#include "fuzz.h"

#include "boot/inflate.h"
#include "updraft/gunzip.h"

#include <setjmp.h>
#include <string.h>
#include <zlib.h>

#define INPUT_MAX  (1u << 16)
#define OUTPUT_MAX (1u << 17) /* what zlib finds more in takes too long */

struct output {
    uint8_t bytes[OUTPUT_MAX];
    uint32_t length;
    bool is_accepted;
};

static void add(struct output *output, const uint8_t *bytes, uint32_t length)
{
    const uint32_t at = output->length < OUTPUT_MAX ? output->length : OUTPUT_MAX;
    const uint32_t part = length < OUTPUT_MAX - at ? length : OUTPUT_MAX - at;

    memcpy(output->bytes + at, bytes, part);
    output->length += length;
}

static void require_same(const struct output *a, const struct output *b)
{
    const uint32_t known = a->length < OUTPUT_MAX ? a->length : OUTPUT_MAX;

    require(a->length == b->length && memcmp(a->bytes, b->bytes, known) == 0);
}

/* ---- the bootloader's decoder ---- */

struct boot_rig {
    struct boot_inflate inflate; /* first: the hooks find the rest by it */
    uint32_t window[BOOT_INFLATE_WINDOW / sizeof(uint32_t)];
    const uint8_t *data;
    uint32_t size;
    struct output *output;
    jmp_buf refused;
};

static struct boot_rig *rig_of(struct boot_inflate *inflate)
{
    return (struct boot_rig *)(void *)inflate;
}

void boot_inflate_input(struct boot_inflate *inflate, uint32_t offset, uint32_t *piece)
{
    struct boot_rig *rig = rig_of(inflate);
    const uint32_t left = offset < rig->size ? rig->size - offset : 0;

    if (offset >= rig->size + BOOT_INFLATE_RING)
        boot_inflate_refuse(inflate);
    memset(piece, 0xff, BOOT_INFLATE_INPUT);
    if (left > 0)
        memcpy(piece, rig->data + offset, left < BOOT_INFLATE_INPUT ? left : BOOT_INFLATE_INPUT);
}

void boot_inflate_output(struct boot_inflate *inflate, uint32_t *sector, uint32_t length)
{
    require(length > 0 && length <= BOOT_INFLATE_SECTOR);
    add(rig_of(inflate)->output, (const uint8_t *)sector, length);
}

void boot_inflate_refuse(struct boot_inflate *inflate)
{
    longjmp(rig_of(inflate)->refused, 1);
}

static void by_bootloader(const uint8_t *data, uint32_t size, struct output *output)
{
    static struct boot_rig rig;

    rig.inflate.window = rig.window;
    rig.data = data;
    rig.size = size;
    rig.output = output;
    output->length = 0;
    output->is_accepted = false;
    if (setjmp(rig.refused) != 0)
        return;
    boot_inflate_run(&rig.inflate, size);
    output->is_accepted = true;
}

/* ---- the updater's ---- */

static int collect(void *ctx, const uint8_t *bytes, uint32_t length)
{
    add(ctx, bytes, length);
    return UD_OK;
}

static void by_updater(const uint8_t *data, uint32_t size, uint32_t step, struct output *output)
{
    static uint8_t window[UD_GUNZIP_WINDOW];
    static struct ud_gunzip gunzip;
    int error = ud_gunzip_init(&gunzip, window, sizeof window);

    require(error == UD_OK);
    output->length = 0;
    ud_gunzip_begin(&gunzip, collect, output);
    for (uint32_t at = 0; at < size && error == UD_OK; at += step)
        error = ud_gunzip_write(&gunzip, data + at, size - at < step ? size - at : step);
    const int end = ud_gunzip_end(&gunzip, size);
    require(error == UD_OK || end == error);
    require(!gunzip.is_blind);
    output->is_accepted = end == UD_OK;
}

/* One that sees less may not say more, but for what it did not see. */
static void by_small_window(const uint8_t *data, uint32_t size, const struct output *whole)
{
    static uint8_t window[UD_GUNZIP_WINDOW_MIN];
    static struct output output;
    struct ud_gunzip gunzip;

    output.length = 0;
    require(ud_gunzip_init(&gunzip, window, sizeof window) == UD_OK);
    ud_gunzip_begin(&gunzip, collect, &output);
    (void)!ud_gunzip_write(&gunzip, data, size);
    const bool is_accepted = ud_gunzip_end(&gunzip, size) == UD_OK;
    require(is_accepted || !whole->is_accepted);
    require(gunzip.is_blind || is_accepted == whole->is_accepted);
    require(output.length <= whole->length);
}

/* ---- zlib ---- */

static void by_zlib(const uint8_t *data, uint32_t size, struct output *output)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = size};
    uint8_t piece[4096];
    int result = inflateInit2(&stream, 15 + 16);

    require(result == Z_OK);
    output->length = 0;
    while (result == Z_OK && output->length <= OUTPUT_MAX) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        result = inflate(&stream, Z_NO_FLUSH);
        add(output, piece, (uint32_t)(sizeof piece - stream.avail_out));
    }
    output->is_accepted = result == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct output zlib, boot, updater, again;
    const uint32_t length = (uint32_t)size;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    by_zlib(data, length, &zlib);
    if (zlib.length > OUTPUT_MAX)
        return 0;
    by_bootloader(data, length, &boot);
    by_updater(data, length, length, &updater);
    by_updater(data, length, 1 + data[size / 2] % 7, &again);
    require(again.is_accepted == updater.is_accepted);
    require_same(&again, &updater);
    by_small_window(data, length, &updater);
    require(!zlib.is_accepted || (updater.is_accepted && boot.is_accepted));
    require(!updater.is_accepted || boot.is_accepted);
    if (zlib.is_accepted)
        require_same(&zlib, &updater);
    if (updater.is_accepted)
        require_same(&boot, &updater);
    return 0;
}
