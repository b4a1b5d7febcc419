/* The device of tests/powercut/rig.h on the chip's own instruction set: the linked
 * bootloader and the demonstration firmware on a board under QEMU, booted over and over
 * until nothing is left to do.
 */
#ifndef POWERCUT_LX106_BOARD_RIG_H
#define POWERCUT_LX106_BOARD_RIG_H

#include "image_builder.h"
#include "sim/qemu_board.h"
#include "updraft/layout.h"

#include <stdbool.h>
#include <stdint.h>

/* Firmware is the demonstration, with noise behind it to be of any size. */
struct board_scenario {
    const char *name;
    const char *layout;
    const char *new_version; /* of the demonstration; the old one is 1.0.0 */
    uint32_t old_noise;      /* bytes, in fours */
    uint32_t new_noise;
    bool is_gzip;
    bool is_trial;   /* new_version asks for one; it is never let confirm itself */
    bool is_sampled; /* too much for every cut */
};

struct board_rig_config {
    const char *rom;    /* of the LX106 build: rom.elf, */
    const char *boot;   /* boot.elf, */
    const char *folder; /* and where demo-VERSION.elf is */
};

struct board_rig {
    const struct board_scenario *scenario;
    const char *rom;
    struct ud_layout layout;
    struct image_bytes old_image;
    struct image_bytes new_image; /* as it comes out */
    struct image_bytes staged;    /* as it was sent */
    uint8_t *initial;             /* the chip's content before the first boot */
    struct qemu_board *board;     /* null: not on yet */
    struct qemu_board_result result;
    uint64_t operations; /* flash operations since power was last switched on */
    uint32_t boots;
    char verdict[400]; /* what is wrong; empty: nothing */
};

/* Makes what the runs share. False: reported. Close in any case. */
bool board_rig_open(struct board_rig *rig, const struct board_rig_config *config,
                    const struct board_scenario *scenario);
void board_rig_close(struct board_rig *rig);

/* Gives this process a board of its own. False: reported. */
bool board_rig_power_up(struct board_rig *rig);
void board_rig_power_down(struct board_rig *rig);

/* One life, from the moment the program has ordered its update: power goes as the plans
 * say (null: it does not), by the first, and once it is back, by the second. False, with
 * the reason in verdict, if ever something starts that is neither image whole, or nothing
 * does, or it does not settle, or something is left lying about. */
bool board_rig_run(struct board_rig *rig, const struct cut_plan *first,
                   const struct cut_plan *second);

/* After an undisturbed run: the update is in place, or after a failed trial the old
 * program. */
bool board_rig_has_arrived(struct board_rig *rig);

#endif
