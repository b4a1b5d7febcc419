/* The mask ROM as programs see it: at the address of each function a jump to what
 * stands for it. Everything else is zeros, and zeros are no instruction, so a call
 * of a function that is not here ends with its address.
 *
 * Addresses: the chip maker's published eagle.rom.addr.v6.ld, and a public
 * disassembly of the ROM.
 */
        .macro  at address, function
        .org    \address
        j       \function
        .endm

        .section .rom, "ax", @progbits
        .align  4

/* Vectors */
        at      0x0010, debug_vector
        at      0x0030, exception_vector
        at      0x0050, exception_vector
        at      0x0070, double_exception_vector
        .org    0x0080
        .global rom_reset
rom_reset:
        j       reset_vector

        at      0x0650, __muldi3

/* Memory, under the ROM's own names */
        at      0x18a4, memset
        at      0x18b4, memcpy
        at      0x18c4, memmove
        at      0x18d4, memcmp

/* Console */
        at      0x1da0, ets_write_char
        at      0x1dcc, ets_uart_putc1
        at      0x1f00, ets_vprintf
        at      0x242c, ets_install_putc1
        at      0x2438, ets_install_uart_printf
        at      0x248c, ets_install_putc2
        at      0x24cc, ets_printf
        at      0x2544, ets_uart_printf

/* Reset */
        at      0x25e0, rtc_get_reset_reason
        at      0x264c, software_reset

/* Texts, under the ROM's own names */
        at      0x2a88, strcpy
        at      0x2a98, strncpy
        at      0x2aa8, strcmp
        at      0x2ab8, strncmp
        at      0x2ac8, strlen
        at      0x2ad8, strstr
        at      0x2ae8, bzero

        at      0x2be8, ets_putc

/* Time and watchdog */
        at      0x2ecc, ets_delay_us
        at      0x2f04, ets_update_cpu_frequency
        at      0x2f0c, ets_get_cpu_frequency
        at      0x2f34, ets_wdt_get_mode
        at      0x2fa0, ets_wdt_enable
        at      0x30f0, ets_wdt_disable
        at      0x3158, ets_wdt_restore
        at      0x3170, ets_wdt_init

/* UART */
        at      0x39d8, uart_div_modify
        at      0x3b30, uart_tx_one_char

/* Flash */
        at      0x4678, Cache_Read_Enable
        at      0x47f0, Cache_Read_Disable
        at      0x4878, SPIUnlock
        at      0x48a8, SPILock
        at      0x48ec, SPIReadModeCnfig
        at      0x4984, SPIEraseChip
        at      0x49b4, SPIEraseBlock
        at      0x4a00, SPIEraseSector
        at      0x4a4c, SPIWrite
        at      0x4b1c, SPIRead
        at      0x4c2c, SPIParamCfg

/* Texts */
        at      0xbdc8, strcmp
        at      0xbec8, strcpy
        at      0xbf4c, strlen
        at      0xbfa8, strncmp
        at      0xc0a0, strncpy

/* Arithmetic and memory */
        at      0xce60, __divdi3
        at      0xd310, __udivdi3
        at      0xd770, __umoddi3
        at      0xdc88, __divsi3
        at      0xdcf0, __umulsidi3
        at      0xdd38, xthal_get_ccount
        at      0xde84, bzero
        at      0xdea8, memcmp
        at      0xdf48, memcpy
        at      0xe04c, memmove
        at      0xe190, memset
        at      0xe1e0, strstr
        at      0xe21c, __udivsi3
        at      0xe268, __umodsi3

        .org    0x10000
