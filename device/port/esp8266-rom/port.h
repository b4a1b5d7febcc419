/* The ESP8266's own flash chip, boot command block and pins as the library's
 * ports, over nothing but the mask ROM and a few registers.
 */
#ifndef UPDRAFT_PORT_ESP8266_ROM_H
#define UPDRAFT_PORT_ESP8266_ROM_H

#include "updraft/eboot.h"
#include "updraft/flash.h"

#include <stdbool.h>
#include <stdint.h>

/* The program that calls runs from mapped flash: the mapping is parked during
 * each operation. Off in a bootloader, which lives in IRAM. */
struct ud_rom_flash {
    bool is_mapped;
};

/* The flash port over a chip of `size` bytes, which the ROM is told. state must
 * outlive it. Data to program must be in RAM. */
struct ud_flash ud_rom_flash_port(const struct ud_rom_flash *state, uint32_t size);

struct ud_rtc ud_rom_rtc_port(void);

/* Bits 16 to 19 of the input register, which latched the strapping pins; as
 * struct ud_staging_config wants them. ctx is not used. */
uint32_t ud_rom_straps(void *ctx);

/* Puts off the watchdog for another period. */
void ud_rom_watchdog_feed(void);

/* Soft reset: the bootloader runs again, RTC memory keeps its content. */
void ud_rom_restart(void) __attribute__((noreturn));

#endif
