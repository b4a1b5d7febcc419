/* Orders the probe knows. `count` is how often it was started before. */
#ifndef TESTS_QEMU_ORDERS_H
#define TESTS_QEMU_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

/* A function of the ROM by its address, which is what is looked at here. */
#define ROM_FUNCTION(type, address) ((type *)(uintptr_t)(address))

/* Prints "ok NAME" or "not ok NAME". */
void expect(bool is_so, const char *name);

void check_arithmetic(uint32_t count);
void check_text(uint32_t count);
void check_flash(uint32_t count);
void print_lines(uint32_t count);
void operate_flash(uint32_t count);
void call_reset(uint32_t count);
void set_reset_bit(uint32_t count);
void hang(uint32_t count);
void starve_watchdog(uint32_t count);
void feed_watchdog(uint32_t count);
void call_unknown(uint32_t count);
void read_unaligned(uint32_t count);
void write_too_much(uint32_t count);
void write_from_flash(uint32_t count);
void run_while_parked(uint32_t count);

#endif
