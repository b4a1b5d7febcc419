/* The board's watchdog for what the board itself cannot see: its own look at the registers is
 * an interrupt of the core's, and a program may hang with those off. So the board tells in a
 * file that it has looked, and how soon the chip's watchdog wants to be fed, and this process
 * misses what it does not tell. For sim/qemu_board.c and sim/qemu_process.c only.
 */
#ifndef SIM_QEMU_PULSE_H
#define SIM_QEMU_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#define QEMU_PULSE_LOOK_MS 250u /* how often to look */

struct qemu_pulse {
    int fd;             /* -1: not open */
    uint32_t beats;     /* as last seen */
    uint32_t missed_ms; /* none seen for so long, as far as this process had the processor */
    uint64_t looked_ms;
};

/* 0, or a negative errno. Close in any case. */
int qemu_pulse_open(struct qemu_pulse *pulse);
void qemu_pulse_close(struct qemu_pulse *pulse);

/* A board is switched on. */
void qemu_pulse_start(struct qemu_pulse *pulse, uint64_t now_ms);

/* The watchdog is on, and there was no beat for twice the time in which it must be fed. */
bool qemu_pulse_is_gone(struct qemu_pulse *pulse, uint64_t now_ms);

#endif
