/* `updraft key`: what a key is called, keys for the firmware, and updates that
 * change which keys devices trust.
 */
#include "host/keys_update.h"
#include "host/options.h"
#include "host/report.h"
#include "host/sign.h"
#include "tools/command.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPDATE_LIMIT 65536u

struct key_options {
    const char *key;
    const char *out;
    const char *product;
    unsigned long number;
};

/* One thing to do. Operands are at files[0..count). */
struct action {
    const char *name;
    int fewest, most; /* operands */
    int (*run)(const struct key_options *options, char *const *files, int count);
};

/* --- show --- */

static int show_update(const char *path, const struct key_update_facts *facts)
{
    char id[KEY_ID_TEXT];
    ud_hex_encode(facts->id, KEY_ID_SIZE, id);
    printf("%s: key update %u for %s: %s %s; %s\n", path, facts->number,
           facts->product[0] ? facts->product : "any product",
           facts->action == KEY_UPDATE_ADD ? "adds" : "revokes", id,
           facts->signature_length ? "signed" : "not signed yet");
    return EXIT_OK;
}

static int show_key(const char *path)
{
    char error[KEY_ERROR_SIZE], name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    struct key key;
    if (key_read_public(path, &key, error) != 0)
        return report_failure("%s", error);
    printf("%s: %s %s key %s\n", path, key_name(&key, name), key.is_private ? "private" : "public",
           key_id_text(&key, id));
    key_free(&key);
    return EXIT_OK;
}

static int show_one(const char *path)
{
    struct key_update_facts facts;
    struct file_bytes bytes;
    if (file_read(path, UPDATE_LIMIT, &bytes) != 0)
        return show_key(path); /* which says why it cannot be read */
    const bool is_update = key_update_read(&bytes, &facts);
    OPENSSL_cleanse(bytes.data, bytes.length);
    free(bytes.data);
    return is_update ? show_update(path, &facts) : show_key(path);
}

static int show(const struct key_options *options, char *const *files, int count)
{
    int status = EXIT_OK;
    (void)options;
    for (int i = 0; i < count && status == EXIT_OK; i++)
        status = show_one(files[i]);
    return status;
}

/* --- header --- */

static void print_array(FILE *out, const struct key *key, const struct file_bytes *der)
{
    char name[KEY_NAME_SIZE], id[KEY_ID_TEXT];
    fprintf(out, "/* %s */\nstatic const uint8_t key_%s[] = {", key_name(key, name),
            key_id_text(key, id));
    for (size_t i = 0; i < der->length; i++)
        fprintf(out, "%s0x%02x,", i % 16 ? " " : "\n    ", der->data[i]);
    fprintf(out, "\n};\n\n");
}

/* Prints a key's array and notes its id for the list after the last one. */
static int put_key(FILE *out, const char *path, char id[KEY_ID_TEXT])
{
    char error[KEY_ERROR_SIZE];
    struct file_bytes der;
    struct key key;
    if (key_read_public(path, &key, error) != 0)
        return report_failure("%s", error);
    const int result = key_der(&key, &der, error);
    if (result == 0) {
        print_array(out, &key, &der);
        key_id_text(&key, id);
        free(der.data);
    }
    key_free(&key);
    return result == 0 ? EXIT_OK : report_failure("%s: %s", path, error);
}

static int put_header(FILE *out, char *const *files, int count)
{
    char(*ids)[KEY_ID_TEXT] = calloc((size_t)count, sizeof *ids);
    int status = ids ? EXIT_OK : report_failure("out of memory");
    fprintf(out, "/* The public keys that sign updates; made by updraft key header. */\n"
                 "#ifndef UPDATE_KEYS_H\n#define UPDATE_KEYS_H\n\n"
                 "#include \"updraft/key.h\"\n\n");
    for (int i = 0; i < count && status == EXIT_OK; i++)
        status = put_key(out, files[i], ids[i]);
    fprintf(out, "static const struct ud_key_der update_keys[] = {\n");
    for (int i = 0; i < count && status == EXIT_OK; i++)
        fprintf(out, "    {key_%s, sizeof key_%s},\n", ids[i], ids[i]);
    fprintf(out, "};\n\n#endif\n");
    free(ids);
    return status;
}

/* Writes where --out says, else to stdout. */
static int put_out(const struct key_options *options, const void *data, size_t length)
{
    if (!options->out) {
        fwrite(data, 1, length, stdout);
        return EXIT_OK;
    }
    const int result = file_write_atomic(options->out, data, length, 0644);
    return result ? report_failure("%s: %s", options->out, strerror(-result)) : EXIT_OK;
}

static int make_header(const struct key_options *options, char *const *files, int count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return report_failure("out of memory");
    int status = put_header(out, files, count);
    if (fclose(out) != 0 && status == EXIT_OK)
        status = report_failure("out of memory");
    if (status == EXIT_OK)
        status = put_out(options, text, length);
    free(text);
    return status;
}

