#include "boot/work.h"

#include "boot/place.h"
#include "updraft/crc32.h"
#include "updraft/image.h"

#include <string.h>

#define WINDOW_MASK (UD_INFLATE_WINDOW - 1)
#define WORDS_END   (UD_IMAGE_CRC_WORD_OFFSET + 4u)

static int read_source(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    const struct boot_work *work = ctx;
    const struct ud_flash *flash = work->flash;
    const uint32_t whole = (length + UD_FLASH_WORD - 1) & ~(UD_FLASH_WORD - 1);

    return flash->read(flash->ctx, work->order.source + offset, data, whole) == 0
               ? UD_OK
               : UD_ERR_FLASH_READ;
}

int boot_inflate(struct boot_work *work, int (*output)(void *ctx, uint8_t *data, uint32_t length))
{
    const struct ud_inflate_config config = {
        .size = work->order.size,
        .ctx = work,
        .read = read_source,
        .output = output,
    };

    return ud_inflate_run(&work->inflate, &config);
}

/* Of the output, as long as it is in the window. */
static uint32_t word_at(const struct boot_work *work, uint32_t position)
{
    const uint8_t *window = (const uint8_t *)work->inflate.window;
    uint32_t word = 0;

    for (uint32_t i = 4; i-- > 0;)
        word = word << 8 | window[(position + i) & WINDOW_MASK];
    return word;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void cover(struct boot_check *check, const void *data, uint32_t length)
{
    check->crc = ud_crc32_forward(check->crc, data, length);
}

/* The packer computed the CRC over the file with its two words zero, and with
 * the mode and size it put into both headers; tools and updaters rewrite those of
 * the first one. Needs the file up to the words in the window. */
static void begin_crc(struct boot_work *work)
{
    static const uint32_t zeros[2];
    const uint8_t *file = (const uint8_t *)work->inflate.window;
    struct boot_check *check = &work->check;

    check->length_word = word_at(work, UD_IMAGE_LENGTH_WORD_OFFSET);
    check->crc_word = word_at(work, UD_IMAGE_CRC_WORD_OFFSET);
    check->crc = UD_CRC32_FORWARD_START;
    cover(check, file, 2);
    cover(check, file + UD_IMAGE_APP_OFFSET + 2, 2);
    cover(check, file + 4, UD_IMAGE_LENGTH_WORD_OFFSET - 4);
    cover(check, zeros, sizeof zeros);
}

static int begin_program(struct boot_work *work, const uint8_t *data, uint32_t length)
{
    const uint32_t description = UD_IMAGE_APP_OFFSET + UD_IMAGE_DESCRIPTION_OFFSET;

    work->check.segments = data[1];
    work->check.next = UD_IMAGE_APP_OFFSET + 8;
    work->check.wants_trial =
        word_at(work, description) == UD_IMAGE_DESCRIPTION_MAGIC &&
        word_at(work, description + UD_IMAGE_TRIAL_OFFSET) == UD_IMAGE_TRIAL_MAGIC;
    begin_crc(work);
    return data[0] == UD_IMAGE_MAGIC && data[1] - 1u < UD_IMAGE_MAX_SEGMENTS &&
                   length > WORDS_END - UD_IMAGE_APP_OFFSET
               ? UD_OK
               : UD_ERR_IMAGE;
}

/* Hops over the segments whose headers have arrived. */
static int walk_segments(struct boot_work *work)
{
    struct boot_check *check = &work->check;
    const uint32_t size = work->plan.output_size;

    while (check->segments > 0 && check->position - check->next >= 8 &&
           check->next < check->position) {
        const uint32_t length = word_at(work, check->next + 4);
        if (boot_place(word_at(work, check->next), length) == BOOT_PLACE_REFUSED ||
            length >= size - check->next - 8)
            return UD_ERR_IMAGE;
        check->next += 8 + length;
        check->segments--;
    }
    return UD_OK;
}

static int check_sector(void *ctx, uint8_t *data, uint32_t length)
{
    struct boot_work *work = ctx;
    struct boot_check *check = &work->check;
    uint32_t from = check->position;
    int error = UD_OK;

    check->position += length;
    if (work->order.destination != BOOT_PROGRAM)
        return UD_OK;
    if (from == 0)
        return data[0] == UD_IMAGE_MAGIC ? UD_OK : UD_ERR_MAGIC;
    if (from == UD_IMAGE_APP_OFFSET) {
        error = begin_program(work, data, length);
        data += WORDS_END - UD_IMAGE_APP_OFFSET;
        from = WORDS_END;
    }
    if (error != UD_OK)
        return error;
    const uint32_t end = least(check->position, check->length_word);
    if (from < end)
        cover(check, data, end - from);
    return walk_segments(work);
}

static int end_program(const struct boot_work *work)
{
    const struct boot_check *check = &work->check;
    const uint32_t end = (check->next + 16) & ~15u;

    if (work->order.destination != BOOT_PROGRAM)
        return UD_OK;
    if (check->position < WORDS_END || check->segments > 0 || end > check->position)
        return UD_ERR_IMAGE;
    /* Older cores have code where the words would be: no length, no CRC. */
    return check->length_word == end && check->crc != check->crc_word ? UD_ERR_IMAGE : UD_OK;
}

/* Raw sectors take the places in the window that decompressed ones would. */
static int read_sectors(struct boot_work *work)
{
    uint8_t *window = (uint8_t *)work->inflate.window;
    int error = UD_OK;

    for (uint32_t at = 0; at < work->order.size && error == UD_OK; at += UD_FLASH_SECTOR) {
        const uint32_t left = work->order.size - at;
        uint8_t *data = window + (at & WINDOW_MASK);
        error = read_source(work, at, data, UD_FLASH_SECTOR);
        if (error == UD_OK)
            error = check_sector(work, data, left < UD_FLASH_SECTOR ? left : UD_FLASH_SECTOR);
    }
    return error;
}

int boot_check(struct boot_work *work)
{
    memset(&work->check, 0, sizeof work->check);
    const int error = work->is_gzip ? boot_inflate(work, check_sector) : read_sectors(work);

    return error != UD_OK ? error : end_program(work);
}
