/* Takes the power from a device at every flash operation of an update, from the
 * first byte that a program downloads to the last one in place, before, in the
 * middle and after, with RTC memory lost and kept; and once more at every
 * operation of the recovery. However it comes, the device starts the old image
 * or the new one, whole.
 *
 *   powercut                       everything, as TAP
 *   powercut SCENARIO              one scenario
 *   powercut SCENARIO/CUT[/CUT]    one run, by the id a failure printed
 */
#include "plans.h"
#include "rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 100u /* pairs of cuts of a sampled scenario */
#define TEARS   100u /* of each of an update's last operations */
#define ENOUGH  5u   /* bricked devices to end a scenario */
#define SEED    20261121u

/* The files in each layout are small where nothing is said of them. In 512K an
 * image of more than half of what is free overtakes the start of its source. */
static const struct scenario scenarios[] = {
    {"raw", "512K32K", 12000, 20000},
    {"raw-shrinks", "512K32K", 28000, 9000},
    {"raw-overtakes", "512K", 150000, 320000, .is_sampled = true},
    {"raw-blocks", "4M1M", 300000, 290000, .is_sampled = true},
    {"raw-damaged", "512K32K", 12000, 20000, .is_damaged = true},
    {"gzip", "512K32K", 12000, 16000, UPDATE_GZIP},
    {"gzip-large", "1M64K", 200000, 260000, UPDATE_GZIP, .is_sampled = true},
    {"gzip-damaged", "512K32K", 12000, 20000, UPDATE_GZIP, .is_damaged = true},
    {"ordered", "512K32K", 6000, 8000, .has_journal = true},
    {"session", "512K32K", 6000, 8000, .downloads = true},
    {"session-gzip", "512K32K", 6000, 8000, UPDATE_GZIP, .downloads = true, .is_sampled = true},
    {"session-ordered", "512K32K", 6000, 8000, .downloads = true, .has_journal = true},
    {"session-large", "1M64K", 90000, 120000, .downloads = true, .is_sampled = true},
    {"session-files", "512K32K", 6000, 8192, UPDATE_FILES, .downloads = true, .is_sampled = true},
    {"session-again", "512K32K", 6000, 8000, .downloads = true, .supersedes = true,
     .is_sampled = true},
    {"session-again-files", "512K32K", 4000, 8192, UPDATE_FILES, .downloads = true,
     .supersedes = true, .is_sampled = true},
    {"session-again-ordered", "512K32K", 4000, 8192, UPDATE_FILES, .downloads = true,
     .supersedes = true, .has_journal = true},
    {"files", "512K32K", 12000, 16384, UPDATE_FILES},
    {"files-1M", "1M128K", 100000, 100000, UPDATE_FILES, .is_sampled = true},
    {"trial", "512K32K", 6000, 8000, .is_trial = true, .confirms = true},
    {"trial-back", "512K32K", 4000, 3000, .is_trial = true},
    {"trial-same", "512K32K", 3000, 3000, .is_trial = true, .is_same = true, .is_sampled = true},
    {"trial-turns", "512K", 220000, 230000, .is_trial = true, .is_sampled = true},
    {"trial-gzip", "1M64K", 30000, 20000, UPDATE_GZIP, .is_trial = true, .is_sampled = true},
    {"trial-gzip-large", "4M2M", 200000, 210000, UPDATE_GZIP, .is_trial = true, .confirms = true,
     .is_sampled = true},
};

#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

struct tally {
    uint64_t tried;
    uint64_t bricked;
};

static void report(struct rig *rig, const struct cut_plan *first, const struct cut_plan *second,
                   struct tally *tally)
{
    char one[CUT_ID_MAX], two[CUT_ID_MAX];

    tally->bricked++;
    printf("# %s/%s%s%s: %s\n", rig->scenario->name, cut_print(first, one),
           second != NULL ? "/" : "", second != NULL ? cut_print(second, two) : "", rig->verdict);
}

static void try_cut(struct rig *rig, const struct cut_plan *first, const struct cut_plan *second,
                    struct tally *tally)
{
    if (tally->bricked >= ENOUGH)
        return;
    tally->tried++;
    if (!rig_run(rig, first, second))
        report(rig, first, second, tally);
}

/* Operations of the recovery from a first cut. */
static uint64_t recovery_operations(struct rig *rig, const struct cut_plan *first,
                                    struct tally *tally)
{
    try_cut(rig, first, NULL, tally);
    return rig_operations(rig);
}

static void try_all_pairs(struct rig *rig, uint64_t ways, struct tally *tally)
{
    for (uint64_t n = 0; n < ways; n++) {
        const struct cut_plan first = plans_nth(n, SEED);
        const uint64_t seconds = PLANS_PER_OPERATION * recovery_operations(rig, &first, tally);
        for (uint64_t m = 0; m < seconds; m++) {
            const struct cut_plan second = plans_nth(m, SEED);
            try_cut(rig, &first, &second, tally);
        }
    }
}