/* --- add, revoke --- */

static int write_signed(const struct key_options *options, const struct key *signer,
                        const struct file_bytes *content)
{
    char error[KEY_ERROR_SIZE];
    struct file_bytes signed_file;
    struct key_update_facts facts;
    if (sign_content(signer, SIGN_STANDARD, content, &signed_file, error) != 0)
        return report_failure("%s: %s", options->out, error);
    int status = put_out(options, signed_file.data, signed_file.length);
    if (status == EXIT_OK && key_update_read(&signed_file, &facts))
        status = show_update(options->out, &facts);
    free(signed_file.data);
    return status;
}

static int make_update(const struct key_options *options, const struct key_update *update,
                       const struct key *signer)
{
    char error[KEY_ERROR_SIZE];
    struct file_bytes content;
    if (EVP_PKEY_eq(update->subject->pkey, signer->pkey) == 1)
        return report_failure("a key cannot %s itself: sign with another trusted key",
                              update->action == KEY_UPDATE_ADD ? "add" : "revoke");
    if (key_update_make(update, &content, error) != 0)
        return report_failure("%s", error);
    const int status = write_signed(options, signer, &content);
    free(content.data);
    return status;
}

static int change(const struct key_options *options, enum key_update_action action,
                  const char *path)
{
    char error[KEY_ERROR_SIZE];
    struct key subject, signer;
    if (!options->out)
        return report_usage("where to? Give --out");
    if (options->number == 0 || options->number > UINT32_MAX)
        return report_usage("give --number: 1 for a product's first key update, then 2 and so on");
    if (key_read_public(path, &subject, error) != 0)
        return report_failure("%s", error);
    const struct key_update update = {action, (uint32_t)options->number,
                                      options->product ? options->product : "", &subject};
    int status;
    if (key_read_private(options->key, &signer, error) == 0) {
        status = make_update(options, &update, &signer);
        key_free(&signer);
    } else {
        status = report_failure("%s", error);
    }
    key_free(&subject);
    return status;
}

static int add(const struct key_options *options, char *const *files, int count)
{
    (void)count;
    return change(options, KEY_UPDATE_ADD, files[0]);
}

static int revoke(const struct key_options *options, char *const *files, int count)
{
    (void)count;
    return change(options, KEY_UPDATE_REVOKE, files[0]);
}

/* --- the command --- */

static const struct action actions[] = {
    {"show", 1, 99, show}, {"header", 1, 99, make_header},
    {"add", 1, 1, add},    {"revoke", 1, 1, revoke},
    {NULL, 0, 0, NULL},
};

static enum options_result parse(int argc, char **argv, struct key_options *options, int *operands)
{
    const struct option_row rows[] = {
        {"key", 'k', OPTION_TEXT, &options->key, "FILE",
         "the private key that signs (default private.key)"},
        {"number", 'n', OPTION_NUMBER, &options->number, "N",
         "of this update: one more than the product's last"},
        {"product", 'p', OPTION_TEXT, &options->product, "P", "whose devices (default any)"},
        {"out", 'o', OPTION_TEXT, &options->out, "OUT", "where to write"},
        {NULL},
    };
    const struct command_usage usage = {
        "updraft key",
        "show FILE…\n       updraft key header FILE… [--out OUT]\n"
        "       updraft key add FILE --number N --out OUT [--product P] [--key FILE]\n"
        "       updraft key revoke FILE --number N --out OUT [--product P] [--key FILE]",
        "show    a key's kind and id, or what a key update does\n"
        "header  the C header that builds public keys into firmware\n"
        "add     a key update: devices trust FILE's key too\n"
        "revoke  a key update: devices trust FILE's key no more\n"
        "Updates go to devices as firmware does, in order and none left out.",
        rows};
    return options_parse(&usage, argc, argv, operands);
}

static const struct action *action_named(const char *name)
{
    for (const struct action *action = actions; action->name; action++)
        if (strcmp(action->name, name) == 0)
            return action;
    return NULL;
}

int command_key(int argc, char **argv)
{
    struct key_options options = {.key = "private.key"};
    int operands;
    const enum options_result parsed = parse(argc, argv, &options, &operands);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operands == 0)
        return report_usage("say show, header, add or revoke");
    const struct action *action = action_named(argv[1]);
    if (!action)
        return report_usage("%s is not one of show, header, add, revoke", argv[1]);
    if (operands - 1 < action->fewest)
        return report_usage("%s needs a key's file", action->name);
    if (operands - 1 > action->most)
        return report_usage("one key at a time: %s is not expected", argv[2 + action->most]);
    return action->run(&options, argv + 2, operands - 1);
}
