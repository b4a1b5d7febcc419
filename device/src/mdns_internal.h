/* What the sources of the responder share: its names, its records, and the two ends of
 * the wire format. */
#ifndef UPDRAFT_SRC_MDNS_INTERNAL_H
#define UPDRAFT_SRC_MDNS_INTERNAL_H

#include "updraft/mdns.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- The wire ---- */

#define MDNS_HEADER      12u /* id, flags, four counts */
#define MDNS_IS_RESPONSE 0x8000u
#define MDNS_IS_OURS     0x0400u /* authoritative */
#define MDNS_NOT_A_QUERY 0x780fu /* operation and result: others are not mDNS */
#define MDNS_INTERNET    1u
#define MDNS_ANY         255u    /* class or type, of questions */
#define MDNS_TOP         0x8000u /* of a class: unicast is welcome, or: forget older records */

enum mdns_type {
    MDNS_A = 1,
    MDNS_PTR = 12,
    MDNS_TXT = 16,
    MDNS_SRV = 33,
    MDNS_NSEC = 47, /* which types a name has: no others */
};

/* ---- mdns_names.c ---- */

/* Each is a label in front of another name. */
enum mdns_name {
    MDNS_ROOT,
    MDNS_LOCAL,
    MDNS_TCP,
    MDNS_UDP,
    MDNS_DNS_SD,
    MDNS_TYPES, /* _services._dns-sd._udp.local */
    MDNS_UPLOADS,
    MDNS_PAGES,
    MDNS_HOST,
    MDNS_UPLOAD, /* this device's of _arduino._tcp */
    MDNS_PAGE,
    MDNS_NAMES,
};

/* The label; the rest of the name is ud_mdns_parent(). */
void ud_mdns_label(const struct ud_mdns *mdns, enum mdns_name name, char label[UD_MDNS_NAME_MAX]);
enum mdns_name ud_mdns_parent(enum mdns_name name);

/* ---- mdns_records.c ---- */

enum mdns_record {
    MDNS_HOST_A,
    MDNS_UPLOAD_SRV,
    MDNS_UPLOAD_TXT,
    MDNS_PAGE_SRV,
    MDNS_PAGE_TXT,
    MDNS_UPLOADS_PTR,
    MDNS_PAGES_PTR,
    MDNS_TYPES_UPLOADS,
    MDNS_TYPES_PAGES,
    MDNS_HOST_NSEC, /* only in answers */
    MDNS_RECORDS,
};

#define MDNS_BIT(record) (1u << (record))

struct mdns_row {
    uint8_t owner;
    uint8_t type;
    uint8_t target; /* what it leads to; MDNS_ROOT: not a name */
    bool is_unique; /* nobody else has such a record of that name */
};

/* Null past the last. */
const struct mdns_row *ud_mdns_row(uint32_t record);

/* All the device has, by its ports: bits. */
uint32_t ud_mdns_records(const struct ud_mdns *mdns);

/* Those that answer a question. */
uint32_t ud_mdns_answers(const struct ud_mdns *mdns, enum mdns_name name, uint32_t type);

/* What one who asks for these will ask next, without them. */
uint32_t ud_mdns_additions(const struct ud_mdns *mdns, uint32_t records);

/* Seconds that others may remember it. */
uint32_t ud_mdns_ttl_s(uint32_t record);

/* ---- mdns_write.c ---- */

/* All of them in one message: counts follow. `to_stranger`: he asked by plain DNS. */
struct mdns_response {
    uint32_t answers;
    uint32_t additions;
    bool is_goodbye;
    bool to_stranger;
};

/* Bytes; 0 when there is no room. */
uint32_t ud_mdns_write_response(const struct ud_mdns *mdns, const struct mdns_response *response,
                                uint8_t *out, uint32_t size);

/* Asks whether somebody has the device's names. */
uint32_t ud_mdns_write_probe(const struct ud_mdns *mdns, uint8_t *out, uint32_t size);

/* ---- mdns_read.c ---- */

/* A message that is read from front to end. Past its end all is zero, and is_bad. */
struct mdns_reader {
    const struct ud_mdns *mdns;
    const uint8_t *message;
    uint32_t length;
    uint32_t at;
    bool is_bad;
};

struct mdns_question {
    enum mdns_name name; /* MDNS_ROOT: none of the device's */
    uint32_t type;
    bool wants_unicast;
};

/* A record of somebody's about a name that the device uses too. */
struct mdns_heard {
    enum mdns_name name; /* MDNS_ROOT: about another one */
    uint32_t type;
    uint32_t ttl_s;
    uint32_t data; /* offset and bytes of what it says */
    uint32_t data_length;
    uint32_t record; /* MDNS_RECORDS: the device has none that says so */
};

uint32_t ud_mdns_read_u16(struct mdns_reader *reader);

/* Of other classes than the internet's: name MDNS_ROOT. */
struct mdns_question ud_mdns_read_question(struct mdns_reader *reader);
struct mdns_heard ud_mdns_read_record(struct mdns_reader *reader);

#endif
