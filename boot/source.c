#include "boot/source.h"

struct walk {
    const struct ud_flash *flash;
    const struct boot_decision *decision;
    const struct boot_sink *sink;
    uint32_t read;    /* stored bytes read so far */
    uint32_t written; /* output bytes handed over so far */
};

static int hand_over(struct walk *walk, const uint8_t *data, uint32_t length)
{
    const struct boot_sector sector = {
        .data = data,
        .length = length,
        .offset = walk->written,
        .unread = walk->decision->size - walk->read,
    };

    walk->written += length;
    return walk->sink->sector(walk->sink->ctx, &sector);
}

/* Reads the next stored bytes, at most `room`; *length becomes how many. */
static int read_next(struct walk *walk, void *buffer, uint32_t room, uint32_t *length)
{
    const uint32_t left = walk->decision->size - walk->read;
    const uint32_t address = walk->decision->source + walk->read;

    *length = left < room ? left : room;
    walk->read += *length;
    return ud_flash_read(walk->flash, address, buffer, *length);
}

static int walk_raw(struct walk *walk, struct boot_memory *memory)
{
    uint8_t *buffer = (uint8_t *)memory->window;

    while (walk->read < walk->decision->size) {
        uint32_t length;
        int error = read_next(walk, buffer, UD_FLASH_SECTOR, &length);
        if (error == UD_OK)
            error = hand_over(walk, buffer, length);
        if (error != UD_OK)
            return error;
    }
    return UD_OK;
}

/* The length was judged before the walk; a stream that decodes to more must not
 * get past it. */
static int take_inflated(void *ctx, const uint8_t *data, uint32_t length)
{
    struct walk *walk = ctx;

    if (length > walk->decision->output_size - walk->written)
        return UD_ERR_GZIP_CRC;
    return hand_over(walk, data, length);
}

static int walk_gzip(struct walk *walk, struct boot_memory *memory)
{
    const struct ud_inflate_config config = {
        .window = (uint8_t *)memory->window,
        .window_size = UD_INFLATE_WINDOW,
        .piece_size = UD_FLASH_SECTOR,
        .ctx = walk,
        .output = take_inflated,
    };
    int status = ud_inflate_begin(&memory->inflate, &config);

    if (status != UD_OK)
        return status;
    while (walk->read < walk->decision->size) {
        uint32_t length;
        status = read_next(walk, memory->input, BOOT_INPUT_SIZE, &length);
        if (status == UD_OK)
            status = ud_inflate_write(&memory->inflate, memory->input, length);
        if (status < 0)
            return status;
    }
    return ud_inflate_end(&memory->inflate);
}

int boot_source_walk(const struct ud_flash *flash, const struct boot_decision *decision,
                     struct boot_memory *memory, const struct boot_sink *sink)
{
    struct walk walk = {.flash = flash, .decision = decision, .sink = sink};

    return decision->action == BOOT_INFLATE ? walk_gzip(&walk, memory) : walk_raw(&walk, memory);
}
