/* updraft partitions: what a partition table says, as a picture; from CSV to what the
 * chip reads and back.
 */
#include "host/partitions.h"

#include "host/file.h"
#include "host/options.h"
#include "host/report.h"
#include "tools/command.h"
#include "tools/partitions_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT     (128u << 20) /* the largest flash chip */
#define NOT_GIVEN      ((unsigned long)UINT32_MAX)
#define SUBTYPES_LIMIT 16u

struct order {
    const char *in;
    const char *out; /* null: only shown */
    const char *flash_size;
    const char *secure;
    const char *subtypes;
    unsigned long offset;
    unsigned long bootloader_offset;
    unsigned long recovery_offset;
    bool has_no_md5;
    bool is_unchecked;
    bool is_quiet;
    bool as_json;
};

/* ---- What was asked for ---- */

/* Of flash, in bytes; powers of two. */
#define FLASH_LEAST (1 << 20)
#define FLASH_MOST  (128 << 20)

/* "4MB", as the originals have it, or "4M". */
static bool read_flash_size(const char *text, uint64_t *size)
{
    char number[16];
    size_t length = strlen(text);
    int64_t value;

    if (length > 1 && (text[length - 1] == 'B' || text[length - 1] == 'b'))
        length--;
    if (length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!partition_number(number, &value) || value < FLASH_LEAST || value > FLASH_MOST ||
        (value & (value - 1)) != 0)
        return false;
    *size = (uint64_t)value;
    return true;
}

static int read_subtypes(const char *text, struct partition_subtype rows[SUBTYPES_LIMIT],
                         size_t *count)
{
    char *copy = strdup(text);
    char *rest = copy;
    int status = copy ? EXIT_OK : report_failure("there is not enough memory");

    for (char *entry = strsep(&rest, ";"); entry && status == EXIT_OK; entry = strsep(&rest, ";"))
        if (*count == SUBTYPES_LIMIT || !partition_subtype_parse(entry, &rows[(*count)++]))
            status = report_usage("%s is no subtype like app,mine,0x40", entry);
    free(copy);
    return status;
}

static int make_rules(const struct order *order, struct partition_subtype *subtypes,
                      struct partitions_rules *rules)
{
    size_t count = 0;

    *rules = (struct partitions_rules){
        .table_offset = (uint32_t)order->offset,
        .bootloader_offset = (uint32_t)order->bootloader_offset,
        .recovery_offset = (uint32_t)order->recovery_offset,
        .has_no_md5 = order->has_no_md5,
        .subtypes = subtypes,
    };
    if (order->offset % UD_FLASH_SECTOR || order->offset > NOT_GIVEN - UD_FLASH_SECTOR)
        return report_usage("--offset takes a multiple of 0x1000");
    if (order->flash_size && !read_flash_size(order->flash_size, &rules->flash_size))
        return report_usage("--flash-size takes 1MB, 2MB, 4MB and so on to 128MB, not %s",
                            order->flash_size);
    if (order->secure && strcmp(order->secure, "v1") != 0 && strcmp(order->secure, "v2") != 0)
        return report_usage("--secure takes v1 or v2, not %s", order->secure);
    rules->secure_version = order->secure ? (unsigned)(order->secure[1] - '0') : 0;
    const int status = order->subtypes ? read_subtypes(order->subtypes, subtypes, &count) : EXIT_OK;
    rules->subtype_count = count;
    return status;
}

/* ---- Doing it ---- */

/* A table, CSV, or the content of a whole chip with the table in its place. */
static bool read_table(const struct partitions_rules *rules, const struct file_bytes *bytes,
                       struct partitions *partitions, bool *is_binary)
{
    const uint8_t *data = bytes->data;
    size_t length = bytes->length;

    if (length > (size_t)rules->table_offset + UD_PARTITIONS_LENGTH &&
        partitions_is_binary(data + rules->table_offset, length - rules->table_offset)) {
        data += rules->table_offset;
        length = UD_PARTITIONS_LENGTH;
    }
    *is_binary = partitions_is_binary(data, length);
    return *is_binary ? partitions_from_binary(partitions, rules, data, length)
                      : partitions_from_csv(partitions, rules, data, length);
}

static int write_csv(const struct order *order, const struct partitions_rules *rules,
                     const struct partitions *partitions)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return report_failure("there is not enough memory");
    partitions_to_csv(partitions, rules, out);
    fclose(out);
    const int error = file_write_atomic(order->out, text, length, 0666);
    free(text);
    return error ? report_failure("%s: %s", order->out, strerror(-error)) : EXIT_OK;
}

