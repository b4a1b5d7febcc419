#include "mdns_internal.h"

#include <stddef.h>

/* Both from RFC 6762, 10: shorter for what says where a host is. */
#define HOST_TTL_S    120u
#define SERVICE_TTL_S 4500u

static const struct mdns_row rows[MDNS_RECORDS] = {
    [MDNS_HOST_A] = {MDNS_HOST, MDNS_A, MDNS_ROOT, true},
    [MDNS_UPLOAD_SRV] = {MDNS_UPLOAD, MDNS_SRV, MDNS_HOST, true},
    [MDNS_UPLOAD_TXT] = {MDNS_UPLOAD, MDNS_TXT, MDNS_ROOT, true},
    [MDNS_PAGE_SRV] = {MDNS_PAGE, MDNS_SRV, MDNS_HOST, true},
    [MDNS_PAGE_TXT] = {MDNS_PAGE, MDNS_TXT, MDNS_ROOT, true},
    [MDNS_UPLOADS_PTR] = {MDNS_UPLOADS, MDNS_PTR, MDNS_UPLOAD, false},
    [MDNS_PAGES_PTR] = {MDNS_PAGES, MDNS_PTR, MDNS_PAGE, false},
    [MDNS_TYPES_UPLOADS] = {MDNS_TYPES, MDNS_PTR, MDNS_UPLOADS, false},
    [MDNS_TYPES_PAGES] = {MDNS_TYPES, MDNS_PTR, MDNS_PAGES, false},
    [MDNS_HOST_NSEC] = {MDNS_HOST, MDNS_NSEC, MDNS_HOST, true},
};

#define OF_UPLOADS                                                                                 \
    (MDNS_BIT(MDNS_UPLOAD_SRV) | MDNS_BIT(MDNS_UPLOAD_TXT) | MDNS_BIT(MDNS_UPLOADS_PTR) |          \
     MDNS_BIT(MDNS_TYPES_UPLOADS))
#define OF_PAGE                                                                                    \
    (MDNS_BIT(MDNS_PAGE_SRV) | MDNS_BIT(MDNS_PAGE_TXT) | MDNS_BIT(MDNS_PAGES_PTR) |                \
     MDNS_BIT(MDNS_TYPES_PAGES))

const struct mdns_row *ud_mdns_row(uint32_t record)
{
    return record < MDNS_RECORDS ? &rows[record] : NULL;
}

uint32_t ud_mdns_records(const struct ud_mdns *mdns)
{
    uint32_t records = MDNS_BIT(MDNS_HOST_A);

    if (mdns->config.upload_port != 0)
        records |= OF_UPLOADS;
    if (mdns->config.page_port != 0)
        records |= OF_PAGE;
    return records;
}

/* Who is told that the host has no IPv6 address need not wait for one. */
uint32_t ud_mdns_answers(const struct ud_mdns *mdns, enum mdns_name name, uint32_t type)
{
    const uint32_t ours = ud_mdns_records(mdns);
    uint32_t answers = 0;

    for (uint32_t i = 0; i < MDNS_RECORDS; i++)
        if ((ours & MDNS_BIT(i)) && rows[i].owner == name &&
            (type == rows[i].type || type == MDNS_ANY))
            answers |= MDNS_BIT(i);
    return answers == 0 && name == MDNS_HOST ? MDNS_BIT(MDNS_HOST_NSEC) : answers;
}

/* Of the names that those asked for lead to, all there is. */
uint32_t ud_mdns_additions(const struct ud_mdns *mdns, uint32_t records)
{
    uint32_t all = records;
    uint32_t before;

    do {
        before = all;
        for (uint32_t i = 0; i < MDNS_RECORDS; i++)
            if ((all & MDNS_BIT(i)) && rows[i].target != MDNS_ROOT && rows[i].owner != MDNS_TYPES)
                all |= ud_mdns_answers(mdns, (enum mdns_name)rows[i].target, MDNS_ANY);
    } while (all != before);
    return all & ~records;
}

uint32_t ud_mdns_ttl_s(uint32_t record)
{
    const uint32_t type = rows[record].type;

    return type == MDNS_PTR || type == MDNS_TXT ? SERVICE_TTL_S : HOST_TTL_S;
}
