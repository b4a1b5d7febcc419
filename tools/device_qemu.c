/* `updraft device --qemu`: one board that runs what is in its flash on the chip's own
 * instruction set. Its console is standard output; the boot ROM's line shows every
 * restart.
 */
#include "host/report.h"
#include "sim/qemu_board.h"
#include "sim/qemu_process.h"
#include "tools/device.h"
#include "updraft/form.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THIS_MACHINE "127.0.0.1"
#define MS_PER_S     1000u
#define SEED         1u /* of what memory wakes up with: always the same */

struct life {
    const struct device_order *order;
    struct device_flash flash;
    struct device_signals signals;
    struct qemu_board *board;
    char rom[PATH_MAX];
    char mac[MAC_TEXT_SIZE];
    char nic[256];        /* "user", the board's address, and ports that lead to the board; or
                           * "tap" and the interface */
    uint64_t deadline_ms; /* 0: none */
    bool is_inside_line;  /* of the console */
    int typed_fd;         /* what is typed at the board */
};

/* ---- Setting up ---- */

/* Where rom.elf is, seen from the program's folder: the LX106 build is in the native one's folder,
 * or beside it; or both are installed. */
static const char *const rom_places[] = {
    "lx106/sim/qemu/rom.elf",
    "../lx106/sim/qemu/rom.elf",
    "../share/updraft/rom.elf",
};

static int find_rom(struct life *life)
{
    char program[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program);
    const char *slash = length > 0 ? memrchr(program, '/', (size_t)length) : NULL;
    const int folder = slash != NULL ? (int)(slash + 1 - program) : 0;

    for (size_t i = 0; i < sizeof rom_places / sizeof rom_places[0]; i++) {
        const int written =
            snprintf(life->rom, sizeof life->rom, "%.*s%s", folder, program, rom_places[i]);
        if ((size_t)written < sizeof life->rom && access(life->rom, R_OK) == 0)
            return EXIT_OK;
    }
    return report_failure("the board's rom.elf is not installed; it is in the package "
                          "updraft-firmware, in the source scripts/firmware.sh makes it, and "
                          "--rom FILE names another");
}

static int choose_rom(struct life *life)
{
    const char *given = life->order->rom;

    if (given == NULL)
        return find_rom(life);
    if (access(given, R_OK) != 0)
        return report_failure("%s: %s; --rom FILE says where the board's rom.elf is", given,
                              strerror(errno));
    snprintf(life->rom, sizeof life->rom, "%s", given);
    return EXIT_OK;
}

static int open_board(struct life *life)
{
    const struct qemu_board_config config = {
        .rom = life->rom,
        .flash_path = life->flash.path,
        .is_scratch = life->flash.is_scratch,
        .flash_size = life->flash.chip.layout.flash_size,
        .seed = SEED,
    };
    const int error = qemu_board_open(&life->board, &config);

    if (error != 0)
        return device_flash_report(&life->flash, error);
    return device_settings_write(life->order, qemu_board_flash(life->board), config.flash_size);
}

/* From a port of this machine to one of the board. */
static void lead_port(struct life *life, const char *protocol, unsigned long from, unsigned to)
{
    const size_t length = strlen(life->nic);

    snprintf(life->nic + length, sizeof life->nic - length, ",hostfwd=%s:%s:%lu-:%u", protocol,
             THIS_MACHINE, from, to);
}

static void name_network(struct life *life)
{
    mac_format(life->order->first_mac, life->mac);
    if (life->order->tap != NULL) {
        snprintf(life->nic, sizeof life->nic, "tap,ifname=%s,script=no,downscript=no,mac=%s",
                 life->order->tap, life->mac);
        return;
    }
    snprintf(life->nic, sizeof life->nic, "user,mac=%s", life->mac);
    if (life->order->page_port != 0) {
        lead_port(life, "tcp", life->order->page_port, DEVICE_PAGE_PORT);
        printf("-- http://%s:%lu" UD_FORM_PATH " is the board's page --\n", THIS_MACHINE,
               life->order->page_port);
    }
    if (life->order->upload_port != 0) {
        lead_port(life, "udp", life->order->upload_port, DEVICE_UPLOAD_PORT);
        printf("-- updraft push %s:%lu FILE reaches the board --\n", THIS_MACHINE,
               life->order->upload_port);
    }
}

