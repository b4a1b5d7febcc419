/* What the board's hardware would do by itself, looked after every 20 ms of the
 * emulator's time: the software reset bit, and the watchdog.
 *
 * It takes the core's timer interrupt, which programs on this board therefore
 * leave alone. With interrupts off it waits.
 */
#ifndef SIM_QEMU_TICK_H
#define SIM_QEMU_TICK_H

#include <stdint.h>

void tick_start(void);
void tick(void);

/* Of the interrupts, the one it comes by. */
#define TICK_INTERRUPT (1u << 6)

#endif
