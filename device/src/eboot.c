#include "updraft/eboot.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    OFFSET_MAGIC = 0,
    OFFSET_ACTION = 4,
    OFFSET_ARGS = 8,
    OFFSET_CRC = UD_EBOOT_BLOCK_SIZE - 4,
};

void ud_eboot_encode(const struct ud_eboot_command *command, uint8_t block[UD_EBOOT_BLOCK_SIZE])
{
    memset(block, 0, UD_EBOOT_BLOCK_SIZE);
    ud_put_u32(block + OFFSET_MAGIC, UD_EBOOT_MAGIC);
    ud_put_u32(block + OFFSET_ACTION, (uint32_t)command->action);
    if (command->action == UD_EBOOT_COPY_RAW) {
        ud_put_u32(block + OFFSET_ARGS, command->source);
        ud_put_u32(block + OFFSET_ARGS + 4, command->destination);
        ud_put_u32(block + OFFSET_ARGS + 8, command->size);
    } else {
        ud_put_u32(block + OFFSET_ARGS, command->destination);
    }
    ud_put_u32(block + OFFSET_CRC, ud_crc32_forward(UD_CRC32_FORWARD_START, block, OFFSET_CRC));
}

static int decode(const uint32_t *words, struct ud_eboot_command *command)
{
    const uint32_t action = ud_le32(words[OFFSET_ACTION / 4]);
    const bool is_copy = action == (uint32_t)UD_EBOOT_COPY_RAW;

    if ((ud_le32(words[OFFSET_MAGIC / 4]) & UD_EBOOT_MAGIC_MASK) != UD_EBOOT_MAGIC ||
        ud_le32(words[OFFSET_CRC / 4]) !=
            ud_crc32_forward(UD_CRC32_FORWARD_START, words, OFFSET_CRC) ||
        (!is_copy && action != (uint32_t)UD_EBOOT_LOAD_APP))
        return UD_ERR_STATE;
    command->action = (enum ud_eboot_action)action;
    command->source = is_copy ? ud_le32(words[OFFSET_ARGS / 4]) : 0;
    command->destination = ud_le32(words[OFFSET_ARGS / 4 + is_copy]);
    command->size = is_copy ? ud_le32(words[OFFSET_ARGS / 4 + 2]) : 0;
    return UD_OK;
}

int ud_eboot_decode(const uint8_t block[UD_EBOOT_BLOCK_SIZE], struct ud_eboot_command *command)
{
    uint32_t words[UD_EBOOT_BLOCK_WORDS];

    memcpy(words, block, sizeof words);
    return decode(words, command);
}

/* A whole block, aligned as the port wants it. */
union block {
    uint32_t words[UD_EBOOT_BLOCK_WORDS];
    uint8_t bytes[UD_EBOOT_BLOCK_SIZE];
};

int ud_eboot_store(const struct ud_rtc *rtc, const struct ud_eboot_command *command)
{
    const uint32_t no_crc = 0;
    union block block;

    ud_eboot_encode(command, block.bytes);
    if (rtc->write(rtc->ctx, OFFSET_CRC, &no_crc, sizeof no_crc) != 0 ||
        rtc->write(rtc->ctx, 0, block.words, OFFSET_CRC) != 0 ||
        rtc->write(rtc->ctx, OFFSET_CRC, block.bytes + OFFSET_CRC, sizeof no_crc) != 0)
        return UD_ERR_COMMIT;
    return UD_OK;
}

int ud_eboot_load(const struct ud_rtc *rtc, struct ud_eboot_command *command)
{
    union block block;

    if (rtc->read(rtc->ctx, 0, block.words, sizeof block.words) != 0)
        return UD_ERR_FLASH_READ;
    return decode(block.words, command);
}

int ud_eboot_clear(const struct ud_rtc *rtc)
{
    const uint32_t zero = 0;

    if (rtc->write(rtc->ctx, OFFSET_MAGIC, &zero, sizeof zero) != 0 ||
        rtc->write(rtc->ctx, OFFSET_CRC, &zero, sizeof zero) != 0)
        return UD_ERR_COMMIT;
    return UD_OK;
}
