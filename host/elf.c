#include "host/elf.h"

#include "updraft/endian.h"

#include <string.h>

/* System V ABI. */
#define HEADER_SIZE         52u
#define SECTION_HEADER_SIZE 40u
#define CLASS_32            1
#define DATA_LITTLE         1
#define TYPE_EXECUTABLE     2
#define SECTION_NOBITS      8
#define SECTION_ALLOCATED   0x2u

static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};

/* The header's fields that are looked at, as offsets. */
enum {
    AT_CLASS = 4,
    AT_DATA = 5,
    AT_TYPE = 16,
    AT_MACHINE = 18,
    AT_ENTRY = 24,
    AT_SECTIONS = 32,
    AT_SECTION_SIZE = 46,
    AT_SECTION_COUNT = 48,
    AT_NAMES_INDEX = 50,
};

/* One row of the section header table. */
struct row {
    uint32_t name; /* offset into the names */
    uint32_t type;
    uint32_t flags;
    uint32_t address;
    uint32_t offset;
    uint32_t length;
};

/* index < elf->section_count, whose rows elf_open() has seen to be in the file. */
static struct row row_at(const struct elf *elf, uint32_t index)
{
    const uint8_t *bytes = elf->bytes + elf->sections + index * SECTION_HEADER_SIZE;
    return (struct row){
        .name = ud_get_u32(bytes),
        .type = ud_get_u32(bytes + 4),
        .flags = ud_get_u32(bytes + 8),
        .address = ud_get_u32(bytes + 12),
        .offset = ud_get_u32(bytes + 16),
        .length = ud_get_u32(bytes + 20),
    };
}

static int is_inside(const struct elf *elf, uint32_t offset, uint32_t length)
{
    return offset <= elf->length && length <= elf->length - offset;
}

static enum elf_result find_names(struct elf *elf, uint32_t index)
{
    if (index >= elf->section_count)
        return ELF_DAMAGED;
    const struct row row = row_at(elf, index);
    if (row.type == SECTION_NOBITS || row.length == 0 || !is_inside(elf, row.offset, row.length))
        return ELF_DAMAGED;
    elf->names = (const char *)elf->bytes + row.offset;
    elf->names_length = row.length;
    /* With the last byte a NUL, every name that starts inside also ends there. */
    return elf->names[row.length - 1] == '\0' ? ELF_OK : ELF_DAMAGED;
}

enum elf_result elf_open(struct elf *elf, const void *bytes, size_t length)
{
    const uint8_t *header = bytes;
    *elf = (struct elf){.bytes = bytes, .length = length};
    if (length < sizeof magic || memcmp(header, magic, sizeof magic) != 0)
        return ELF_NOT_ELF;
    if (length < HEADER_SIZE)
        return ELF_DAMAGED;
    const uint16_t machine = ud_get_u16(header + AT_MACHINE);
    if (header[AT_CLASS] != CLASS_32 || header[AT_DATA] != DATA_LITTLE ||
        ud_get_u16(header + AT_TYPE) != TYPE_EXECUTABLE ||
        (machine != ELF_XTENSA && machine != ELF_RISCV))
        return ELF_OTHER;
    elf->machine = (enum elf_machine)machine;
    elf->entry = ud_get_u32(header + AT_ENTRY);
    elf->sections = ud_get_u32(header + AT_SECTIONS);
    elf->section_count = ud_get_u16(header + AT_SECTION_COUNT);
    if (ud_get_u16(header + AT_SECTION_SIZE) != SECTION_HEADER_SIZE ||
        !is_inside(elf, elf->sections, elf->section_count * SECTION_HEADER_SIZE))
        return ELF_DAMAGED;
    return find_names(elf, ud_get_u16(header + AT_NAMES_INDEX));
}

static enum elf_result section_from_row(const struct elf *elf, const struct row *row,
                                        struct elf_section *section)
{
    *section = (struct elf_section){.address = row->address, .length = row->length};
    if (row->type == SECTION_NOBITS)
        return ELF_OK;
    if (!is_inside(elf, row->offset, row->length))
        return ELF_DAMAGED;
    section->data = elf->bytes + row->offset;
    return ELF_OK;
}

enum elf_result elf_section(const struct elf *elf, const char *name, struct elf_section *section)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        const struct row row = row_at(elf, i);
        if (row.name >= elf->names_length)
            return ELF_DAMAGED;
        if ((row.flags & SECTION_ALLOCATED) && strcmp(elf->names + row.name, name) == 0)
            return section_from_row(elf, &row, section);
    }
    return ELF_NO_SECTION;
}

enum elf_result elf_section_at(const struct elf *elf, uint32_t index, struct elf_section *section)
{
    const struct row row = row_at(elf, index);
    if (!(row.flags & SECTION_ALLOCATED) || row.type == SECTION_NOBITS || row.length == 0)
        return ELF_NO_SECTION;
    return section_from_row(elf, &row, section);
}

const char *elf_message(enum elf_result result)
{
    switch (result) {
    case ELF_OK:
        return "is sound";
    case ELF_NOT_ELF:
        return "is not an ELF file";
    case ELF_OTHER:
        return "is an ELF file, but not a linked program for these chips";
    case ELF_NO_SECTION:
        return "lacks a section";
    case ELF_DAMAGED:
    default:
        return "is a damaged ELF file";
    }
}
