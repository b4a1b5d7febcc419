/* Functions of the ESP8266's mask ROM, under the names they are known by.
 * rom.ld has their addresses.
 *
 * The ROM keeps to the call0 convention the compiler uses, so these are plain
 * calls. Results of the flash functions: 0, or 1 for a failed operation or a
 * range outside the chip the ROM believes in.
 */
#ifndef UPDRAFT_PORT_ROM_H
#define UPDRAFT_PORT_ROM_H

#include <stdint.h>

/* Any byte address, but whole words are stored: data is word-aligned and length
 * is rounded up to words. */
int SPIRead(uint32_t address, void *data, uint32_t length);

/* Words only, less than 64 KB a call. data must not lie in mapped flash. */
int SPIWrite(uint32_t address, const void *data, uint32_t length);

/* By number, not by address. */
int SPIEraseSector(uint32_t sector);
int SPIEraseBlock(uint32_t block);

/* Tells the ROM what chip there is. After a reset it believes in 4 MB. */
int SPIParamCfg(uint32_t id, uint32_t size, uint32_t block, uint32_t sector, uint32_t page,
                uint32_t status_mask);

/* Maps 1 MB of flash at 0x40200000: the odd or even half of 2 MB page `page`,
 * cached in 32 KB of IRAM from 0x40108000 on (is_large 1) or 16 KB (0). */
void Cache_Read_Enable(uint32_t is_odd, uint32_t page, uint32_t is_large);
void Cache_Read_Disable(void);

/* On UART 0 at the speed the ROM has set: 74880 baud with the usual 26 MHz
 * crystal. Knows %d %u %x %s %c and widths padded with zeros. */
int ets_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int ets_putc(int character);

/* Microseconds, from the CPU clock the ROM set. */
void ets_delay_us(uint32_t microseconds);

/* Cycles a microsecond. */
uint32_t ets_get_cpu_frequency(void);

/* Two stages; each takes 2^n * 0.8 ms. Mode 4 resets the chip after both. Disabling
 * returns the mode there was, for ets_wdt_restore(). */
void ets_wdt_enable(uint32_t mode, uint32_t first, uint32_t second);
uint32_t ets_wdt_disable(void);

#endif
