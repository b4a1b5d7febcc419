/* Reads what a linker made for these chips: 32-bit little-endian ELF.
 *
 * Only what packing needs: the entry address and the contents of sections. The
 * bytes are a stranger's: every offset is checked before it is followed.
 */
#ifndef HOST_ELF_H
#define HOST_ELF_H

#include <stddef.h>
#include <stdint.h>

/* Numbers of the ELF registry. */
enum elf_machine { ELF_XTENSA = 94, ELF_RISCV = 243 };

struct elf {
    const uint8_t *bytes; /* the caller's; must outlive the rest */
    size_t length;
    enum elf_machine machine;
    uint32_t entry;
    uint32_t sections; /* offset of the section header table */
    uint32_t section_count;
    const char *names; /* section names, NUL-terminated within names_length */
    uint32_t names_length;
};

struct elf_section {
    uint32_t address;
    uint32_t length;     /* bytes */
    const uint8_t *data; /* within the file; null when the section only takes room (.bss) */
};

enum elf_result {
    ELF_OK = 0,
    ELF_NOT_ELF,    /* does not start as an ELF file */
    ELF_OTHER,      /* ELF, but not a linked 32-bit little-endian program of such a machine */
    ELF_DAMAGED,    /* a table or section leaves the file */
    ELF_NO_SECTION, /* no section of that name takes part in the program */
};

/* Checks the header and finds the tables. */
enum elf_result elf_open(struct elf *elf, const void *bytes, size_t length);

/* Finds an allocated section by name. */
enum elf_result elf_section(const struct elf *elf, const char *name, struct elf_section *section);

/* The section at `index`, below section_count. ELF_NO_SECTION when it holds nothing that
 * is loaded: not allocated, or without contents. */
enum elf_result elf_section_at(const struct elf *elf, uint32_t index, struct elf_section *section);

/* "is not an ELF file" and so on: what follows a file's name in a message. */
const char *elf_message(enum elf_result result);

#endif
