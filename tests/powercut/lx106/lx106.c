/* Takes the power from the linked bootloader, on the chip's own instruction set, at
 * every flash operation of an update: before, in the middle and after, with RTC memory
 * lost and kept. What tests/powercut/powercut.c does exhaustively with the same code
 * compiled for the host, this does with what is shipped.
 *
 *   lx106 ROM.ELF BOOT.ELF FOLDER                        everything, as TAP
 *   lx106 ROM.ELF BOOT.ELF FOLDER SCENARIO               one scenario
 *   lx106 ROM.ELF BOOT.ELF FOLDER SCENARIO/CUT[/CUT]     one run, by a failure's id
 */
#include "board_rig.h"
#include "plans.h"
#include "workers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED    20261121u
#define SAMPLES 90u /* cuts of a sampled scenario */
#define PAIRS   30u /* of cuts, in every scenario */

/* In 512K an image of more than half of what is free overtakes the start of its source. */
static const struct board_scenario scenarios[] = {
    {"raw", "512K32K", "1.1.0", 6000, 8000},
    {"gzip", "512K32K", "1.1.0", 6000, 8000, .is_gzip = true},
    {"raw-1M", "1M64K", "1.1.0", 20000, 3000, .is_sampled = true},
    {"gzip-4M", "4M2M", "1.1.0", 60000, 70000, .is_gzip = true, .is_sampled = true},
    {"raw-overtakes", "512K", "1.1.0", 150000, 300000, .is_sampled = true},
    {"trial-back", "512K32K", "2.0.0", 4000, 100, .is_trial = true, .is_sampled = true},
};

#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* ---- Cuts by number: each one there is or a sample, then pairs ---- */

struct trials {
    struct board_rig *rig;
    uint64_t ways;    /* to cut the update once */
    uint64_t singles; /* of the jobs */
};

struct cuts {
    struct cut_plan first;
    struct cut_plan second;
    bool is_pair;
};

static struct cuts nth_cuts(const struct trials *trials, uint64_t number)
{
    uint64_t state = SEED + number;
    const bool is_pair = number >= trials->singles;
    const bool is_drawn = is_pair || trials->rig->scenario->is_sampled;
    const uint64_t first = is_drawn ? plans_draw(&state, trials->ways) : number;

    return (struct cuts){
        .first = plans_nth(first, SEED),
        .second = plans_nth(plans_draw(&state, trials->ways), SEED),
        .is_pair = is_pair,
    };
}

static bool power_up(void *ctx)
{
    const struct trials *trials = ctx;

    return board_rig_power_up(trials->rig);
}

static void power_down(void *ctx)
{
    const struct trials *trials = ctx;

    board_rig_power_down(trials->rig);
}

static bool try_cuts(void *ctx, uint64_t number, char failure[WORKERS_FAILURE_MAX])
{
    const struct trials *trials = ctx;
    struct board_rig *rig = trials->rig;
    const struct cuts cuts = nth_cuts(trials, number);
    char first[CUT_ID_MAX], second[CUT_ID_MAX];

    if (board_rig_run(rig, &cuts.first, cuts.is_pair ? &cuts.second : NULL))
        return true;
    snprintf(failure, WORKERS_FAILURE_MAX, "%s/%s%s%s: %s", rig->scenario->name,
             cut_print(&cuts.first, first), cuts.is_pair ? "/" : "",
             cuts.is_pair ? cut_print(&cuts.second, second) : "", rig->verdict);
    return false;
}

/* ---- Scenarios ---- */

/* Operations of an undisturbed update, in all its boots; 0: it fails. */
static uint64_t count_operations(struct board_rig *rig)
{
    const bool is_fine =
        board_rig_power_up(rig) && board_rig_run(rig, NULL, NULL) && board_rig_has_arrived(rig);

    if (!is_fine || rig->operations == 0)
        printf("# %s, undisturbed: %s\n", rig->scenario->name,
               is_fine ? "nothing is done" : rig->verdict);
    board_rig_power_down(rig);
    return is_fine ? rig->operations : 0;
}

