/* void stack_call(void (*function)(void *argument), void *argument, void *top)
 *
 * Calls the function with another stack, which grows down from top.
 */
        .text
        .literal_position
        .align  4
        .global stack_call
        .type   stack_call, @function
stack_call:
        addi    a4, a4, -16
        s32i    a0, a4, 0
        s32i    a1, a4, 4
        mov     a5, a2
        mov     a2, a3
        mov     a1, a4
        callx0  a5
        l32i    a0, a1, 0
        l32i    a1, a1, 4
        ret
        .size   stack_call, . - stack_call
