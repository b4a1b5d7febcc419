#include "tools/partitions_show.h"

#include "host/table.h"
#include "host/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define CELLS    32u /* columns of the picture */
#define CELL_MAX 4u  /* bytes of a character in it */

struct picture {
    const struct partitions_rules *rules;
    struct table *table;
    uint64_t size; /* bytes that all columns stand for */
};

static const char *kind(const char *name, uint8_t value, char out[8])
{
    if (name)
        return name;
    snprintf(out, 8, "0x%02x", value);
    return out;
}

/* The columns it touches, each at least a little. */
static void draw(const struct picture *picture, uint64_t offset, uint64_t size,
                 char out[CELLS * CELL_MAX + 1])
{
    const uint64_t first = offset * CELLS / picture->size;
    const uint64_t last = size ? (offset + size - 1) * CELLS / picture->size : first;

    out[0] = '\0';
    for (uint64_t i = 0; i < CELLS; i++)
        strcat(out, i >= first && i <= last ? "█" : "·");
}

static void add_gap(struct picture *picture, uint64_t from, uint64_t to)
{
    char size[TEXT_SIZE_MAX];

    table_cell(picture->table, "%#llx", (unsigned long long)from);
    table_cell(picture->table, "%s", text_size(to - from, size));
    for (int i = 0; i < 3; i++)
        table_cell(picture->table, "%s", i == 0 ? "(free)" : "");
    table_cell(picture->table, "%s", "");
    table_cell(picture->table, "%s", "");
}

static void add_row(struct picture *picture, const struct ud_partition *partition)
{
    static const char *const flags[] = {"", "encrypted", "read-only", "encrypted, read-only"};
    char size[TEXT_SIZE_MAX], type[8], subtype[8], cells[CELLS * CELL_MAX + 1];

    table_cell(picture->table, "%#x", partition->offset);
    table_cell(picture->table, "%s", text_size(partition->size, size));
    table_cell(picture->table, "%s", partition->label);
    table_cell(picture->table, "%s",
               kind(partition_type_name(partition->type), partition->type, type));
    table_cell(picture->table, "%s",
               kind(partition_subtype_name(picture->rules, partition->type, partition->subtype),
                    partition->subtype, subtype));
    draw(picture, partition->offset, partition->size, cells);
    table_cell(picture->table, "%s", cells);
    table_cell(picture->table, "%s", flags[partition->flags & 3]);
}

static int by_offset(const void *one, const void *other)
{
    const uint32_t a = (*(const struct ud_partition *const *)one)->offset;
    const uint32_t b = (*(const struct ud_partition *const *)other)->offset;

    return (a > b) - (a < b);
}

/* A power of two, as chips are, unless it was said. */
static uint64_t picture_size(const struct partitions *partitions,
                             const struct partitions_rules *rules)
{
    uint64_t end = 0, size = 1 << 20;

    for (uint32_t i = 0; i < partitions->count; i++) {
        const struct ud_partition *partition = &partitions->rows[i].partition;
        const uint64_t this_end = (uint64_t)partition->offset + partition->size;
        end = this_end > end ? this_end : end;
    }
    while (size < end)
        size *= 2;
    return rules->flash_size > end ? rules->flash_size : size;
}

static void fill(struct picture *picture, const struct partitions *partitions)
{
    const struct ud_partition *sorted[PARTITIONS_MAX];
    uint64_t end = picture->rules->table_offset + UD_FLASH_SECTOR;

    for (uint32_t i = 0; i < partitions->count; i++)
        sorted[i] = &partitions->rows[i].partition;
    qsort(sorted, partitions->count, sizeof sorted[0], by_offset);
    for (uint32_t i = 0; i < partitions->count; i++) {
        const uint64_t this_end = (uint64_t)sorted[i]->offset + sorted[i]->size;
        if (sorted[i]->offset > end)
            add_gap(picture, end, sorted[i]->offset);
        add_row(picture, sorted[i]);
        end = this_end > end ? this_end : end;
    }
    if (picture->size > end)
        add_gap(picture, end, picture->size);
}

void partitions_show_map(const struct partitions *partitions, const struct partitions_rules *rules)
{
    static const struct table_column columns[] = {
        {"OFFSET", TABLE_RIGHT}, {"SIZE", TABLE_RIGHT},
        {"NAME", TABLE_LEFT},    {"TYPE", TABLE_LEFT},
        {"SUBTYPE", TABLE_LEFT}, {"IN FLASH", TABLE_LEFT},
        {"FLAGS", TABLE_LEFT},   {NULL},
    };
    struct picture picture = {rules, table_start(columns), picture_size(partitions, rules)};

    if (!picture.table)
        return;
    fill(&picture, partitions);
    table_print(picture.table, stdout, 0);
    table_free(picture.table);
}

/* Labels of foreign tables are any bytes; JSON is not. */
static const char *plain(const char *label, char out[UD_PARTITION_LABEL + 1])
{
    uint32_t i = 0;

    for (; label[i]; i++)
        out[i] = (signed char)label[i] < 0 ? '?' : label[i];
    out[i] = '\0';
    return out;
}

static json_t *describe(const struct ud_partition *partition, const struct partitions_rules *rules)
{
    char type[8], subtype[8], label[UD_PARTITION_LABEL + 1];

    return json_pack(
        "{s:s, s:s, s:i, s:s, s:i, s:I, s:I, s:b, s:b}", "name", plain(partition->label, label),
        "type", kind(partition_type_name(partition->type), partition->type, type), "type_number",
        partition->type, "subtype",
        kind(partition_subtype_name(rules, partition->type, partition->subtype), partition->subtype,
             subtype),
        "subtype_number", partition->subtype, "offset", (json_int_t)partition->offset, "size",
        (json_int_t)partition->size, "encrypted", partition->flags & UD_PARTITION_ENCRYPTED,
        "readonly", (partition->flags & UD_PARTITION_READ_ONLY) != 0);
}

void partitions_show_json(const struct partitions *partitions, const struct partitions_rules *rules)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < partitions->count; i++)
        json_array_append_new(list, describe(&partitions->rows[i].partition, rules));
    json_dumpf(list, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(list);
}
