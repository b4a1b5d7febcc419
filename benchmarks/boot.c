/* Updates by the linked bootloader on the virtual board, measured. Prints rows for
 * ./bench (benchmarks/table.awk says what is in one).
 *
 *   boot ROM.ELF FOLDER
 *
 * FOLDER holds old.bin, the program that runs, and new, trial and repetitive, what it is
 * updated to, each as .bin and .bin.gz (benchmarks/boot.sh). Updates are ordered as the
 * Arduino core's Updater does it, on a chip without one erased sector.
 *
 * What an update costs is what a boot with it costs more than the next one, without it:
 * starting the program is in both.
 */
#include "host/file.h"
#include "sim/nor.h"
#include "sim/qemu_board.h"
#include "updraft/eboot.h"
#include "updraft/image.h"
#include "updraft/layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT       "4M2M"
#define COMMAND_WORD 64u /* of RTC memory, from 60001100 on */
#define TIMEOUT_MS   60000u

#define GZIP_METHOD_OFFSET 2u /* from the start */
#define GZIP_CRC_OFFSET    8u /* from the end */

/* The original's eboot: its image and its stack by its ELF file, the latter about that
 * for compressed updates; instructions for a byte of output, of an update of 404,184
 * bytes and of compressed ones of real firmware (the lower of two) and of repetitive
 * data, run on such a board as this. */
#define EBOOT_IMAGE           3488.0
#define EBOOT_STACK_RAW       5600.0
#define EBOOT_STACK_GZIP      6246.0
#define EBOOT_PER_BYTE_RAW    (59000.0 / 404184)
#define EBOOT_PER_BYTE_CODE   235.0
#define EBOOT_PER_BYTE_REPEAT 118.0

#define NO_BASELINE 0.0
#define NO_BUDGET   "-"

struct bench {
    const char *rom;
    const char *folder;
    struct ud_layout layout;
    struct file_bytes old;
};

/* What is staged, and what is to run in the end. */
struct update {
    const struct file_bytes *staged;
    const struct file_bytes *program;
};

