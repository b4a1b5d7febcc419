/* Partition tables of ESP-IDF as people write them (CSV) and as chips read them. By the
 * rules of gen_esp32part, which projects rely on; where it falls over, an error.
 *
 *   name,type,subtype,offset,size,flags
 *
 * Numbers are Python's with k, K, m or M behind them; an empty offset is behind the
 * partition before, a negative size says where it ends; $VARIABLES are the
 * environment's. docs/slots.md has all of it.
 */
#ifndef HOST_PARTITIONS_H
#define HOST_PARTITIONS_H

#include "updraft/partitions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PARTITIONS_ERROR_SIZE 400
#define PARTITIONS_MAX        95u /* records that leave room for the end */
#define PARTITIONS_WARNINGS   16u

struct partition_row {
    struct ud_partition partition;
    unsigned line; /* of the CSV; 0: from a binary table */
};

/* A subtype a project has named: "app, mine, 0x40". */
struct partition_subtype {
    uint8_t type;
    uint8_t subtype;
    char name[32];
};

struct partitions_rules {
    uint32_t table_offset;      /* where the table lies */
    uint32_t bootloader_offset; /* primary bootloader; UINT32_MAX: not given */
    uint32_t recovery_offset;   /* recovery bootloader; UINT32_MAX: not given */
    uint64_t flash_size;        /* 0: not checked */
    bool has_no_md5;
    unsigned secure_version; /* 1: sizes for Secure Boot v1 */
    const struct partition_subtype *subtypes;
    size_t subtype_count;
};

struct partitions {
    struct partition_row rows[PARTITIONS_MAX];
    uint32_t count;
    bool has_md5;
    char error[PARTITIONS_ERROR_SIZE]; /* one line, without a full stop */
    char warnings[PARTITIONS_WARNINGS][160];
    size_t warning_count;
};

/* Names. Null for what has none. */
const char *partition_type_name(uint8_t type);
const char *partition_subtype_name(const struct partitions_rules *rules, uint8_t type,
                                   uint8_t subtype);

/* The same the other way: false for an unknown word. Case does not matter. */
bool partition_type_of(const char *word, uint8_t *type);
bool partition_subtype_of(const struct partitions_rules *rules, uint8_t type, const char *word,
                          uint8_t *subtype);

/* All words, ", " between them, for an error's text. Returns out. */
char *partition_words(const struct partitions_rules *rules, int type, char *out, size_t size);

/* "app,mine,0x40": false unless it is one. */
bool partition_subtype_parse(const char *text, struct partition_subtype *subtype);

/* A number as CSV has it, below 2^32 in either direction. */
bool partition_number(const char *text, int64_t *value);

/* Reads CSV, any encoding with a byte order mark, else UTF-8. False: see error. */
bool partitions_from_csv(struct partitions *partitions, const struct partitions_rules *rules,
                         const uint8_t *data, size_t length);

/* Reads a binary table, which need not be padded. False: see error. */
bool partitions_from_binary(struct partitions *partitions, const struct partitions_rules *rules,
                            const uint8_t *data, size_t length);

/* Checks what was read. False: see error. */
bool partitions_check(struct partitions *partitions, const struct partitions_rules *rules);

/* Does it begin as a binary table does? */
bool partitions_is_binary(const uint8_t *data, size_t length);

/* UD_PARTITIONS_LENGTH bytes. False when there is no room for all: see error. */
bool partitions_to_binary(struct partitions *partitions, const struct partitions_rules *rules,
                          uint8_t out[UD_PARTITIONS_LENGTH]);

void partitions_to_csv(const struct partitions *partitions, const struct partitions_rules *rules,
                       FILE *out);

/* For files of this library only. */
bool partitions_fail(struct partitions *partitions, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void partitions_warn(struct partitions *partitions, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
