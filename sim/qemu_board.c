#include "sim/qemu_board.h"

#include "sim/nor_file.h"
#include "sim/prng.h"
#include "sim/qemu/exit.h"
#include "sim/qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ERASED         0xff
#define FLASH_SIZE_MIN 65536u
#define RTC_BYTES      (QEMU_BOARD_RTC_WORDS * sizeof(uint32_t))
#define WORDS_MAX      256 /* of what the board is told */
#define CONSOLE_STEP   4096u
#define CONSOLE_MAX    (1u << 20) /* of more, the older half is forgotten */
#define STATUS_DONE    0          /* of an emulator that was asked to stop */

struct qemu_board {
    struct qemu_board_config config;
    struct nor_file flash;
    int rtc_fd;
    uint32_t *rtc;
    int report_fd;
    struct qemu_pulse pulse;
    char *console; /* always ends with a NUL */
    size_t console_length;
    size_t console_size;
};

/* ---- Life ---- */

/* A file without a name, of this size, and its mapping. */
static int open_memory(size_t size, void **bytes)
{
    const int fd = memfd_create("updraft-board", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    *bytes = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0)
        *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*bytes != MAP_FAILED)
        return fd;
    const int error = -errno;
    close(fd);
    return error;
}

static int copy_from(const char *path, struct nor_file *flash)
{
    struct nor_file original;
    const int error = nor_file_open(&original, path, flash->size, true);

    if (error != 0)
        return error;
    memcpy(flash->bytes, original.bytes, flash->size);
    nor_file_close(&original);
    return 0;
}

static int open_flash(struct nor_file *flash, const struct qemu_board_config *config)
{
    void *bytes;

    if (config->flash_path != NULL && !config->is_scratch)
        return nor_file_open(flash, config->flash_path, config->flash_size, false);
    const int fd = open_memory(config->flash_size, &bytes);
    if (fd < 0)
        return fd;
    *flash = (struct nor_file){.bytes = bytes, .size = config->flash_size, .fd = fd};
    memset(bytes, ERASED, config->flash_size);
    return config->flash_path != NULL ? copy_from(config->flash_path, flash) : 0;
}

static int open_rtc(struct qemu_board *board)
{
    struct prng prng = {board->config.seed};
    void *memory;

    board->rtc_fd = open_memory(RTC_BYTES, &memory);
    if (board->rtc_fd < 0)
        return board->rtc_fd;
    board->rtc = memory;
    for (uint32_t i = 0; i < QEMU_BOARD_RTC_WORDS; i++)
        board->rtc[i] = (uint32_t)prng_next(&prng);
    return 0;
}

static int open_console(struct qemu_board *board)
{
    board->report_fd = memfd_create("updraft-report", MFD_CLOEXEC);
    if (board->report_fd < 0)
        return -errno;
    board->console = malloc(CONSOLE_STEP);
    board->console_size = CONSOLE_STEP;
    return board->console != NULL ? 0 : -ENOMEM;
}

int qemu_board_open(struct qemu_board **out, const struct qemu_board_config *config)
{
    if (config->flash_size < FLASH_SIZE_MIN || (config->flash_size & (config->flash_size - 1)) != 0)
        return -EINVAL;
    struct qemu_board *board = malloc(sizeof *board);
    if (board == NULL)
        return -ENOMEM;
    *board = (struct qemu_board){
        .config = *config,
        .flash = {.fd = -1},
        .rtc_fd = -1,
        .report_fd = -1,
        .pulse = {.fd = -1},
    };
    int error = open_flash(&board->flash, config);
    if (error == 0)
        error = open_rtc(board);
    if (error == 0)
        error = open_console(board);
    if (error == 0)
        error = qemu_pulse_open(&board->pulse);
    if (error != 0) {
        qemu_board_close(board);
        return error;
    }
    *out = board;
    return 0;
}

void qemu_board_close(struct qemu_board *board)
{
    if (board == NULL)
        return;
    nor_file_close(&board->flash);
    if (board->rtc != NULL)
        munmap(board->rtc, RTC_BYTES);
    if (board->rtc_fd >= 0)
        close(board->rtc_fd);
    if (board->report_fd >= 0)
        close(board->report_fd);
    qemu_pulse_close(&board->pulse);
    free(board->console);
    free(board);
}

uint8_t *qemu_board_flash(struct qemu_board *board)
{
    return board->flash.bytes;
}

uint32_t *qemu_board_rtc_memory(struct qemu_board *board)
{
    return board->rtc;
}

/* ---- What the emulator is told ---- */

/* Its beats would be counted with the instructions, and time is another one then. */
static bool feels_pulse(const struct qemu_board_run *run)
{
    return !run->counts_instructions;
}

