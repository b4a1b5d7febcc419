#include "updraft/mdns.h"

#include "mdns_internal.h"

#include <stddef.h>
#include <string.h>

/* Times of RFC 6762: 8.1, 8.2, 8.3, 6 and again 8.1. */
#define PROBES            3u
#define PROBE_MS          250u
#define YIELD_MS          1000u
#define ANNOUNCEMENTS     2u
#define ANNOUNCEMENT_MS   1000u
#define SHARED_LEAST_MS   20u
#define SHARED_SPREAD_MS  100u
#define REPEAT_MS         1000u
#define CONFLICTS_MANY    15u
#define CONFLICTS_MANY_MS 5000u

#define FIRST_NUMBER 2u

enum state {
    SILENT,
    PROBING,
    ANNOUNCING,
    SETTLED,
    LEAVING,
};

/* Numerical Recipes' generator: it only spreads devices in time. */
static uint32_t spread_ms(struct ud_mdns *mdns, uint32_t range_ms)
{
    mdns->chance = mdns->chance * 1664525u + 1013904223u;
    return (mdns->chance >> 16) % range_ms;
}

static bool has_come(uint32_t time_ms, uint32_t now_ms)
{
    return (int32_t)(now_ms - time_ms) >= 0;
}

static bool has_the_name(const struct ud_mdns *mdns)
{
    return mdns->state == ANNOUNCING || mdns->state == SETTLED;
}

/* ---- Coming and going ---- */

int ud_mdns_init(struct ud_mdns *mdns, const struct ud_mdns_config *config)
{
    memset(mdns, 0, sizeof *mdns);
    if (config->name == NULL || config->name[0] == '\0' || strlen(config->name) >= UD_MDNS_NAME_MAX)
        return UD_ERR_ARGUMENT;
    mdns->config = *config;
    return UD_OK;
}

static void probe(struct ud_mdns *mdns, uint32_t in_ms, uint32_t now_ms)
{
    mdns->state = PROBING;
    mdns->left = PROBES;
    mdns->due_ms = now_ms + in_ms;
    mdns->answers = mdns->said = mdns->reply = 0;
}

void ud_mdns_begin(struct ud_mdns *mdns, const uint8_t address[4], uint32_t random, uint32_t now_ms)
{
    memcpy(mdns->address, address, sizeof mdns->address);
    mdns->chance = random;
    mdns->conflicts = 0;
    mdns->number = 0;
    probe(mdns, spread_ms(mdns, PROBE_MS), now_ms);
}

void ud_mdns_end(struct ud_mdns *mdns)
{
    mdns->state = SILENT;
}

void ud_mdns_leave(struct ud_mdns *mdns)
{
    mdns->state = has_the_name(mdns) ? LEAVING : SILENT;
}

static void take_another_name(struct ud_mdns *mdns, uint32_t now_ms)
{
    const bool are_many = mdns->conflicts >= CONFLICTS_MANY;

    mdns->conflicts = are_many ? CONFLICTS_MANY : (uint8_t)(mdns->conflicts + 1);
    mdns->number = mdns->number < FIRST_NUMBER ? FIRST_NUMBER : (uint16_t)(mdns->number + 1);
    probe(mdns, are_many ? CONFLICTS_MANY_MS : spread_ms(mdns, PROBE_MS), now_ms);
}

/* ---- What others say ---- */

/* Somebody has one of the names, or thinks so: as long as it is asked for, he is right.
 * Later both ask again, and one of them finds the other there. */
static void hear_response(struct ud_mdns *mdns, struct mdns_reader *reader, uint32_t count,
                          uint32_t now_ms)
{
    while (count-- > 0 && !reader->is_bad) {
        const struct mdns_heard heard = ud_mdns_read_record(reader);
        const bool is_mine =
            heard.name == MDNS_HOST || heard.name == MDNS_UPLOAD || heard.name == MDNS_PAGE;

        if (!is_mine || heard.record != MDNS_RECORDS || heard.ttl_s == 0)
            continue;
        if (mdns->state == PROBING) {
            take_another_name(mdns, now_ms);
            return;
        }
        if (heard.type == MDNS_A || heard.type == MDNS_SRV) {
            probe(mdns, spread_ms(mdns, PROBE_MS), now_ms);
            return;
        }
    }
}

/* Two who ask for the name at the same time: of their records, sorted, the first that
 * differ decide, and the greater wins. This one has a single record, of the least type. */
