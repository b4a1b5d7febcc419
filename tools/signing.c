/* `signing`: the Arduino core's signing tool, by its options and messages.
 *
 * The core's build calls it for every sketch, with paths beside the sketch where
 * a key may be or not; a sketch without keys is no failure. Unlike the original,
 * what was asked for and not done shows in the exit status.
 */
#include "host/options.h"
#include "host/report.h"
#include "host/sign.h"
#include "tools/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_LIMIT  65536u
#define FILE_LIMIT (32u << 20)

struct signing_options {
    const char *mode;
    const char *bin;
    const char *out;
    const char *legacy;
    const char *public_key;
    const char *private_key;
};

static enum options_result parse(int argc, char **argv, struct signing_options *options)
{
    const struct option_row rows[] = {
        {"mode", 'm', OPTION_TEXT, &options->mode, "MODE", "header or sign"},
        {"bin", 'b', OPTION_TEXT, &options->bin, "FILE", "the binary to sign"},
        {"out", 'o', OPTION_TEXT, &options->out, "FILE", "the header, or the signed binary"},
        {"legacy", 'l', OPTION_TEXT, &options->legacy, "FILE",
         "the signed binary for cores up to 2.5.2"},
        {"publickey", 'p', OPTION_TEXT, &options->public_key, "FILE", "goes into the header"},
        {"privatekey", 's', OPTION_TEXT, &options->private_key, "FILE", "signs"},
        {NULL},
    };
    const struct command_usage usage = {
        report_program(),
        "--mode header --publickey FILE --out FILE\n"
        "       … --mode sign --privatekey FILE --bin FILE --out FILE [--legacy FILE]",
        "The Arduino core's signing tool: makes the header that builds a public key into a\n"
        "sketch, and signs the binary. Without a key file it does neither, which is no failure.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);
    if (result != OPTIONS_OK || operands == 0)
        return result;
    report_usage("takes no operand: %s is not expected", argv[1]);
    return OPTIONS_BAD;
}

/* --- the header --- */

/* The key file's bytes as a C string: unlike the original's, it ends in a NUL,
 * which the core looks for. */
static char *header_text(const struct file_bytes *key)
{
    static const char start[] = "#include <pgmspace.h>\n"
                                "#define ARDUINO_SIGNING 1\n"
                                "static const char signing_pubkey[] PROGMEM = {\n";
    static const char end[] = "0x00\n};\n";
    static const char byte[] = "0x00, \n";
    const size_t size = sizeof start + key->length * (sizeof byte - 1) + sizeof end;
    char *text = malloc(size);
    if (!text)
        return NULL;
    size_t at = (size_t)snprintf(text, size, "%s", start);
    for (size_t i = 0; i < key->length; i++)
        at += (size_t)snprintf(text + at, size - at, "0x%02x, \n", key->data[i]);
    snprintf(text + at, size - at, "%s", end);
    return text;
}

static bool holds_already(const char *path, const char *text)
{
    struct file_bytes bytes;
    if (file_read(path, FILE_LIMIT, &bytes) != 0)
        return false;
    const bool same = bytes.length == strlen(text) && memcmp(bytes.data, text, bytes.length) == 0;
    free(bytes.data);
    return same;
}

static int make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char *folder = strndup(path, (size_t)(slash - path));
    const int result = folder ? file_make_directories(folder, 0777) : -ENOMEM;
    free(folder);
    return result;
}

/* An unchanged header keeps its time, so that nothing is compiled again. */
static int write_header(const char *path, const char *text)
{
    if (holds_already(path, text))
        return EXIT_OK;
    int result = make_folder_of(path);
    if (!result)
        result = file_write_atomic(path, text, strlen(text), 0666);
    return result ? report_failure("%s: %s", path, strerror(-result)) : EXIT_OK;
}

/* A header with a key that devices cannot use would shut them off from updates. */
static int enable(const struct signing_options *options, const struct file_bytes *bytes)
{
    char error[KEY_ERROR_SIZE];
    struct key key;
    if (key_read_public(options->public_key, &key, error) != 0)
        return report_failure("%s", error);
    const bool is_private = key.is_private;
    key_free(&key);
    if (is_private)
        return report_failure("%s holds a private key, which must not go into firmware: give "
                              "the public one",
                              options->public_key);
    char *text = header_text(bytes);
    const int status = text ? write_header(options->out, text) : report_failure("out of memory");
    free(text);
    if (status == EXIT_OK)
        fprintf(stderr, "Enabling binary signing\n");
    return status;
}

