/* `updraft publish`: uploads a firmware file to a server, which looks inside. */
#include "host/progress.h"
#include "host/report.h"
#include "tools/command.h"
#include "tools/operate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct publish_options {
    struct operate_options operate;
    const char *product;
    const char *version;
    const char *channel;
    const char *name;
};

static enum options_result parse(int argc, char **argv, struct publish_options *options)
{
    const struct option_row rows[] = {
        {"product", 'p', OPTION_TEXT, &options->product, "P",
         "what it is a firmware of (default: as the image says)"},
        {"version", 'v', OPTION_TEXT, &options->version, "V",
         "as devices report it (default: as the image says)"},
        {"channel", 'c', OPTION_TEXT, &options->channel, "C",
         "make it this channel's newest (default stable)"},
        {"name", 'n', OPTION_TEXT, &options->name, "NAME",
         "the file name devices are told (default PRODUCT-VERSION.bin)"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft publish", "FILE [--product P] [--version V] [--channel C] [--server URL]",
        "Uploads a .bin or .bin.gz. The server refuses it when it is not a sound image.", rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 1)
        return result;
    if (operands == 0)
        report_usage("no file given to publish");
    else
        report_usage("one file at a time: %s is not expected", argv[2]);
    return OPTIONS_BAD;
}

struct display {
    struct progress *progress;
    uint64_t size; /* bytes */
};

static void show_progress(void *ctx, uint64_t sent)
{
    const struct display *display = ctx;

    progress_set(display->progress, 0, sent, display->size);
}

/* Opens a regular file that is not empty. Null when that was reported. */
static FILE *open_file(const char *path, uint64_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat status;

    if (file == NULL || fstat(fileno(file), &status) != 0)
        report_failure("%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        report_failure("%s is not a file", path);
    else if (status.st_size == 0)
        report_failure("%s is empty", path);
    else {
        *size = (uint64_t)status.st_size;
        return file;
    }
    if (file != NULL)
        fclose(file);
    return NULL;
}

static int print_release(const json_t *release, long status)
{
    printf("%s %s is %s on %s: %s, %lld bytes, due on %lld device(s)\n",
           operate_text(release, "product"), operate_text(release, "version"),
           status == 201 ? "published" : "published already and the newest",
           operate_text(release, "channel"), operate_text(release, "chip"),
           (long long)json_integer_value(json_object_get(release, "size")),
           (long long)json_integer_value(json_object_get(release, "devices")));
    return EXIT_OK;
}

static int upload(struct api_client *client, const struct publish_options *options, FILE *file,
                  uint64_t size, json_t **answer, long *http_status)
{
    const struct api_parameter parameters[] = {{"product", options->product},
                                               {"version", options->version},
                                               {"channel", options->channel},
                                               {"name", options->name},
                                               {NULL, NULL}};
    struct display display = {isatty(STDERR_FILENO) ? progress_start(stderr, 1) : NULL, size};
    const struct api_upload body = {file, size, display.progress != NULL ? show_progress : NULL,
                                    &display};
    char *path = api_path("/releases", parameters);

    if (display.progress != NULL)
        progress_name(display.progress, 0, "uploading");
    const int status = path != NULL ? api_post_file(client, path, &body, answer, http_status)
                                    : report_failure("out of memory");
    progress_end(display.progress);
    free(path);
    return status;
}

static int publish(const struct publish_options *options, FILE *file, uint64_t size)
{
    struct api_client *client;
    json_t *answer = NULL;
    long http_status;
    int status = api_open(options->operate.server, options->operate.token_file, &client);

    if (status != EXIT_OK)
        return status;
    status = upload(client, options, file, size, &answer, &http_status);
    if (status == EXIT_OK)
        status =
            options->operate.json ? operate_print_json(answer) : print_release(answer, http_status);
    json_decref(answer);
    api_close(client);
    return status;
}

int command_publish(int argc, char **argv)
{
    struct publish_options options = {.product = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    uint64_t size;

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    FILE *file = open_file(argv[1], &size);
    if (file == NULL)
        return EXIT_FAILED;
    const int status = publish(&options, file, size);
    fclose(file);
    return status;
}
