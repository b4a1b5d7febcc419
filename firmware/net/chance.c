#include "firmware/net/chance.h"

#include "bearssl/digest.h"
#include "firmware/net/core.h"

#include <string.h>

/* Where the board puts its bytes at reset: whole words only. */
#define BOARD_BYTES 0x600010d8u
#define BOARD_WORDS 8u

/* What the digest over the state is for. */
enum purpose { OUTPUT = 1, NEXT_STATE = 2, SEED = 3 };

/* lwIP asks without saying for whom. */
static uint8_t state[UD_SHA256_SIZE];

static void begin(struct ud_digest *digest, enum purpose purpose)
{
    const uint8_t byte = (uint8_t)purpose;

    ud_digest_begin(digest, &ud_sha256);
    ud_digest_add(digest, &byte, sizeof byte);
    ud_digest_add(digest, state, sizeof state);
}

void chance_seed(const uint8_t *own, uint32_t length)
{
    const volatile uint32_t *board = (const volatile uint32_t *)(uintptr_t)BOARD_BYTES;
    struct ud_digest digest;

    begin(&digest, SEED);
    for (uint32_t i = 0; i < BOARD_WORDS; i++) {
        const uint32_t word = board[i];
        ud_digest_add(&digest, &word, sizeof word);
    }
    ud_digest_add(&digest, own, length);
    ud_digest_end(&digest, state);
}

/* The time of each call goes in as well. */
static void go_on(void)
{
    const uint32_t cycles = core_cycles();
    struct ud_digest digest;

    begin(&digest, NEXT_STATE);
    ud_digest_add(&digest, &cycles, sizeof cycles);
    ud_digest_end(&digest, state);
}

void chance_bytes(void *bytes, uint32_t length)
{
    uint8_t *out = bytes;
    uint8_t block[UD_SHA256_SIZE];

    while (length != 0) {
        const uint32_t count = length < sizeof block ? length : sizeof block;
        struct ud_digest digest;

        begin(&digest, OUTPUT);
        ud_digest_end(&digest, block);
        go_on();
        memcpy(out, block, count);
        out += count;
        length -= count;
    }
    memset(block, 0, sizeof block);
}

uint32_t chance_word(void)
{
    uint32_t word;

    chance_bytes(&word, sizeof word);
    return word;
}
