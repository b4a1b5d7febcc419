/* Registers of the ESP8266 that have a meaning on this board. They are plain
 * memory here: the ROM looks at them when it is called and with every tick.
 *
 * Sources: the public register lists of the ESP8266, and the mask ROM's use of them
 * in its disassembly.
 */
#ifndef SIM_QEMU_REGISTERS_H
#define SIM_QEMU_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Peripherals, up to RTC memory. */
#define PERIPHERALS       0x60000000u
#define PERIPHERALS_BYTES 0x1100u

/* Input pins. Bits 16-18 and 29-31 latched the strapping pins at reset. */
#define GPIO_INPUT              0x60000318u
#define STRAPS(x)               ((x) >> 16 & 7u)
#define SDIO(x)                 ((x) >> 29 & 7u)
#define STRAPS_OF(straps, sdio) ((uint32_t)(straps) << 16 | (uint32_t)(sdio) << 29)
#define STRAPS_UART             1u
#define STRAPS_FLASH            3u

#define RTC_CONTROL        0x60000700u
#define RTC_SOFTWARE_RESET 0x80000000u
#define RTC_STATE          0x60000714u
#define RTC_CAUSE_MASK     0xfu

/* Two stages of 2^n * 0.8 ms each; the second one resets the chip. */
#define WATCHDOG_CONTROL 0x60000900u
#define WATCHDOG_ENABLED 1u
#define WATCHDOG_STAGE1  0x60000904u
#define WATCHDOG_STAGE2  0x60000908u
#define WATCHDOG_FEED    0x60000914u
#define WATCHDOG_SIGNAL  0x73u

/* The board's own, where the chip has nothing: the Ethernet's address, high half (two
 * bytes) first. Zeros: there is no Ethernet. */
#define BOARD_MAC_HIGH 0x600010f8u
#define BOARD_MAC_LOW  0x600010fcu

/* Likewise the board's own: bytes nobody can foretell, other ones after every reset. The
 * chip has a register that never repeats itself (3FF20E44), where QEMU has nothing. */
#define BOARD_CHANCE       0x600010d8u
#define BOARD_CHANCE_BYTES 32u

/* QEMU's Ethernet. */
#define ETHERNET_MODE   0x9d030000u
#define ETHERNET_EVENTS 0x9d030004u
#define ETHERNET_MASK   0x9d030008u

/* Kept by everything but loss of power. The first 256 bytes are the SDK's. */
#define RTC_MEMORY       0x60001100u
#define RTC_MEMORY_WORDS 192u

/* RAM the chip has. */
#define DATA_RAM          0x3ffe8000u
#define DATA_RAM_END      0x40000000u
#define CODE_RAM          0x40100000u
#define CODE_RAM_END      0x40110000u
#define ROM_VARIABLES     0x3fffc000u
#define ROM_VARIABLES_END 0x3fffeb30u

/* Where a megabyte of flash appears. */
#define WINDOW       0x40200000u
#define WINDOW_BYTES 0x100000u

#endif
