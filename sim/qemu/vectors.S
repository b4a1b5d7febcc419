/* Reset, and the way into and out of interrupts and exceptions. All of it runs on
 * a stack of the board's own: the program's is left as it is, even where it is no
 * stack at all.
 */
        .set    CHIP_STACK, 0x40000000
        .set    PS_START, 0x2f          /* user mode, all interrupts held back */
        .set    STACK_BYTES, 4096
        .set    FRAME_SAR, 64
        .set    FRAME_CAUSE, 68
        .set    FRAME_PC, 72
        .set    FRAME_ADDRESS, 76

        .section .bss.stack, "aw", @nobits
        .align  16
        .space  STACK_BYTES
stack_top:
frame:  .space  80

/* After power-on. */
        .section .text.reset, "ax", @progbits
        .align  4
        .literal_position
        .global reset_vector
        .type   reset_vector, @function
reset_vector:
        movi    a2, PS_START
        wsr.ps  a2
        rsync
        movi    a1, stack_top
        call0   board_power_on
        /* It returned the cause; on as after any other reset. */
        .size   reset_vector, . - reset_vector

/* reset_restart(cause) */
        .global reset_restart
        .type   reset_restart, @function
reset_restart:
        movi    a3, 0
        wsr.intenable a3
        movi    a3, PS_START
        wsr.ps  a3
        rsync
        movi    a1, CHIP_STACK
        call0   reset_main
        .size   reset_restart, . - reset_restart

/* The vectors for both modes. */
        .section .text.exception, "ax", @progbits
        .align  4
        .literal_position
        .global exception_vector
        .type   exception_vector, @function
exception_vector:
        wsr.excsave1 a0
        movi    a0, frame
        s32i    a1, a0, 4
        s32i    a2, a0, 8
        s32i    a3, a0, 12
        s32i    a4, a0, 16
        s32i    a5, a0, 20
        s32i    a6, a0, 24
        s32i    a7, a0, 28
        s32i    a8, a0, 32
        s32i    a9, a0, 36
        s32i    a10, a0, 40
        s32i    a11, a0, 44
        s32i    a12, a0, 48
        s32i    a13, a0, 52
        s32i    a14, a0, 56
        s32i    a15, a0, 60
        rsr.excsave1 a2
        s32i    a2, a0, 0
        rsr.sar a2
        s32i    a2, a0, FRAME_SAR
        rsr.exccause a2
        s32i    a2, a0, FRAME_CAUSE
        rsr.epc1 a2
        s32i    a2, a0, FRAME_PC
        rsr.excvaddr a2
        s32i    a2, a0, FRAME_ADDRESS
        mov     a2, a0
        movi    a1, stack_top
        call0   exception_dispatch

        movi    a0, frame
        l32i    a2, a0, FRAME_SAR
        wsr.sar a2
        l32i    a1, a0, 4
        l32i    a2, a0, 8
        l32i    a3, a0, 12
        l32i    a4, a0, 16
        l32i    a5, a0, 20
        l32i    a6, a0, 24
        l32i    a7, a0, 28
        l32i    a8, a0, 32
        l32i    a9, a0, 36
        l32i    a10, a0, 40
        l32i    a11, a0, 44
        l32i    a12, a0, 48
        l32i    a13, a0, 52
        l32i    a14, a0, 56
        l32i    a15, a0, 60
        l32i    a0, a0, 0
        rfe
        .size   exception_vector, . - exception_vector

        .section .text.double_exception, "ax", @progbits
        .align  4
        .literal_position
        .global double_exception_vector
        .type   double_exception_vector, @function
double_exception_vector:
        rsr.depc a2
        movi    a1, stack_top
        call0   exception_stray
        .size   double_exception_vector, . - double_exception_vector

        .section .text.debug, "ax", @progbits
        .align  4
        .literal_position
        .global debug_vector
        .type   debug_vector, @function
debug_vector:
        rsr.epc2 a2
        movi    a1, stack_top
        call0   exception_stray
        .size   debug_vector, . - debug_vector
