/* The bootloader: one boot, from reset to the application.
 *
 * The same code runs on the chip (boot/lx106) and in virtual devices (sim/). It is
 * made to be small. Two things follow: it owns one structure, which is handed from
 * function to function, and no errors travel in it: whatever fails ends the boot in
 * boot_fail(), which knows what is left to start.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot/inflate.h"
#include "updraft/eboot.h"
#include "updraft/flash.h"
#include "updraft/journal.h"
#include "updraft/trial.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOT_PROGRAM 0u /* where the running program lies; what goes elsewhere is data */

#define BOOT_SECTOR_WORDS (UD_FLASH_SECTOR / UD_FLASH_WORD)

/* What ends a boot, as the console shows it. Those eboot has too mean what its do. */
enum boot_error {
    BOOT_OK = 0,
    BOOT_BAD_ALIGNMENT = 1,   /* source or destination starts no sector */
    BOOT_NO_ERASE = 2,        /* flash failed */
    BOOT_NO_READ = 3,         /* flash failed, or was asked for what is not there */
    BOOT_NO_WRITE = 4,        /* flash failed */
    BOOT_BAD_DESTINATION = 5, /* what comes out would reach settings, the running program,
                               * its own source, or more than can be tracked; not eboot's */
    BOOT_BAD_GZIP = 6,        /* the compressed source is damaged */
    BOOT_BAD_SIZE = 7,        /* nothing comes out, or no more than a bootloader */
    BOOT_BAD_SOURCE = 8,      /* source is not where images are staged */
    BOOT_BAD_IMAGE = 9,       /* no sound program */
    BOOT_ERRORS,
};

/* One boot's state. Memory holds anything at first; only `window` is set. What is
 * used often comes first, within reach of short instructions. */
struct boot {
    uint32_t *window; /* BOOT_INFLATE_WINDOW bytes: sectors come out into it */
    uint32_t facts;   /* enum boot_fact */
    bool wants_trial; /* so says the image that was checked */

    uint32_t flash_size;    /* bytes, as sector 0 says */
    uint32_t program_size;  /* of the program at 0, as ESP.getSketchSize() has it; 0: none */
    uint32_t trial_address; /* of its record */
    uint32_t sector;        /* that comes out next */
    uint32_t header_words;  /* of segments of a compressed program, to come */
    uint32_t header;        /* where the next one is, from the program's start */
    uint32_t address;       /* the one before it */
    uint32_t to_keep;       /* sectors of the running program to be kept */
    uint32_t kept;          /* and those that have been */

    uint32_t trial[UD_TRIAL_WORDS];      /* as in flash */
    uint32_t journal[BOOT_SECTOR_WORDS]; /* as in flash */
    uint32_t found[BOOT_SECTOR_WORDS];   /* what a sector held */
    uint32_t moved[BOOT_SECTOR_WORDS];   /* of the running program, on its way */
    struct boot_inflate inflate;
};

/* Boots. Never returns: the machine starts a program or resets. */
void boot_run(struct boot *boot) __attribute__((noreturn));

/* ---- What the parts of a boot have for each other ---- */

/* Ends the boot for this reason. As long as the program is whole the update is
 * dropped and the program started; afterwards only the journal knows what is
 * missing, and the chip starts over. */
void boot_fail(struct boot *boot, enum boot_error error) __attribute__((noreturn));

/* Sectors that hold so many bytes; no bytes have more than there can be. */
static inline uint32_t boot_sectors(uint32_t bytes)
{
    return ((bytes - 1) / UD_FLASH_SECTOR) + 1;
}

/* One copy of what is called from several places: smaller, and the compiler does not
 * believe it. */
#define BOOT_SHARED __attribute__((noinline))

/* The bits that are programmed in any of so many words; 0: all are erased. */
BOOT_SHARED uint32_t boot_programmed(const uint32_t *words, uint32_t count);

/* Continues a forward CRC-32 (updraft/crc32.h) over words, which RTC memory can only
 * be read by. */
BOOT_SHARED uint32_t boot_crc(uint32_t crc, const uint32_t *words, uint32_t count);

/* Of words that are followed by it. */
static inline uint32_t boot_seal(const uint32_t *words, uint32_t count)
{
    return boot_crc(UINT32_MAX, words, count);
}

static inline bool boot_is_sealed(const uint32_t *words, uint32_t count)
{
    return boot_seal(words, count) == words[count];
}

/* journal.c: reads the journal, and clears away what a cut left of one. Answers a
 * boot_fact or nothing. */
unsigned boot_journal_load(struct boot *boot);

/* Makes a sealed order of its three words, as in the record. */
BOOT_SHARED void boot_make_order(uint32_t *words, uint32_t magic, const uint32_t *order);

/* Writes this order, three words as in the record, over whatever the sector held. */
void boot_journal_order(struct boot *boot, const uint32_t *order);

/* Seals and writes the plan, whose words are in boot->journal. */
void boot_journal_plan(struct boot *boot);
void boot_journal_mark(struct boot *boot, uint32_t step);
void boot_journal_clear(struct boot *boot);

/* A compressed update's plan tells it by its size. */
static inline bool boot_is_compressed(const struct boot *boot)
{
    return boot->journal[UD_JOURNAL_OUTPUT_SIZE] != boot->journal[UD_JOURNAL_SIZE];
}

/* check.c: is the ordered source whole? Fails if not. Then knows whether the image
 * asks for a trial. The sectors are those that come out of a compressed one. */
void boot_check(struct boot *boot);
void boot_check_sector(struct boot *boot, const uint32_t *words);

/* copy.c: does what is planned and not marked as done. */
void boot_copy(struct boot *boot);
void boot_copy_sector(struct boot *boot, uint32_t *words, uint32_t length);

/* source.c: lets the source come out, a sector at a time, to be checked, or copied
 * once the facts say that it was checked. */
void boot_source(struct boot *boot);

/* image.c: the end of the program at `base` as ESP.getSketchSize() has it, counted
 * from there, by hopping over its segments; 0 when there is none that could be
 * started. It may also be loaded on the way, and entered at its end. */
uint32_t boot_image(struct boot *boot, uint32_t base, bool is_to_start);

#endif
