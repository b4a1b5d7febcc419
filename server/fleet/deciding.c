#include "server/fleet/deciding.h"

static void leave_out(struct deciding *deciding, const struct release *release)
{
    size_t kept = 0;

    for (size_t i = 0; i < deciding->count; i++)
        if (deciding->rollouts[i]->release != release)
            deciding->rollouts[kept++] = deciding->rollouts[i];
    deciding->count = kept;
}

void deciding_update(struct deciding *deciding, const struct rollout *const *all, size_t count,
                     const struct release *release)
{
    leave_out(deciding, release);
    while (count > 0 && all[count - 1]->release != release)
        count--;
    if (count == 0 || rollout_is_history(all[count - 1]))
        return;
    /* Of the others, those before it in `all` stay before it. */
    size_t place = 0;
    for (size_t i = 0; i < count - 1 && place < deciding->count; i++)
        place += deciding->rollouts[place] == all[i];
    for (size_t i = deciding->count; i > place; i--)
        deciding->rollouts[i] = deciding->rollouts[i - 1];
    deciding->rollouts[place] = all[count - 1];
    deciding->count++;
}
