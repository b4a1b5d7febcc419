/* How a run of the board ends: the emulator's exit status. Shared by the board and
 * by the program that starts it. All above what the emulator itself exits with.
 */
#ifndef SIM_QEMU_EXIT_H
#define SIM_QEMU_EXIT_H

enum board_exit {
    BOARD_EXIT_CUT = 64,    /* power went, or with "+rtc" a reset came, as planned */
    BOARD_EXIT_RESET,       /* software reset; with stop=reset only */
    BOARD_EXIT_WATCHDOG,    /* watchdog reset; with stop=reset only */
    BOARD_EXIT_APPLICATION, /* flash was mapped: an application starts; with stop=app only */
    BOARD_EXIT_NO_BOOT,     /* the ROM found nothing to start, and waits for ever */
    BOARD_EXIT_FAULT,       /* a fatal exception, or what the chip would not survive */
    BOARD_EXIT_SETUP,       /* the board cannot be set up: options, files */
};

#endif
