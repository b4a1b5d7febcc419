/* Which rollouts have a say, beside looking through all of them. */
#include "server/fleet/deciding.h"
#include "sim/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define RELEASES 6
#define ROLLOUTS 40
#define CHANGES  400

static bool is_latest(struct rollout *const *all, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count; i++)
        if (all[i]->release == all[at]->release)
            return false;
    return true;
}

static void expect_same(const struct deciding *deciding, struct rollout *const *all, size_t count)
{
    size_t place = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_latest(all, count, i) || rollout_is_history(all[i]))
            continue;
        assert_true(place < deciding->count);
        assert_ptr_equal(deciding->rollouts[place], all[i]);
        place++;
    }
    assert_int_equal(deciding->count, place);
}

static void change(struct prng *random, struct rollout *rollout)
{
    rollout->state = (enum rollout_state)prng_below(random, ROLLOUT_STATE_COUNT);
    rollout->channel[0] = prng_below(random, 2) ? 's' : '\0';
}

static void it_is_what_looking_through_all_finds(void **state)
{
    static struct rollout rollouts[ROLLOUTS];
    static struct release releases[RELEASES];
    const struct rollout *room[ROLLOUTS];
    struct rollout *all[ROLLOUTS];
    struct deciding deciding = {.rollouts = room};
    const uint64_t seed = (uint64_t)time(NULL);
    struct prng random = {seed};
    size_t count = 0;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < CHANGES; i++) {
        const bool is_new = count < ROLLOUTS && (count == 0 || prng_below(&random, 4) == 0);
        const size_t at = is_new ? count : prng_below(&random, (uint32_t)count);
        if (is_new) {
            all[count++] = &rollouts[at];
            rollouts[at].release = &releases[prng_below(&random, RELEASES)];
        }
        change(&random, all[at]);
        deciding_update(&deciding, (const struct rollout *const *)all, count, all[at]->release);
        expect_same(&deciding, all, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_what_looking_through_all_finds)};

    return cmocka_run_group_tests_name("deciding", tests, NULL, NULL);
}
