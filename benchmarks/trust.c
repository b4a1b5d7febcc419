/* For trust.sh: makes the smallest gzip of a file, and runs a firmware on the virtual
 * board with instructions counted.
 *
 *   trust pack FILE OUT
 *   trust run ROM FLASH     prints the console; ends when it says "done"
 */
#include "host/file.h"
#include "host/gzip.h"
#include "sim/qemu_board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLASH_SIZE 0x400000u
#define FILE_LIMIT 0x400000u
#define TIMEOUT_MS 300000u

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "trust: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static int pack(const char *path, const char *out)
{
    struct file_bytes content, gzip;
    int error = file_read(path, FILE_LIMIT, &content);

    if (error != 0)
        return fail(path, strerror(-error));
    error = gzip_smallest(&content, &gzip);
    free(content.data);
    if (error != 0)
        return fail(path, strerror(-error));
    error = file_write_atomic(out, gzip.data, gzip.length, 0644);
    free(gzip.data);
    return error != 0 ? fail(out, strerror(-error)) : EXIT_SUCCESS;
}

static int run(const char *rom, const char *flash)
{
    const struct qemu_board_config config = {
        .rom = rom, .flash_path = flash, .is_scratch = true, .flash_size = FLASH_SIZE, .seed = 1};
    const struct qemu_board_run run = {
        .until = "done", .timeout_ms = TIMEOUT_MS, .counts_instructions = true};
    struct qemu_board_result result;
    struct qemu_board *board;
    int error = qemu_board_open(&board, &config);

    if (error != 0)
        return fail(flash, strerror(-error));
    error = qemu_board_run(board, &run, &result);
    if (error == 0)
        fputs(result.console, stdout);
    const bool is_done = error == 0 && result.end == QEMU_BOARD_SAID;
    qemu_board_close(board);
    if (error != 0)
        return fail(QEMU_BOARD_EMULATOR, strerror(-error));
    return is_done ? EXIT_SUCCESS : fail(flash, "it did not come to its end; see its console");
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "pack") == 0)
        return pack(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "run") == 0)
        return run(argv[2], argv[3]);
    return fail("usage", "trust pack FILE OUT, or trust run ROM FLASH");
}
