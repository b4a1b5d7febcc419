#include "mdns_internal.h"

#include "updraft/service.h"

#include <stddef.h>
#include <string.h>

#define STRANGERS_TTL_S 10u     /* RFC 6762, 6.7: he will not hear of changes */
#define POINTER         0xc000u /* in place of a label: where the rest of the name is */

struct writer {
    const struct ud_mdns *mdns;
    uint8_t *out;
    uint32_t size;
    uint32_t length;
    bool is_cut;
    bool is_goodbye;
    bool to_stranger;
    uint16_t names[MDNS_NAMES]; /* where each is; 0: not yet */
};

/* ---- Bytes ---- */

static void put(struct writer *writer, const void *bytes, uint32_t length)
{
    if (length > writer->size - writer->length) {
        writer->is_cut = true;
        return;
    }
    memcpy(writer->out + writer->length, bytes, length);
    writer->length += length;
}

static void put_u16(struct writer *writer, uint32_t value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(writer, bytes, sizeof bytes);
}

static void put_label(struct writer *writer, const char *text)
{
    const uint8_t length = (uint8_t)strlen(text);

    put(writer, &length, 1);
    put(writer, text, length);
}

/* The whole name, or its first labels and where the others are. */
static void put_name(struct writer *writer, enum mdns_name name, bool is_whole)
{
    char label[UD_MDNS_NAME_MAX];

    for (; name != MDNS_ROOT; name = ud_mdns_parent(name)) {
        if (writer->names[name] != 0 && !is_whole) {
            put_u16(writer, POINTER | writer->names[name]);
            return;
        }
        writer->names[name] = (uint16_t)writer->length;
        ud_mdns_label(writer->mdns, name, label);
        put_label(writer, label);
    }
    put_label(writer, "");
}

/* ---- Records ---- */

static void put_texts(struct writer *writer)
{
    const struct ud_mdns_config *config = &writer->mdns->config;
    char text[UD_SERVICE_TEXT_MAX];

    for (uint32_t i = 0; i < UD_SERVICE_TEXTS; i++) {
        ud_service_text(config->chip, config->board, config->needs_password, i, text);
        put_label(writer, text);
    }
}

/* Plain DNS does not have the name in SRV shortened. */
static void put_service(struct writer *writer, uint16_t port)
{
    put_u16(writer, 0); /* priority, weight: there is one place only */
    put_u16(writer, 0);
    put_u16(writer, port);
    put_name(writer, MDNS_HOST, writer->to_stranger);
}

/* Bits from the first type on: of the first bytes of them, that of A alone. */
static void put_types(struct writer *writer)
{
    static const uint8_t only_a[] = {0, 1, 0x80 >> MDNS_A};

    put_name(writer, MDNS_HOST, false);
    put(writer, only_a, sizeof only_a);
}

static void put_data(struct writer *writer, uint32_t record)
{
    const struct ud_mdns *mdns = writer->mdns;

    switch (record) {
    case MDNS_HOST_A:
        put(writer, mdns->address, sizeof mdns->address);
        break;
    case MDNS_UPLOAD_SRV:
        put_service(writer, mdns->config.upload_port);
        break;
    case MDNS_PAGE_SRV:
        put_service(writer, mdns->config.page_port);
        break;
    case MDNS_UPLOAD_TXT:
        put_texts(writer);
        break;
    case MDNS_PAGE_TXT:
        put_label(writer, ""); /* at least one text, if only an empty one */
        break;
    case MDNS_HOST_NSEC:
        put_types(writer);
        break;
    default:
        put_name(writer, (enum mdns_name)ud_mdns_row(record)->target, false);
        break;
    }
}

static uint32_t ttl_of(const struct writer *writer, uint32_t record)
{
    if (writer->is_goodbye)
        return 0;
    return writer->to_stranger ? STRANGERS_TTL_S : ud_mdns_ttl_s(record);
}