static void hear_rival(struct ud_mdns *mdns, struct mdns_reader *reader, uint32_t count,
                       uint32_t now_ms)
{
    bool is_greater = false;

    while (count-- > 0 && !reader->is_bad) {
        const struct mdns_heard heard = ud_mdns_read_record(reader);

        if (heard.name != MDNS_HOST || heard.record != MDNS_RECORDS)
            continue;
        if (heard.type == MDNS_A && heard.data_length == sizeof mdns->address &&
            memcmp(reader->message + heard.data, mdns->address, sizeof mdns->address) < 0)
            return;
        is_greater = true;
    }
    if (is_greater)
        probe(mdns, YIELD_MS, now_ms);
}

/* ---- What others ask ---- */

struct asked {
    uint32_t by_all;  /* bits of records: to be said to all */
    uint32_t by_one;  /* to be said to the asker */
    bool is_stranger; /* he does not know mDNS */
    bool is_claimed;  /* he asks because he wants the name */
};

static void hear_question(struct ud_mdns *mdns, struct mdns_reader *reader, struct asked *asked)
{
    const struct mdns_question question = ud_mdns_read_question(reader);
    const uint32_t answers =
        question.name != MDNS_ROOT ? ud_mdns_answers(mdns, question.name, question.type) : 0;

    if (!asked->is_stranger && !question.wants_unicast)
        asked->by_all |= answers;
    else if (!asked->is_stranger)
        asked->by_one |= answers;
    if (!asked->is_stranger || answers == 0 || asked->by_one != 0)
        return;
    asked->by_one = answers; /* one question: others in such a message are not usual */
    mdns->asked_name = (uint8_t)question.name;
    mdns->asked_type = (uint16_t)question.type;
}

/* What the asker knows, and for long enough, he need not be told. */
static void hear_known(struct mdns_reader *reader, uint32_t count, struct asked *asked)
{
    while (count-- > 0 && !reader->is_bad) {
        const struct mdns_heard heard = ud_mdns_read_record(reader);

        if (heard.record == MDNS_RECORDS || heard.ttl_s < ud_mdns_ttl_s(heard.record) / 2)
            continue;
        asked->by_all &= ~MDNS_BIT(heard.record);
        asked->by_one &= ~MDNS_BIT(heard.record);
    }
}

/* Others may have the same to say of shared records: not all at once. And what was just
 * said to all is said again only after a while, unless somebody wants the name. */
static void owe_answers(struct ud_mdns *mdns, const struct asked *asked, uint32_t now_ms)
{
    uint32_t due_ms = now_ms;

    for (uint32_t i = 0; i < MDNS_RECORDS; i++)
        if ((asked->by_all & MDNS_BIT(i)) && !ud_mdns_row(i)->is_unique)
            due_ms = now_ms + SHARED_LEAST_MS;
    if (due_ms != now_ms)
        due_ms += spread_ms(mdns, SHARED_SPREAD_MS);
    if (!asked->is_claimed && (asked->by_all & mdns->said) != 0 &&
        !has_come(mdns->said_ms + REPEAT_MS, due_ms))
        due_ms = mdns->said_ms + REPEAT_MS;
    if (mdns->answers == 0 || !has_come(mdns->answer_ms, due_ms))
        mdns->answer_ms = due_ms;
    mdns->answers |= (uint16_t)asked->by_all;
}

static void hear_query(struct ud_mdns *mdns, const struct ud_mdns_peer *from,
                       struct mdns_reader *reader, const uint16_t counts[3], uint32_t now_ms)
{
    struct asked asked = {.is_stranger = from->port != UD_MDNS_PORT, .is_claimed = counts[2] != 0};

    for (uint32_t i = 0; i < counts[0] && !reader->is_bad; i++)
        hear_question(mdns, reader, &asked);
    hear_known(reader, counts[1], &asked);
    if (mdns->state == PROBING) {
        hear_rival(mdns, reader, counts[2], now_ms);
        return;
    }
    if (asked.by_one != 0) {
        mdns->reply = (uint16_t)asked.by_one;
        mdns->asker = *from;
        if (!asked.is_stranger)
            mdns->asked_name = MDNS_ROOT;
    }
    if (asked.by_all != 0)
        owe_answers(mdns, &asked, now_ms);
}

