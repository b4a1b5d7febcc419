/* What the emulator does for the board: calls into the host. */
#ifndef SIM_QEMU_SIMCALL_H
#define SIM_QEMU_SIMCALL_H

#include <stdint.h>

/* Numbers of the emulator's own interface. */
enum simcall {
    SIMCALL_EXIT = 1,
    SIMCALL_READ = 3,
    SIMCALL_WRITE = 4,
    SIMCALL_OPEN = 5,
    SIMCALL_LSEEK = 19,
    SIMCALL_ARGUMENT_COUNT = 1000,
    SIMCALL_ARGUMENT_BYTES = 1001,
    SIMCALL_ARGUMENTS = 1002,
};

/* Returns the host's result; -1 for an error. */
int32_t simcall(enum simcall number, uint32_t a, uint32_t b, uint32_t c);

#endif
