/* Power cuts at any flash operation of whole updates over the network: the device comes
 * back with the old program or the new one, asks again, and arrives at the new one.
 *
 *   network_cuts ROM.ELF FOLDER SEED COUNT
 *
 * FOLDER holds, for each form below, FORM.flash, a chip that runs the old program and asks
 * a server that is up; and FORM.bin, the new program as it is to be in flash. Case n, from 0
 * on, is the device with MAC address 5C:CF:7F:01:xx:xx of that number and the form n % 4;
 * its cut is chosen by SEED and n. Those from COUNT on are used to see how long an update
 * is. Prints what is wrong with cases that fail, then how many did not.
 */
#include "host/file.h"
#include "host/mac.h"
#include "sim/prng.h"
#include "sim/qemu_board.h"
#include "updraft/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHIP       0x400000u
#define TIMEOUT_MS 90000u
#define FIRST_MAC  0x5ccf7f010000u
#define FORMS      4u
#define WORKERS    2u
#define FAILURES   100u /* as many as an exit status tells */

struct form {
    const char *name;
    const char *goal;     /* what the console shows in the end */
    uint32_t afterwards;  /* operations of the new program that belong to the update */
    uint32_t operations;  /* of the whole update */
    uint32_t of_download; /* of them, before the restart */
    struct file_bytes program;
};

static struct form forms[FORMS] = {
    {.name = "raw", .goal = "demo 1.1.0"},
    {.name = "gzip", .goal = "demo 1.1.0"},
    {.name = "signed", .goal = "demo 1.1.0"},
    {.name = "trial", .goal = "\nconfirmed", .afterwards = 1},
};

struct run {
    const char *rom;
    const char *folder;
    struct qemu_board *board;
    struct qemu_board_result result;
    char mac[MAC_TEXT_SIZE];
    char nic[64];
};

static int say(const char *what, const char *which)
{
    printf("%s: %s\n", which, what);
    return -1;
}

/* ---- One device ---- */

static int open_board(struct run *run, const struct form *form, uint64_t mac)
{
    char path[4096];
    const struct qemu_board_config config = {
        .rom = run->rom,
        .flash_path = path,
        .is_scratch = true,
        .flash_size = CHIP,
        .seed = (uint32_t)mac,
    };

    snprintf(path, sizeof path, "%s/%s.flash", run->folder, form->name);
    mac_format(mac, run->mac);
    snprintf(run->nic, sizeof run->nic, "user,mac=%s", run->mac);
    return qemu_board_open(&run->board, &config) == 0 ? 0 : say("cannot be opened", path);
}

/* True when it ended as expected. */
static bool ends(struct run *run, struct qemu_board_run order, enum qemu_board_end expected)
{
    order.nic = run->nic;
    order.mac = run->mac;
    order.timeout_ms = TIMEOUT_MS;
    return qemu_board_run(run->board, &order, &run->result) == 0 && run->result.end == expected;
}

static int complain(const struct run *run, const char *what, const char *cut)
{
    printf("%s, cut %s: %s; the console's last words:\n%s\n", run->mac, cut, what,
           run->result.console);
    return -1;
}

/* ---- How long an update is ---- */

/* Without a cut: the download ends with a restart, the copy with the program's start. */
static int count_operations(struct run *run, struct form *form, uint64_t mac)
{
    if (open_board(run, form, mac) != 0)
        return -1;
    int error = 0;
    if (!ends(run, (struct qemu_board_run){.stops_at_reset = true}, QEMU_BOARD_RESET))
        error = complain(run, "no update without a cut", "none");
    form->of_download = run->result.counts.operations;
    if (error == 0 && !ends(run,
                            (struct qemu_board_run){.cause = QEMU_BOARD_SOFTWARE_RESET,
                                                    .stops_at_application = true},
                            QEMU_BOARD_APPLICATION))
        error = complain(run, "no copy without a cut", "none");
    form->operations = form->of_download + run->result.counts.operations + form->afterwards;
    qemu_board_close(run->board);
    return error;
}

