/* `updraft restore`: a data folder of a backup. */
#include "server/backup/restore.h"
#include "host/report.h"
#include "host/text.h"
#include "server/model/clock.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <errno.h>
#include <string.h>

struct restore_options {
    const char *data;
    bool json;
};

static enum options_result parse(int argc, char **argv, struct restore_options *options)
{
    const struct option_row rows[] = {
        {"data", 'd', OPTION_TEXT, &options->data, "DIR", "a folder that is empty, or not there"},
        {"json", 0, OPTION_FLAG, &options->json, NULL, "print what was restored as JSON"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft restore", "FILE --data DIR",
        "Makes a data folder of what updraft backup wrote, after it verified all of it: every\n"
        "file's SHA-256, and that the database is whole and of a version known here. Then\n"
        "updraft serve --data DIR goes on where the backup was made.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK)
        return result;
    if (operands == 0)
        report_usage("FILE is missing: a backup");
    else if (operands > 1)
        report_usage("%s is not expected", argv[2]);
    else if (options->data == NULL)
        report_usage("--data is missing: the folder to make");
    else
        return OPTIONS_OK;
    return OPTIONS_BAD;
}

static int print_result(const struct restore_options *options, const struct restore_result *result)
{
    char made[CLOCK_TEXT_SIZE], size[TEXT_SIZE_MAX];

    clock_format(result->made_ms, made);
    if (options->json) {
        json_t *answer =
            json_pack("{ss ss sI sI}", "data", options->data, "made", made, "firmware_files",
                      (json_int_t)result->blobs, "size", (json_int_t)result->size);
        const int status = operate_print_json(answer);
        json_decref(answer);
        return status;
    }
    printf("%s holds the backup of %s: %zu firmware files, %s in all\n", options->data, made,
           result->blobs, text_size(result->size, size));
    return EXIT_OK;
}

int command_restore(int argc, char **argv)
{
    struct restore_options options = {.data = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    struct restore_result result;
    char error[BACKUP_ERROR_SIZE];

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    FILE *in = fopen(argv[1], "rb");
    if (in == NULL)
        return report_failure("%s: %s", argv[1], strerror(errno));
    const bool is_done = restore_run(in, options.data, &store_sqlite, &result, error);
    fclose(in);
    return is_done ? print_result(&options, &result) : report_failure("%s: %s", argv[1], error);
}
