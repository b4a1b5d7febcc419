#include "slots_internal.h"

#include <stddef.h>
#include <string.h>

#define TABLE_MAGIC 0xaau
#define ERASED      0xff

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- begin ---- */

/* Finds the partition in the table, by all that makes it one. */
static int find(const struct ud_slots *slots, const struct ud_partition *partition)
{
    struct ud_partition found;

    for (uint32_t i = 0; i < slots->table.count; i++) {
        const int error = ud_partitions_get(&slots->table, i, &found);
        if (error != UD_OK)
            return error;
        if (found.type == partition->type && found.subtype == partition->subtype &&
            found.offset == partition->offset && found.size == partition->size)
            return UD_OK;
    }
    return UD_ERR_NOT_FOUND;
}

static bool is_being_written(const struct ud_slots *slots, const struct ud_partition *partition)
{
    const struct ud_slots_write *write = slots->writes;

    while (write != NULL && write->partition.offset != partition->offset)
        write = write->next;
    return write != NULL;
}

static int check(const struct ud_slots *slots, const struct ud_partition *partition)
{
    if (partition == NULL)
        return UD_ERR_ARGUMENT;
    int error = find(slots, partition);
    if (error != UD_OK)
        return error;
    if (ud_slots_is_running(slots, partition))
        return UD_ERR_RUNNING;
    if (partition->type == UD_TYPE_APP && !ud_partition_is_slot(partition))
        return UD_ERR_ARGUMENT;
    error = partition->type == UD_TYPE_APP ? ud_slots_may_update(slots) : UD_OK;
    if (error != UD_OK)
        return error;
    return is_being_written(slots, partition) ? UD_ERR_BUSY : UD_OK;
}

static void begin(struct ud_slots *slots, struct ud_slots_write *write,
                  const struct ud_partition *partition)
{
    memset(write, 0, sizeof *write);
    write->partition = *partition;
    write->slots = slots;
    write->next = slots->writes;
    slots->writes = write;
}

int ud_slots_begin(struct ud_slots *slots, struct ud_slots_write *write,
                   const struct ud_partition *partition, uint32_t size)
{
    const bool is_sequential = size == UD_SLOTS_SIZE_SEQUENTIAL;
    const int error = check(slots, partition);

    if (error != UD_OK)
        return error;
    if (is_sequential || size == 0 || size == UD_SLOTS_SIZE_UNKNOWN)
        size = partition->size;
    if (size > partition->size)
        return UD_ERR_SPACE;
    begin(slots, write, partition);
    write->is_sequential = is_sequential;
    write->erase_size = least(ud_flash_round_up(size), ud_flash_round_up(partition->size));
    return UD_OK;
}

int ud_slots_resume(struct ud_slots *slots, struct ud_slots_write *write,
                    const struct ud_partition *partition, bool is_sequential, uint32_t offset)
{
    const int error = check(slots, partition);

    if (error != UD_OK)
        return error;
    if (offset > partition->size || offset % UD_FLASH_WORD != 0)
        return UD_ERR_ARGUMENT;
    begin(slots, write, partition);
    write->is_sequential = is_sequential;
    write->is_open = offset > 0;
    write->erase_size = is_sequential ? partition->size : 0;
    write->flushed = offset;
    write->written = offset;
    return UD_OK;
}

int ud_slots_set_final(struct ud_slots_write *write, const struct ud_partition *final, bool copies)
{
    if (final == NULL || write->slots == NULL)
        return UD_ERR_ARGUMENT;
    if (write->written > 0)
        return UD_ERR_STATE;
    const int error = find(write->slots, final);
    if (error != UD_OK)
        return error;
    if (ud_slots_is_running(write->slots, final))
        return UD_ERR_RUNNING;
    if (final->type == UD_TYPE_APP && final->offset != write->partition.offset)
        return UD_ERR_ARGUMENT;
    write->final = *final;
    write->has_final = true;
    write->copies = copies && final->offset != write->partition.offset;
    return UD_OK;
}

/* ---- write ---- */

/* What is written is of the kind of the partition it is meant for in the end. */
static uint8_t type_of(const struct ud_slots_write *write)
{
    return write->has_final ? write->final.type : write->partition.type;
}

