/* `updraft settings`: what the reference firmware in a flash file was told when it was set
 * up, and changing that.
 */
#include "firmware/settings.h"

#include "host/file.h"
#include "host/keys.h"
#include "host/options.h"
#include "host/report.h"
#include "sim/nor.h"
#include "tools/command.h"
#include "tools/settings_edit.h"
#include "updraft/hex.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct chip {
    const char *path;
    struct nor *nor;
    struct settings_place place;
    struct settings_record record;
    uint32_t bytes[UD_FLASH_SECTOR / sizeof(uint32_t)];
};

/* ---- The file ---- */

static int open_file(struct chip *chip)
{
    struct stat status;

    if (stat(chip->path, &status) != 0)
        return report_failure("%s: %s", chip->path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size > UINT32_MAX ||
        settings_find_place((uint32_t)status.st_size, &chip->place) != UD_OK)
        return report_failure("%s: it is no content of an ESP8266's flash: that has 512K, 1M, 2M, "
                              "4M, 8M or 16M bytes",
                              chip->path);
    const struct nor_config config = {
        .path = chip->path, .size = (uint32_t)status.st_size, .rules = NOR_AND};
    const int error = nor_open(&chip->nor, &config);
    if (error == -EBUSY)
        return report_failure("%s: a device is running on it; end it first", chip->path);
    return error != 0 ? report_failure("%s: %s", chip->path, strerror(-error)) : EXIT_OK;
}

static int load(struct chip *chip)
{
    const int status = open_file(chip);

    if (status != EXIT_OK)
        return status;
    if (settings_record_load(nor_flash(chip->nor), &chip->place, (uint8_t *)chip->bytes,
                             &chip->record) == UD_OK)
        return EXIT_OK;
    return report_failure("%s: it cannot be read", chip->path);
}

static int save(struct chip *chip)
{
    if (settings_record_save(nor_flash(chip->nor), &chip->place, &chip->record) == UD_OK)
        return EXIT_OK;
    return report_failure("%s: it cannot be written", chip->path);
}

/* ---- show ---- */

/* What keys and certificates go by. */
static void name_blob(const struct settings_item *item, char id[KEY_ID_TEXT])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256(item->bytes, item->length, digest);
    ud_hex_encode(digest, KEY_ID_SIZE, id);
}

static void show_text(const struct settings_record *record, const struct settings *settings)
{
    struct settings_item item;
    char text[SETTINGS_TEXT_MAX];
    char id[KEY_ID_TEXT];
    uint32_t offset = 0;

    for (size_t i = 0; i < SETTINGS_FIELDS; i++) {
        settings_show(settings, &settings_fields[i], text);
        printf("%-10s%s\n", settings_fields[i].name, text[0] != '\0' ? text : "-");
    }
    while (settings_record_next(record, &offset, &item)) {
        if (item.tag != SETTINGS_KEY && item.tag != SETTINGS_CA)
            continue;
        name_blob(&item, id);
        printf("%-10s%s, %u bytes\n", item.tag == SETTINGS_KEY ? "key" : "ca", id, item.length);
    }
}

static json_t *value_of(const struct settings_field *field, const char *text)
{
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_SECONDS:
    case SETTINGS_PORT:
        return json_integer(strtoll(text, NULL, 10));
    case SETTINGS_SWITCH:
        return json_boolean(strcmp(text, "on") == 0);
    case SETTINGS_SECRET:
        return json_boolean(text[0] != '\0');
    case SETTINGS_TEXT:
    case SETTINGS_LABEL:
    case SETTINGS_URL:
    case SETTINGS_DIGEST:
    default:
        return json_string(text);
    }
}

