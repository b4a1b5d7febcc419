/* updraft otadata: which slot starts, in the content of a chip or of its OTA data
 * partition alone; and another one, or none.
 */
#include "updraft/otadata.h"

#include "host/file.h"
#include "host/options.h"
#include "host/partitions.h"
#include "host/report.h"
#include "tools/command.h"
#include "tools/flash_view.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT (128u << 20) /* the largest flash chip */

struct order {
    const char *path;
    const char *name;
    unsigned long slot; /* SLOT_NOT_GIVEN: by name */
    unsigned long slots;
    unsigned long offset;
    bool as_json;
};

#define SLOT_NOT_GIVEN ((unsigned long)-1)

/* The file, and where in it the two sectors are. */
struct file {
    struct file_bytes bytes;
    struct flash_view flash;
    struct ud_partitions table; /* count 0: there is none */
    uint32_t address;
    uint32_t slots;
};

/* ---- The file ---- */

static int find_in_chip(struct file *file, const struct order *order)
{
    struct ud_partition otadata;
    int error = ud_partitions_open(&file->table, &file->flash.port, (uint32_t)order->offset, NULL);

    if (error == UD_ERR_FLASH_RANGE)
        return report_failure("%s: there is no partition table at 0x%lx; --offset says where",
                              order->path, order->offset);
    if (error)
        return report_failure("%s: the partition table at 0x%lx is damaged; updraft partitions "
                              "says more",
                              order->path, order->offset);
    if (ud_partitions_find(&file->table, UD_TYPE_DATA, UD_DATA_OTA, &otadata) != UD_OK)
        return report_failure("%s: its table has no partition for OTA data", order->path);
    file->address = otadata.offset;
    error = ud_partitions_slots(&file->table, &file->slots);
    return error || !file->slots ? report_failure("%s: its table has no slots", order->path)
                                 : EXIT_OK;
}

static int open_file(struct file *file, const struct order *order)
{
    memset(file, 0, sizeof *file);
    const int error = file_read(order->path, FILE_LIMIT, &file->bytes);
    if (error)
        return report_failure("%s: %s", order->path, strerror(-error));
    if (!flash_view_init(&file->flash, file->bytes.data, file->bytes.length))
        return report_failure("%s: it is no content of flash: its length is no multiple of 0x1000",
                              order->path);
    file->slots = (uint32_t)order->slots;
    return file->bytes.length == UD_OTADATA_LENGTH ? EXIT_OK : find_in_chip(file, order);
}

static void close_file(struct file *file)
{
    free(file->bytes.data);
}

static int load(const struct file *file, const struct order *order, struct ud_otadata *otadata)
{
    if (ud_otadata_load(&file->flash.port, file->address, otadata) == UD_OK)
        return EXIT_OK;
    return report_failure("%s: it ends within the OTA data", order->path);
}

static int save(const struct file *file, const struct order *order)
{
    const int error = file_write_atomic(order->path, file->bytes.data, file->bytes.length, 0666);
    return error ? report_failure("%s: %s", order->path, strerror(-error)) : EXIT_OK;
}

/* ---- show ---- */

static const char *state_name(enum ud_ota_state state)
{
    static const char *const names[] = {
        [UD_OTA_NEW] = "new",         [UD_OTA_PENDING] = "pending verify", [UD_OTA_VALID] = "valid",
        [UD_OTA_INVALID] = "invalid", [UD_OTA_ABORTED] = "aborted",
    };
    const size_t number = (size_t)(unsigned)state;

    return number < sizeof names / sizeof names[0] ? names[number] : "undefined";
}

static void show_entry(const struct file *file, const struct ud_otadata *otadata, int index)
{
    const struct ud_otadata_entry *entry = &otadata->entries[index];

    if (!entry->is_sound) {
        printf("entry %d  empty, or damaged\n", index);
        return;
    }
    printf("entry %d  seq %u, slot %u, %s%s%s\n", index, entry->seq,
           ud_otadata_slot(entry->seq, file->slots), state_name(entry->state),
           entry->is_noted ? ", in a note" : "",
           ud_otadata_active(otadata) == index ? ", decides" : "");
}

static json_t *describe(const struct file *file, const struct ud_otadata_entry *entry)
{
    if (!entry->is_sound)
        return json_null();
    return json_pack("{s:I, s:I, s:s, s:b}", "seq", (json_int_t)entry->seq, "slot",
                     (json_int_t)ud_otadata_slot(entry->seq, file->slots), "state",
                     state_name(entry->state), "noted", entry->is_noted);
}

