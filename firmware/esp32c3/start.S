/* Entry of the application. The bootloader has loaded .iram0.text and .dram0.data and
 * mapped the rest.
 */
        .section .iram.entry, "ax", @progbits
        .balign 4
        .global app_entry
        .type   app_entry, @function
app_entry:
        la      sp, stack_top

        la      a0, bss_start
        la      a1, bss_end
        bgeu    a0, a1, .Lrun
.Lclear:
        sw      zero, 0(a0)
        addi    a0, a0, 4
        bltu    a0, a1, .Lclear

.Lrun:  la      t0, firmware_main
        jalr    t0
.Lover: j       .Lover
        .size   app_entry, . - app_entry
