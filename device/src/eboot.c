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

static void encode(const struct ud_eboot_command *command, uint32_t *words)
{
    const bool is_copy = command->action == UD_EBOOT_COPY_RAW;

    memset(words, 0, UD_EBOOT_BLOCK_SIZE);
    words[OFFSET_MAGIC / 4] = ud_le32(UD_EBOOT_MAGIC);
    words[OFFSET_ACTION / 4] = ud_le32((uint32_t)command->action);
    words[OFFSET_ARGS / 4 + is_copy] = ud_le32(command->destination);
    if (is_copy) {
        words[OFFSET_ARGS / 4] = ud_le32(command->source);
        words[OFFSET_ARGS / 4 + 2] = ud_le32(command->size);
    }
    words[OFFSET_CRC / 4] = ud_le32(ud_crc32_forward(UD_CRC32_FORWARD_START, words, OFFSET_CRC));
}

void ud_eboot_encode(const struct ud_eboot_command *command, uint8_t block[UD_EBOOT_BLOCK_SIZE])
{
    uint32_t words[UD_EBOOT_BLOCK_WORDS];

    encode(command, words);
    memcpy(block, words, sizeof words);
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

int ud_eboot_store(const struct ud_rtc *rtc, const struct ud_eboot_command *command)
{
    const uint32_t no_crc = 0;
    uint32_t words[UD_EBOOT_BLOCK_WORDS];

    encode(command, words);
    if (rtc->write(rtc->ctx, OFFSET_CRC, &no_crc, sizeof no_crc) != 0 ||
        rtc->write(rtc->ctx, 0, words, OFFSET_CRC) != 0 ||
        rtc->write(rtc->ctx, OFFSET_CRC, &words[OFFSET_CRC / 4], sizeof no_crc) != 0)
        return UD_ERR_COMMIT;
    return UD_OK;
}

int ud_eboot_load(const struct ud_rtc *rtc, struct ud_eboot_command *command)
{
    uint32_t words[UD_EBOOT_BLOCK_WORDS];

    if (rtc->read(rtc->ctx, 0, words, sizeof words) != 0)
        return UD_ERR_FLASH_READ;
    return decode(words, command);
}

int ud_eboot_clear(const struct ud_rtc *rtc)
{
    const uint32_t zero = 0;

    if (rtc->write(rtc->ctx, OFFSET_MAGIC, &zero, sizeof zero) != 0 ||
        rtc->write(rtc->ctx, OFFSET_CRC, &zero, sizeof zero) != 0)
        return UD_ERR_COMMIT;
    return UD_OK;
}