struct cost {
    double instructions; /* without those of what stands for the flash chip */
    double stack_bytes;
    double reads;
    double read_bytes;
    double programs;
    double program_bytes;
    double program_pages;
    double sector_erases;
    double block_erases;
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...)
{
    va_list arguments;

    fputs("bench boot: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ---- Files ---- */

static struct file_bytes load(const struct bench *bench, const char *name)
{
    struct file_bytes file;
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    const int error = file_read(path, bench->layout.flash_size, &file);
    if (error != 0)
        die("%s: %s", path, strerror(-error));
    return file;
}

/* A copy with one byte changed. */
static struct file_bytes damage(const struct file_bytes *file, size_t offset)
{
    struct file_bytes copy = {malloc(file->length), file->length};

    if (copy.data == NULL)
        die("out of memory");
    memcpy(copy.data, file->data, file->length);
    copy.data[offset] ^= 1;
    return copy;
}

/* ---- The board ---- */

static void prepare(struct qemu_board *board, const struct bench *bench,
                    const struct file_bytes *staged)
{
    const uint32_t length = (uint32_t)staged->length;
    const struct ud_eboot_command command = {
        .action = UD_EBOOT_COPY_RAW,
        .source = bench->layout.fs_start - ud_flash_round_up(length),
        .destination = 0,
        .size = length,
    };
    uint8_t *flash = qemu_board_flash(board);
    uint8_t block[UD_EBOOT_BLOCK_SIZE];

    memset(flash, 0, bench->layout.flash_size);
    memcpy(flash, bench->old.data, bench->old.length);
    memcpy(flash + command.source, staged->data, length);
    ud_eboot_encode(&command, block);
    memcpy(qemu_board_rtc_memory(board) + COMMAND_WORD, block, sizeof block);
}

static struct cost boot_once(struct qemu_board *board, enum qemu_board_cause cause)
{
    const struct qemu_board_run run = {
        .cause = cause,
        .stops_at_application = true,
        .timeout_ms = TIMEOUT_MS,
        .counts_instructions = true,
    };
    struct qemu_board_result result = {.console = ""};
    const int error = qemu_board_run(board, &run, &result);

    if (error == -ENOENT)
        die("there is no %s: install qemu-system-misc", QEMU_BOARD_EMULATOR);
    if (error != 0 || result.end != QEMU_BOARD_APPLICATION)
        die("no program starts on the board: %s", result.console);
    const struct qemu_board_counts *counts = &result.counts;
    return (struct cost){
        .instructions = (double)qemu_board_instructions(counts),
        .stack_bytes = counts->stack_bytes,
        .reads = counts->reads,
        .read_bytes = counts->read_bytes,
        .programs = counts->programs,
        .program_bytes = counts->program_bytes,
        .program_pages = counts->program_pages,
        .sector_erases = counts->sector_erases,
        .block_erases = counts->block_erases,
    };
}

/* The stack is not shared out: it is that of the whole boot. */
static struct cost cost_difference(const struct cost *all, const struct cost *part)
{
    return (struct cost){
        .instructions = all->instructions - part->instructions,
        .stack_bytes = all->stack_bytes,
        .reads = all->reads - part->reads,
        .read_bytes = all->read_bytes - part->read_bytes,
        .programs = all->programs - part->programs,
        .program_bytes = all->program_bytes - part->program_bytes,
        .program_pages = all->program_pages - part->program_pages,
        .sector_erases = all->sector_erases - part->sector_erases,
        .block_erases = all->block_erases - part->block_erases,
    };
}

/* Sector 0 is never written. On a trial, the program's last sector has the trial's
 * record behind its end. */
static void expect_program(struct qemu_board *board, const struct file_bytes *program)
{
    const uint32_t from = UD_FLASH_SECTOR;

    if (memcmp(qemu_board_flash(board) + from, program->data + from, program->length - from) != 0)
        die("an update did not come to what it should");
}

static struct cost measure(const struct bench *bench, const struct update *update)
{
    const struct qemu_board_config config = {
        .rom = bench->rom,
        .flash_size = bench->layout.flash_size,
        .seed = 1,
    };
    struct qemu_board *board;

    if (qemu_board_open(&board, &config) != 0)
        die("the board cannot be opened");
    prepare(board, bench, update->staged);
    const struct cost with = boot_once(board, QEMU_BOARD_SOFTWARE_RESET);
    expect_program(board, update->program);
    const struct cost without = boot_once(board, QEMU_BOARD_EXTERNAL_RESET);
    qemu_board_close(board);
    return cost_difference(&with, &without);
}

/* ---- Flash ---- */

static double flash_ms(const struct cost *cost)
{
    const struct nor_timing *timing = &nor_w25q32jv;
    const double clocks = cost->reads * timing->read_overhead_clocks +
                          cost->read_bytes * 8 / timing->read_bits_per_clock +
                          cost->program_bytes * 8;
    const double us = cost->program_pages * timing->page_program_us +
                      cost->sector_erases * timing->sector_erase_us +
                      cost->block_erases * timing->block_erase_us;

    return clocks * 1000 / timing->clock_hz + us / 1000;
}

/* Reads what is staged by sectors; the first one that comes out it compares with the
 * one in flash, the others it erases and writes. */
static struct cost eboot_cost(const struct update *update)
{
    const double staged = (double)(ud_flash_round_up((uint32_t)update->staged->length));
    const double output = (double)(ud_flash_round_up((uint32_t)update->program->length));
    const double written = output - UD_FLASH_SECTOR;

    return (struct cost){
        .reads = staged / UD_FLASH_SECTOR + 1,
        .read_bytes = staged + UD_FLASH_SECTOR,
        .programs = written / UD_FLASH_SECTOR,
        .program_bytes = written,
        .program_pages = written / NOR_PAGE,
        .sector_erases = written / UD_FLASH_SECTOR,
    };
}

/* ---- Rows ---- */

static void print_row(const char *update, const char *what, double value, const char *unit,
                      double baseline, const char *budget)
{
    const int digits = value < 1000 && value != (double)(long)value ? 1 : 0;

    printf("%s, %s\t%.*f\t%s\t", update, what, digits, value, unit);
    if (baseline == NO_BASELINE)
        printf("-\t%s\n", budget);
    else
        printf("%.*f\t%s\n", baseline < 1 ? 3 : baseline < 1000 ? 1 : 0, baseline, budget);
}

static void print_flash(const char *name, const struct cost *ours, const struct update *update,
                        const char *time_budget)
{
    const struct cost eboot = eboot_cost(update);

    print_row(name, "reads", ours->reads, "", eboot.reads, NO_BUDGET);
    print_row(name, "bytes read", ours->read_bytes, "B", eboot.read_bytes, NO_BUDGET);
    print_row(name, "programs", ours->programs, "", eboot.programs, NO_BUDGET);
    print_row(name, "pages programmed", ours->program_pages, "", eboot.program_pages, NO_BUDGET);
    print_row(name, "sector erases", ours->sector_erases, "", eboot.sector_erases, NO_BUDGET);
    print_row(name, "block erases", ours->block_erases, "", NO_BASELINE, NO_BUDGET);
    print_row(name, "flash time", flash_ms(ours), "ms", flash_ms(&eboot), time_budget);
}

/* ---- What is measured ---- */

static void image_size(const struct bench *bench)
{
    struct ud_image image;

    ud_image_begin(&image, NULL);
    if (ud_image_write(&image, bench->old.data, (uint32_t)bench->old.length) != UD_OK ||
        ud_image_end(&image) != UD_OK)
        die("old.bin is no firmware file");
    printf("image\t%u\tB\t%.0f\t<= %u\n", image.report.parts[0].end, EBOOT_IMAGE, UD_FLASH_SECTOR);
}

/* Of decoding once, with the CRC-32: what a member whose CRC is wrong costs, which shows
 * when all is decoded, less one that is refused at its header. */
static double decoding_instructions(const struct bench *bench, const struct file_bytes *member)
{
    struct file_bytes late = damage(member, member->length - GZIP_CRC_OFFSET);
    struct file_bytes at_once = damage(member, GZIP_METHOD_OFFSET);
    const struct cost decoded = measure(bench, &(struct update){&late, &bench->old});
    const struct cost refused = measure(bench, &(struct update){&at_once, &bench->old});

    free(late.data);
    free(at_once.data);
    return decoded.instructions - refused.instructions;
}

/* All by bytes that come out. A compressed update is decoded twice: checked, and copied. */
static void instructions(const struct bench *bench, const char *name, const struct update *update,
                         double baseline, const char *decoding_budget)
{
    const double length = (double)update->program->length;
    const double decoding = decoding_instructions(bench, update->staged) / length;
    const double all = measure(bench, update).instructions / length;

    print_row(name, "compressed to", 100.0 * (double)update->staged->length / length, "%",
              NO_BASELINE, NO_BUDGET);
    print_row(name, "instructions/byte, decoding", decoding, "", baseline, decoding_budget);
    print_row(name, "instructions/byte, all", all, "", baseline, NO_BUDGET);
    print_row(name, "instructions/byte, all but decoding twice", all - 2 * decoding, "",
              NO_BASELINE, NO_BUDGET);
}

static void updates(const struct bench *bench)
{
    struct file_bytes raw = load(bench, "new.bin");
    struct file_bytes gzip = load(bench, "new.bin.gz");
    const struct update raw_update = {&raw, &raw};
    const struct update gzip_update = {&gzip, &raw};
    const struct cost raw_cost = measure(bench, &raw_update);
    const struct cost gzip_cost = measure(bench, &gzip_update);

    print_row("raw", "stack", raw_cost.stack_bytes, "B", EBOOT_STACK_RAW, "<= 5324");
    print_row("gzip", "stack", gzip_cost.stack_bytes, "B", EBOOT_STACK_GZIP, "<= 5324");
    instructions(bench, "gzip", &gzip_update, EBOOT_PER_BYTE_CODE, "<= 60");
    print_row("raw", "instructions/byte, all", raw_cost.instructions / (double)raw.length, "",
              EBOOT_PER_BYTE_RAW, NO_BUDGET);
    print_flash("raw", &raw_cost, &raw_update, "<= 0.6x");
    print_flash("gzip", &gzip_cost, &gzip_update, "<= 0.6x");
    free(raw.data);
    free(gzip.data);
}

static void repetitive(const struct bench *bench)
{
    struct file_bytes raw = load(bench, "repetitive.bin");
    struct file_bytes gzip = load(bench, "repetitive.bin.gz");

    instructions(bench, "repetitive", &(struct update){&gzip, &raw}, EBOOT_PER_BYTE_REPEAT,
                 NO_BUDGET);
    free(raw.data);
    free(gzip.data);
}

/* The program that runs is kept; eboot keeps none. */
static void trials(const struct bench *bench)
{
    struct file_bytes raw = load(bench, "trial.bin");
    struct file_bytes gzip = load(bench, "trial.bin.gz");
    const struct update raw_update = {&raw, &raw};
    const struct update gzip_update = {&gzip, &raw};
    const struct cost raw_cost = measure(bench, &raw_update);
    const struct cost gzip_cost = measure(bench, &gzip_update);

    print_flash("raw, trial", &raw_cost, &raw_update, NO_BUDGET);
    print_flash("gzip, trial", &gzip_cost, &gzip_update, NO_BUDGET);
    free(raw.data);
    free(gzip.data);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: boot ROM.ELF FOLDER\n", stderr);
        return 2;
    }
    struct bench bench = {.rom = argv[1], .folder = argv[2]};
    if (ud_layout_parse(LAYOUT, &bench.layout) != UD_OK)
        die("there is no layout " LAYOUT);
    bench.old = load(&bench, "old.bin");
    image_size(&bench);
    updates(&bench);
    repetitive(&bench);
    trials(&bench);
    free(bench.old.data);
    return 0;
}
