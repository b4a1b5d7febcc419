/* The audit log: who changed what, when, from where. Its records are a chain: each
 * holds a hash over itself and the hash before, so that none can be altered, left out or
 * put in without all that follow telling so. docs/operations.md says what that proves.
 */
#ifndef SERVER_MODEL_AUDIT_H
#define SERVER_MODEL_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_HASH_SIZE    32
#define AUDIT_WHO_SIZE     100
#define AUDIT_ADDRESS_SIZE 46 /* an IPv6 address as text */
#define AUDIT_ACTION_SIZE  160
#define AUDIT_DETAIL_SIZE  1000

/* What is to be recorded with a change. Texts hold no control characters. */
struct audit_note {
    int64_t at_ms;
    char who[AUDIT_WHO_SIZE];         /* "user anna", "token 3 (build)", "local token" */
    char address[AUDIT_ADDRESS_SIZE]; /* "" for what the server did by itself */
    char action[AUDIT_ACTION_SIZE];   /* "PUT /devices/5C:CF:7F:00:00:01" */
    char detail[AUDIT_DETAIL_SIZE];
    bool is_numbered; /* the first # in the detail stands for a number that is not known yet */
};

struct audit_record {
    uint64_t number; /* from 1 on, without a gap */
    struct audit_note note;
    uint8_t hash[AUDIT_HASH_SIZE];
};

/* How far a chain has been followed; all zero before its first record. */
struct audit_chain {
    uint64_t number;
    uint8_t hash[AUDIT_HASH_SIZE];
};

enum audit_fault {
    AUDIT_SOUND,
    AUDIT_MISSING, /* another number follows */
    AUDIT_ALTERED, /* the record, or one before, is not what was written */
};

/* Copies text cut to what fits, control characters replaced by '?'. */
void audit_text(char *out, size_t size, const char *text);

/* Puts the number in the place of the first #; is_numbered is false then. */
void audit_number(struct audit_note *note, uint32_t number);

/* SHA-256 over the hash before and the record's canonical form: number, time (as
 * clock_format() has it), who, address, action and detail, each ended by a newline. */
void audit_hash(const uint8_t before[AUDIT_HASH_SIZE], const struct audit_record *record,
                uint8_t hash[AUDIT_HASH_SIZE]);

/* The record that continues the chain with a note. */
void audit_continue(const struct audit_chain *chain, const struct audit_note *note,
                    struct audit_record *record);

/* Follows the chain by one record; after a fault the chain stays where it is. */
enum audit_fault audit_follow(struct audit_chain *chain, const struct audit_record *record);

/* Words for people, after "record 17 ". */
const char *audit_fault_text(enum audit_fault fault);

#endif
