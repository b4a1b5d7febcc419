/* Entry of the application. The bootloader has loaded .text, .data and .rodata;
 * flash is not mapped yet, so this must be in IRAM.
 */
        .set    stack_top, 0x3ffffff0

        .section .iram.entry, "ax", @progbits
        .align  4
        .literal_position
        .global app_entry
        .type   app_entry, @function
app_entry:
        movi    a1, stack_top

        movi    a2, bss_start
        movi    a3, bss_end
        movi    a4, 0
        bgeu    a2, a3, .Lmap
.Lclear:
        s32i    a4, a2, 0
        addi    a2, a2, 4
        bltu    a2, a3, .Lclear

.Lmap:  /* Cache_Read_Enable(0, 0, 1): the first megabyte, with a 32 KB cache */
        movi    a2, 0
        movi    a3, 0
        movi    a4, 1
        movi    a0, Cache_Read_Enable
        callx0  a0

        movi    a0, firmware_main
        callx0  a0
.Lover: j       .Lover
        .size   app_entry, . - app_entry
