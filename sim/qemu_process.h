/* The emulator as a child of this process: started with files under agreed numbers,
 * listened to, ended. For sim/qemu_board.c only.
 */
#ifndef SIM_QEMU_PROCESS_H
#define SIM_QEMU_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QEMU_PROCESS_FILES      3
#define QEMU_PROCESS_FIRST_FILE 3 /* its number in the child; the others follow */

struct qemu_process {
    pid_t pid;
    int output; /* what it says, errors included */
};

/* 0, or a negative errno. It ends with its parent. */
int qemu_process_start(struct qemu_process *process, char *const arguments[],
                       const int files[QEMU_PROCESS_FILES]);

/* Reads what it says, waiting no longer than until the deadline (null: for ever).
 * Bytes; 0: it has ended; -ETIMEDOUT, or another negative errno. */
ssize_t qemu_process_read(struct qemu_process *process, char *text, size_t size,
                          const uint64_t *deadline_ms);

/* After its end: the exit status, or -1 if a signal ended it. */
int qemu_process_wait(struct qemu_process *process);

/* Ends it. Harmless after the end. */
void qemu_process_kill(struct qemu_process *process);

/* Of a clock that never goes back. */
uint64_t qemu_process_now_ms(void);

#endif
