#include "host/partitions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024u
#define FIELDS         6u

/* Of a bootloader: other commands than updraft partitions cannot be told. */
#define NO_PLACE "its place is not in the table: give it to updraft partitions, as --"

enum field { FIELD_NAME, FIELD_TYPE, FIELD_SUBTYPE, FIELD_OFFSET, FIELD_SIZE, FIELD_FLAGS };

/* A line taken apart; what has no value yet is computed from the others. */
struct reading {
    struct partitions *partitions;
    const struct partitions_rules *rules;
    unsigned line;
    uint32_t end; /* of the partition before, or of the table */
};

/* ---- Encodings ---- */

struct text {
    char *bytes; /* UTF-8, NUL at the end */
    size_t length;
};

static void put_utf8(struct text *text, uint32_t point)
{
    char *out = text->bytes + text->length;

    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        if (point < 0x10000) {
            *out++ = (char)(0xe0 | point >> 12);
        } else {
            *out++ = (char)(0xf0 | point >> 18);
            *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    text->length = (size_t)(out - text->bytes);
}

static uint32_t unit_at(const uint8_t *data, size_t unit, bool is_big)
{
    uint32_t value = 0;

    for (size_t i = 0; i < unit; i++)
        value |= (uint32_t)data[i] << 8 * (is_big ? unit - 1 - i : i);
    return value;
}

static void decode_wide(struct text *text, const uint8_t *data, size_t length, size_t unit,
                        bool is_big)
{
    for (size_t i = 0; i + unit <= length; i += unit) {
        uint32_t point = unit_at(data + i, unit, is_big);
        if (unit == 2 && point >> 10 == 0x36 && i + 4 <= length) {
            point =
                0x10000 + ((point & 0x3ff) << 10) + (unit_at(data + i + 2, unit, is_big) & 0x3ff);
            i += 2;
        }
        put_utf8(text, point);
    }
}

static bool to_utf8(const uint8_t *data, size_t length, struct text *text)
{
    static const struct {
        uint8_t mark[4];
        size_t mark_length, unit;
        bool is_big;
    } rows[] = {
        {{0xff, 0xfe, 0, 0}, 4, 4, false}, {{0, 0, 0xfe, 0xff}, 4, 4, true},
        {{0xff, 0xfe}, 2, 2, false},       {{0xfe, 0xff}, 2, 2, true},
        {{0xef, 0xbb, 0xbf}, 3, 1, false},
    };

    *text = (struct text){.bytes = malloc(2 * length + 1)};
    if (!text->bytes)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t skip = rows[i].mark_length;
        if (length < skip || memcmp(data, rows[i].mark, skip) != 0)
            continue;
        data += skip;
        length -= skip;
        if (rows[i].unit > 1) {
            decode_wide(text, data, length, rows[i].unit, rows[i].is_big);
            length = 0;
        }
        break;
    }
    memcpy(text->bytes + text->length, data, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return true;
}

/* ---- Lines ---- */

static bool fail_line(struct reading *reading, const char *what, const char *word)
{
    return partitions_fail(reading->partitions, "line %u: %s%s", reading->line, what, word);
}

/* Replaces $NAME by the environment's; "\$" is no beginning of one. */
static bool expand(struct reading *reading, const char *in, char out[LINE_MAX_BYTES])
{
    size_t length = 0;

    for (const char *at = in; *at;) {
        char name[64];
        int taken = 0;
        const char *value = NULL;
        const bool is_escaped = at > in && at[-1] == '\\';
        if (*at == '$' && !is_escaped && sscanf(at + 1, "%63[A-Za-z0-9_]%n", name, &taken) == 1 &&
            !isdigit((unsigned char)name[0])) {
            value = getenv(name);
            if (!value)
                return fail_line(reading, "there is no environment variable ", name);
        }
        const size_t part = value ? strlen(value) : 1;
        if (part >= LINE_MAX_BYTES - length)
            return fail_line(reading, "it is too long", "");
        memcpy(out + length, value ? value : at, part);
        length += part;
        at += value ? (size_t)taken + 1 : 1;
    }
    out[length] = '\0';
    return true;
}

static char *strip(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]);)
        text[--length] = '\0';
    return text;
}

/* Missing fields are empty; further ones are nobody's business. */
static void split(char *line, const char *fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        char *comma = line ? strchr(line, ',') : NULL;
        if (comma)
            *comma = '\0';
        fields[i] = line ? strip(line) : "";
        line = comma ? comma + 1 : NULL;
    }
}

/* ---- Fields ---- */

