#include "boot/decide.h"

#include "updraft/flash.h"
#include "updraft/image.h"
#include "updraft/layout.h"

#include <stddef.h>

/* The facts as the table sees them. */
enum condition {
    COMMAND = 1 << 0, /* there is one */
    COPY = 1 << 1,    /* it is to copy, else to load */
    BASE = 1 << 2,    /* load: an application fits there */
    ALIGNED = 1 << 3, /* source and destination start sectors */
    SIZED = 1 << 4,   /* there is something to copy */
    SOURCE = 1 << 5,  /* source lies on the chip */
    ROOM = 1 << 6,    /* destination ends where it may */
    PROGRAM = 1 << 7, /* destination is the running program's start */
    OUTSIDE = 1 << 8, /* destination begins behind the running program */
    APART = 1 << 9,   /* source and destination do not overlap */
    BELOW = 1 << 10,  /* destination lies below source */
    GZIP = 1 << 11,   /* source is compressed */
};

struct row {
    uint16_t present; /* all of these conditions hold */
    uint16_t absent;  /* none of these */
    uint8_t action;
    uint8_t reason;
};

/* The first row that fits decides; the last one fits everything. */
static const struct row rows[] = {
    {0, COMMAND, BOOT_LOAD, BOOT_NO_COMMAND},
    {BASE, COPY, BOOT_LOAD, BOOT_COMMANDED},
    {0, COPY, BOOT_LOAD, BOOT_BAD_BASE},
    {0, ALIGNED, BOOT_LOAD, BOOT_BAD_ALIGNMENT},
    {0, SIZED, BOOT_LOAD, BOOT_EMPTY},
    {0, SOURCE, BOOT_LOAD, BOOT_BAD_SOURCE},
    {0, ROOM, BOOT_LOAD, BOOT_BAD_DESTINATION},
    {0, PROGRAM | OUTSIDE, BOOT_LOAD, BOOT_OVER_RUNNING},
    {0, APART | BELOW, BOOT_LOAD, BOOT_OVERLAP},
    {GZIP, 0, BOOT_INFLATE, BOOT_COMMANDED},
    {0, 0, BOOT_COPY, BOOT_COMMANDED},
};

static bool fits(uint32_t address, uint32_t length, uint32_t limit)
{
    return address <= limit && length <= limit - address;
}

static bool is_base(const struct boot_facts *facts)
{
    const uint32_t base = facts->command.destination;

    return base % UD_FLASH_WORD == 0 &&
           fits(base, UD_IMAGE_APP_OFFSET + UD_FLASH_SECTOR, facts->flash_size);
}

/* Without overflow: differences, not sums. */
static bool are_apart(const struct boot_facts *facts)
{
    const uint32_t source = facts->command.source;
    const uint32_t destination = facts->command.destination;

    return source < destination ? destination - source >= ud_flash_round_up(facts->command.size)
                                : source - destination >= ud_flash_round_up(facts->output_size);
}

/* Where the destination must end. Images are staged right below the file system,
 * so a program that grows past the end of its own source would overwrite files. */
static uint32_t destination_limit(const struct boot_facts *facts)
{
    const struct ud_eboot_command *command = &facts->command;
    const bool has_settings = facts->flash_size > UD_LAYOUT_TAIL;
    const uint32_t settings = has_settings ? facts->flash_size - UD_LAYOUT_TAIL : 0;

    if (command->destination != BOOT_RUNNING_BASE ||
        !fits(command->source, command->size, facts->flash_size))
        return settings;
    const uint32_t source_end = ud_flash_round_up(command->source + command->size);
    return source_end < settings ? source_end : settings;
}

static unsigned copy_conditions(const struct boot_facts *facts)
{
    const struct ud_eboot_command *command = &facts->command;
    const bool is_aligned = (command->source | command->destination) % UD_FLASH_SECTOR == 0;
    const uint32_t output = ud_flash_round_up(facts->output_size);
    const uint32_t limit = destination_limit(facts);
    unsigned conditions = COPY;

    conditions |= is_aligned ? ALIGNED : 0;
    conditions |= command->size != 0 && facts->output_size != 0 ? SIZED : 0;
    conditions |= fits(command->source, command->size, facts->flash_size) ? SOURCE : 0;
    conditions |= fits(command->destination, output, limit) ? ROOM : 0;
    conditions |= command->destination == BOOT_RUNNING_BASE ? PROGRAM : 0;
    conditions |= command->destination >= facts->running_size ? OUTSIDE : 0;
    conditions |= are_apart(facts) ? APART : 0;
    conditions |= command->destination < command->source ? BELOW : 0;
    conditions |= facts->is_gzip ? GZIP : 0;
    return conditions;
}

static unsigned conditions_of(const struct boot_facts *facts)
{
    if (!facts->has_command)
        return 0;
    if (facts->command.action == UD_EBOOT_COPY_RAW)
        return COMMAND | copy_conditions(facts);
    return COMMAND | (is_base(facts) ? BASE : 0);
}

static const struct row *find_row(unsigned conditions)
{
    const struct row *row = rows;

    while ((row->present & ~conditions) != 0 || (row->absent & conditions) != 0)
        row++;
    return row;
}

struct boot_decision boot_decide(const struct boot_facts *facts)
{
    const struct row *row = find_row(conditions_of(facts));
    struct boot_decision decision = {
        .action = (enum boot_action)row->action,
        .reason = (enum boot_reason)row->reason,
        .base = BOOT_RUNNING_BASE,
    };

    if (decision.reason != BOOT_COMMANDED)
        return decision;
    if (decision.action == BOOT_LOAD) {
        decision.base = facts->command.destination;
        return decision;
    }
    decision.source = facts->command.source;
    decision.destination = facts->command.destination;
    decision.size = facts->command.size;
    decision.output_size = facts->output_size;
    return decision;
}
