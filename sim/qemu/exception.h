/* Interrupts and exceptions: where both vectors lead. */
#ifndef SIM_QEMU_EXCEPTION_H
#define SIM_QEMU_EXCEPTION_H

#include <stdint.h>

/* vectors.S fills it in, in this order, and restores registers from it. */
struct exception_frame {
    uint32_t a[16];
    uint32_t shift_amount;
    uint32_t cause;
    uint32_t pc;
    uint32_t address;
};

/* Returns when the program may go on. */
void exception_dispatch(const struct exception_frame *frame);

/* An exception in an exception, or a breakpoint. */
void exception_stray(uint32_t pc) __attribute__((noreturn));

#endif