static bool is_image(uint8_t type)
{
    return type == UD_TYPE_APP || type == UD_TYPE_BOOTLOADER;
}

static int judge_first_byte(const struct ud_slots_write *write, uint8_t byte)
{
    const uint8_t type = type_of(write);

    if (is_image(type) && byte != UD_IMAGE_MAGIC)
        return UD_ERR_MAGIC;
    return type == UD_TYPE_TABLE && byte != TABLE_MAGIC ? UD_ERR_MAGIC : UD_OK;
}

/* The last moment before flash is touched. */
static int open_partition(struct ud_slots_write *write)
{
    const struct ud_partition *partition = &write->partition;
    int error = UD_OK;

    if (ud_partition_is_slot(partition))
        error = ud_slots_release(write->slots, partition);
    if (error == UD_OK && !write->is_sequential)
        error = ud_flash_erase(write->slots->config.flash, partition->offset, write->erase_size);
    write->is_open = error == UD_OK;
    return error;
}

static int judge_page(const struct ud_slots_write *write)
{
    struct ud_slot_terms terms;
    const int error = ud_slots_terms(write->slots, &terms);

    if (error != UD_OK || !is_image(type_of(write)))
        return error;
    return ud_slot_judge_head(&terms, type_of(write), (const uint8_t *)write->page, write->held);
}

/* Programs `length` of the bytes that are held, whole words. */
static int program_held(struct ud_slots_write *write, uint32_t length)
{
    const struct ud_flash *flash = write->slots->config.flash;
    const uint32_t address = write->partition.offset + write->flushed;
    int error = UD_OK;

    if (!write->is_open) {
        error = judge_page(write);
        if (error == UD_OK)
            error = open_partition(write);
    }
    if (error == UD_OK && write->is_sequential && address % UD_FLASH_SECTOR == 0)
        error = ud_flash_erase_sector(flash, address);
    return error != UD_OK ? error : ud_flash_program(flash, address, write->page, length);
}

/* Puts what is held into flash, to the next whole word. */
static int flush(struct ud_slots_write *write)
{
    const uint32_t padding = (UD_FLASH_WORD - write->held % UD_FLASH_WORD) % UD_FLASH_WORD;

    memset((uint8_t *)write->page + write->held, ERASED, padding);
    const int error = program_held(write, write->held + padding);
    if (error != UD_OK)
        return error;
    write->flushed += write->held;
    write->held = 0;
    return UD_OK;
}

/* The same for whole words only, and not before a program's head can be judged. */
static int flush_words(struct ud_slots_write *write)
{
    const uint32_t length = write->held / UD_FLASH_WORD * UD_FLASH_WORD;

    if (length == 0 || (!write->is_open && is_image(type_of(write)) && length < UD_SLOT_HEAD))
        return UD_OK;
    const int error = program_held(write, length);
    if (error != UD_OK)
        return error;
    write->flushed += length;
    write->held -= length;
    memmove(write->page, (const uint8_t *)write->page + length, write->held);
    return UD_OK;
}

static int put(struct ud_slots_write *write, const uint8_t *bytes, uint32_t length)
{
    while (length > 0) {
        const uint32_t room = UD_SLOTS_PAGE - write->flushed % UD_SLOTS_PAGE - write->held;
        const uint32_t part = least(length, room);
        memcpy((uint8_t *)write->page + write->held, bytes, part);
        write->held += part;
        write->written += part;
        bytes += part;
        length -= part;
        const int error = part == room ? flush(write) : UD_OK;
        if (error != UD_OK)
            return error;
    }
    return flush_words(write);
}

int ud_slots_put(struct ud_slots_write *write, const void *data, uint32_t length)
{
    const uint8_t *bytes = data;

    if (bytes == NULL || write->slots == NULL)
        return UD_ERR_ARGUMENT;
    if (length == 0)
        return UD_OK;
    if (length > write->partition.size - write->flushed - write->held)
        return UD_ERR_SPACE;
    const int error = write->written == 0 ? judge_first_byte(write, bytes[0]) : UD_OK;
    return error != UD_OK ? error : put(write, bytes, length);
}

