/* What the board is told when it is switched on: words "name=value", handed to the
 * emulator with -append.
 *
 *   flash=FD     the flash chip's content; its length is the chip's size. Needed
 *   rtc=FD       RTC memory, 768 bytes from 60001100 on: read now, written at the end
 *   report=FD    where counts go at the end
 *   pulse=FD     where it says, every half second, that its core takes interrupts: two words,
 *                a count, and the milliseconds in which the watchdog must be fed, 0: it is off
 *   reset=N      why there is a reset: 1 power, 2 external, 3 software, 4 watchdog,
 *                5 deep sleep. Default 1
 *   straps=N     what the strapping pins say: 3, the default, is start from flash
 *   cut=PLAN     when power goes: see sim/cut.h
 *   mac=ADDRESS  of the Ethernet, 5C:CF:7F:00:00:01, which the emulator must have been told of.
 *                Without it the board has none
 *   seed=N       of what RAM wakes up with, and RTC memory without a file. Default 1
 *   stop=reset   a reset ends the run; otherwise the chip starts again
 *   stop=app     the run ends when an application starts
 */
#ifndef SIM_QEMU_OPTIONS_H
#define SIM_QEMU_OPTIONS_H

#include "sim/cut.h"

#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAC_SIZE 6u

struct board_options {
    int flash;
    int rtc;
    int report;
    int pulse;
    uint32_t cause;
    uint32_t straps;
    uint32_t seed;
    struct cut_plan cut;
    uint8_t mac[BOARD_MAC_SIZE];
    bool has_ethernet;
    bool stops_at_reset;
    bool stops_at_application;
};

void options_init(struct board_options *options);

/* Takes one word. False when it is none of the above. */
bool options_take(struct board_options *options, const char *word);

#endif