/* The files are flash, RTC memory, report and pulse, in the order they are handed over. */
static void write_words(char words[WORDS_MAX], const struct qemu_board *board,
                        const struct qemu_board_run *run)
{
    static const struct cut_plan never = {0};
    char cut[CUT_ID_MAX];
    char pulse[16] = "";

    if (feels_pulse(run))
        snprintf(pulse, sizeof pulse, " pulse=%d", QEMU_PROCESS_FIRST_FILE + 3);
    snprintf(words, WORDS_MAX,
             "flash=%d rtc=%d report=%d%s reset=%d seed=%" PRIu32 " cut=%s%s%s%s%s",
             QEMU_PROCESS_FIRST_FILE, QEMU_PROCESS_FIRST_FILE + 1, QEMU_PROCESS_FIRST_FILE + 2,
             pulse, run->cause != 0 ? (int)run->cause : QEMU_BOARD_POWER_ON, board->config.seed,
             cut_print(run->cut != NULL ? run->cut : &never, cut),
             run->stops_at_reset ? " stop=reset" : "", run->stops_at_application ? " stop=app" : "",
             run->nic != NULL ? " mac=" : "", run->nic != NULL ? run->mac : "");
}

static int start(struct qemu_process *process, const struct qemu_board *board,
                 const struct qemu_board_run *run)
{
    const char *emulator = board->config.emulator;
    char words[WORDS_MAX];
    const char *arguments[] = {
        emulator != NULL ? emulator : QEMU_BOARD_EMULATOR,
        "-M",
        "kc705-nommu",
        "-cpu",
        "lx106",
        "-m",
        "4M",
        "-display",
        "none",
        "-monitor",
        "none",
        "-chardev",
        "stdio,id=typed,signal=off",
        "-serial",
        "chardev:typed",
        "-no-reboot",
        "-semihosting",
        "-nic",
        run->nic != NULL ? run->nic : "none",
        "-kernel",
        board->config.rom,
        "-append",
        words,
        run->counts_instructions ? "-icount" : NULL,
        "shift=5,sleep=off",
        NULL,
    };
    const int files[QEMU_PROCESS_FILES] = {board->flash.fd, board->rtc_fd, board->report_fd,
                                           board->pulse.fd};

    write_words(words, board, run);
    return qemu_process_start(process, (char *const *)(uintptr_t)arguments, files);
}

/* ---- What it says ---- */

static void forget_half(struct qemu_board *board)
{
    const size_t kept = board->console_length / 2;

    memmove(board->console, board->console + board->console_length - kept, kept + 1);
    board->console_length = kept;
}

static int make_room(struct qemu_board *board)
{
    if (board->console_size - board->console_length > CONSOLE_STEP / 2)
        return 0;
    if (board->console_size >= CONSOLE_MAX) {
        forget_half(board);
        return 0;
    }
    char *grown = realloc(board->console, 2 * board->console_size);
    if (grown == NULL)
        return -ENOMEM;
    board->console = grown;
    board->console_size *= 2;
    return 0;
}

/* Looks at what is new, and at the end of the rest that the text may begin in. */
static bool has_said(const struct qemu_board *board, size_t new_length, const char *text)
{
    if (text == NULL)
        return false;
    const size_t looked_at = new_length + strlen(text);
    const size_t from = board->console_length > looked_at ? board->console_length - looked_at : 0;
    return strstr(board->console + from, text) != NULL;
}

/* Listens until it has ended (0), has said what was waited for (1), or a negative
 * errno. */
static int listen_to(struct qemu_board *board, struct qemu_process *process,
                     const struct qemu_board_run *run, uint64_t deadline_ms)
{
    const struct qemu_process_limit limit = {
        .deadline_ms = run->timeout_ms != 0 ? &deadline_ms : NULL,
        .pulse = feels_pulse(run) ? &board->pulse : NULL,
        .stop_fd = run->stop_fd != 0 ? run->stop_fd : -1,
        .typed_fd = run->typed_fd,
    };

    for (;;) {
        const int error = make_room(board);
        if (error != 0)
            return error;
        char *end = board->console + board->console_length;
        const ssize_t length = qemu_process_read(
            process, end, board->console_size - board->console_length - 1, &limit);
        if (length <= 0)
            return (int)length;
        end[length] = '\0';
        board->console_length += (size_t)length;
        if (run->console != NULL)
            run->console(run->ctx, end, (size_t)length);
        if (has_said(board, (size_t)length, run->until))
            return 1;
    }
}

/* ---- What came of it ---- */

