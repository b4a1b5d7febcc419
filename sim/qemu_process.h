/* The emulator as a child of this process: started with files under agreed numbers,
 * listened to, ended. For sim/qemu_board.c only.
 */
#ifndef SIM_QEMU_PROCESS_H
#define SIM_QEMU_PROCESS_H

#include "sim/qemu_pulse.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QEMU_PROCESS_FILES      4
#define QEMU_PROCESS_FIRST_FILE 3 /* its number in the child; the others follow */

struct qemu_process {
    pid_t pid;
    int output; /* what it says, errors included */
    int input;  /* what is typed goes there */
};

/* 0, or a negative errno. It ends with its parent, and is not interrupted with it:
 * what a terminal sends reaches the parent only. */
int qemu_process_start(struct qemu_process *process, char *const arguments[],
                       const int files[QEMU_PROCESS_FILES]);

/* What else ends the wait for something to read. */
struct qemu_process_limit {
    const uint64_t *deadline_ms; /* null: none */
    int stop_fd;                 /* readable: stop; -1: none */
    struct qemu_pulse *pulse;    /* null: nobody feels it */
    int *typed_fd; /* what comes there is passed on; -1 once it has ended; null: none */
};

/* Reads what it says. Bytes; 0: it has ended; -ETIMEDOUT, -ECANCELED for stop_fd, -ETIME
 * when there is no pulse, or another negative errno. */
ssize_t qemu_process_read(struct qemu_process *process, char *text, size_t size,
                          const struct qemu_process_limit *limit);

/* After its end: the exit status, or -1 if a signal ended it. */
int qemu_process_wait(struct qemu_process *process);

/* Ends it. Harmless after the end. */
void qemu_process_kill(struct qemu_process *process);

/* Of a clock that never goes back. */
uint64_t qemu_process_now_ms(void);

#endif
