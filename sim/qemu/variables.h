/* The ROM's own variables, at the addresses and in the layout of the chip's: there
 * are programs that look at them. Whoever overwrites them loses the ROM's
 * functions, as on the chip.
 */
#ifndef SIM_QEMU_VARIABLES_H
#define SIM_QEMU_VARIABLES_H

#include <stddef.h>
#include <stdint.h>

/* What the ROM believes the flash chip to be: SPIParamCfg(). */
struct rom_flash_chip {
    uint32_t id;
    uint32_t size;
    uint32_t block_size;
    uint32_t sector_size;
    uint32_t page_size;
    uint32_t status_mask;
};

struct rom_system {
    uint32_t cpu_mhz;                   /* 3FFFC704 */
    uint32_t watchdog_mode;             /* 3FFFC708: 0: off */
    uint32_t watchdog_first;            /* 3FFFC70C: arguments of the last ets_wdt_enable() */
    uint32_t watchdog_second;           /* 3FFFC710 */
    struct rom_flash_chip *flash_chip;  /* 3FFFC714 */
    struct rom_flash_chip default_chip; /* 3FFFC718 */
};

struct rom_console {
    void (*put1)(int character); /* 3FFFDD48: ets_install_putc1(); null: none */
    void (*put2)(int character); /* 3FFFDD4C */
};

_Static_assert(offsetof(struct rom_system, default_chip) == 0x14, "3FFFC718 is the chip");

#define ROM_SYSTEM     ((struct rom_system *)0x3fffc704)
#define ROM_CONSOLE    ((struct rom_console *)0x3fffdd48)
#define ROM_USER_START (*(uint32_t *)0x3fffdcd0)

#endif