static struct workers_tally try_scenario(const struct board_rig_config *config,
                                         const struct board_scenario *scenario)
{
    const struct workers_tally broken = {0, 1};
    struct board_rig rig;

    const uint64_t operations = board_rig_open(&rig, config, scenario) ? count_operations(&rig) : 0;
    struct trials trials = {.rig = &rig, .ways = PLANS_PER_OPERATION * operations};
    trials.singles = scenario->is_sampled ? SAMPLES : trials.ways;
    const struct workers_jobs jobs = {
        .count = trials.singles + PAIRS,
        .ctx = &trials,
        .start = power_up,
        .end = power_down,
        .work = try_cuts,
    };
    const struct workers_tally tally = operations != 0 ? workers_run(&jobs) : broken;
    printf("# %s: %" PRIu64 " operations\n", scenario->name, operations);
    board_rig_close(&rig);
    return tally;
}

static bool run_one(const struct board_rig_config *config, const struct board_scenario *scenario,
                    size_t number, struct workers_tally *total)
{
    const struct workers_tally tally = try_scenario(config, scenario);

    printf("%sok %zu - %s on LX106: %" PRIu64 " cuts, %" PRIu64 " bricked\n",
           tally.failed ? "not " : "", number, scenario->name, tally.done, tally.failed);
    fflush(stdout);
    total->done += tally.done;
    total->failed += tally.failed;
    return tally.failed == 0;
}

/* ---- One run, by its id ---- */

static const struct board_scenario *find(const char *name, size_t length)
{
    for (size_t i = 0; i < SCENARIOS; i++)
        if (strlen(scenarios[i].name) == length && strncmp(scenarios[i].name, name, length) == 0)
            return &scenarios[i];
    fprintf(stderr, "lx106: no scenario called %.*s\n", (int)length, name);
    exit(2);
}

static struct cut_plan parse(const char *text)
{
    struct cut_plan plan;

    if (!cut_parse(text, &plan)) {
        fprintf(stderr, "lx106: %s is no cut like 12b, 12t:7 or 12a+rtc\n", text);
        exit(2);
    }
    return plan;
}

static int replay(const struct board_rig_config *config, const struct board_scenario *scenario,
                  char *cuts)
{
    struct cut_plan plans[2];
    size_t count = 0;
    struct board_rig rig;

    for (char *cut = strtok(cuts, "/"); cut != NULL && count < 2; cut = strtok(NULL, "/"))
        plans[count++] = parse(cut);
    const bool is_fine =
        board_rig_open(&rig, config, scenario) && board_rig_power_up(&rig) &&
        board_rig_run(&rig, count > 0 ? &plans[0] : NULL, count > 1 ? &plans[1] : NULL);
    printf("%s\n", is_fine ? "survived" : rig.verdict);
    board_rig_close(&rig);
    return is_fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct workers_tally total = {0, 0};
    bool is_fine = true;

    if (argc < 4 || argc > 5) {
        fputs("usage: lx106 ROM.ELF BOOT.ELF FOLDER [SCENARIO[/CUT[/CUT]]]\n", stderr);
        return 2;
    }
    const struct board_rig_config config = {argv[1], argv[2], argv[3]};
    if (argc == 5) {
        char *cuts = strchr(argv[4], '/');
        const size_t length = cuts != NULL ? (size_t)(cuts - argv[4]) : strlen(argv[4]);
        const struct board_scenario *scenario = find(argv[4], length);
        if (cuts != NULL)
            return replay(&config, scenario, cuts + 1);
        is_fine = run_one(&config, scenario, 1, &total);
    } else {
        printf("# seed %u\n1..%zu\n", SEED, SCENARIOS);
        for (size_t i = 0; i < SCENARIOS; i++)
            is_fine &= run_one(&config, &scenarios[i], i + 1, &total);
    }
    printf("power cuts: %" PRIu64 " tried, %" PRIu64 " bricked\n", total.done, total.failed);
    return is_fine ? 0 : 1;
}
