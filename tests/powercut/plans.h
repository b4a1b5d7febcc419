/* Which cuts are tried: all there are, by number, or a sample that a seed settles. */
#ifndef POWERCUT_PLANS_H
#define POWERCUT_PLANS_H

#include "sim/cut.h"

#include <stdint.h>

#define PLANS_PER_OPERATION 6u /* before, torn, after; RTC memory lost or kept */

/* The nth of all ways to cut one operation after the other; the seed is for the bits
 * of torn ones. */
struct cut_plan plans_nth(uint64_t n, uint32_t seed);

/* A number below limit, the same after the same *state. */
uint64_t plans_draw(uint64_t *state, uint64_t limit);

#endif