static void try_sample(struct rig *rig, uint64_t ways, struct tally *tally)
{
    uint64_t state = SEED;

    for (uint64_t n = 0; n < ways; n++) {
        const struct cut_plan first = plans_nth(n, SEED);
        try_cut(rig, &first, NULL, tally);
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const struct cut_plan first = plans_nth(plans_draw(&state, ways), SEED);
        const uint64_t operations = recovery_operations(rig, &first, tally);
        if (operations == 0)
            continue;
        const struct cut_plan second =
            plans_nth(plans_draw(&state, PLANS_PER_OPERATION * operations), SEED);
        try_cut(rig, &first, &second, tally);
    }
}

/* The last operations end the record: torn in many ways, nothing of it may come
 * back to life. */
static void try_tears_of_the_end(struct rig *rig, uint64_t operations, struct tally *tally)
{
    for (uint64_t operation = operations > 3 ? operations - 3 : 1; operation <= operations;
         operation++)
        for (uint32_t seed = 0; seed < TEARS; seed++) {
            const struct cut_plan plan = {operation, CUT_TORN, seed, false};
            try_cut(rig, &plan, NULL, tally);
        }
}

static void try_scenario(const struct scenario *scenario, struct tally *tally)
{
    struct rig rig;

    rig_open(&rig, scenario);
    if (!rig_run(&rig, NULL, NULL) || !rig_has_arrived(&rig)) {
        printf("# %s, undisturbed: %s\n", scenario->name, rig.verdict);
        tally->bricked++;
        rig_close(&rig);
        return;
    }
    const uint64_t operations = rig_operations(&rig);
    if (scenario->is_sampled)
        try_sample(&rig, PLANS_PER_OPERATION * operations, tally);
    else
        try_all_pairs(&rig, PLANS_PER_OPERATION * operations, tally);
    try_tears_of_the_end(&rig, operations, tally);
    printf("# %s: %" PRIu64 " operations\n", scenario->name, operations);
    rig_close(&rig);
}

static const struct scenario *find(const char *name, size_t length)
{
    for (size_t i = 0; i < SCENARIOS; i++)
        if (strlen(scenarios[i].name) == length && strncmp(scenarios[i].name, name, length) == 0)
            return &scenarios[i];
    fprintf(stderr, "powercut: no scenario called %.*s\n", (int)length, name);
    exit(2);
}

static struct cut_plan parse(char *text)
{
    struct cut_plan plan;

    if (!cut_parse(text, &plan)) {
        fprintf(stderr, "powercut: %s is no cut like 12b, 12t:7 or 12a+rtc\n", text);
        exit(2);
    }
    return plan;
}

static int replay(const struct scenario *scenario, char *cuts)
{
    struct cut_plan plans[2];
    size_t count = 0;
    struct rig rig;

    for (char *cut = strtok(cuts, "/"); cut != NULL && count < 2; cut = strtok(NULL, "/"))
        plans[count++] = parse(cut);
    rig_open(&rig, scenario);
    const bool is_fine = rig_run(&rig, count > 0 ? &plans[0] : NULL, count > 1 ? &plans[1] : NULL);
    printf("%s\n", is_fine ? "survived" : rig.verdict);
    rig_close(&rig);
    return is_fine ? 0 : 1;
}

static bool run_one(const struct scenario *scenario, size_t number, struct tally *total)
{
    struct tally tally = {0, 0};

    try_scenario(scenario, &tally);
    printf("%sok %zu - %s: %" PRIu64 " cuts, %" PRIu64 " bricked\n", tally.bricked ? "not " : "",
           number, scenario->name, tally.tried, tally.bricked);
    fflush(stdout);
    total->tried += tally.tried;
    total->bricked += tally.bricked;
    return tally.bricked == 0;
}

int main(int argc, char **argv)
{
    struct tally total = {0, 0};
    bool is_fine = true;

    if (argc > 1) {
        char *cuts = strchr(argv[1], '/');
        const size_t length = cuts != NULL ? (size_t)(cuts - argv[1]) : strlen(argv[1]);
        const struct scenario *scenario = find(argv[1], length);
        if (cuts != NULL)
            return replay(scenario, cuts + 1);
        is_fine = run_one(scenario, 1, &total);
    } else {
        printf("# seed %u\n1..%zu\n", SEED, SCENARIOS);
        for (size_t i = 0; i < SCENARIOS; i++)
            is_fine &= run_one(&scenarios[i], i + 1, &total);
    }
    printf("power cuts: %" PRIu64 " tried, %" PRIu64 " bricked\n", total.tried, total.bricked);
    return is_fine ? 0 : 1;
}
