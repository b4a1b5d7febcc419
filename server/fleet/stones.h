/* The releases that may come before one that cannot be installed over anything (its
 * `requires`), put in order when they are first asked for, so that no check-in goes through all
 * releases there ever were.
 */
#ifndef SERVER_FLEET_STONES_H
#define SERVER_FLEET_STONES_H

#include "server/model/release.h"

#include <stddef.h>

#define STONES_GOALS 16u

struct stones_list {
    const struct release *goal; /* null: none is kept here */
    char requires[VERSION_SIZE];
    const struct release **releases; /* newest first */
    size_t count;
};

/* All zero: none is kept. */
struct stones {
    struct stones_list lists[STONES_GOALS];
    size_t next; /* that makes room for another */
};

/* Of `all`, by policy_may_precede(), newest first by policy_is_newer(); the list lives until
 * the next call. Null when memory is out. */
const struct release *const *stones_before(struct stones *stones, const struct release *goal,
                                           const struct release *const *all, size_t all_count,
                                           size_t *count);

/* There is a release more, or less. Frees all lists. */
void stones_forget(struct stones *stones);

#endif