static void show_json(const struct settings_record *record, const struct settings *settings)
{
    json_t *object = json_object();
    json_t *keys = json_array();
    json_t *ca = json_null();
    struct settings_item item;
    char text[SETTINGS_TEXT_MAX];
    char id[KEY_ID_TEXT];
    uint32_t offset = 0;

    for (size_t i = 0; i < SETTINGS_FIELDS; i++)
        json_object_set_new(
            object, settings_fields[i].name,
            value_of(&settings_fields[i], settings_show(settings, &settings_fields[i], text)));
    while (settings_record_next(record, &offset, &item)) {
        name_blob(&item, id);
        if (item.tag == SETTINGS_KEY)
            json_array_append_new(keys, json_string(id));
        else if (item.tag == SETTINGS_CA)
            ca = json_string(id);
    }
    json_object_set_new(object, "keys", keys);
    json_object_set_new(object, "ca", ca);
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static int show(struct chip *chip, bool as_json)
{
    struct settings settings;

    settings_decode(&chip->record, &settings);
    if (as_json)
        show_json(&chip->record, &settings);
    else
        show_text(&chip->record, &settings);
    return EXIT_OK;
}

/* ---- set, unset ---- */

static int change(struct chip *chip, int count, char *const *operands,
                  int (*edit)(struct settings_record *record, const char *operand))
{
    for (int i = 0; i < count; i++) {
        const int status = edit(&chip->record, operands[i]);
        if (status != EXIT_OK)
            return status;
    }
    return save(chip);
}

static int act(struct chip *chip, int count, char *const *operands, bool as_json)
{
    if (count == 0 || strcmp(operands[0], "show") == 0)
        return count <= 1 ? show(chip, as_json) : report_usage("show takes nothing after it");
    if (strcmp(operands[0], "set") == 0)
        return count > 1 ? change(chip, count - 1, operands + 1, settings_edit_assign)
                         : report_usage("set takes NAME=VALUE");
    if (strcmp(operands[0], "unset") == 0)
        return count > 1 ? change(chip, count - 1, operands + 1, settings_edit_unset)
                         : report_usage("unset takes the names of settings");
    return report_usage("unknown action %s; actions are show, set and unset", operands[0]);
}

int command_settings(int argc, char **argv)
{
    bool as_json = false;
    const struct option_row rows[] = {
        {"json", 0, OPTION_FLAG, &as_json, NULL, "show them as JSON"},
        {NULL, 0, OPTION_FLAG, NULL, NULL, NULL},
    };
    const struct command_usage usage = {
        "updraft settings", "FILE [show | set NAME=VALUE… | unset NAME…]",
        "What the reference firmware in a flash file was told, and changing that:\n"
        "  name       host name; without one it is made of the MAC address\n"
        "  server     URL that is asked for updates\n"
        "  poll       seconds from one check-in to the next\n"
        "  trial      on: a program on trial confirms itself once its server has answered;\n"
        "             off: as soon as it runs\n"
        "  patience   seconds it waits for that before it restarts; 0: for ever\n"
        "  uploads    UDP port for updraft push; 0: none\n"
        "  page       TCP port of the page for browsers; 0: none\n"
        "  user       who may use the page, with\n"
        "  password   the password, of uploads too\n"
        "  sha256     on: uploads prove the password as ESP32s have it\n"
        "  announce   on: uploads and page are announced by mDNS\n"
        "  manifest   on: updates must say what they are for\n"
        "  product    and be for this; without it for the program's own project\n"
        "  pin        SHA-256 of the server's public key, for https\n"
        "  key        FILE of a public key: takes only updates signed by it or by others added\n"
        "  ca         FILE of the certificate that vouches for the server, for https\n"
        "VALUE @FILE is the first line of FILE; nothing, or unset, is the default.",
        rows};
    struct chip chip = {0};
    int operands;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operands);

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operands == 0)
        return report_usage("FILE is missing: the flash of a device");
    chip.path = argv[1];
    int status = load(&chip);
    if (status == EXIT_OK)
        status = act(&chip, operands - 1, argv + 2, as_json);
    nor_close(chip.nor);
    return status;
}