static bool bad_word(struct reading *reading, const char *word, int type)
{
    char words[256];

    return partitions_fail(reading->partitions, "line %u: %s is not known here, but: %s",
                           reading->line, word,
                           partition_words(reading->rules, type, words, sizeof words));
}

static bool read_type(struct reading *reading, const char *word, uint8_t *type)
{
    int64_t value;

    if (!word[0])
        return fail_line(reading, "the type is missing", "");
    if (partition_type_of(word, type))
        return true;
    if (!partition_number(word, &value))
        return bad_word(reading, word, -1);
    if (value < 0 || value > 0xfe)
        return fail_line(reading, "types are 0 to 0xFE, and not ", word);
    *type = (uint8_t)value;
    return true;
}

static bool read_subtype(struct reading *reading, const char *word, uint8_t type, uint8_t *subtype)
{
    int64_t value;

    if (!word[0] && type == UD_TYPE_APP)
        return fail_line(reading, "an app needs a subtype", "");
    if (!word[0])
        word = "6"; /* "undefined", of whatever type */
    if (partition_subtype_of(reading->rules, type, word, subtype))
        return true;
    if (!partition_number(word, &value))
        return bad_word(reading, word, type);
    if (value < 0 || value > UINT8_MAX)
        return fail_line(reading, "subtypes are 0 to 0xFF, and not ", word);
    *subtype = (uint8_t)value;
    return true;
}

static bool read_flags(struct reading *reading, const char *text, uint32_t *flags)
{
    char words[LINE_MAX_BYTES];

    snprintf(words, sizeof words, "%s", text);
    for (char *word = strtok(words, ":"); word; word = strtok(NULL, ":")) {
        if (strcmp(word, "encrypted") == 0)
            *flags |= UD_PARTITION_ENCRYPTED;
        else if (strcmp(word, "readonly") == 0)
            *flags |= UD_PARTITION_READ_ONLY;
        else
            return fail_line(reading, "flags are encrypted and readonly, and not ", word);
    }
    return true;
}

static void read_name(struct reading *reading, const char *name, char label[UD_PARTITION_LABEL + 1])
{
    snprintf(label, UD_PARTITION_LABEL + 1, "%s", name);
    if (strlen(name) > UD_PARTITION_LABEL)
        partitions_warn(reading->partitions, "line %u: %s is longer than 16 bytes, the rest is cut",
                        reading->line, name);
}

/* ---- Where a partition lies ---- */

/* Bootloaders and tables lie where the chip and the options say, whatever is written. */
static bool place_fixed(struct reading *reading, struct ud_partition *partition, bool *is_fixed)
{
    const struct partitions_rules *rules = reading->rules;
    const bool is_bootloader = partition->type == UD_TYPE_BOOTLOADER;
    uint32_t offset = UINT32_MAX;

    *is_fixed = false;
    if (partition->type == UD_TYPE_TABLE) {
        partition->size = UD_FLASH_SECTOR;
        offset = rules->table_offset;
    } else if (is_bootloader) {
        if (rules->bootloader_offset == UINT32_MAX)
            return fail_line(reading, NO_PLACE, "primary-bootloader-offset");
        partition->size = rules->table_offset - rules->bootloader_offset;
        offset = partition->subtype == 2 ? rules->recovery_offset : rules->bootloader_offset;
    } else {
        return true;
    }
    const bool is_chosen = partition->subtype == 0 || (is_bootloader && partition->subtype == 2);
    if (!is_chosen)
        return true; /* its size is given, its place is not */
    if (offset == UINT32_MAX)
        return fail_line(reading, NO_PLACE, "recovery-bootloader-offset");
    partition->offset = offset;
    *is_fixed = partition->subtype == 0;
    return true;
}

static bool read_offset(struct reading *reading, const char *text,
                        const struct ud_partition *partition, uint32_t *offset)
{
    const uint32_t unit = partition->type == UD_TYPE_APP ? UD_PARTITION_APP : UD_FLASH_SECTOR;
    int64_t value;

    if (!text[0]) {
        value = ((int64_t)reading->end + unit - 1) / unit * unit;
    } else if (!partition_number(text, &value) || value < 0) {
        return fail_line(reading, "no offset: ", text);
    }
    if (value > UINT32_MAX)
        return fail_line(reading, "it does not fit into 4 GB", "");
    *offset = (uint32_t)value;
    if (*offset >= reading->end)
        return true;
    return partitions_fail(reading->partitions,
                           "line %u: partition at 0x%x overlaps what is before it, up to 0x%x",
                           reading->line, *offset, reading->end);
}

