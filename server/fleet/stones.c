#include "server/fleet/stones.h"

#include "server/policy/path.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    const struct release *const *a = left, *const *b = right;

    if (policy_is_newer(*a, *b))
        return -1;
    return policy_is_newer(*b, *a);
}

static struct stones_list *find(struct stones *stones, const struct release *goal)
{
    for (size_t i = 0; i < STONES_GOALS; i++)
        if (stones->lists[i].goal == goal)
            return &stones->lists[i];
    return NULL;
}

/* Takes the place of the one that is there. */
static bool fill(struct stones_list *list, const struct release *goal,
                 const struct release *const *all, size_t all_count)
{
    const struct release **releases = malloc((all_count + 1) * sizeof(struct release *));
    size_t count = 0;

    if (releases == NULL)
        return false;
    for (size_t i = 0; i < all_count; i++)
        if (policy_may_precede(all[i], goal))
            releases[count++] = all[i];
    qsort(releases, count, sizeof(struct release *), compare);
    free(list->releases);
    list->releases = releases;
    list->count = count;
    list->goal = goal;
    memcpy(list->requires, goal->requires, sizeof list->requires);
    return true;
}

const struct release *const *stones_before(struct stones *stones, const struct release *goal,
                                           const struct release *const *all, size_t all_count,
                                           size_t *count)
{
    struct stones_list *list = find(stones, goal);
    const bool is_known = list != NULL && strcmp(list->requires, goal->requires) == 0;

    if (list == NULL)
        list = &stones->lists[stones->next++ % STONES_GOALS];
    if (!is_known && !fill(list, goal, all, all_count))
        return NULL;
    *count = list->count;
    return list->releases;
}

void stones_forget(struct stones *stones)
{
    for (size_t i = 0; i < STONES_GOALS; i++)
        free(stones->lists[i].releases);
    *stones = (struct stones){.next = 0};
}
