#include "updraft/journal.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

/* Words of the record's head. */
enum {
    MAGIC,
    VERSION,
    ORDER,         /* source, destination, size */
    ORDER_CRC = 5, /* of all before it */
    PLAN,          /* output_size, keep, keep_size */
    PLAN_CRC = 9,  /* of the plan */
    HEAD_WORDS,
};

#define ERASED      UINT32_MAX
#define ORDER_WORDS ((uint32_t)ORDER_CRC)
#define PLAN_WORDS  ((uint32_t)(PLAN_CRC - PLAN))

static uint32_t address_of(const struct ud_flash *flash, uint32_t word)
{
    return flash->size - UD_JOURNAL_OFFSET + word * UD_FLASH_WORD;
}

static uint32_t crc_of(const uint32_t *words, uint32_t count)
{
    return ud_le32(ud_crc32_forward(UD_CRC32_FORWARD_START, words, count * UD_FLASH_WORD));
}

static int read(const struct ud_flash *flash, uint32_t word, uint32_t *words, uint32_t count)
{
    return flash->read(flash->ctx, address_of(flash, word), words, count * UD_FLASH_WORD) == 0
               ? UD_OK
               : UD_ERR_FLASH_READ;
}

static int program(const struct ud_flash *flash, uint32_t word, const uint32_t *words,
                   uint32_t count)
{
    return flash->program(flash->ctx, address_of(flash, word), words, count * UD_FLASH_WORD) == 0
               ? UD_OK
               : UD_ERR_FLASH_WRITE;
}

static int erase(const struct ud_flash *flash)
{
    return flash->erase(flash->ctx, address_of(flash, 0), UD_FLASH_SECTOR) == 0
               ? UD_OK
               : UD_ERR_FLASH_ERASE;
}

/* Is a sector that begins like a record, or like its remains, not blank? All
 * of it counts: progress may outlive the head in a torn erase. */
static bool is_blank(const struct ud_flash *flash)
{
    uint32_t words[HEAD_WORDS];
    uint32_t all = ERASED;

    for (uint32_t at = 0; at < UD_FLASH_SECTOR / UD_FLASH_WORD && all == ERASED; at += 8) {
        if (read(flash, at, words, 8) != UD_OK)
            return true;
        for (uint32_t i = 0; i < 8; i++)
            all &= words[i];
    }
    return all == ERASED;
}

int ud_journal_load(const struct ud_flash *flash, enum ud_journal_state *state,
                    struct ud_journal_order *order, struct ud_journal_plan *plan)
{
    uint32_t words[HEAD_WORDS];

    *state = UD_JOURNAL_NONE;
    if (read(flash, 0, words, HEAD_WORDS) != UD_OK)
        return UD_ERR_FLASH_READ;
    /* A torn magic, programmed or erased, has all of its ones and some more. */
    if ((ud_le32(words[MAGIC]) & UD_JOURNAL_MAGIC) != UD_JOURNAL_MAGIC || is_blank(flash))
        return UD_OK;
    *state = UD_JOURNAL_DEBRIS;
    if (ud_le32(words[VERSION]) != UD_JOURNAL_VERSION ||
        words[ORDER_CRC] != crc_of(words, ORDER_WORDS))
        return UD_OK;
    *order = (struct ud_journal_order){
        ud_le32(words[ORDER]),
        ud_le32(words[ORDER + 1]),
        ud_le32(words[ORDER + 2]),
    };
    *plan = (struct ud_journal_plan){
        ud_le32(words[PLAN]),
        ud_le32(words[PLAN + 1]),
        ud_le32(words[PLAN + 2]),
    };
    if (words[PLAN_CRC] == crc_of(words + PLAN, PLAN_WORDS))
        *state = UD_JOURNAL_PLANNED;
    else if ((words[PLAN] & words[PLAN + 1] & words[PLAN + 2] & words[PLAN_CRC]) == ERASED)
        *state = UD_JOURNAL_ORDERED;
    return UD_OK;
}

int ud_journal_order(const struct ud_flash *flash, const struct ud_journal_order *order)
{
    uint32_t words[] = {
        ud_le32(UD_JOURNAL_MAGIC),   ud_le32(UD_JOURNAL_VERSION), ud_le32(order->source),
        ud_le32(order->destination), ud_le32(order->size),        0,
    };
    const int error = erase(flash);

    words[ORDER_CRC] = crc_of(words, ORDER_WORDS);
    return error != UD_OK ? error : program(flash, MAGIC, words, ORDER_WORDS + 1);
}

int ud_journal_plan(const struct ud_flash *flash, const struct ud_journal_plan *plan)
{
    uint32_t words[] = {
        ud_le32(plan->output_size),
        ud_le32(plan->keep),
        ud_le32(plan->keep_size),
        0,
    };

    words[PLAN_WORDS] = crc_of(words, PLAN_WORDS);
    return program(flash, PLAN, words, PLAN_WORDS + 1);
}

int ud_journal_mark(const struct ud_flash *flash, uint32_t mark)
{
    const uint32_t zero = 0;

    return program(flash, mark, &zero, 1);
}

bool ud_journal_is_marked(const struct ud_flash *flash, uint32_t mark)
{
    uint32_t word = ERASED;

    return read(flash, mark, &word, 1) == UD_OK && word != ERASED;
}

int ud_journal_clear(const struct ud_flash *flash)
{
    static const uint32_t zeros[HEAD_WORDS - VERSION];
    const int error = program(flash, VERSION, zeros, HEAD_WORDS - VERSION);

    return error != UD_OK ? error : erase(flash);
}