static void show_json(const struct file *file, const struct ud_otadata *otadata)
{
    const int active = ud_otadata_active(otadata);
    json_t *object = json_pack(
        "{s:o, s:[o, o]}", "slot",
        active < 0 ? json_null()
                   : json_integer(ud_otadata_slot(otadata->entries[active].seq, file->slots)),
        "entries", describe(file, &otadata->entries[0]), describe(file, &otadata->entries[1]));

    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static int show(struct file *file, const struct order *order)
{
    struct ud_otadata otadata;
    const int status = load(file, order, &otadata);

    if (status != EXIT_OK)
        return status;
    if (order->as_json) {
        show_json(file, &otadata);
        return EXIT_OK;
    }
    const int active = ud_otadata_active(&otadata);
    if (active < 0)
        printf("starts   factory, or the first slot\n");
    else
        printf("starts   slot %u of %u\n",
               ud_otadata_slot(otadata.entries[active].seq, file->slots), file->slots);
    show_entry(file, &otadata, 0);
    show_entry(file, &otadata, 1);
    return EXIT_OK;
}

/* ---- switch, erase ---- */

static int slot_of_name(const struct file *file, const struct order *order, uint32_t *slot)
{
    struct ud_partition partition;

    for (uint32_t i = 0; i < file->table.count; i++)
        if (ud_partitions_get(&file->table, i, &partition) == UD_OK &&
            ud_partition_is_slot(&partition) && strcmp(partition.label, order->name) == 0) {
            *slot = (uint32_t)partition.subtype - UD_APP_OTA_0;
            return EXIT_OK;
        }
    return report_failure("%s: no slot is called %s", order->path, order->name);
}

static int find_slot(const struct file *file, const struct order *order, uint32_t *slot)
{
    if (order->name)
        return slot_of_name(file, order, slot);
    if (order->slot >= file->slots)
        return report_failure("%s: there is no slot %lu, but 0 to %u", order->path, order->slot,
                              file->slots - 1);
    *slot = (uint32_t)order->slot;
    return EXIT_OK;
}

/* The file is replaced whole, so entries are written without the notes by which a chip
 * outlives a power cut. */
static int switch_slot(struct file *file, const struct order *order)
{
    struct ud_otadata otadata;
    uint32_t slot = 0;
    int status = load(file, order, &otadata);

    if (status == EXIT_OK)
        status = find_slot(file, order, &slot);
    if (status != EXIT_OK)
        return status;
    const struct ud_otadata_choice choice = ud_otadata_choose(&otadata, slot, file->slots);
    uint8_t *sectors = file->bytes.data + file->address;
    for (int i = 0; i < 2; i++) {
        const struct ud_otadata_entry *entry = &otadata.entries[i];
        uint8_t *sector = sectors + (uint32_t)i * UD_FLASH_SECTOR;
        memset(sector, 0xff, UD_FLASH_SECTOR);
        if (i == choice.index)
            ud_otadata_encode(choice.seq, UD_OTA_UNDEFINED, sector);
        else if (entry->is_sound && !choice.drops_other)
            ud_otadata_encode(entry->seq, entry->state, sector);
    }
    status = save(file, order);
    if (status == EXIT_OK)
        printf("%s: slot %u starts\n", order->path, slot);
    return status;
}

static int erase(struct file *file, const struct order *order)
{
    if (file->address > file->bytes.length - UD_OTADATA_LENGTH)
        return report_failure("%s: it ends within the OTA data", order->path);
    memset(file->bytes.data + file->address, 0xff, UD_OTADATA_LENGTH);
    const int status = save(file, order);
    if (status == EXIT_OK)
        printf("%s: factory starts, or the first slot\n", order->path);
    return status;
}

/* ---- The command ---- */

typedef int action(struct file *file, const struct order *order);

static action *action_of(const char *word)
{
    static const struct {
        const char *word;
        action *run;
    } rows[] = {{"show", show}, {"switch", switch_slot}, {"erase", erase}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].word, word) == 0)
            return rows[i].run;
    return NULL;
}

static int check(const struct order *order, action *run)
{
    const bool is_named = order->name || order->slot != SLOT_NOT_GIVEN;

    if ((run == switch_slot) != is_named)
        return report_usage(run == switch_slot ? "switch needs --slot or --name"
                                               : "--slot and --name go with switch");
    if (order->name && order->slot != SLOT_NOT_GIVEN)
        return report_usage("--slot or --name, not both");
    if (order->slots == 0 || order->slots > UD_MAX_SLOTS)
        return report_usage("--slots takes 1 to %u", UD_MAX_SLOTS);
    return EXIT_OK;
}

static int run_on_file(action *run, const struct order *order)
{
    struct file file;
    int status = open_file(&file, order);

    if (status == EXIT_OK)
        status = run(&file, order);
    close_file(&file);
    return status;
}

int command_otadata(int argc, char **argv)
{
    struct order order = {
        .slot = SLOT_NOT_GIVEN,
        .slots = 2,
        .offset = UD_PARTITIONS_OFFSET,
    };
    const struct option_row options[] = {
        {"slot", 0, OPTION_NUMBER, &order.slot, "N", "the slot to switch to"},
        {"name", 0, OPTION_TEXT, &order.name, "NAME", "or its partition's name"},
        {"offset", 'o', OPTION_NUMBER, &order.offset, "BYTES",
         "where the partition table lies (default 0x8000)"},
        {"slots", 0, OPTION_NUMBER, &order.slots, "N",
         "how many there are, for a file without a table (default 2)"},
        {"json", 0, OPTION_FLAG, &order.as_json, NULL, "print JSON"},
        {NULL},
    };
    const struct command_usage usage = {
        .name = "updraft otadata",
        .synopsis = "show FILE [--json]\n       updraft otadata switch FILE --slot N\n"
                    "       updraft otadata erase FILE",
        .about = "Shows or changes which slot of an ESP32 starts. FILE is the content of its\n"
                 "flash, or of its OTA data partition alone (0x2000 bytes).",
        .options = options,
    };
    int operand_count;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operand_count);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operand_count != 2)
        return report_usage("takes show, switch or erase, and a file");
    action *run = action_of(argv[1]);
    if (!run)
        return report_usage("takes show, switch or erase, not %s", argv[1]);
    order.path = argv[2];
    const int status = check(&order, run);
    return status == EXIT_OK ? run_on_file(run, &order) : status;
}
