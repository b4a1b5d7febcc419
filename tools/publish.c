/* `updraft publish`: uploads a firmware file to a server, which looks inside. */
#include "host/progress.h"
#include "host/report.h"
#include "tools/command.h"
#include "tools/operate.h"
#include "tools/publish_forms.h"
#include "tools/publish_keys.h"
#include "updraft/hex.h"

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
    const char *notes, *requires, *files;
    bool are_files_first;
    bool is_draft;
    struct publish_forms_options forms;
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
        {"files", 0, OPTION_TEXT, &options->files, "FS.bin",
         "the file system that goes with it, for devices that ask for one"},
        {"files-first", 0, OPTION_FLAG, &options->are_files_first, NULL,
         "devices get it before the firmware, rather than after it"},
        {"draft", 0, OPTION_FLAG, &options->is_draft, NULL,
         "do not offer it until `updraft releases live`, or a rollout"},
        {"requires", 0, OPTION_TEXT, &options->requires, "V",
         "the oldest version it can be installed over"},
        {"notes", 0, OPTION_TEXT, &options->notes, "TEXT", "what is new, for people"},
        {"gzip", 'z', OPTION_FLAG, &options->forms.gzip, NULL,
         "publish it compressed, too, as small as it gets (takes seconds)"},
        {"sign", 'k', OPTION_TEXT, &options->forms.sign, "KEY",
         "publish it signed; the private key stays here"},
        {"manifest", 'm', OPTION_FLAG, &options->forms.manifest.is_wanted, NULL,
         "sign what it is for, too: product, version, chip"},
        {"security", 0, OPTION_NUMBER, &options->forms.manifest.security, "N",
         "the manifest's security version (default 0)"},
        OPERATE_ROWS(&options->operate),
        {NULL},
    };
    const struct command_usage usage = {
        "updraft publish", "FILE [--product P] [--version V] [--channel C] [--gzip] [--sign KEY]",
        "Uploads a .bin or .bin.gz. The server refuses it when it is not a sound image.\n"
        "With --gzip it has both, and with --sign signed ones; each device gets what it takes.\n"
        "A key update (updraft key add, revoke) goes to the product's devices before any release.",
        rows};
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

