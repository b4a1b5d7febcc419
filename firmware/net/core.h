/* The core's own: its counter, and its sleep. */
#ifndef FIRMWARE_NET_CORE_H
#define FIRMWARE_NET_CORE_H

#include <stdint.h>

/* Wraps at 2^32; ets_get_cpu_frequency() are a microsecond. */
static inline uint32_t core_cycles(void)
{
    uint32_t count;

    __asm__ volatile("rsr.ccount %0" : "=r"(count));
    return count;
}

/* Holds interrupts back: they wait for core_sleep() or core_release(). */
static inline void core_hold(void)
{
    __asm__ volatile("rsil a2, 15\n\trsync" : : : "a2", "memory");
}

static inline void core_release(void)
{
    __asm__ volatile("rsil a2, 0\n\trsync" : : : "a2", "memory");
}

/* Until an interrupt comes, or at once if one waits; lets them through. */
static inline void core_sleep(void)
{
    __asm__ volatile("waiti 0" : : : "memory");
}

/* Whoever waits for this interrupt enables it each time before he sleeps. */
static inline void core_enable_interrupt(uint32_t number)
{
    uint32_t mask;

    __asm__ volatile("rsr.intenable %0" : "=r"(mask));
    mask |= 1u << number;
    __asm__ volatile("wsr.intenable %0\n\tesync" : : "r"(mask) : "memory");
}

#endif