void ud_mdns_received(struct ud_mdns *mdns, const struct ud_mdns_peer *from, const uint8_t *message,
                      uint32_t length, uint32_t now_ms)
{
    struct mdns_reader reader = {.mdns = mdns, .message = message, .length = length};
    const uint32_t id = ud_mdns_read_u16(&reader);
    const uint32_t flags = ud_mdns_read_u16(&reader);
    uint16_t counts[4];

    for (uint32_t i = 0; i < 4; i++)
        counts[i] = (uint16_t)ud_mdns_read_u16(&reader);
    if (reader.is_bad || (flags & MDNS_NOT_A_QUERY) != 0 ||
        (mdns->state != PROBING && !has_the_name(mdns)))
        return;
    if ((flags & MDNS_IS_RESPONSE) == 0) {
        mdns->id = (uint16_t)id;
        hear_query(mdns, from, &reader, counts, now_ms);
    } else if (from->port == UD_MDNS_PORT) {
        for (uint32_t i = 0; i < counts[0] && !reader.is_bad; i++)
            (void)ud_mdns_read_question(&reader);
        hear_response(mdns, &reader, (uint32_t)counts[1] + counts[2] + counts[3], now_ms);
    }
}

/* ---- What there is to say ---- */

static uint32_t left_ms(uint32_t time_ms, uint32_t now_ms)
{
    return has_come(time_ms, now_ms) ? 0 : time_ms - now_ms;
}

uint32_t ud_mdns_wait_ms(const struct ud_mdns *mdns, uint32_t now_ms)
{
    uint32_t wait_ms = UINT32_MAX;

    if (mdns->state == SILENT)
        return UINT32_MAX;
    if (mdns->state == LEAVING || mdns->reply != 0)
        return 0;
    if (mdns->left != 0 || mdns->state == PROBING)
        wait_ms = left_ms(mdns->due_ms, now_ms);
    if (mdns->answers != 0 && left_ms(mdns->answer_ms, now_ms) < wait_ms)
        wait_ms = left_ms(mdns->answer_ms, now_ms);
    return wait_ms;
}

static uint32_t say_reply(struct ud_mdns *mdns, uint8_t *out, uint32_t size)
{
    const struct mdns_response response = {
        .answers = mdns->reply,
        .additions = ud_mdns_additions(mdns, mdns->reply),
        .to_stranger = mdns->asked_name != MDNS_ROOT,
    };

    mdns->reply = 0;
    return ud_mdns_write_response(mdns, &response, out, size);
}

static uint32_t say_to_all(struct ud_mdns *mdns, uint32_t records, uint32_t now_ms, uint8_t *out,
                           uint32_t size)
{
    const struct mdns_response response = {
        .answers = records,
        .additions = ud_mdns_additions(mdns, records),
        .is_goodbye = mdns->state == LEAVING,
    };

    mdns->said = (uint16_t)records;
    mdns->said_ms = now_ms;
    return ud_mdns_write_response(mdns, &response, out, size);
}

static uint32_t announce(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size)
{
    mdns->answers = 0; /* they are among what is said */
    mdns->left--;
    mdns->due_ms = now_ms + ANNOUNCEMENT_MS;
    if (mdns->left == 0)
        mdns->state = SETTLED;
    return say_to_all(mdns, ud_mdns_records(mdns), now_ms, out, size);
}

/* Nobody spoke up after the last of them: the name is free. */
static uint32_t ask_for_the_name(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size)
{
    if (mdns->left == 0) {
        mdns->state = ANNOUNCING;
        mdns->left = ANNOUNCEMENTS;
        return announce(mdns, now_ms, out, size);
    }
    mdns->left--;
    mdns->due_ms = now_ms + PROBE_MS;
    return ud_mdns_write_probe(mdns, out, size);
}

static uint32_t say_answers(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size)
{
    const uint32_t answers = mdns->answers;

    mdns->answers = 0;
    return say_to_all(mdns, answers, now_ms, out, size);
}

static uint32_t say_goodbye(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size)
{
    const uint32_t length = say_to_all(mdns, ud_mdns_records(mdns), now_ms, out, size);

    mdns->state = SILENT;
    return length;
}

uint32_t ud_mdns_message(struct ud_mdns *mdns, uint32_t now_ms, uint8_t *out, uint32_t size,
                         struct ud_mdns_peer *to)
{
    if (ud_mdns_wait_ms(mdns, now_ms) != 0)
        return 0;
    *to = (struct ud_mdns_peer){.address = UD_MDNS_GROUP, .port = UD_MDNS_PORT};
    if (mdns->state == LEAVING)
        return say_goodbye(mdns, now_ms, out, size);
    if (mdns->reply != 0) {
        *to = mdns->asker;
        return say_reply(mdns, out, size);
    }
    if (mdns->state == PROBING)
        return ask_for_the_name(mdns, now_ms, out, size);
    if (mdns->left != 0 && has_come(mdns->due_ms, now_ms))
        return announce(mdns, now_ms, out, size);
    return say_answers(mdns, now_ms, out, size);
}
