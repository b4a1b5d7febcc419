#include "mdns_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECTIONS "?=#+"

static const struct {
    const char *name;
    unsigned number;
} types[] = {{"A", 1},    {"PTR", 12},  {"TXT", 16}, {"AAAA", 28},
             {"SRV", 33}, {"NSEC", 47}, {"ANY", 255}};

#define TYPES (sizeof types / sizeof types[0])

/* ---- To text ---- */

struct dump {
    const uint8_t *message;
    size_t length;
    size_t at;
    char *text;
    size_t size;
};

static void add(struct dump *dump, const char *format, ...)
{
    const size_t used = strlen(dump->text);
    va_list arguments;

    va_start(arguments, format);
    const int length = vsnprintf(dump->text + used, dump->size - used, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < dump->size - used);
}

static unsigned take(struct dump *dump, unsigned bytes)
{
    unsigned value = 0;

    while (bytes-- > 0) {
        assert_true(dump->at < dump->length);
        value = value << 8 | dump->message[dump->at++];
    }
    return value;
}

static void add_name(struct dump *dump)
{
    bool is_first = true;

    for (unsigned length; (length = take(dump, 1)) != 0; is_first = false) {
        if (length >= 0xc0) {
            struct dump rest = *dump;
            rest.at = (length & 0x3f) << 8 | take(dump, 1);
            assert_true(rest.at < dump->at - 2);
            add(dump, "%s", is_first ? "" : ".");
            add_name(&rest);
            return;
        }
        assert_true(length < 64 && dump->at + length <= dump->length);
        add(dump, "%s%.*s", is_first ? "" : ".", (int)length,
            (const char *)dump->message + dump->at);
        dump->at += length;
    }
}

static unsigned add_head(struct dump *dump, char section)
{
    add(dump, "%c ", section);
    add_name(dump);
    const unsigned type = take(dump, 2);
    const unsigned class = take(dump, 2);
    size_t i = 0;
    while (i < TYPES && types[i].number != type)
        i++;
    assert_true(i < TYPES);
    assert_int_equal(class & 0x7fff, 1);
    add(dump, " %s IN%s", types[i].name, class & 0x8000 ? "!" : "");
    return type;
}

static void add_texts(struct dump *dump, size_t end)
{
    while (dump->at < end) {
        const unsigned length = take(dump, 1);
        assert_true(dump->at + length <= end);
        add(dump, " \"%.*s\"", (int)length, (const char *)dump->message + dump->at);
        dump->at += length;
    }
}

static void add_data(struct dump *dump, unsigned type, size_t end)
{
    if (type == 16) {
        add_texts(dump, end);
        return;
    }
    add(dump, " ");
    if (type == 33) {
        assert_int_equal(take(dump, 4), 0);
        add(dump, "%u ", take(dump, 2));
    }
    if (type == 12 || type == 33 || type == 47)
        add_name(dump);
    for (bool is_first = true; dump->at < end; is_first = false)
        add(dump, "%s%u", is_first && type == 1 ? "" : type == 1 ? "." : " ", take(dump, 1));
}

void mdns_text(const uint8_t *message, size_t length, char *text, size_t size)
{
    struct dump dump = {message, length, 4, text, size};
    unsigned counts[4];

    text[0] = '\0';
    for (unsigned i = 0; i < 4; i++)
        counts[i] = take(&dump, 2);
    for (unsigned section = 0; section < 4; section++)
        for (unsigned i = 0; i < counts[section]; i++) {
            const unsigned type = add_head(&dump, SECTIONS[section]);
            if (section > 0) {
                add(&dump, " %u", take(&dump, 4));
                const unsigned bytes = take(&dump, 2);
                const size_t end = dump.at + bytes;
                add_data(&dump, type, end);
                assert_int_equal(dump.at, end);
            }
            add(&dump, "\n");
        }
    assert_int_equal(dump.at, length);
}

/* ---- From text ---- */

struct message {
    uint8_t *bytes;
    size_t length;
};

static void give(struct message *message, unsigned value, unsigned bytes)
{
    while (bytes-- > 0)
        message->bytes[message->length++] = (uint8_t)(value >> (8 * bytes));
}

static void give_text(struct message *message, const char *text, size_t length)
{
    give(message, (unsigned)length, 1);
    memcpy(message->bytes + message->length, text, length);
    message->length += length;
}

static void give_name(struct message *message, const char *name)
{
    while (*name != '\0') {
        const size_t length = strcspn(name, ".");
        give_text(message, name, length);
        name += length + (name[length] == '.');
    }
    give(message, 0, 1);
}

static void give_data(struct message *message, unsigned type, char *data)
{
    const size_t start = message->length;
    char *rest = NULL;

    give(message, 0, 2);
    if (type == 33)
        give(message, 0, 4);
    if (type == 33)
        give(message, (unsigned)strtoul(data, &rest, 10), 2);
    if (type == 12 || type == 33)
        give_name(message, type == 33 ? rest + 1 : data);
    for (char *word = strtok_r(data, type == 1 ? "." : "\"", &rest); word != NULL && type != 12;
         word = strtok_r(NULL, type == 1 ? "." : "\"", &rest)) {
        if (type == 16 && strcmp(word, " ") != 0)
            give_text(message, word, strlen(word));
        else if (type == 1 || type == 28)
            give(message, (unsigned)strtoul(word, NULL, 10), 1);
    }
    const size_t length = message->length - start - 2;
    message->bytes[start] = (uint8_t)(length >> 8);
    message->bytes[start + 1] = (uint8_t)length;
}

static void give_line(struct message *message, const char *line)
{
    char name[128], type[8], class[4], data[256] = "";
    unsigned ttl_s = 0;
    size_t i = 0;

    assert_true(sscanf(line, "%*c %127s %7s %3s %u %255[^\n]", name, type, class, &ttl_s, data) >=
                3);
    while (i < TYPES && strcmp(types[i].name, type) != 0)
        i++;
    assert_true(i < TYPES);
    give_name(message, name);
    give(message, types[i].number, 2);
    give(message, class[2] == '!' ? 0x8001 : 1, 2);
    if (line[0] == SECTIONS[0])
        return;
    give(message, ttl_s, 4);
    give_data(message, types[i].number, data);
}

size_t mdns_from_text(const char *text, uint16_t id, uint16_t flags, uint8_t out[1024])
{
    struct message message = {out, 12};

    memset(out, 0, 12);
    out[0] = (uint8_t)(id >> 8);
    out[1] = (uint8_t)id;
    out[2] = (uint8_t)(flags >> 8);
    out[3] = (uint8_t)flags;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        out[5 + 2 * (strchr(SECTIONS, line[0]) - SECTIONS)]++;
        give_line(&message, line);
    }
    return message.length;
}