static const struct {
    const char *name;
    size_t offset;
} count_names[] = {
    {"cycles", offsetof(struct qemu_board_counts, cycles)},
    {"flash_cycles", offsetof(struct qemu_board_counts, flash_cycles)},
    {"stack_bytes", offsetof(struct qemu_board_counts, stack_bytes)},
    {"operations", offsetof(struct qemu_board_counts, operations)},
    {"reads", offsetof(struct qemu_board_counts, reads)},
    {"read_bytes", offsetof(struct qemu_board_counts, read_bytes)},
    {"programs", offsetof(struct qemu_board_counts, programs)},
    {"program_bytes", offsetof(struct qemu_board_counts, program_bytes)},
    {"program_pages", offsetof(struct qemu_board_counts, program_pages)},
    {"sector_erases", offsetof(struct qemu_board_counts, sector_erases)},
    {"block_erases", offsetof(struct qemu_board_counts, block_erases)},
};

static void take_line(struct qemu_board_counts *counts, const char *line)
{
    char name[32];
    uint32_t value;

    if (sscanf(line, "%31s %" SCNu32, name, &value) != 2)
        return;
    for (size_t i = 0; i < sizeof count_names / sizeof count_names[0]; i++)
        if (strcmp(count_names[i].name, name) == 0)
            memcpy((char *)counts + count_names[i].offset, &value, sizeof value);
}

static void read_counts(int fd, struct qemu_board_counts *counts)
{
    char report[1024];
    char *rest = NULL;
    const ssize_t length = pread(fd, report, sizeof report - 1, 0);

    if (length <= 0)
        return;
    report[length] = '\0';
    for (char *line = strtok_r(report, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_line(counts, line);
}

/* -EPROTO for a status that is none of the board's. */
static int judge_status(int status, enum qemu_board_end *end)
{
    static const struct {
        int status;
        enum qemu_board_end end;
    } ends[] = {
        {BOARD_EXIT_CUT, QEMU_BOARD_CUT},
        {BOARD_EXIT_RESET, QEMU_BOARD_RESET},
        {BOARD_EXIT_WATCHDOG, QEMU_BOARD_WATCHDOG},
        {BOARD_EXIT_APPLICATION, QEMU_BOARD_APPLICATION},
        {BOARD_EXIT_NO_BOOT, QEMU_BOARD_NO_BOOT},
        {BOARD_EXIT_FAULT, QEMU_BOARD_FAULT},
        {STATUS_DONE, QEMU_BOARD_STOPPED},
    };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i].status == status) {
            *end = ends[i].end;
            return 0;
        }
    }
    return -EPROTO;
}

static int finish(struct qemu_board *board, struct qemu_process *process, int heard,
                  struct qemu_board_result *result)
{
    if (heard == 0) {
        read_counts(board->report_fd, &result->counts);
        return judge_status(qemu_process_wait(process), &result->end);
    }
    qemu_process_kill(process);
    result->end = heard == 1            ? QEMU_BOARD_SAID
                  : heard == -ETIMEDOUT ? QEMU_BOARD_HUNG
                  : heard == -ETIME     ? QEMU_BOARD_WATCHDOG
                                        : QEMU_BOARD_STOPPED;
    return heard == 1 || heard == -ETIMEDOUT || heard == -ETIME || heard == -ECANCELED ? 0 : heard;
}

/* From the board's start until it ends, or hangs with interrupts off. */
static int run_once(struct qemu_board *board, const struct qemu_board_run *run,
                    uint64_t deadline_ms, struct qemu_board_result *result)
{
    struct qemu_process process;

    if (ftruncate(board->report_fd, 0) != 0 || lseek(board->report_fd, 0, SEEK_SET) != 0)
        return -errno;
    qemu_pulse_start(&board->pulse, qemu_process_now_ms());
    const int error = start(&process, board, run);
    if (error != 0)
        return error;
    const int heard = listen_to(board, &process, run, deadline_ms);
    result->console = board->console;
    const int failure = finish(board, &process, heard, result);
    if (failure != 0 || heard != -ETIME || run->stops_at_reset)
        return failure;
    return -EAGAIN;
}

/* What the chip does in one go takes another emulator: the watchdog's reset of a program that
 * keeps this one from hearing of it. Operations are then counted anew, so a cut that has not
 * come is none any more. */
int qemu_board_run(struct qemu_board *board, const struct qemu_board_run *run,
                   struct qemu_board_result *result)
{
    const uint64_t deadline_ms = qemu_process_now_ms() + run->timeout_ms;
    struct qemu_board_run now = *run;
    int error;

    board->console_length = 0;
    board->console[0] = '\0';
    *result = (struct qemu_board_result){.console = board->console};
    while ((error = run_once(board, &now, deadline_ms, result)) == -EAGAIN) {
        now.cause = QEMU_BOARD_WATCHDOG_RESET;
        now.cut = NULL;
    }
    return error;
}