/* Is it a regular file that is not empty? False when that was reported. */
static bool is_publishable(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        report_failure("%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        report_failure("%s is not a file", path);
    else if (status.st_size == 0)
        report_failure("%s is empty", path);
    else
        return true;
    return false;
}

static void print_files(const json_t *release)
{
    size_t i;
    const json_t *file;

    json_array_foreach(json_object_get(release, "files"), i, file)
    {
        const bool is_signed = json_is_true(json_object_get(file, "signed"));
        printf("  %s%s%s: %lld bytes\n",
               json_is_true(json_object_get(file, "compressed")) ? "compressed" : "plain",
               is_signed ? ", signed by " : "", is_signed ? operate_text(file, "signed_by") : "",
               (long long)json_integer_value(json_object_get(file, "size")));
    }
}

static int print_release(const json_t *release, long status)
{
    const bool is_draft = strcmp(operate_text(release, "state"), "draft") == 0;

    printf("%s %s is %s %s: %s, %lld bytes, due on %lld device(s)\n",
           operate_text(release, "product"), operate_text(release, "version"),
           is_draft        ? "a draft for"
           : status == 201 ? "published on"
                           : "published already and the newest on",
           operate_text(release, "channel"), operate_text(release, "chip"),
           (long long)json_integer_value(json_object_get(release, "size")),
           (long long)json_integer_value(json_object_get(release, "devices")));
    if (json_array_size(json_object_get(release, "files")) > 1)
        print_files(release);
    return EXIT_OK;
}

/* The public key's DER form in hexadecimal; free() it. Null when that failed. */
static char *key_text(const struct key *key)
{
    char error[KEY_ERROR_SIZE];
    struct file_bytes der;

    if (key_der(key, &der, error) != 0)
        return NULL;
    char *text = malloc(2 * der.length + 1);
    if (text != NULL)
        ud_hex_encode(der.data, (uint32_t)der.length, text);
    free(der.data);
    return text;
}

static char *make_path(const struct publish_options *options, const char *key)
{
    const struct api_parameter parameters[] = {
        {"product", options->product},
        {"version", options->version},
        {"channel", options->channel},
        {"name", options->name},
        {"requires", options->requires},
        {"notes", options->notes},
        {"draft", options->is_draft || options->files != NULL ? "1" : NULL},
        {"key", key},
        {NULL, NULL}};

    return api_path("/releases", parameters);
}

/* key: of the signature, as text; null = unsigned or not known here. */
static int upload(struct api_client *client, const struct publish_options *options, const char *key,
                  FILE *file, uint64_t size, json_t **answer, long *http_status)
{
    struct display display = {isatty(STDERR_FILENO) ? progress_start(stderr, 1) : NULL, size};
    const struct api_upload body = {file, size, display.progress != NULL ? show_progress : NULL,
                                    &display};
    char *path = make_path(options, key);

    if (display.progress != NULL)
        progress_name(display.progress, 0, "uploading");
    const int status = path != NULL ? api_post_file(client, path, &body, answer, http_status)
                                    : report_failure("out of memory");
    progress_end(display.progress);
    free(path);
    return status;
}

/* What a run of uploads comes to: the last answer, and the first one's status. */
struct outcome {
    json_t *answer;
    long http_status;
};

static int upload_form(struct api_client *client, const struct publish_options *options,
                       const char *key, const struct file_bytes *form, struct outcome *outcome)
{
    FILE *file = fmemopen(form->data, form->length, "rb");
    json_t *answer = NULL;
    long http_status = 0;

    if (file == NULL)
        return report_failure("out of memory");
    const int status = upload(client, options, key, file, form->length, &answer, &http_status);
    fclose(file);
    if (outcome->answer == NULL)
        outcome->http_status = http_status;
    else
        json_decref(outcome->answer);
    outcome->answer = answer;
    return status;
}

static int upload_forms(struct api_client *client, const struct publish_options *options,
                        const struct publish_forms *forms, struct outcome *outcome)
{
    char *key = forms->is_signed ? key_text(&forms->key) : NULL;
    int status = EXIT_OK;

    if (forms->is_signed && key == NULL)
        return report_failure("out of memory");
    for (size_t i = 0; i < forms->count && status == EXIT_OK; i++)
        status = upload_form(client, options, key, &forms->forms[i], outcome);
    free(key);
    return status;
}

static char *files_path(const struct publish_options *options, const json_t *release)
{
    const struct api_parameter parameters[] = {{"part", "filesystem"},
                                               {"product", operate_text(release, "product")},
                                               {"version", operate_text(release, "version")},
                                               {"first", options->are_files_first ? "1" : NULL},
                                               {NULL, NULL}};

    return api_path("/releases", parameters);
}

/* Ends the being a draft that lets nobody have half of the pair. */
static int go_live(struct api_client *client, struct outcome *outcome)
{
    const json_int_t id = json_integer_value(json_object_get(outcome->answer, "id"));
    char path[60];

    snprintf(path, sizeof path, "/releases/%lld/live", (long long)id);
    json_decref(outcome->answer);
    outcome->answer = NULL;
    return api_call(client, "POST", path, NULL, &outcome->answer, NULL);
}

static int upload_files(struct api_client *client, const struct publish_options *options,
                        struct outcome *outcome)
{
    FILE *file = fopen(options->files, "rb");
    struct stat status;
    json_t *answer = NULL;

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        if (file != NULL)
            fclose(file);
        return report_failure("%s: %s", options->files, strerror(errno));
    }
    const struct api_upload body = {file, (uint64_t)status.st_size, NULL, NULL};
    char *path = files_path(options, outcome->answer);
    int result = path != NULL ? api_post_file(client, path, &body, &answer, NULL)
                              : report_failure("out of memory");
    free(path);
    fclose(file);
    if (result != EXIT_OK)
        return result;
    json_decref(outcome->answer);
    outcome->answer = answer;
    if (!options->is_draft && strcmp(operate_text(answer, "state"), "draft") == 0)
        result = go_live(client, outcome);
    return result;
}

static int publish(const struct publish_options *options, const struct publish_forms *forms)
{
    struct outcome outcome = {NULL, 0};
    struct api_client *client;
    int status = api_open(&options->operate.access, &client);

    if (status != EXIT_OK)
        return status;
    status = upload_forms(client, options, forms, &outcome);
    if (status == EXIT_OK && options->files != NULL)
        status = upload_files(client, options, &outcome);
    if (status == EXIT_OK)
        status = options->operate.json ? operate_print_json(outcome.answer)
                                       : print_release(outcome.answer, outcome.http_status);
    json_decref(outcome.answer);
    api_close(client);
    return status;
}

/* Of a key update only the product can be said. EXIT_OK, or reported. */
static int check_keys_call(const struct publish_options *options)
{
    if (options->version != NULL || options->channel != NULL || options->name != NULL ||
        options->notes != NULL || options->requires != NULL || options->files != NULL ||
        options->is_draft || options->forms.gzip || options->forms.sign != NULL ||
        options->forms.manifest.is_wanted)
        return report_usage("of a key update only --product can be said");
    return EXIT_OK;
}

static int publish_key_update(const struct publish_options *options, const char *path)
{
    const int status = check_keys_call(options);

    return status == EXIT_OK ? publish_keys(&options->operate, path, options->product) : status;
}

int command_publish(int argc, char **argv)
{
    struct publish_options options = {.product = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    struct publish_forms forms;

    if (parsed != OPTIONS_OK)
        return operate_exit_status(parsed);
    if (!is_publishable(argv[1]) || (options.files != NULL && !is_publishable(options.files)))
        return EXIT_FAILED;
    if (publish_is_keys(argv[1]))
        return publish_key_update(&options, argv[1]);
    options.forms.manifest.product = options.product;
    options.forms.manifest.version = options.version;
    int status = publish_forms_make(&options.forms, argv[1], &forms);
    if (status != EXIT_OK)
        return status;
    status = publish(&options, &forms);
    publish_forms_free(&forms);
    return status;
}
