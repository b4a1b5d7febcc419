/* The mask ROM is further away than a call reaches: each of its functions is reached
 * through a jump here, which costs less than a far call at every place. Addresses
 * are those of device/port/esp8266-rom/rom.ld.
 */
        .macro  far name, address
        .section .text.rom.\name, "ax", @progbits
        .align  4
        .literal_position
        .global \name
        .type   \name, @function
\name:
        movi    a9, \address
        jx      a9
        .size   \name, . - \name
        .endm

        far     SPIRead, 0x40004b1c
        far     SPIWrite, 0x40004a4c
        far     SPIEraseSector, 0x40004a00
        far     SPIEraseBlock, 0x400049b4
        far     ets_printf, 0x400024cc
        far     ets_putc, 0x40002be8
        far     ets_wdt_enable, 0x40002fa0
        far     ets_wdt_disable, 0x400030f0
        far     memcmp, 0x4000dea8
        far     memset, 0x4000e190