static int open_life(struct life *life)
{
    name_network(life);
    int status = choose_rom(life);

    if (status == EXIT_OK)
        status = device_flash_open(&life->flash, life->order);
    if (status == EXIT_OK)
        status = device_flash_provide(&life->flash, life->order, life->order->first_mac);
    if (status == EXIT_OK)
        status = open_board(life);
    if (status != EXIT_OK)
        return status;
    if (life->order->timeout_s != 0)
        life->deadline_ms = qemu_process_now_ms() + (uint64_t)life->order->timeout_s * MS_PER_S;
    return device_signals_open(&life->signals);
}

static void close_life(struct life *life)
{
    qemu_board_close(life->board);
    device_flash_close(&life->flash);
    device_signals_close(&life->signals);
}

/* ---- Living ---- */

static void show(void *ctx, const char *text, size_t length)
{
    struct life *life = ctx;

    fwrite(text, 1, length, stdout);
    fflush(stdout);
    life->is_inside_line = text[length - 1] != '\n';
}

static void end_line(struct life *life)
{
    if (life->is_inside_line)
        putchar('\n');
    life->is_inside_line = false;
}

/* At least one: 0 would be no limit. */
static uint32_t time_left_ms(const struct life *life)
{
    if (life->deadline_ms == 0)
        return 0;
    const uint64_t now = qemu_process_now_ms();
    return now < life->deadline_ms ? (uint32_t)(life->deadline_ms - now) : 1;
}

static int run_once(struct life *life, struct qemu_board_run *run, struct qemu_board_result *result)
{
    run->until = life->order->until;
    run->timeout_ms = time_left_ms(life);
    run->stop_fd = life->signals.fd;
    run->typed_fd = &life->typed_fd;
    run->nic = life->nic;
    run->mac = life->mac;
    run->ctx = life;
    run->console = show;
    const int error = qemu_board_run(life->board, run, result);
    end_line(life);
    if (error == -ENOENT)
        return report_failure(QEMU_BOARD_EMULATOR
                              " is not installed; Debian has it in the package qemu-system-misc");
    if (error == -EPROTO)
        return report_failure(QEMU_BOARD_EMULATOR " does not run the board; it said so above");
    return error != 0 ? report_failure(QEMU_BOARD_EMULATOR ": %s", strerror(-error)) : EXIT_OK;
}

/* Until something other than the cut that was asked for ends it. After that power comes
 * back, or with RTC memory kept it was a reset. */
static int live(struct life *life, struct qemu_board_result *result)
{
    const struct device_order *order = life->order;
    struct qemu_board_run run = {.cut = order->cut != NULL ? &order->cut_plan : NULL};

    for (;;) {
        const int status = run_once(life, &run, result);
        if (status != EXIT_OK || result->end != QEMU_BOARD_CUT)
            return status;
        printf("-- %s at %s --\n", order->cut_plan.keeps_rtc ? "reset" : "power cut", order->cut);
        run.cause = order->cut_plan.keeps_rtc ? QEMU_BOARD_EXTERNAL_RESET : QEMU_BOARD_POWER_ON;
        run.cut = NULL;
    }
}

static int verdict(const struct life *life, enum qemu_board_end end)
{
    const char *until = life->order->until;

    switch (end) {
    case QEMU_BOARD_SAID:
        return EXIT_OK;
    case QEMU_BOARD_HUNG:
        return until != NULL ? report_failure("it did not say \"%s\", and time is up", until)
                             : report_failure("time is up");
    case QEMU_BOARD_NO_BOOT:
        return report_failure("the boot ROM found nothing to start in flash; updraft image FILE "
                              "says what is wrong with it");
    case QEMU_BOARD_FAULT:
        return report_failure("it crashed, with nothing to restart it; the console says how");
    case QEMU_BOARD_STOPPED:
    case QEMU_BOARD_CUT:
    case QEMU_BOARD_RESET:
    case QEMU_BOARD_WATCHDOG:
    case QEMU_BOARD_APPLICATION:
    default:
        break;
    }
    if (!device_signals_came(&life->signals))
        return report_failure(QEMU_BOARD_EMULATOR " was stopped by somebody else");
    return until != NULL ? report_failure("it did not say \"%s\"", until) : EXIT_OK;
}

int device_run_board(const struct device_order *order)
{
    struct life life = {.order = order,
                        .flash = {.memory_fd = -1},
                        .signals = {.fd = -1},
                        .typed_fd = STDIN_FILENO};
    struct qemu_board_result result;
    int status = open_life(&life);

    if (status == EXIT_OK)
        status = live(&life, &result);
    if (status == EXIT_OK)
        status = verdict(&life, result.end);
    close_life(&life);
    return status;
}
