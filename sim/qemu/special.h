/* The core's special registers. */
#ifndef SIM_QEMU_SPECIAL_H
#define SIM_QEMU_SPECIAL_H

#include <stdint.h>

/* 40 MHz of the emulator's time; with -icount shift=5 exactly 1.28 an instruction. */
static inline uint32_t special_cycles(void)
{
    uint32_t count;

    __asm__ volatile("rsr.ccount %0" : "=r"(count));
    return count;
}

/* When the timer interrupts next. */
static inline void special_set_timer(uint32_t cycles)
{
    __asm__ volatile("wsr.ccompare0 %0\n\tesync" : : "r"(cycles) : "memory");
}

static inline void special_enable_interrupts(uint32_t mask)
{
    __asm__ volatile("wsr.intenable %0\n\tesync" : : "r"(mask) : "memory");
}

/* Those that are enabled, and those of them that wait. */
static inline uint32_t special_enabled_interrupts(void)
{
    uint32_t mask;

    __asm__ volatile("rsr.intenable %0" : "=r"(mask));
    return mask;
}

static inline uint32_t special_waiting_interrupts(void)
{
    uint32_t mask;

    __asm__ volatile("rsr.interrupt %0" : "=r"(mask));
    return mask & special_enabled_interrupts();
}

/* Lets interrupts of all levels through, or none. */
static inline void special_allow_interrupts(void)
{
    __asm__ volatile("rsil a2, 0\n\trsync" : : : "a2", "memory");
}

#endif
