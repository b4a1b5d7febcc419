#include "boot/work.h"

#include <string.h>

#define SECTORS_IN_BLOCK (UD_FLASH_BLOCK / UD_FLASH_SECTOR)

static uint32_t sectors(uint32_t bytes)
{
    return ud_flash_round_up(bytes) / UD_FLASH_SECTOR;
}

static bool is_blank(const uint32_t *words)
{
    uint32_t all = UINT32_MAX;

    for (uint32_t i = 0; i < UD_FLASH_SECTOR / sizeof *words; i++)
        all &= words[i];
    return all == UINT32_MAX;
}

/* `free` sectors from this one on will be written next and hold nothing that is
 * still needed. */
static int write_sector(struct boot_work *work, uint32_t address, const void *data, uint32_t free)
{
    const struct ud_flash *flash = work->flash;
    const bool is_block =
        flash->has_block_erase && address % UD_FLASH_BLOCK == 0 && free >= SECTORS_IN_BLOCK;

    if (flash->read(flash->ctx, address, work->found, UD_FLASH_SECTOR) != 0)
        return UD_ERR_FLASH_READ;
    if (address == 0 || memcmp(work->found, data, UD_FLASH_SECTOR) == 0)
        return UD_OK;
    if (!is_blank(work->found) &&
        flash->erase(flash->ctx, address, is_block ? UD_FLASH_BLOCK : UD_FLASH_SECTOR) != 0)
        return UD_ERR_FLASH_ERASE;
    return flash->program(flash->ctx, address, data, UD_FLASH_SECTOR) == 0 ? UD_OK
                                                                           : UD_ERR_FLASH_WRITE;
}

/* A step of the journal: once marked, it is not done again. */
static int write_step(struct boot_work *work, uint32_t step, uint32_t address, const void *data,
                      uint32_t free)
{
    const int error = write_sector(work, address, data, free);

    return error != UD_OK ? error : ud_journal_mark(work->flash, UD_JOURNAL_STEP + step);
}

/* Sectors [first, last) from `from` on to `to` on; `step` is the first one's. */
struct range {
    uint32_t from;
    uint32_t to;
    uint32_t step;
    uint32_t first;
    uint32_t last;
};

static int copy_range(struct boot_work *work, const struct range *range)
{
    const struct ud_flash *flash = work->flash;
    /* A block may be erased whole when no sector still to be read lies in it. */
    const bool is_apart = range->from - range->to >= UD_FLASH_BLOCK;

    for (uint32_t i = range->first; i < range->last; i++) {
        const uint32_t offset = i * UD_FLASH_SECTOR;
        if (ud_journal_is_marked(flash, UD_JOURNAL_STEP + range->step + i))
            continue;
        if (flash->read(flash->ctx, range->from + offset, work->inflate.window, UD_FLASH_SECTOR) !=
            0)
            return UD_ERR_FLASH_READ;
        const int error = write_step(work, range->step + i, range->to + offset,
                                     work->inflate.window, is_apart ? range->last - i : 0);
        if (error != UD_OK)
            return error;
    }
    return UD_OK;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Keeps and copies in turns: the place an image is kept at reaches into its
 * successor's source, which must have been copied that far. */
static int copy_raw(struct boot_work *work, uint32_t kept, uint32_t copied)
{
    const uint32_t turn =
        kept > 0 ? (work->order.source - work->plan.keep) / UD_FLASH_SECTOR : copied;
    struct range keep = {.from = 0, .to = work->plan.keep, .step = 0};
    struct range copy = {
        .from = work->order.source,
        .to = work->order.destination,
        .step = kept,
    };
    int error = UD_OK;

    while (error == UD_OK && (keep.last < kept || copy.last < copied)) {
        keep.first = keep.last;
        keep.last = least(keep.first + turn, kept);
        copy.first = copy.last;
        copy.last = least(copy.first + turn, copied);
        error = copy_range(work, &keep);
        if (error == UD_OK)
            error = copy_range(work, &copy);
    }
    return error;
}

/* Decompressed sectors, in order; `sector` counts them on. */
static int write_output(void *ctx, uint8_t *data, uint32_t length)
{
    struct boot_work *work = ctx;
    const uint32_t step = sectors(work->plan.keep_size) + work->sector;
    const uint32_t offset = work->sector * UD_FLASH_SECTOR;

    work->sector++;
    if (ud_journal_is_marked(work->flash, UD_JOURNAL_STEP + step))
        return UD_OK;
    memset(data + length, 0xff, UD_FLASH_SECTOR - length);
    return write_step(work, step, work->order.destination + offset, data,
                      sectors(work->plan.output_size - offset));
}

int boot_copy(struct boot_work *work)
{
    const uint32_t kept = sectors(work->plan.keep_size);
    const struct range keep = {.from = 0, .to = work->plan.keep, .last = kept};

    if (!work->is_gzip)
        return copy_raw(work, kept, sectors(work->plan.output_size));
    const int error = copy_range(work, &keep);
    work->sector = 0;
    return error != UD_OK ? error : boot_inflate(work, write_output);
}
