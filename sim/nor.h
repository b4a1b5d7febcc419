/* A NOR flash chip as an ud_flash port: its rules, its time, its wear, and what
 * a power cut in the middle of an operation leaves behind.
 *
 * The content lives in memory or in a file. A file is mapped, so every operation
 * that has returned outlives the process, SIGKILL included; it is locked, so
 * that no two processes are one chip.
 *
 * Alignment, range and erase units are checked strictly, whatever the rules on
 * programming: a call that a real chip or the mask ROM would not take fails, and
 * is remembered as a fault of the caller.
 */
#ifndef SIM_NOR_H
#define SIM_NOR_H

#include "sim/cut.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

#define NOR_PAGE 256u /* bytes programmed at once */

/* Typical figures of a chip's datasheet, at the speed the ESP8266 runs it. */
struct nor_timing {
    const char *part;
    uint32_t page_program_us;
    uint32_t sector_erase_us;
    uint32_t block_erase_us;
    uint32_t clock_hz;
    uint32_t read_bits_per_clock;
    uint32_t read_overhead_clocks; /* command, address and dummy bits of a read */
};

/* Winbond W25Q32JV, the 4 MB chip of many ESP-12 modules. */
extern const struct nor_timing nor_w25q32jv;

enum nor_rules {
    NOR_STRICT, /* programming a 0 bit to 1 is the caller's fault, and fails */
    NOR_AND,    /* it silently stays 0, as on the chip */
};

enum nor_fault {
    NOR_NO_FAULT,
    NOR_FAULT_ALIGNMENT, /* address, length or buffer */
    NOR_FAULT_RANGE,
    NOR_FAULT_UNIT, /* erasing neither one sector nor one block */
    NOR_FAULT_OVERWRITE,
};

enum nor_operation { NOR_READ, NOR_PROGRAM, NOR_ERASE };
#define NOR_OPERATIONS 3

struct nor_config {
    const char *path; /* null: in memory, erased at first */
    bool is_scratch;  /* changes are not written back to path, which must exist */
    uint32_t size;    /* bytes */
    bool has_block_erase;
    enum nor_rules rules;
    const struct nor_timing *timing; /* null: nor_w25q32jv */
    struct power *power;             /* null: never cut; else must outlive the chip */
};

struct nor_stats {
    uint64_t calls[NOR_OPERATIONS]; /* by enum nor_operation, failed ones included */
    uint64_t sector_erases;
    uint64_t block_erases;
    uint64_t bytes_read;
    uint64_t bytes_programmed;
    uint64_t time_ns; /* all operations together */
};

struct nor;

/* Creates the file, erased, when there is none. 0, or a negative errno:
 * -EBUSY   another process has the file
 * -ERANGE  the file has another size */
int nor_open(struct nor **nor, const struct nor_config *config);

/* Null is fine. */
void nor_close(struct nor *nor);

/* The port; lives as long as the chip. */
const struct ud_flash *nor_flash(const struct nor *nor);

/* The content, to look at and to prepare: neither time, wear nor rules. */
uint8_t *nor_bytes(struct nor *nor);

const struct nor_stats *nor_stats(const struct nor *nor);

/* How often the sector at this address was erased. */
uint32_t nor_wear(const struct nor *nor, uint32_t address);

/* The caller's first fault; NOR_NO_FAULT if there was none. */
enum nor_fault nor_fault(const struct nor *nor);

/* Lets the nth call from now of one kind fail without doing anything; 0: none. */
void nor_fail(struct nor *nor, enum nor_operation operation, uint64_t nth);

#endif