/* In a probe nothing is to be forgotten yet, and to strangers that bit means nothing. */
static void put_record(struct writer *writer, uint32_t record, bool is_settled)
{
    const struct mdns_row *row = ud_mdns_row(record);
    const bool is_all = row->is_unique && is_settled && !writer->to_stranger;

    put_name(writer, (enum mdns_name)row->owner, false);
    put_u16(writer, row->type);
    put_u16(writer, MDNS_INTERNET | (is_all ? MDNS_TOP : 0));
    put_u16(writer, 0);
    put_u16(writer, ttl_of(writer, record));
    const uint32_t start = writer->length;
    put_u16(writer, 0);
    put_data(writer, record);
    if (writer->is_cut)
        return;
    const uint32_t bytes = writer->length - start - 2;
    writer->out[start] = (uint8_t)(bytes >> 8);
    writer->out[start + 1] = (uint8_t)bytes;
}

/* How many there were. */
static uint32_t put_records(struct writer *writer, uint32_t records, bool is_settled)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < MDNS_RECORDS; i++) {
        if ((records & MDNS_BIT(i)) == 0)
            continue;
        put_record(writer, i, is_settled);
        count++;
    }
    return count;
}

/* ---- Messages ---- */

static struct writer begin(const struct ud_mdns *mdns, uint8_t *out, uint32_t size)
{
    struct writer writer = {.mdns = mdns, .out = out, .size = size};
    static const uint8_t zeros[MDNS_HEADER];

    put(&writer, zeros, sizeof zeros);
    return writer;
}

/* Words of the header: id, flags, and four counts. */
static uint32_t end(const struct writer *writer, const uint16_t header[MDNS_HEADER / 2])
{
    if (writer->is_cut)
        return 0;
    for (uint32_t i = 0; i < MDNS_HEADER / 2; i++) {
        writer->out[2 * i] = (uint8_t)(header[i] >> 8);
        writer->out[2 * i + 1] = (uint8_t)header[i];
    }
    return writer->length;
}

static void put_question(struct writer *writer, enum mdns_name name, uint32_t type, uint32_t class)
{
    put_name(writer, name, false);
    put_u16(writer, type);
    put_u16(writer, class);
}

uint32_t ud_mdns_write_response(const struct ud_mdns *mdns, const struct mdns_response *response,
                                uint8_t *out, uint32_t size)
{
    struct writer writer = begin(mdns, out, size);
    uint16_t header[MDNS_HEADER / 2] = {0, MDNS_IS_RESPONSE | MDNS_IS_OURS};

    writer.is_goodbye = response->is_goodbye;
    writer.to_stranger = response->to_stranger;
    if (response->to_stranger) {
        header[0] = mdns->id;
        header[2] = 1;
        put_question(&writer, (enum mdns_name)mdns->asked_name, mdns->asked_type, MDNS_INTERNET);
    }
    header[3] = (uint16_t)put_records(&writer, response->answers, true);
    header[5] = (uint16_t)put_records(&writer, response->additions, true);
    return end(&writer, header);
}

/* Beside the questions it says what it means to have, so that of two who ask at the same
 * time one wins. */
uint32_t ud_mdns_write_probe(const struct ud_mdns *mdns, uint8_t *out, uint32_t size)
{
    static const uint8_t names[] = {MDNS_HOST, MDNS_UPLOAD, MDNS_PAGE};
    const uint32_t ours = ud_mdns_records(mdns);
    struct writer writer = begin(mdns, out, size);
    uint16_t header[MDNS_HEADER / 2] = {0};
    uint32_t claimed = 0;

    for (uint32_t i = 0; i < sizeof names; i++) {
        const uint32_t records = ud_mdns_answers(mdns, (enum mdns_name)names[i], MDNS_ANY) & ours;

        if (records == 0)
            continue;
        claimed |= records;
        header[2]++;
        put_question(&writer, (enum mdns_name)names[i], MDNS_ANY, MDNS_INTERNET | MDNS_TOP);
    }
    header[4] = (uint16_t)put_records(&writer, claimed, false);
    return end(&writer, header);
}
