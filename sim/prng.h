/* Repeatable random numbers: the same seed gives the same numbers everywhere. */
#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t state; /* the seed, to begin with; any value will do */
};

/* SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function. */
static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t z = prng->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 … limit - 1; limit > 0. The bias of the remainder is below 2^-32. */
static inline uint32_t prng_below(struct prng *prng, uint32_t limit)
{
    return (uint32_t)(prng_next(prng) % limit);
}

#endif