static int make_header(const struct signing_options *options)
{
    struct file_bytes bytes;
    if (!options->public_key || !options->out)
        return report_usage("--mode header needs --publickey and --out");
    const int result = file_read(options->public_key, KEY_LIMIT, &bytes);
    if (result == -ENOENT) {
        fprintf(stderr, "Not enabling binary signing\n");
        return write_header(options->out, "#define ARDUINO_SIGNING 0\n");
    }
    if (result)
        return report_failure("%s: %s", options->public_key, strerror(-result));
    const int status = enable(options, &bytes);
    free(bytes.data);
    return status;
}

/* --- the signed binary --- */

static int sign_one(const struct key *key, enum sign_form form, const struct file_bytes *content,
                    const char *path)
{
    const char *word = form == SIGN_LEGACY ? "legacy signing" : "signing";
    char error[KEY_ERROR_SIZE];
    struct file_bytes signed_file;
    if (sign_content(key, form, content, &signed_file, error) != 0) {
        fprintf(stderr, "OpenSSL returned an error %s the binary: %s\n", word, error);
        return EXIT_FAILED;
    }
    const int result = file_write_atomic(path, signed_file.data, signed_file.length, 0666);
    free(signed_file.data);
    if (result)
        return report_failure("%s: %s", path, strerror(-result));
    fprintf(stderr, form == SIGN_LEGACY ? "Legacy signed binary: %s\n" : "Signed binary: %s\n",
            path);
    return EXIT_OK;
}

/* A signed binary left by an earlier build would be uploaded in place of the
 * one just made. Anything else of that name is left alone. */
static void remove_stale(const char *path, const struct file_bytes *content)
{
    struct file_bytes old;
    if (!path || file_read(path, FILE_LIMIT, &old) != 0)
        return;
    const bool is_signed = sign_announced_length(&old) > 0;
    const bool is_of_this_build =
        old.length >= content->length && memcmp(old.data, content->data, content->length) == 0;
    free(old.data);
    if (is_signed && !is_of_this_build && unlink(path) == 0)
        fprintf(stderr, "Removed %s, which an earlier build had signed\n", path);
}

/* status: whether that is a failure. */
static int give_up(const struct signing_options *options, const struct file_bytes *content,
                   int status)
{
    fprintf(stderr, "Not signing the generated binary\n");
    remove_stale(options->out, content);
    remove_stale(options->legacy, content);
    return status;
}

static int sign_both(const struct key *key, const struct signing_options *options,
                     const struct file_bytes *content)
{
    const int status = sign_one(key, SIGN_STANDARD, content, options->out);
    if (!options->legacy)
        return status;
    const int legacy = sign_one(key, SIGN_LEGACY, content, options->legacy);
    return status != EXIT_OK ? status : legacy;
}

static int sign_content_of(const struct signing_options *options, const struct file_bytes *content)
{
    char error[KEY_ERROR_SIZE];
    struct key key;
    if (access(options->private_key, F_OK) != 0 && errno == ENOENT)
        return give_up(options, content, EXIT_OK);
    if (key_read_private(options->private_key, &key, error) != 0) {
        report_failure("%s", error);
        return give_up(options, content, EXIT_FAILED);
    }
    const int status = sign_both(&key, options, content);
    key_free(&key);
    return status;
}

static int sign_binary(const struct signing_options *options)
{
    struct file_bytes content;
    if (!options->private_key || !options->bin || !options->out)
        return report_usage("--mode sign needs --privatekey, --bin and --out");
    const int result = file_read(options->bin, FILE_LIMIT, &content);
    if (result) {
        report_failure("%s: %s", options->bin, strerror(-result));
        fprintf(stderr, "Not signing the generated binary\n");
        return EXIT_FAILED;
    }
    const int status = sign_content_of(options, &content);
    free(content.data);
    return status;
}

int command_signing(int argc, char **argv)
{
    struct signing_options options = {.mode = NULL};
    const enum options_result parsed = parse(argc, argv, &options);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (options.mode && strcmp(options.mode, "header") == 0)
        return make_header(&options);
    if (options.mode && strcmp(options.mode, "sign") == 0)
        return sign_binary(&options);
    fprintf(stderr, "ERROR: Mode not specified as header or sign\n");
    return EXIT_USAGE;
}
