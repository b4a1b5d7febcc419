/* `updraft keygen`: a key pair to sign updates with; or one for a server with https, and a
 * certificate of its own making. */
#include "host/certificates.h"
#include "host/keys.h"
#include "host/options.h"
#include "host/pin.h"
#include "host/report.h"
#include "tools/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct keygen_options {
    const char *type;
    const char *private_key;
    const char *public_key;
    struct option_list names; /* of a server; none: the key signs updates */
    unsigned long days;
};

#define DAYS_DEFAULT 3650ul
#define DAYS_LIMIT   36500ul

static enum options_result parse(int argc, char **argv, struct keygen_options *options)
{
    const struct option_row rows[] = {
        {"type", 't', OPTION_TEXT, &options->type, "TYPE",
         "rsa2048 (default), rsa3072 or p256 (default for --tls)"},
        {"private", 0, OPTION_TEXT, &options->private_key, "FILE",
         "where the private key goes (default private.key, or tls.key)"},
        {"public", 0, OPTION_TEXT, &options->public_key, "FILE",
         "where the public key goes (default public.key), or the certificate (tls.crt)"},
        {"tls", 0, OPTION_LIST, &options->names, "NAME",
         "for a server that devices know by this name or address, given for each: with a "
         "certificate"},
        {"days", 0, OPTION_NUMBER, &options->days, "N",
         "so long the certificate is good (default 3650)"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft keygen",
        "[--type TYPE] [--private FILE] [--public FILE]\n"
        "       updraft keygen --tls NAME… [--days N] [--private FILE] [--public FILE]",
        "Makes a key pair: the private key signs updates and stays on your bench, the\n"
        "public one goes into the firmware. Files that are there are never overwritten.\n"
        "Devices with the stock Arduino core take RSA keys only.\n"
        "With --tls, what `updraft serve --tls-cert tls.crt --tls-key tls.key` takes.",
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

static int make_certificate(const struct key_type *type, const struct keygen_options *options)
{
    const struct certificate_order order = {options->names.values, options->names.count,
                                            options->days};
    char error[KEY_ERROR_SIZE], name[KEY_NAME_SIZE], text[PIN_TEXT_SIZE];
    uint8_t pin[PIN_SIZE];
    struct key key;

    if (key_generate(type, &key, error) != 0)
        return report_failure("%s", error);
    int result = key_write_private(&key, options->private_key, error);
    if (result == 0) {
        result = certificate_write_own(&key, &order, options->public_key, error);
        if (result != 0)
            unlink(options->private_key);
    }
    key_name(&key, name);
    if (!pin_of_key(key.pkey, pin))
        memset(pin, 0, sizeof pin);
    key_free(&key);
    if (result != 0)
        return report_failure("%s", error);
    printf("%s: private key, %s; for the server's eyes only\n"
           "%s: certificate for %s%s, good for %lu days; devices and tools take it as --ca\n"
           "pin: %s\n",
           options->private_key, name, options->public_key, options->names.values[0],
           options->names.count > 1 ? " and others" : "", options->days, pin_format(pin, text));
    return EXIT_OK;
}

int command_keygen(int argc, char **argv)
{
    struct keygen_options options = {.days = DAYS_DEFAULT};
    const enum options_result parsed = parse(argc, argv, &options);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    const bool is_tls = options.names.count > 0;
    if (options.type == NULL)
        options.type = is_tls ? "p256" : "rsa2048";
    if (options.private_key == NULL)
        options.private_key = is_tls ? "tls.key" : "private.key";
    if (options.public_key == NULL)
        options.public_key = is_tls ? "tls.crt" : "public.key";
    if (options.days == 0 || options.days > DAYS_LIMIT)
        return report_usage("--days takes 1 to %lu", DAYS_LIMIT);
    const struct key_type *type = type_named(options.type);
    if (!type)
        return report_usage("--type takes rsa2048, rsa3072 or p256, not %s", options.type);
    return is_tls ? make_certificate(type, &options) : make_pair(type, &options);
}
