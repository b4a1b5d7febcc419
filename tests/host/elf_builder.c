#include "elf_builder.h"

#include "updraft/endian.h"

#include <assert.h>
#include <string.h>

#define HEADER_SIZE 52u
#define ROW_SIZE    40u

static void put_header(uint8_t *out, uint32_t entry, uint32_t table, size_t rows)
{
    static const uint8_t start[] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    memcpy(out, start, sizeof start);
    ud_put_u16(out + 16, 2);  /* executable */
    ud_put_u16(out + 18, 94); /* Xtensa */
    ud_put_u32(out + 20, 1);
    ud_put_u32(out + 24, entry);
    ud_put_u32(out + 32, table);
    ud_put_u16(out + 40, HEADER_SIZE);
    ud_put_u16(out + 46, ROW_SIZE);
    ud_put_u16(out + 48, (uint16_t)rows);
    ud_put_u16(out + 50, (uint16_t)(rows - 1)); /* names come last */
}

size_t elf_build(uint8_t *out, size_t size, uint32_t entry,
                 const struct elf_builder_section *sections, size_t count)
{
    const size_t rows = count + 2; /* the null row first, the names last */
    uint8_t *const table = out + HEADER_SIZE;
    size_t data = HEADER_SIZE + rows * ROW_SIZE;
    char names[256] = "";
    size_t names_length = 1;

    assert(data < size);
    memset(out, 0, size);
    put_header(out, entry, HEADER_SIZE, rows);
    for (size_t i = 0; i < count; i++) {
        uint8_t *const row = table + (i + 1) * ROW_SIZE;
        const struct elf_builder_section *section = &sections[i];
        ud_put_u32(row, (uint32_t)names_length);
        ud_put_u32(row + 4, section->data ? 1 : 8);
        ud_put_u32(row + 8, 2); /* allocated */
        ud_put_u32(row + 12, section->address);
        ud_put_u32(row + 16, (uint32_t)data);
        ud_put_u32(row + 20, section->length);
        memcpy(names + names_length, section->name, strlen(section->name) + 1);
        names_length += strlen(section->name) + 1;
        if (section->data) {
            assert(section->length <= size - data);
            memcpy(out + data, section->data, section->length);
            data += section->length;
        }
    }
    uint8_t *const row = table + (rows - 1) * ROW_SIZE;
    assert(names_length <= size - data);
    ud_put_u32(row + 4, 3);
    ud_put_u32(row + 16, (uint32_t)data);
    ud_put_u32(row + 20, (uint32_t)names_length);
    memcpy(out + data, names, names_length);
    return data + names_length;
}
