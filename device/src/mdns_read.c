#include "mdns_internal.h"

#include "chars.h"

#include "updraft/service.h"

#include <stddef.h>
#include <string.h>

#define LABEL_MAX 63u   /* bytes; what is more in a length is a pointer, or nothing known */
#define POINTER   0xc0u /* top bits of two bytes that say where a name goes on */

/* ---- Bytes ---- */

static uint32_t read_u8(struct mdns_reader *reader)
{
    if (reader->at >= reader->length) {
        reader->is_bad = true;
        return 0;
    }
    return reader->message[reader->at++];
}

uint32_t ud_mdns_read_u16(struct mdns_reader *reader)
{
    const uint32_t high = read_u8(reader);

    return high << 8 | read_u8(reader);
}

static uint32_t read_u32(struct mdns_reader *reader)
{
    const uint32_t high = ud_mdns_read_u16(reader);

    return high << 16 | ud_mdns_read_u16(reader);
}

static void skip(struct mdns_reader *reader, uint32_t length)
{
    if (length > reader->length - reader->at) {
        reader->is_bad = true;
        reader->at = reader->length;
        return;
    }
    reader->at += length;
}

/* ---- Names ---- */

static void skip_name(struct mdns_reader *reader)
{
    for (;;) {
        const uint32_t length = read_u8(reader);

        if (length == 0)
            return;
        if (length >= POINTER) {
            skip(reader, 1);
            return;
        }
        if (length > LABEL_MAX)
            reader->is_bad = true;
        skip(reader, length);
    }
}

/* Steps to the next label, wherever it is. Pointers lead back only, each further than the
 * last: a name ends. */
static void follow(struct mdns_reader *label, uint32_t *limit)
{
    while (label->at < label->length && label->message[label->at] >= POINTER) {
        const uint32_t target = ud_mdns_read_u16(label) & 0x3fff;

        if (target >= *limit)
            label->is_bad = true;
        label->at = label->is_bad ? label->length : target;
        *limit = target;
    }
}

static bool has_label(struct mdns_reader *reader, const char *label)
{
    const uint32_t length = read_u8(reader);
    const char *text = (const char *)reader->message + reader->at;

    skip(reader, length);
    return !reader->is_bad && length == strlen(label) && ud_same_ignoring_case(text, label, length);
}

/* `at` is a copy: the caller's stays. */
static bool is_name(struct mdns_reader at, enum mdns_name name)
{
    uint32_t limit = at.at;
    char label[UD_MDNS_NAME_MAX];

    for (; name != MDNS_ROOT; name = ud_mdns_parent(name)) {
        follow(&at, &limit);
        ud_mdns_label(at.mdns, name, label);
        if (!has_label(&at, label))
            return false;
    }
    follow(&at, &limit);
    return has_label(&at, "");
}

static enum mdns_name read_name(struct mdns_reader *reader)
{
    static const uint8_t owners[] = {MDNS_TYPES, MDNS_UPLOADS, MDNS_PAGES,
                                     MDNS_HOST,  MDNS_UPLOAD,  MDNS_PAGE};
    enum mdns_name name = MDNS_ROOT;

    for (uint32_t i = 0; i < sizeof owners && name == MDNS_ROOT; i++)
        if (is_name(*reader, (enum mdns_name)owners[i]))
            name = (enum mdns_name)owners[i];
    skip_name(reader);
    return reader->is_bad ? MDNS_ROOT : name;
}

/* ---- What records say ---- */

static bool says_texts(struct mdns_reader *data)
{
    const struct ud_mdns_config *config = &data->mdns->config;
    char text[UD_SERVICE_TEXT_MAX];

    for (uint32_t i = 0; i < UD_SERVICE_TEXTS; i++) {
        ud_service_text(config->chip, config->board, config->needs_password, i, text);
        if (!has_label(data, text))
            return false;
    }
    return true;
}

static bool says_service(struct mdns_reader *data, uint16_t port)
{
    return read_u32(data) == 0 && ud_mdns_read_u16(data) == port && is_name(*data, MDNS_HOST);
}

/* `data` ends where the record's data do; names in it may point anywhere before. */
static bool says_the_same(struct mdns_reader data, uint32_t record)
{
    const struct ud_mdns *mdns = data.mdns;

    switch (record) {
    case MDNS_HOST_A:
        return data.length - data.at == sizeof mdns->address &&
               memcmp(data.message + data.at, mdns->address, sizeof mdns->address) == 0;
    case MDNS_UPLOAD_SRV:
        return says_service(&data, mdns->config.upload_port);
    case MDNS_PAGE_SRV:
        return says_service(&data, mdns->config.page_port);
    case MDNS_UPLOAD_TXT:
        return says_texts(&data) && data.at == data.length;
    case MDNS_PAGE_TXT:
        return data.length - data.at <= 1;
    default:
        return is_name(data, (enum mdns_name)ud_mdns_row(record)->target);
    }
}

static uint32_t find_record(const struct mdns_reader *reader, const struct mdns_heard *heard)
{
    const uint32_t candidates = ud_mdns_answers(reader->mdns, heard->name, heard->type);
    struct mdns_reader data = *reader;

    data.at = heard->data;
    data.length = heard->data + heard->data_length;
    for (uint32_t i = 0; i < MDNS_RECORDS; i++)
        if ((candidates & MDNS_BIT(i)) && ud_mdns_row(i)->type == heard->type &&
            says_the_same(data, i))
            return i;
    return MDNS_RECORDS;
}

/* ---- Sections ---- */

struct mdns_question ud_mdns_read_question(struct mdns_reader *reader)
{
    struct mdns_question question = {.name = read_name(reader)};

    question.type = ud_mdns_read_u16(reader);
    const uint32_t class = ud_mdns_read_u16(reader);
    question.wants_unicast = (class & MDNS_TOP) != 0;
    const uint32_t plain = class & ~MDNS_TOP;
    if (reader->is_bad || (plain != MDNS_INTERNET && plain != MDNS_ANY))
        question.name = MDNS_ROOT;
    return question;
}

struct mdns_heard ud_mdns_read_record(struct mdns_reader *reader)
{
    struct mdns_heard heard = {.name = read_name(reader), .record = MDNS_RECORDS};

    heard.type = ud_mdns_read_u16(reader);
    const uint32_t class = ud_mdns_read_u16(reader) & ~MDNS_TOP;
    heard.ttl_s = read_u32(reader);
    heard.data_length = ud_mdns_read_u16(reader);
    heard.data = reader->at;
    skip(reader, heard.data_length);
    if (reader->is_bad || class != MDNS_INTERNET)
        heard.name = MDNS_ROOT;
    if (heard.name != MDNS_ROOT)
        heard.record = find_record(reader, &heard);
    return heard;
}
