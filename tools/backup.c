/* `updraft backup`: all that a server keeps, in one file. */
#include "server/backup/backup.h"
#include "host/report.h"
#include "host/text.h"
#include "server/data_folder.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_SIZE 65536u

struct backup_options {
    struct operate_options operate;
    const char *data; /* folder; null: over the API */
};

/* Where it is written: under its name only when it is whole. */
struct target {
    const char *path;
    char *partial;
    char *scratch; /* for a copy of the database, beside it */
    FILE *file;
};

static enum options_result parse(int argc, char **argv, struct backup_options *options)
{
    const struct option_row rows[] = {
        {"data", 'd', OPTION_TEXT, &options->data, "DIR",
         "of the server with this data folder, which may be running or not"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft backup", "FILE [--data DIR]",
        "Writes a backup of a server to FILE, while it runs: the database as of one instant,\n"
        "the firmware files, the operator's token. FILE is there when all of it is. The\n"
        "server's own certificates and signing keys are not in it. Of a server elsewhere,\n"
        "with an administrator's token.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 1)
        return result;
    if (operands == 0)
        report_usage("FILE is missing: where the backup is written");
    else
        report_usage("%s is not expected", argv[2]);
    return OPTIONS_BAD;
}

static void close_target(struct target *target)
{
    if (target->file != NULL)
        fclose(target->file);
    if (target->partial != NULL)
        unlink(target->partial);
    free(target->partial);
    free(target->scratch);
}

static int open_target(const char *path, struct target *target)
{
    *target = (struct target){.path = path};
    if (asprintf(&target->partial, "%s.partial", path) < 0)
        target->partial = NULL;
    if (asprintf(&target->scratch, "%s.database", path) < 0)
        target->scratch = NULL;
    if (target->partial == NULL || target->scratch == NULL)
        return report_failure("out of memory");
    const int descriptor =
        open(target->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* secrets */
    target->file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    return target->file != NULL ? EXIT_OK
                                : report_failure("%s: %s", target->partial, strerror(errno));
}

static int sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    const int folder = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const int result = folder >= 0 ? fsync(folder) : -1;

    if (folder >= 0)
        close(folder);
    free(copy);
    return result;
}

static int finish_target(struct target *target)
{
    FILE *file = target->file;
    const bool is_written = fflush(file) == 0 && fsync(fileno(file)) == 0;

    if (!is_written || rename(target->partial, target->path) != 0 ||
        sync_folder_of(target->path) != 0)
        return report_failure("%s: %s", target->path, strerror(errno));
    return EXIT_OK;
}

static int copy_backup(struct backup *backup, struct target *target, uint64_t *size)
{
    char buffer[COPY_SIZE], error[BACKUP_ERROR_SIZE];
    ssize_t length;

    while ((length = backup_read(backup, buffer, sizeof buffer, error)) > 0) {
        if (fwrite(buffer, 1, (size_t)length, target->file) != (size_t)length)
            return report_failure("%s: %s", target->partial, strerror(errno));
        *size += (uint64_t)length;
    }
    return length == 0 ? EXIT_OK : report_failure("%s", error);
}

static int back_up_folder(const char *path, struct target *target, uint64_t *size)
{
    char error[BACKUP_ERROR_SIZE];
    struct data_folder folder;

    if (data_folder_peek(path, &folder, error) != 0)
        return report_failure("%s", error);
    const struct backup_source source = {&store_sqlite, folder.database, folder.blobs, folder.token,
                                         target->scratch};
    struct backup *backup = backup_begin(&source, error);
    if (backup == NULL)
        return report_failure("%s", error);
    const int status = copy_backup(backup, target, size);
    backup_end(backup);
    return status;
}

static int back_up_server(const struct operate_options *operate, struct target *target,
                          uint64_t *size)
{
    struct api_client *client;
    int status = api_open(&operate->access, &client);

    if (status != EXIT_OK)
        return status;
    status = api_get_file(client, "/backup", target->file, size);
    api_close(client);
    return status;
}

static int print_result(const struct backup_options *options, const char *path, uint64_t size)
{
    char text[TEXT_SIZE_MAX];

    if (options->operate.json) {
        json_t *answer = json_pack("{ss sI}", "file", path, "size", (json_int_t)size);
        const int status = operate_print_json(answer);
        json_decref(answer);
        return status;
    }
    printf("%s: %s; updraft restore %s --data DIR makes a data folder of it\n", path,
           text_size(size, text), path);
    return EXIT_OK;
}

int command_backup(int argc, char **argv)
{
    struct backup_options options = {.data = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    struct target target;
    uint64_t size = 0;

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    int status = open_target(argv[1], &target);
    if (status == EXIT_OK)
        status = options.data != NULL ? back_up_folder(options.data, &target, &size)
                                      : back_up_server(&options.operate, &target, &size);
    if (status == EXIT_OK)
        status = finish_target(&target);
    close_target(&target);
    return status == EXIT_OK ? print_result(&options, argv[1], size) : status;
}
