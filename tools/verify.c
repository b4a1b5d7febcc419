/* `updraft verify`: is a file signed by a key? */
#include "host/options.h"
#include "host/report.h"
#include "host/sign.h"
#include "tools/command.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT (32u << 20)

struct verify_options {
    const char *key;
    bool json;
};

/* What is found, and the end of a sentence that begins with the file's name. */
static const struct {
    const char *word;
    const char *explanation;
} verdicts[] = {
    [SIGN_GOOD] = {"good", "is signed by this key"},
    [SIGN_GOOD_LEGACY] = {"legacy",
                          "is signed by this key in the legacy form, which only Arduino cores up "
                          "to 2.5.2 accept: sign it anew for others"},
    [SIGN_GOOD_DER] = {"der", "is signed by this key, but in DER, which no device accepts: sign "
                              "it with updraft sign"},
    [SIGN_WRONG] = {"wrong", "is not signed by this key, or was changed after it was signed"},
    [SIGN_ABSENT] = {"absent", "has no signature this key could have made"},
};

static enum options_result parse(int argc, char **argv, struct verify_options *options)
{
    const struct option_row rows[] = {
        {"key", 'k', OPTION_TEXT, &options->key, "FILE", "the public key (default public.key)"},
        {"json", 0, OPTION_FLAG, &options->json, NULL, "print JSON"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft verify", "FILE [--key FILE] [--json]",
        "Says whether FILE is signed by a key as devices want it: exit 0, else 1.", rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);
    if (result != OPTIONS_OK || operands == 1)
        return result;
    if (operands == 0)
        report_usage("no file given to verify");
    else
        report_usage("one file at a time: %s is not expected", argv[2]);
    return OPTIONS_BAD;
}

static int print_json(const char *path, const struct key *key, enum sign_verdict verdict,
                      size_t content_length)
{
    char name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    json_t *root =
        json_pack("{ss ss ss ss sb sI}", "file", path, "key", key_name(key, name), "key_id",
                  key_id_text(key, id), "signature", verdicts[verdict].word, "verified",
                  verdict == SIGN_GOOD, "content_size", (json_int_t)content_length);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (!text)
        return report_failure("%s: its name cannot be put into JSON", path);
    puts(text);
    free(text);
    return EXIT_OK;
}

static int verify_with(const struct key *key, const struct verify_options *options,
                       const char *path, const struct file_bytes *file)
{
    size_t content_length;
    char name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    const enum sign_verdict verdict = sign_check(key, file, &content_length);
    if (options->json && print_json(path, key, verdict, content_length) != EXIT_OK)
        return EXIT_FAILED;
    if (verdict != SIGN_GOOD)
        return report_failure("%s %s (%s)", path, verdicts[verdict].explanation, options->key);
    if (!options->json)
        printf("%s %s: %s %s, %zu bytes before the signature\n", path,
               verdicts[verdict].explanation, key_name(key, name), key_id_text(key, id),
               content_length);
    return EXIT_OK;
}

int command_verify(int argc, char **argv)
{
    struct verify_options options = {.key = "public.key"};
    const enum options_result parsed = parse(argc, argv, &options);
    char error[KEY_ERROR_SIZE];
    struct file_bytes file;
    struct key key;
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (key_read_public(options.key, &key, error) != 0)
        return report_failure("%s", error);
    const int result = file_read(argv[1], FILE_LIMIT, &file);
    const int status = result ? report_failure("%s: %s", argv[1], strerror(-result))
                              : verify_with(&key, &options, argv[1], &file);
    free(file.data);
    key_free(&key);
    return status;
}
