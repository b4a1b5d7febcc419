/* What a device with slots lives through while power comes and goes: what its programs
 * do, one after the other, and what must never be seen.
 */
#ifndef POWERCUT_SLOTS_STORY_H
#define POWERCUT_SLOTS_STORY_H

#include "sim/cut.h"
#include "slots_rig.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

struct story;

/* What a program does when it runs; UD_OK or an error of the library's. */
typedef int story_act(struct story *story);

struct chapter {
    const char *name;
    struct slots_setup setup;
    bool is_new_there;   /* the new program is in its slot and ordered already */
    bool is_on_trial;    /* and its trial has begun */
    bool is_new_broken;  /* it is damaged */
    bool is_third_there; /* before it, the newer one was installed */
    bool holds_reset;    /* the pin is held in the first boot */
    story_act *old;      /* what the program does that is there at first; null: nothing */
    story_act *new;
    const char *ends; /* versions that may run in the end, one character each */
};

struct story {
    const struct chapter *chapter;
    struct slots_rig chip;
    struct image_bytes old_image;
    struct image_bytes new_image;
    struct image_bytes newer_image;
    uint8_t *initial; /* flash before the first boot */
    uint32_t initial_fuse;
    jmp_buf dead;
    uint32_t boots;
    uint32_t new_starts;
    uint32_t fuse_seen;
    char confirmed;     /* version that was told that it is; 0: none */
    bool is_confirming; /* the new one began to */
    bool is_rejected;
    bool is_done;      /* what the chapter is about was carried out */
    char verdict[160]; /* what is wrong; empty: nothing */
};

void story_open(struct story *story, const struct chapter *chapter);
void story_close(struct story *story);

/* Lives it through from the beginning, with power going as the plans say (null: it does
 * not). False, and why in verdict, if anything started that is not one of the programs
 * whole, or one that was never chosen; if nothing did; if a program that was confirmed
 * made way, or one that was rejected came back; if one is kept that confirmed nothing; if the
 * security version fell; or if the end is another one than those the chapter knows. */
bool story_run(struct story *story, const struct cut_plan *first, const struct cut_plan *second);

/* Operations since power was last switched on. */
uint64_t story_operations(const struct story *story);

/* ---- What programs do ---- */

story_act story_refused;      /* an update that arrives whole and is not what was meant */
story_act story_update;       /* through the updater, as any way in does */
story_act story_update_twice; /* the second time before a restart */
story_act story_confirm;
story_act story_reject;
story_act story_switch;  /* to the other slot, as a tool does */
story_act story_factory; /* back to factory, likewise */

#endif
