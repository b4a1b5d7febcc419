/* The mask ROM's functions this board offers beyond those the library uses.
 * entries.S has their addresses.
 */
#ifndef SIM_QEMU_ROM_H
#define SIM_QEMU_ROM_H

#include "esp8266-rom/rom.h"

#include <stdarg.h>
#include <stdint.h>

/* Flash. Modes: 0 QIO, 1 QOUT, 2 DIO, 3 DOUT, 4 fast, 5 slow. */
int SPIReadModeCnfig(uint32_t mode);
int SPIUnlock(void);
int SPILock(void);
int SPIEraseChip(void);

/* Console. Printing goes through both installed functions. */
typedef void ets_putc_function(int character);
void ets_install_putc1(ets_putc_function *put);
void ets_install_putc2(ets_putc_function *put);
void ets_install_uart_printf(void);
void ets_write_char(int character);
void ets_uart_putc1(int character);
int uart_tx_one_char(int character);
void uart_div_modify(uint32_t uart, uint32_t divider);
int ets_vprintf(ets_putc_function *put, const char *format, va_list arguments);
int ets_uart_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Time and reset. */
void ets_update_cpu_frequency(uint32_t mhz);
uint32_t xthal_get_ccount(void);
uint32_t rtc_get_reset_reason(void);
void software_reset(void);
uint32_t ets_wdt_get_mode(void);
void ets_wdt_restore(uint32_t mode);
void ets_wdt_init(void);

#endif
