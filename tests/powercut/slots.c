/* Takes the power from a device with slots at every flash operation of an update, its
 * first boot, confirming, rejecting, going back and switching: before it, in the middle
 * and after it; and once more at every operation of what follows. Whatever comes,
 * something whole starts, what is confirmed stays, and what is rejected stays away.
 *
 *   slots                        everything, as TAP
 *   slots CHAPTER                one chapter
 *   slots CHAPTER/CUT[/CUT]      one run, by the id a failure printed
 */
#include "slots_story.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHASES 3u  /* before, torn, after */
#define TEARS  24u /* of each operation, when it is the only one cut */
#define ENOUGH 5u  /* bricked devices to end a chapter */
#define SEED   20261121u

#define TWO                                                                                        \
    {                                                                                              \
        .count = 2, .has_rollback = true                                                           \
    }
#define FACTORY                                                                                    \
    {                                                                                              \
        .has_factory = true, .count = 2, .has_rollback = true                                      \
    }
#define PLAIN                                                                                      \
    {                                                                                              \
        .count = 2                                                                                 \
    }
#define UNTRIED                                                                                    \
    {                                                                                              \
        .has_factory = true, .count = 2                                                            \
    }
#define SECURE                                                                                     \
    {                                                                                              \
        .count = 2, .has_rollback = true, .has_security = true                                     \
    }

static const struct chapter chapters[] = {
    {"update", TWO, .old = story_update, .new = story_confirm, .ends = "2"},
    {"update-from-factory", FACTORY, .old = story_update, .new = story_confirm, .ends = "2"},
    {"update-without-trial", PLAIN, .old = story_update, .ends = "2"},
    {"update-twice", TWO, .old = story_update_twice, .new = story_confirm, .ends = "2"},
    {"update-secure", SECURE, .old = story_update, .new = story_confirm, .ends = "2"},
    {"first-boot", TWO, .is_new_there = true, .new = story_confirm, .ends = "12"},
    {"confirm", TWO, .is_new_there = true, .is_on_trial = true, .new = story_confirm, .ends = "12"},
    {"confirm-factory", FACTORY, .is_new_there = true, .new = story_confirm, .ends = "12"},
    {"confirm-secure", SECURE, .is_new_there = true, .new = story_confirm, .ends = "12"},
    {"reject", TWO, .is_new_there = true, .new = story_reject, .ends = "1"},
    {"reject-factory", FACTORY, .is_new_there = true, .new = story_reject, .ends = "1"},
    {"rollback", TWO, .is_new_there = true, .ends = "1"},
    {"rollback-factory", FACTORY, .is_new_there = true, .ends = "1"},
    {"broken", TWO, .is_new_there = true, .is_new_broken = true, .old = story_update,
     .new = story_confirm, .ends = "2"},
    {"fallback-confirms", PLAIN, .is_new_there = true, .is_new_broken = true, .old = story_confirm,
     .ends = "1"},
    {"fallback-updates", PLAIN, .is_new_there = true, .is_new_broken = true, .old = story_update,
     .ends = "2"},
    {"update-refused", PLAIN, .is_new_there = true, .is_new_broken = true, .old = story_refused,
     .ends = "1"},
    {"switch", PLAIN, .is_new_there = true, .new = story_switch, .ends = "1"},
    {"switch-to-factory", UNTRIED, .is_new_there = true, .is_third_there = true,
     .new = story_factory, .ends = "1"},
    {"reset-pin", FACTORY, .is_new_there = true, .is_on_trial = true, .holds_reset = true,
     .ends = "1"},
};

#define CHAPTERS (sizeof chapters / sizeof chapters[0])

struct tally {
    uint64_t tried;
    uint64_t bricked;
};

static void report(const struct story *story, const struct cut_plan *first,
                   const struct cut_plan *second)
{
    char one[CUT_ID_MAX], two[CUT_ID_MAX];

    printf("# %s/%s%s%s: %s\n", story->chapter->name, cut_print(first, one),
           second != NULL ? "/" : "", second != NULL ? cut_print(second, two) : "", story->verdict);
}

