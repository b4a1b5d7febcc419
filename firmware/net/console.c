#include "firmware/net/console.h"

#include "esp8266-rom/rom.h"
#include "firmware/net/uart.h"

#include <string.h>

void console_start(struct console *console, struct updates *updates,
                   const struct settings *settings)
{
    *console = (struct console){.updates = updates, .settings = settings};
    console->changes = (struct settings_record){
        .bytes = (uint8_t *)console->bytes,
        .limit = CONSOLE_CHANGES,
    };
    uart_start();
}

/* ---- Words ---- */

/* The first word of *rest, which moves to the next one; empty at the end. */
static const char *take_word(char **rest)
{
    char *word = *rest;
    char *end = word;

    while (*end != '\0' && *end != ' ')
        end++;
    *rest = end;
    while (**rest == ' ')
        (*rest)++;
    *end = '\0';
    return word;
}

/* ---- Commands ---- */

static enum console_wish help(struct console *console, char *rest)
{
    (void)console;
    (void)rest;
    ets_printf("show, set NAME VALUE, save, update now, restart\n");
    return CONSOLE_NOTHING;
}

static enum console_wish show(struct console *console, char *rest)
{
    struct settings settings = *console->settings;
    struct settings_item item;
    char text[SETTINGS_TEXT_MAX];

    (void)rest;
    settings_apply(&console->changes, &settings);
    for (uint32_t i = 0; i < SETTINGS_FIELDS; i++) {
        const struct settings_field *field = &settings_fields[i];
        const bool is_changed = settings_record_find(&console->changes, field->tag, &item);
        ets_printf("%s%s %s\n", is_changed ? "*" : " ", field->name,
                   settings_show(&settings, field, text));
    }
    return CONSOLE_NOTHING;
}

/* An item without bytes stands for the default. */
static int change(struct console *console, const struct settings_field *field, const char *text)
{
    const struct settings_item none = {.tag = field->tag, .bytes = (const uint8_t *)text};
    const int error = settings_set(&console->changes, field, text);

    return error == UD_OK && *text == '\0' ? settings_record_add(&console->changes, &none) : error;
}

static enum console_wish set(struct console *console, char *rest)
{
    const char *name = take_word(&rest);
    const struct settings_field *field = settings_field_named(name, (uint32_t)strlen(name));

    if (field == NULL) {
        ets_printf("there is no setting %s; show lists them\n", name);
        return CONSOLE_NOTHING;
    }
    const int error = change(console, field, rest);
    if (error == UD_ERR_ARGUMENT)
        ets_printf("%s cannot be that\n", name);
    else if (error != UD_OK)
        ets_printf("no room for more changes: save, then go on\n");
    else
        ets_printf("%s is set; save keeps it\n", name);
    return CONSOLE_NOTHING;
}

static int merge(const struct settings_record *changes, struct settings_record *record)
{
    struct settings_item item;
    uint32_t offset = 0;
    int error = UD_OK;

    while (error == UD_OK && settings_record_next(changes, &offset, &item)) {
        settings_record_remove(record, item.tag);
        if (item.length != 0)
            error = settings_record_add(record, &item);
    }
    return error;
}

static enum console_wish save(struct console *console, char *rest)
{
    struct updates *updates = console->updates;
    uint8_t *buffer = updates_buffer(updates);
    struct settings_record record;

    (void)rest;
    if (buffer == NULL) {
        ets_printf("an update arrives: save when it is over\n");
        return CONSOLE_NOTHING;
    }
    int error = settings_record_load(updates->flash, &updates->place, buffer, &record);
    if (error == UD_OK)
        error = merge(&console->changes, &record);
    if (error == UD_OK)
        error = settings_record_save(updates->flash, &updates->place, &record);
    if (error == UD_OK)
        ets_printf("saved; restart lets it count\n");
    else
        ets_printf("not saved: error %d\n", error);
    return CONSOLE_NOTHING;
}

static enum console_wish update(struct console *console, char *rest)
{
    if (strcmp(rest, "now") != 0) {
        ets_printf("update takes now\n");
        return CONSOLE_NOTHING;
    }
    if (console->settings->server[0] == '\0')
        ets_printf("there is no server to ask: set server URL, save, restart\n");
    return console->settings->server[0] != '\0' ? CONSOLE_UPDATE : CONSOLE_NOTHING;
}

static enum console_wish restart(struct console *console, char *rest)
{
    (void)console;
    (void)rest;
    ets_printf("restarts\n");
    return CONSOLE_RESTART;
}

static enum console_wish carry_out(struct console *console)
{
    static const struct {
        const char *name;
        enum console_wish (*run)(struct console *console, char *rest);
    } commands[] = {
        {"help", help}, {"show", show},     {"set", set},
        {"save", save}, {"update", update}, {"restart", restart},
    };
    char *rest = console->line;

    console->line[console->length] = '\0';
    const char *name = take_word(&rest);
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(console, rest);
    if (*name != '\0')
        ets_printf("no such command: help lists them\n");
    return CONSOLE_NOTHING;
}

/* ---- Lines ---- */

static enum console_wish take(struct console *console, char character)
{
    const bool ends = character == '\n' || character == '\r';
    enum console_wish wish = CONSOLE_NOTHING;

    if (!ends && console->length < CONSOLE_LINE)
        console->line[console->length] = character;
    if (!ends && console->length <= CONSOLE_LINE)
        console->length++;
    if (!ends)
        return CONSOLE_NOTHING;
    if (console->length > CONSOLE_LINE)
        ets_printf("the line is too long\n");
    else
        wish = carry_out(console);
    console->length = 0;
    return wish;
}

enum console_wish console_service(struct console *console)
{
    char character;
    enum console_wish wish = CONSOLE_NOTHING;

    while (wish == CONSOLE_NOTHING && uart_take(&character))
        wish = take(console, character);
    return wish;
}
