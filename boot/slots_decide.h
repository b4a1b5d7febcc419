/* Which program starts, where partitions say what there is and OTA data which slot:
 * ESP-IDF's rules, with its dead ends closed (docs/slots.md). Pure.
 */
#ifndef BOOT_SLOTS_DECIDE_H
#define BOOT_SLOTS_DECIDE_H

#include "updraft/otadata.h"
#include "updraft/partitions.h"

#include <stdbool.h>
#include <stdint.h>

/* The facts. */
enum slots_fact {
    SLOTS_RESET_HELD = 1 << 0, /* the pin that brings a device back as it was delivered */
    SLOTS_TEST_HELD = 1 << 1,  /* the pin for the test program, and there is one */
    SLOTS_ENDED = 1 << 2,      /* a trial was begun and nobody confirmed it */
    SLOTS_ORDERED = 1 << 3,    /* the entry that decides asks for a trial */
    SLOTS_NAMED = 1 << 4,      /* an entry decides */
    SLOTS_FACTORY = 1 << 5,    /* there is a factory program */
    SLOTS_BLANK = 1 << 6,      /* nothing was ever said, by either entry */
};

enum slots_action {
    SLOTS_RESET,         /* erase settings and OTA data, decide again */
    SLOTS_START_TEST,    /* start the test program */
    SLOTS_END_TRIAL,     /* give the program on trial up, decide again */
    SLOTS_TRY,           /* verify the slot named, begin its trial, start it */
    SLOTS_START_NAMED,   /* start the slot named */
    SLOTS_START_FACTORY, /* start it */
    SLOTS_ADOPT,         /* start the first slot, and say so from now on */
    SLOTS_START_ANY,     /* start what will start */
};

enum slots_action slots_decide(unsigned facts);

/* What there is, and what is said about it. */
struct slots_view {
    struct ud_otadata otadata; /* no entry sound where there are no OTA data */
    uint32_t count;            /* of slots */
    bool has_factory;
    bool has_test;
    bool has_trials; /* new programs are tried */
    bool is_reset_held;
    bool is_test_held;
};

unsigned slots_facts(const struct slots_view *view);

/* Candidates: a slot's number, or one of these. */
enum { SLOTS_IS_FACTORY = -1, SLOTS_IS_TEST = -2 };
#define SLOTS_MAX_CANDIDATES (UD_MAX_SLOTS + 2)

/* In which order to try to start programs when `first` is wanted: it, then slots
 * downwards, factory, slots upwards, test; slots an entry calls bad come after all
 * others. Returns how many. */
uint32_t slots_order(const struct slots_view *view, int first,
                     int8_t candidates[SLOTS_MAX_CANDIDATES]);

#endif
