/* A device to take the power from: flash with a running program, an update that
 * is staged or that the program downloads, RTC memory, and the bootloader over and
 * over until nothing is left to do.
 */
#ifndef POWERCUT_RIG_H
#define POWERCUT_RIG_H

#include "image_builder.h"
#include "sim/boot_machine.h"
#include "sim/cut.h"
#include "sim/nor.h"
#include "sim/rtc.h"
#include "updraft/layout.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum update_kind { UPDATE_RAW, UPDATE_GZIP, UPDATE_FILES };

struct scenario {
    const char *name;
    const char *layout;
    uint32_t old_size; /* bytes of the program's first segment */
    uint32_t new_size; /* the same, or bytes of the file system */
    enum update_kind kind;
    bool is_trial;    /* the new image asks for one */
    bool confirms;    /* and confirms itself in its first boot */
    bool is_sampled;  /* too many operations for every pair of cuts */
    bool is_damaged;  /* what is staged lost a bit */
    bool has_journal; /* the program ordered the update there, not in RTC memory */
    bool is_same;     /* the new image is the old one */
    bool downloads;   /* the program fetches the update itself, as often as it takes */
    bool supersedes;  /* another update waits where this one is downloaded to */
};

struct rig {
    const struct scenario *scenario;
    struct ud_layout layout;
    struct image_bytes old_image;
    struct image_bytes new_image; /* as it comes out */
    struct image_bytes staged;    /* as it was sent */
    struct image_bytes waiting;   /* the one that is superseded, as it comes out */
    uint8_t *initial;             /* the chip's content before the first boot */
    uint32_t initial_rtc[UD_EBOOT_BLOCK_WORDS];
    struct power power;
    struct nor *nor;
    struct rtc rtc;
    struct boot_machine *machine;
    jmp_buf dead;                /* where a boot ends when power goes */
    const struct cut_plan *next; /* for when it is back */
    uint32_t boots;
    uint32_t actions;  /* of the bootloader in this boot */
    bool is_ordered;   /* the program has done so */
    bool is_sound;     /* nothing but whole images were started */
    char verdict[160]; /* what is wrong; empty: nothing */
};

void rig_open(struct rig *rig, const struct scenario *scenario);
void rig_close(struct rig *rig);

/* Starts from the beginning and boots until nothing is left to do, with power
 * going as the plans say (null: it does not): by the first, and once it is back,
 * by the second. Returns false, and says why in verdict, if at any time something
 * starts that is neither image whole, or it does not settle, or something is left
 * lying about, or a program that downloads never gets its update. */
bool rig_run(struct rig *rig, const struct cut_plan *first, const struct cut_plan *second);

/* After rig_run(): operations since power was last switched on. */
uint64_t rig_operations(const struct rig *rig);

/* What an undisturbed run must come to: the new image, or after a failed trial
 * the old one. */
bool rig_has_arrived(struct rig *rig);

#endif
