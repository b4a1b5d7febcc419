#include "plans.h"

struct cut_plan plans_nth(uint64_t n, uint32_t seed)
{
    const enum cut_phase phase = (enum cut_phase)(n % 3);

    return (struct cut_plan){
        .operation = 1 + n / PLANS_PER_OPERATION,
        .phase = phase,
        .seed = phase == CUT_TORN ? (uint32_t)(seed + n) : 0,
        .keeps_rtc = n / 3 % 2,
    };
}

uint64_t plans_draw(uint64_t *state, uint64_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % limit;
}