static void try_cut(struct story *story, const struct cut_plan *first,
                    const struct cut_plan *second, struct tally *tally)
{
    if (tally->bricked >= ENOUGH)
        return;
    tally->tried++;
    if (story_run(story, first, second))
        return;
    tally->bricked++;
    report(story, first, second);
}

static struct cut_plan nth(uint64_t n)
{
    const enum cut_phase phase = (enum cut_phase)(n % PHASES);

    return (struct cut_plan){
        .operation = 1 + n / PHASES,
        .phase = phase,
        .seed = phase == CUT_TORN ? (uint32_t)(SEED + n) : 0,
    };
}

/* Both cuts at all there are. */
static void try_pairs(struct story *story, uint64_t operations, struct tally *tally)
{
    for (uint64_t n = 0; n < PHASES * operations; n++) {
        const struct cut_plan first = nth(n);
        try_cut(story, &first, NULL, tally);
        const uint64_t seconds = PHASES * story_operations(story);
        for (uint64_t m = 0; m < seconds; m++) {
            const struct cut_plan second = nth(m);
            try_cut(story, &first, &second, tally);
        }
    }
}

static void try_tears(struct story *story, uint64_t operations, struct tally *tally)
{
    for (uint64_t n = 0; n < TEARS * operations; n++) {
        const struct cut_plan plan = {1 + n / TEARS, CUT_TORN, (uint32_t)n, false};
        try_cut(story, &plan, NULL, tally);
    }
}

static bool run_chapter(const struct chapter *chapter, size_t number, struct tally *total)
{
    struct tally tally = {0, 0};
    struct story story;

    story_open(&story, chapter);
    if (story_run(&story, NULL, NULL)) {
        const uint64_t operations = story_operations(&story);
        printf("# %s: %" PRIu64 " operations\n", chapter->name, operations);
        try_pairs(&story, operations, &tally);
        try_tears(&story, operations, &tally);
    } else {
        printf("# %s, undisturbed: %s\n", chapter->name, story.verdict);
        tally.bricked++;
    }
    story_close(&story);
    printf("%sok %zu - slots, %s: %" PRIu64 " cuts, %" PRIu64 " bricked\n",
           tally.bricked ? "not " : "", number, chapter->name, tally.tried, tally.bricked);
    fflush(stdout);
    total->tried += tally.tried;
    total->bricked += tally.bricked;
    return tally.bricked == 0;
}

static const struct chapter *find(const char *name, size_t length)
{
    for (size_t i = 0; i < CHAPTERS; i++)
        if (strlen(chapters[i].name) == length && strncmp(chapters[i].name, name, length) == 0)
            return &chapters[i];
    fprintf(stderr, "slots: no chapter called %.*s\n", (int)length, name);
    exit(2);
}

static int replay(const struct chapter *chapter, char *cuts)
{
    struct cut_plan plans[2];
    size_t count = 0;
    struct story story;

    for (char *cut = strtok(cuts, "/"); cut != NULL && count < 2; cut = strtok(NULL, "/"))
        if (!cut_parse(cut, &plans[count++])) {
            fprintf(stderr, "slots: %s is no cut like 12b, 12t:7 or 12a\n", cut);
            return 2;
        }
    story_open(&story, chapter);
    const bool is_fine =
        story_run(&story, count > 0 ? &plans[0] : NULL, count > 1 ? &plans[1] : NULL);
    printf("%s\n", is_fine ? "survived" : story.verdict);
    story_close(&story);
    return is_fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct tally total = {0, 0};
    bool is_fine = true;

    if (argc > 1) {
        char *cuts = strchr(argv[1], '/');
        const size_t length = cuts != NULL ? (size_t)(cuts - argv[1]) : strlen(argv[1]);
        const struct chapter *chapter = find(argv[1], length);
        if (cuts != NULL)
            return replay(chapter, cuts + 1);
        is_fine = run_chapter(chapter, 1, &total);
    } else {
        printf("# seed %u\n1..%zu\n", SEED, CHAPTERS);
        for (size_t i = 0; i < CHAPTERS; i++)
            is_fine &= run_chapter(&chapters[i], i + 1, &total);
    }
    printf("power cuts: %" PRIu64 " tried, %" PRIu64 " bricked\n", total.tried, total.bricked);
    return is_fine ? 0 : 1;
}
