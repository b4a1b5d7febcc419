/* int32_t simcall(number, a, b, c): the emulator takes number and arguments in the
 * registers the calling convention has them in. It returns the error in a3. */
        .section .text.simcall, "ax", @progbits
        .align  4
        .global simcall
        .type   simcall, @function
simcall:
        simcall
        ret
        .size   simcall, . - simcall
