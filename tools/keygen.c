/* `updraft keygen`: a key pair to sign updates with. */
#include "host/keys.h"
#include "host/options.h"
#include "host/report.h"
#include "tools/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct keygen_options {
    const char *type;
    const char *private_key;
    const char *public_key;
};

static enum options_result parse(int argc, char **argv, struct keygen_options *options)
{
    const struct option_row rows[] = {
        {"type", 't', OPTION_TEXT, &options->type, "TYPE", "rsa2048 (default), rsa3072 or p256"},
        {"private", 0, OPTION_TEXT, &options->private_key, "FILE",
         "where the private key goes (default private.key)"},
        {"public", 0, OPTION_TEXT, &options->public_key, "FILE",
         "where the public key goes (default public.key)"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft keygen", "[--type TYPE] [--private FILE] [--public FILE]",
        "Makes a key pair: the private key signs updates and stays on your bench, the\n"
        "public one goes into the firmware. Files that are there are never overwritten.\n"
        "Devices with the stock Arduino core take RSA keys only.",
        rows};
    int operands;
    const enum options_result result = options_parse(&usage, argc, argv, &operands);
    if (result != OPTIONS_OK || operands == 0)
        return result;
    report_usage("takes no operand: %s is not expected", argv[1]);
    return OPTIONS_BAD;
}

static const struct key_type *type_named(const char *name)
{
    for (const struct key_type *type = key_types; type->name; type++)
        if (strcmp(type->name, name) == 0)
            return type;
    return NULL;
}

/* Both files or none: a private key whose public half is nowhere is of no use. */
static int write_pair(const struct key *key, const struct keygen_options *options,
                      char error[KEY_ERROR_SIZE])
{
    if (key_write_private(key, options->private_key, error) != 0)
        return -1;
    if (key_write_public(key, options->public_key, error) == 0)
        return 0;
    unlink(options->private_key);
    return -1;
}

static int make_pair(const struct key_type *type, const struct keygen_options *options)
{
    char error[KEY_ERROR_SIZE], name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    struct key key;
    if (key_generate(type, &key, error) != 0)
        return report_failure("%s", error);
    const int result = write_pair(&key, options, error);
    key_name(&key, name);
    key_id_text(&key, id);
    key_free(&key);
    if (result != 0)
        return report_failure("%s", error);
    printf("%s: private key, %s %s; keep it secret, and a copy of it safe\n"
           "%s: public key; it goes into the firmware\n",
           options->private_key, name, id, options->public_key);
    return EXIT_OK;
}

int command_keygen(int argc, char **argv)
{
    struct keygen_options options = {"rsa2048", "private.key", "public.key"};
    const enum options_result parsed = parse(argc, argv, &options);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    const struct key_type *type = type_named(options.type);
    if (!type)
        return report_usage("--type takes rsa2048, rsa3072 or p256, not %s", options.type);
    return make_pair(type, &options);
}
