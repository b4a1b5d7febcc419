/* What operators decide for devices and groups, as JSON. */
#include "server/operator_api/handlers.h"

#include <stdio.h>
#include <string.h>

#define NAME_FORM "1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot"

/* Takes a value that is not null. False when it is malformed. */
typedef bool take_function(const json_t *value, struct settings *settings);

static bool copy_text(const json_t *value, bool (*is_valid)(const char *), char *out, size_t size)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) >= size || !is_valid(text))
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool take_product(const json_t *value, struct settings *settings)
{
    return copy_text(value, name_is_valid, settings->product, sizeof settings->product);
}

static bool take_group(const json_t *value, struct settings *settings)
{
    return copy_text(value, name_is_valid, settings->group, sizeof settings->group);
}

static bool take_channel(const json_t *value, struct settings *settings)
{
    return copy_text(value, name_is_valid, settings->channel, sizeof settings->channel);
}

static bool take_pin(const json_t *value, struct settings *settings)
{
    return copy_text(value, version_is_valid, settings->pin, sizeof settings->pin);
}

static bool take_alias(const json_t *value, struct settings *settings)
{
    return copy_text(value, notes_are_valid, settings->alias, sizeof settings->alias) &&
           strpbrk(settings->alias, "\n\t") == NULL;
}

static bool take_notes(const json_t *value, struct settings *settings)
{
    return copy_text(value, notes_are_valid, settings->comment, sizeof settings->comment);
}

static bool take_tags(const json_t *value, struct settings *settings)
{
    size_t length = 0;

    if (!json_is_array(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *tag = json_string_value(json_array_get(value, i));
        if (tag == NULL || !name_is_valid(tag) || strlen(tag) + 1 >= sizeof settings->tags - length)
            return false;
        length += (size_t)snprintf(settings->tags + length, sizeof settings->tags - length, "%s%s",
                                   i > 0 ? " " : "", tag);
    }
    return true;
}

static bool take_downgrade(const json_t *value, struct settings *settings)
{
    settings->downgrade = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_decommissioned(const json_t *value, struct settings *settings)
{
    settings->is_decommissioned = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_offset(const json_t *value, struct settings *settings)
{
    const json_int_t minutes = json_integer_value(value);

    if (!json_is_integer(value) || minutes < -840 || minutes > 840)
        return false;
    settings->offset = (struct utc_offset){true, (int16_t)minutes};
    return true;
}

static bool take_accept(const json_t *value, struct settings *settings)
{
    const char *text = json_string_value(value);
    char error[FILTER_ERROR_SIZE];
    struct filter filter;

    if (text == NULL || !filter_parse(text, &filter, error) || filter.count == 0)
        return false;
    memcpy(settings->accept, text, strlen(text) + 1);
    return true;
}

static const struct {
    const char *name;
    enum setting setting;
    take_function *take;
    const char *form;
} rows[] = {
    {"product", SETTING_PRODUCT, take_product, NAME_FORM},
    {"group", SETTING_GROUP, take_group, NAME_FORM},
    {"channel", SETTING_CHANNEL, take_channel, NAME_FORM},
    {"pin", SETTING_PIN, take_pin, "1 to 32 printable characters without spaces"},
    {"downgrade", SETTING_DOWNGRADE, take_downgrade, "true or false"},
    {"utc_offset_minutes", SETTING_OFFSET, take_offset, "a number from -840 to 840"},
    {"tags", SETTING_TAGS, take_tags, "an array of names, 128 characters in all"},
    {"alias", SETTING_ALIAS, take_alias, "a line of at most 64 bytes"},
    {"notes", SETTING_COMMENT, take_notes, "text of at most 200 bytes"},
    {"accept", SETTING_ACCEPT, take_accept, "a filter, like mac=5C:CF:7F:*"},
    {"decommissioned", SETTING_DECOMMISSIONED, take_decommissioned, "true or false"},
};

static bool read_setting(const char *name, const json_t *value, unsigned allowed,
                         struct settings *settings, char error[SETTINGS_ERROR_SIZE])
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) != 0 || !(rows[i].setting & allowed))
            continue;
        settings->set |= rows[i].setting;
        if (json_is_null(value) || rows[i].take(value, settings))
            return true;
        snprintf(error, SETTINGS_ERROR_SIZE, "%s must be null or %s", name, rows[i].form);
        return false;
    }
    snprintf(error, SETTINGS_ERROR_SIZE, "there is no setting called %.64s", name);
    return false;
}

bool settings_from_json(json_t *object, unsigned allowed, struct settings *settings,
                        char error[SETTINGS_ERROR_SIZE])
{
    bool is_sound = json_is_object(object);

    memset(settings, 0, sizeof *settings);
    if (!is_sound)
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "the body is not a JSON object, like {\"product\": \"demo\"}");
    for (void *at = json_object_iter(object); at != NULL && is_sound;
         at = json_object_iter_next(object, at))
        is_sound = read_setting(json_object_iter_key(at), json_object_iter_value(at), allowed,
                                settings, error);
    /* Asked for with one pin, it does not hold for the next. */
    if (settings->set & SETTING_PIN)
        settings->set |= SETTING_DOWNGRADE;
    return is_sound;
}

bool read_settings(struct http_request *request, unsigned allowed, struct settings *settings)
{
    size_t length;
    const char *body = http_body(request, &length);
    json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
    char error[SETTINGS_ERROR_SIZE];
    const bool is_sound = settings_from_json(object, allowed, settings, error);

    if (!is_sound)
        answer_error(request, 400, "%s", error);
    json_decref(object);
    return is_sound;
}