static int write_binary(const struct order *order, const struct partitions_rules *rules,
                        struct partitions *partitions)
{
    uint8_t table[UD_PARTITIONS_LENGTH];

    if (!partitions_to_binary(partitions, rules, table))
        return report_failure("%s: %s", order->in, partitions->error);
    const int error = file_write_atomic(order->out, table, sizeof table, 0666);
    return error ? report_failure("%s: %s", order->out, strerror(-error)) : EXIT_OK;
}

static void print_warnings(const struct order *order, const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->warning_count && !order->is_quiet; i++)
        fprintf(stderr, "%s: %s: warning: %s\n", report_program(), order->in,
                partitions->warnings[i]);
}

static int convert(const struct order *order, const struct partitions_rules *rules,
                   const struct file_bytes *bytes, struct partitions *partitions)
{
    bool is_binary;
    bool is_sound = read_table(rules, bytes, partitions, &is_binary);

    if (is_sound && !order->is_unchecked)
        is_sound = partitions_check(partitions, rules);
    print_warnings(order, partitions);
    if (!is_sound)
        return report_failure("%s: %s", order->in, partitions->error);
    if (order->out)
        return is_binary ? write_csv(order, rules, partitions)
                         : write_binary(order, rules, partitions);
    if (order->as_json)
        partitions_show_json(partitions, rules);
    else
        partitions_show_map(partitions, rules);
    return EXIT_OK;
}

static int run(const struct order *order)
{
    struct partition_subtype subtypes[SUBTYPES_LIMIT];
    struct partitions_rules rules;
    struct file_bytes bytes;
    const int status = make_rules(order, subtypes, &rules);

    if (status != EXIT_OK)
        return status;
    const int error = file_read(order->in, FILE_LIMIT, &bytes);
    if (error)
        return report_failure("%s: %s", order->in, strerror(-error));
    struct partitions *partitions = malloc(sizeof *partitions);
    const int result = partitions ? convert(order, &rules, &bytes, partitions)
                                  : report_failure("there is not enough memory");
    free(partitions);
    free(bytes.data);
    return result;
}

int command_partitions(int argc, char **argv)
{
    struct order order = {
        .offset = UD_PARTITIONS_OFFSET,
        .bootloader_offset = NOT_GIVEN,
        .recovery_offset = NOT_GIVEN,
    };
    const struct option_row options[] = {
        {"offset", 'o', OPTION_NUMBER, &order.offset, "BYTES",
         "where the table lies (default 0x8000)"},
        {"flash-size", 0, OPTION_TEXT, &order.flash_size, "SIZE", "1MB to 128MB: all must fit"},
        {"disable-md5sum", 0, OPTION_FLAG, &order.has_no_md5, NULL, "write no MD5, miss none"},
        {"no-verify", 0, OPTION_FLAG, &order.is_unchecked, NULL, "convert without checking"},
        {"secure", 0, OPTION_TEXT, &order.secure, "v1|v2", "check sizes for Secure Boot"},
        {"primary-bootloader-offset", 0, OPTION_NUMBER, &order.bootloader_offset, "BYTES",
         "of partitions of type bootloader"},
        {"recovery-bootloader-offset", 0, OPTION_NUMBER, &order.recovery_offset, "BYTES",
         "the same for the recovery one"},
        {"extra-partition-subtypes", 0, OPTION_TEXT, &order.subtypes, "TYPE,NAME,NUMBER;…",
         "names of a project's own"},
        {"quiet", 'q', OPTION_FLAG, &order.is_quiet, NULL, "no warnings"},
        {"json", 0, OPTION_FLAG, &order.as_json, NULL, "print JSON"},
        {NULL},
    };
    const struct command_usage usage = {
        .name = "updraft partitions",
        .synopsis = "FILE [--json] [--flash-size SIZE]\n       updraft partitions FILE OUT",
        .about = "Shows the partition table of an ESP32: CSV, binary, or in a whole flash.\n"
                 "With OUT, converts: CSV to binary, binary to CSV.",
        .options = options,
    };
    int operand_count;
    const enum options_result parsed = options_parse(&usage, argc, argv, &operand_count);
    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    if (operand_count < 1 || operand_count > 2)
        return report_usage("takes a file, and one to write, not %d", operand_count);
    order.in = argv[1];
    order.out = operand_count > 1 ? argv[2] : NULL;
    return run(&order);
}
