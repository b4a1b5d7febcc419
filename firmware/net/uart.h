/* What is typed at the emulated board: QEMU's model of the 16550 UART. On the chip its own
 * UART is in that place. What the device says goes through the mask ROM (rom.h).
 */
#ifndef FIRMWARE_NET_UART_H
#define FIRMWARE_NET_UART_H

#include <stdbool.h>

/* Switches receiving on. */
void uart_start(void);

/* The next character; false: none has come. */
bool uart_take(char *character);

/* Lets the next character end a sleep. False: one is there already. */
bool uart_may_sleep(void);

#endif