static bool read_size(struct reading *reading, const char *text, uint32_t offset, uint32_t *size)
{
    int64_t value;

    if (!text[0])
        return fail_line(reading, "the size is missing", "");
    if (!partition_number(text, &value))
        return fail_line(reading, "no size: ", text);
    if (value < 0)
        value = -value - offset; /* where it ends */
    if (value < 0 || value > (int64_t)UINT32_MAX - offset)
        return fail_line(reading, "it cannot have that size: ", text);
    *size = (uint32_t)value;
    return true;
}

static bool place(struct reading *reading, const char *const fields[FIELDS],
                  struct ud_partition *partition)
{
    const bool is_sized = partition->type == UD_TYPE_BOOTLOADER || partition->type == UD_TYPE_TABLE;
    const bool is_recovery = partition->type == UD_TYPE_BOOTLOADER && partition->subtype == 2;
    bool is_fixed;

    if (!place_fixed(reading, partition, &is_fixed))
        return false;
    if (is_fixed)
        return true;
    if (!is_recovery && !read_offset(reading, fields[FIELD_OFFSET], partition, &partition->offset))
        return false;
    if (!is_sized && !read_size(reading, fields[FIELD_SIZE], partition->offset, &partition->size))
        return false;
    reading->end = partition->offset + partition->size;
    return true;
}

static bool read_line(struct reading *reading, char *line)
{
    struct partitions *partitions = reading->partitions;
    struct partition_row row = {.line = reading->line};
    const char *fields[FIELDS];

    split(line, fields);
    read_name(reading, fields[FIELD_NAME], row.partition.label);
    if (!read_type(reading, fields[FIELD_TYPE], &row.partition.type) ||
        !read_subtype(reading, fields[FIELD_SUBTYPE], row.partition.type, &row.partition.subtype) ||
        !read_flags(reading, fields[FIELD_FLAGS], &row.partition.flags) ||
        !place(reading, fields, &row.partition))
        return false;
    if (partitions->count == PARTITIONS_MAX)
        return partitions_fail(partitions, "line %u: a table has room for %u partitions",
                               reading->line, PARTITIONS_MAX);
    partitions->rows[partitions->count++] = row;
    return true;
}

static bool read_lines(struct reading *reading, char *text)
{
    char *rest = text;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char expanded[LINE_MAX_BYTES];
        reading->line++;
        if (!expand(reading, line, expanded))
            return false;
        char *stripped = strip(expanded);
        if (stripped[0] && stripped[0] != '#' && !read_line(reading, stripped))
            return false;
    }
    if (reading->partitions->count == 0)
        return partitions_fail(reading->partitions, "there is no partition in it");
    return true;
}

bool partitions_from_csv(struct partitions *partitions, const struct partitions_rules *rules,
                         const uint8_t *data, size_t length)
{
    struct reading reading = {
        .partitions = partitions,
        .rules = rules,
        .end = rules->table_offset + UD_FLASH_SECTOR,
    };
    struct text text;

    memset(partitions, 0, sizeof *partitions);
    partitions->has_md5 = !rules->has_no_md5;
    if (!to_utf8(data, length, &text))
        return partitions_fail(partitions, "there is not enough memory");
    const bool is_read = memchr(text.bytes, '\0', text.length)
                             ? partitions_fail(partitions, "it is neither a table nor a text")
                             : read_lines(&reading, text.bytes);
    free(text.bytes);
    return is_read;
}

/* ---- Writing ---- */

static void print_name(FILE *out, const char *name, uint8_t value)
{
    if (name)
        fprintf(out, "%s,", name);
    else
        fprintf(out, "%u,", value);
}

static void print_size(FILE *out, uint32_t size)
{
    if (size % (1024 * 1024) == 0)
        fprintf(out, "%uM,", size >> 20);
    else if (size % 1024 == 0)
        fprintf(out, "%uK,", size >> 10);
    else
        fprintf(out, "0x%x,", size);
}

void partitions_to_csv(const struct partitions *partitions, const struct partitions_rules *rules,
                       FILE *out)
{
    static const char *const flags[] = {"", "encrypted", "readonly", "encrypted:readonly"};

    fprintf(out, "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n");
    for (uint32_t i = 0; i < partitions->count; i++) {
        const struct ud_partition *partition = &partitions->rows[i].partition;
        fprintf(out, "%s,", partition->label);
        print_name(out, partition_type_name(partition->type), partition->type);
        print_name(out, partition_subtype_name(rules, partition->type, partition->subtype),
                   partition->subtype);
        fprintf(out, "0x%x,", partition->offset);
        print_size(out, partition->size);
        fprintf(out, "%s\n", flags[partition->flags & 3]);
    }
}
