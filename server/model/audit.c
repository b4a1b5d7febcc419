#include "server/model/audit.h"

#include "server/model/clock.h"

#include <openssl/sha.h>

#include <stdio.h>
#include <string.h>

/* A number of 64 bits, five newlines more than texts, and the texts. */
#define CANONICAL_SIZE                                                                             \
    (AUDIT_HASH_SIZE + 30 + CLOCK_TEXT_SIZE + AUDIT_WHO_SIZE + AUDIT_ADDRESS_SIZE +                \
     AUDIT_ACTION_SIZE + AUDIT_DETAIL_SIZE)

void audit_number(struct audit_note *note, uint32_t number)
{
    char numbered[AUDIT_DETAIL_SIZE + 10];
    const size_t before = strcspn(note->detail, "#");

    note->is_numbered = false;
    if (note->detail[before] == '\0')
        return;
    snprintf(numbered, sizeof numbered, "%.*s%u%s", (int)before, note->detail, number,
             note->detail + before + 1);
    audit_text(note->detail, sizeof note->detail, numbered);
}

void audit_text(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    /* A character of UTF-8 is not cut in two. */
    while (length > 0 && text[length] != '\0' && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    memcpy(out, text, length);
    out[length] = '\0';
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

void audit_hash(const uint8_t before[AUDIT_HASH_SIZE], const struct audit_record *record,
                uint8_t hash[AUDIT_HASH_SIZE])
{
    const struct audit_note *note = &record->note;
    char bytes[CANONICAL_SIZE], at[CLOCK_TEXT_SIZE];

    memcpy(bytes, before, AUDIT_HASH_SIZE);
    const int length = snprintf(bytes + AUDIT_HASH_SIZE, sizeof bytes - AUDIT_HASH_SIZE,
                                "%llu\n%s\n%s\n%s\n%s\n%s\n", (unsigned long long)record->number,
                                clock_format(note->at_ms, at), note->who, note->address,
                                note->action, note->detail);
    SHA256((const unsigned char *)bytes, AUDIT_HASH_SIZE + (size_t)length, hash);
}

void audit_continue(const struct audit_chain *chain, const struct audit_note *note,
                    struct audit_record *record)
{
    record->number = chain->number + 1;
    record->note = *note;
    audit_hash(chain->hash, record, record->hash);
}

enum audit_fault audit_follow(struct audit_chain *chain, const struct audit_record *record)
{
    uint8_t hash[AUDIT_HASH_SIZE];

    if (record->number != chain->number + 1)
        return AUDIT_MISSING;
    audit_hash(chain->hash, record, hash);
    if (memcmp(hash, record->hash, sizeof hash) != 0)
        return AUDIT_ALTERED;
    chain->number = record->number;
    memcpy(chain->hash, hash, sizeof hash);
    return AUDIT_SOUND;
}

const char *audit_fault_text(enum audit_fault fault)
{
    switch (fault) {
    case AUDIT_SOUND:
        return "is sound";
    case AUDIT_MISSING:
        return "is missing: what was there was taken out";
    case AUDIT_ALTERED:
    default:
        return "was altered after it was written, or one before it was replaced";
    }
}
