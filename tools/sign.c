/* `updraft sign`: appends a signature to an update. */
#include "host/sign.h"
#include "host/options.h"
#include "host/report.h"
#include "host/sign_manifest.h"
#include "tools/command.h"
#include "tools/manifest_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

struct sign_options {
    const char *key;
    const char *out;
    bool legacy;
    struct manifest_options manifest;
};

static enum options_result parse(int argc, char **argv, struct sign_options *options)
{
    struct manifest_options *manifest = &options->manifest;
    const struct option_row rows[] = {
        {"key", 'k', OPTION_TEXT, &options->key, "FILE", "the private key (default private.key)"},
        {"out", 'o', OPTION_TEXT, &options->out, "OUT", "default FILE.signed"},
        {"legacy", 0, OPTION_FLAG, &options->legacy, NULL,
         "also write FILE.legacy_sig, for Arduino cores up to 2.5.2 (RSA keys)"},
        {"manifest", 'm', OPTION_FLAG, &manifest->is_wanted, NULL,
         "sign what the file is for, too; the options below say it"},
        {"product", 'p', OPTION_TEXT, &manifest->product, "P",
         "what it is a firmware of (default: as the image says)"},
        {"version", 'v', OPTION_TEXT, &manifest->version, "V", "default: as the image says"},
        {"kind", 0, OPTION_TEXT, &manifest->kind, "KIND", "application (default) or files"},
        {"security", 0, OPTION_NUMBER, &manifest->security, "N",
         "its security version: devices at a higher one refuse it (default 0)"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft sign", "FILE [--key FILE] [--out OUT] [--legacy] [--manifest …]",
        "Writes FILE.signed: FILE, its signature and the signature's length. FILE may be a\n"
        ".bin, a .bin.gz, a file system or a key update: compress first, then sign.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);
    if (result != OPTIONS_OK || operands == 1)
        return result;
    if (operands == 0)
        report_usage("no file given to sign");
    else
        report_usage("one file at a time: %s is not expected", argv[2]);
    return OPTIONS_BAD;
}

static int write_signed(const struct key *key, enum sign_form form,
                        const struct file_bytes *content, const char *path)
{
    char error[KEY_ERROR_SIZE], name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    struct file_bytes signed_file;
    if (sign_content(key, form, content, &signed_file, error) != 0)
        return report_failure("%s: %s", path, error);
    const int result = file_write_atomic(path, signed_file.data, signed_file.length, 0644);
    free(signed_file.data);
    if (result)
        return report_failure("%s: %s", path, strerror(-result));
    printf("%s: signed with %s %s%s, %zu bytes\n", path, key_name(key, name), key_id_text(key, id),
           form == SIGN_LEGACY ? " in the legacy form" : "", signed_file.length);
    return EXIT_OK;
}

static int sign_legacy(const struct key *key, const struct file_bytes *content, const char *path)
{
    char out[PATH_SIZE];
    if (snprintf(out, sizeof out, "%s.legacy_sig", path) >= (int)sizeof out)
        return report_failure("%s: the path is too long", path);
    return write_signed(key, SIGN_LEGACY, content, out);
}

static int write_all(const struct key *key, const struct sign_options *options, const char *path,
                     const struct file_bytes *content)
{
    char out[PATH_SIZE];
    if (snprintf(out, sizeof out, "%s.signed", path) >= (int)sizeof out)
        return report_failure("%s: the path is too long", path);
    const int status = write_signed(key, SIGN_STANDARD, content, options->out ? options->out : out);
    return status == EXIT_OK && options->legacy ? sign_legacy(key, content, path) : status;
}

/* Devices strip one trailer only, so a second signature spoils the image. */
static bool is_signed_by(const struct key *key, const struct file_bytes *content)
{
    size_t length;
    const enum sign_verdict verdict = sign_check(key, content, &length);
    return verdict != SIGN_ABSENT && verdict != SIGN_WRONG;
}

static int sign_with_manifest(const struct key *key, const struct sign_options *options,
                              const struct image_file *image)
{
    char error[KEY_ERROR_SIZE];
    struct ud_manifest manifest;
    struct file_bytes content;
    int status = manifest_options_apply(&options->manifest, image, &manifest);
    if (status != EXIT_OK)
        return status;
    if (manifest_attach(&manifest, &image->file, &content, error) != 0)
        return report_failure("%s: %s", image->path, error);
    status = write_all(key, options, image->path, &content);
    free(content.data);
    return status;
}

static int sign_with(const struct key *key, const struct sign_options *options,
                     const struct image_file *image)
{
    const struct manifest_options *manifest = &options->manifest;
    if (image->trailer.signature || is_signed_by(key, &image->file))
        return report_failure("%s is signed already: sign the file it was made from", image->path);
    if (options->legacy && key->kind != KEY_RSA)
        return report_failure("--legacy: the legacy form is for RSA keys only");
    if (manifest->is_wanted)
        return sign_with_manifest(key, options, image);
    if (manifest->product || manifest->version || manifest->kind || manifest->security)
        return report_usage("--product, --version, --kind and --security go with --manifest");
    return write_all(key, options, image->path, &image->file);
}

static int sign_file(const struct sign_options *options, const char *path)
{
    char error[KEY_ERROR_SIZE];
    struct image_file image;
    struct key key;
    int status;
    const int result = image_file_open(&image, path);
    if (result)
        status = report_failure("%s: %s", path, strerror(-result));
    else if (key_read_private(options->key, &key, error) != 0)
        status = report_failure("%s", error);
    else {
        status = sign_with(&key, options, &image);
        key_free(&key);
    }
    image_file_close(&image);
    return status;
}

int command_sign(int argc, char **argv)
{
    struct sign_options options = {.key = "private.key"};
    const enum options_result parsed = parse(argc, argv, &options);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    return sign_file(&options, argv[1]);
}