static int prepare_form(struct run *run, struct form *form, uint64_t mac)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s.bin", run->folder, form->name);
    if (file_read(path, CHIP, &form->program) != 0)
        return say("cannot be read", path);
    return count_operations(run, form, mac);
}

/* ---- A case ---- */

static struct cut_plan choose_cut(uint32_t seed, uint32_t number, uint32_t operations)
{
    struct prng prng = {(uint64_t)seed << 32 | number};

    return (struct cut_plan){
        .operation = 1 + prng_below(&prng, operations),
        .phase = (enum cut_phase)prng_below(&prng, 3),
        .seed = (uint32_t)prng_next(&prng) & 0xffff,
    };
}

static int live(struct run *run, const struct form *form, const struct cut_plan *plan)
{
    char cut[CUT_ID_MAX];

    cut_print(plan, cut);
    if (!ends(run, (struct qemu_board_run){.cut = plan}, QEMU_BOARD_CUT))
        return complain(run, "the cut was not reached", cut);
    if (!ends(run, (struct qemu_board_run){.until = form->goal}, QEMU_BOARD_SAID))
        return complain(run, "it did not arrive at the new program", cut);
    if (memcmp(qemu_board_flash(run->board), form->program.data, form->program.length) != 0)
        return complain(run, "the program in flash is not the one that was sent", cut);
    return 0;
}

static int try_case(struct run *run, uint32_t seed, uint32_t number)
{
    const struct form *form = &forms[number % FORMS];
    const struct cut_plan plan = choose_cut(seed, number, form->operations);

    if (open_board(run, form, FIRST_MAC + number) != 0)
        return -1;
    const int error = live(run, form, &plan);
    qemu_board_close(run->board);
    return error;
}

/* ---- All of them ---- */

/* Runs in a child: every so-manieth case. Returns how many failed. */
static uint32_t work(struct run *run, uint32_t seed, uint32_t first, uint32_t count)
{
    uint32_t failures = 0;

    for (uint32_t number = first; number < count; number += WORKERS)
        failures += try_case(run, seed, number) != 0;
    return failures < FAILURES ? failures : FAILURES;
}

static uint32_t failures_of(pid_t worker)
{
    int status = 0;

    if (waitpid(worker, &status, 0) != worker || !WIFEXITED(status))
        return FAILURES;
    return (uint32_t)WEXITSTATUS(status);
}

static uint32_t try_all(struct run *run, uint32_t seed, uint32_t count)
{
    pid_t workers[WORKERS];
    uint32_t failures = 0;

    fflush(stdout);
    for (uint32_t i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0)
            exit((int)work(run, seed, i, count));
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        failures += failures_of(workers[i]);
    return failures;
}

static uint32_t count_downloads(uint32_t seed, uint32_t count)
{
    uint32_t cuts = 0;

    for (uint32_t number = 0; number < count; number++) {
        const struct form *form = &forms[number % FORMS];
        cuts += choose_cut(seed, number, form->operations).operation <= form->of_download;
    }
    return cuts;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    struct run run = {.rom = argv[1], .folder = argv[2]};
    const uint32_t seed = (uint32_t)strtoul(argv[3], NULL, 10);
    const uint32_t count = (uint32_t)strtoul(argv[4], NULL, 10);

    for (uint32_t i = 0; i < FORMS; i++)
        if (prepare_form(&run, &forms[(count + i) % FORMS], FIRST_MAC + count + i) != 0)
            return 1;
    const uint32_t failures = try_all(&run, seed, count);
    for (uint32_t i = 0; i < FORMS; i++)
        printf("%s: %u operations, %u of them before the restart\n", forms[i].name,
               forms[i].operations, forms[i].of_download);
    printf("%u of %u cuts failed; %u were made while an update arrived\n", failures, count,
           count_downloads(seed, count));
    return failures == 0 ? 0 : 1;
}
