/* Another stack than the core's, for what goes deeper than the chip's 5 KB. */
#ifndef FIRMWARE_NET_STACK_H
#define FIRMWARE_NET_STACK_H

/* Calls function(argument) with a stack that grows down from top, which is aligned to 16
 * bytes. */
void stack_call(void (*function)(void *argument), void *argument, void *top);

#endif
