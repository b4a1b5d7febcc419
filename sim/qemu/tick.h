/* What the board's hardware would do by itself, looked after every 10 ms of the
 * emulator's time: the software reset bit, and the watchdog.
 *
 * It takes the core's timer interrupt, which programs on this board therefore
 * leave alone. With interrupts off it waits.
 */
#ifndef SIM_QEMU_TICK_H
#define SIM_QEMU_TICK_H

void tick_start(void);
void tick(void);

#endif
