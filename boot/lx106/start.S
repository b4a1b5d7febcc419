/* The boot ROM jumps here with this program loaded to 0x4010F000. */
        .set    stack_top, 0x3ffffff0

        .section .text.entry, "ax", @progbits
        .align  4
        .literal_position
        .global boot_entry
        .type   boot_entry, @function
boot_entry:
        movi    a1, stack_top
        call0   boot_main
        .size   boot_entry, . - boot_entry

/* boot_jump(entry): starts an application, with the stack as it expects it. */
        .section .text.boot_jump, "ax", @progbits
        .align  4
        .literal_position
        .global boot_jump
        .type   boot_jump, @function
boot_jump:
        movi    a1, stack_top
        jx      a2
        .size   boot_jump, . - boot_jump
