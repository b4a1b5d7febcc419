/* Small linked programs for tests, as a linker would leave them. */
#ifndef TESTS_HOST_ELF_BUILDER_H
#define TESTS_HOST_ELF_BUILDER_H

#include <stddef.h>
#include <stdint.h>

struct elf_builder_section {
    const char *name;
    uint32_t address;
    uint32_t length;
    const uint8_t *data; /* null: takes room only (.bss) */
};

/* Writes an ELF file of at most `size` bytes and returns its length. */
size_t elf_build(uint8_t *out, size_t size, uint32_t entry,
                 const struct elf_builder_section *sections, size_t count);

#endif
