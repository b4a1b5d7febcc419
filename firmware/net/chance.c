#include "firmware/net/chance.h"

#include "firmware/net/core.h"

/* lwIP asks without saying for whom. */
static uint32_t state = 1;

void chance_seed(uint32_t seed)
{
    state = seed | 1;
}

/* Marsaglia's xorshift; the time of each call goes in as well. */
uint32_t chance_word(void)
{
    state ^= core_cycles() * 2654435761u;
    state |= state == 0;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}