/* Programs erased bytes anywhere; those beside them in a word are programmed as they are. */
static int program_bytes(const struct ud_flash *flash, uint32_t address, const uint8_t *bytes,
                         uint32_t length)
{
    uint32_t page[UD_SLOTS_PAGE / sizeof(uint32_t)];

    while (length > 0) {
        const uint32_t skip = address % UD_FLASH_WORD;
        const uint32_t part = least(length, UD_SLOTS_PAGE - skip);
        const uint32_t whole = (skip + part + UD_FLASH_WORD - 1) / UD_FLASH_WORD * UD_FLASH_WORD;
        int error = ud_flash_read(flash, address - skip, page, whole);
        memcpy((uint8_t *)page + skip, bytes, part);
        if (error == UD_OK)
            error = ud_flash_program(flash, address - skip, page, whole);
        if (error != UD_OK)
            return error;
        address += part;
        bytes += part;
        length -= part;
    }
    return UD_OK;
}

int ud_slots_put_at(struct ud_slots_write *write, const void *data, uint32_t length,
                    uint32_t offset)
{
    if (data == NULL || write->slots == NULL)
        return UD_ERR_ARGUMENT;
    if (write->is_sequential)
        return UD_ERR_STATE;
    if (offset > write->partition.size || length > write->partition.size - offset)
        return UD_ERR_SPACE;
    int error = length > 0 && !write->is_open ? open_partition(write) : UD_OK;
    if (error == UD_OK)
        error = program_bytes(write->slots->config.flash, write->partition.offset + offset, data,
                              length);
    if (error == UD_OK)
        write->written += length;
    return error;
}

/* ---- end ---- */

static void close_write(struct ud_slots_write *write)
{
    struct ud_slots_write **link = &write->slots->writes;

    while (*link != write)
        link = &(*link)->next;
    *link = write->next;
    write->slots = NULL;
}

static int verify(struct ud_slots *slots, const struct ud_slots_write *write)
{
    struct ud_partition partition = write->partition;
    struct ud_partitions table;

    partition.type = type_of(write);
    if (is_image(partition.type))
        return ud_slots_verify(slots, &partition);
    if (partition.type != UD_TYPE_TABLE)
        return UD_OK;
    return ud_partitions_open_for(&table, slots->config.flash, partition.offset,
                                  write->has_final ? write->final.offset : partition.offset,
                                  slots->config.md5);
}

static int copy(const struct ud_flash *flash, const struct ud_partition *from,
                const struct ud_partition *to)
{
    uint32_t page[UD_SLOTS_PAGE / sizeof(uint32_t)];
    const uint32_t length = least(from->size, to->size);
    int error = ud_flash_erase(flash, to->offset, ud_flash_round_up(to->size));

    for (uint32_t at = 0; at < length && error == UD_OK; at += UD_SLOTS_PAGE) {
        const uint32_t part = least(length - at, UD_SLOTS_PAGE) / UD_FLASH_WORD * UD_FLASH_WORD;
        error = ud_flash_read(flash, from->offset + at, page, part);
        if (error == UD_OK)
            error = ud_flash_program(flash, to->offset + at, page, part);
    }
    return error;
}

/* The end of what was written, in the partition it is to be copied to. */
static bool fits_final(const struct ud_slots_write *write)
{
    return !write->copies || write->flushed <= write->final.size;
}

int ud_slots_end(struct ud_slots_write *write)
{
    struct ud_slots *slots = write->slots;
    int error;

    if (slots == NULL)
        return UD_ERR_NOT_FOUND;
    if (write->written == 0)
        error = UD_ERR_ARGUMENT;
    else
        error = write->held > 0 ? flush(write) : UD_OK;
    if (error == UD_OK)
        error = fits_final(write) ? verify(slots, write) : UD_ERR_SPACE;
    if (error == UD_OK && write->copies)
        error = copy(slots->config.flash, &write->partition, &write->final);
    close_write(write);
    return error;
}

int ud_slots_abort(struct ud_slots_write *write)
{
    if (write->slots == NULL)
        return UD_ERR_NOT_FOUND;
    close_write(write);
    return UD_OK;
}
