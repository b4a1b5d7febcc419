#include "sim/qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FREE_FILE (QEMU_PROCESS_FIRST_FILE + QEMU_PROCESS_FILES)

/* The parent may hold back signals, to take them one by one. */
static void take_all_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child's ends of everything. */
struct child_files {
    int input;
    int output;
    int trouble;
    int others[QEMU_PROCESS_FILES];
};

/* Runs in the child. Everything else it inherits closes itself. */
static void become_emulator(char *const arguments[], const struct child_files *files)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    take_all_signals();
    if (dup2(files->input, STDIN_FILENO) >= 0 && dup2(files->output, STDOUT_FILENO) >= 0 &&
        dup2(files->output, STDERR_FILENO) >= 0) {
        for (int i = 0; i < QEMU_PROCESS_FILES; i++)
            dup2(files->others[i], QEMU_PROCESS_FIRST_FILE + i);
        execvp(arguments[0], arguments);
    }
    const int error = errno;
    (void)!write(files->trouble, &error, sizeof error);
    _exit(127);
}

/* Out of the way of the numbers the child's files get. */
static int out_of_the_way(int file)
{
    const int other = fcntl(file, F_DUPFD_CLOEXEC, FIRST_FREE_FILE);

    return other >= 0 ? other : -errno;
}

static void close_all(const int *files, int count)
{
    for (int i = 0; i < count; i++)
        if (files[i] >= 0)
            close(files[i]);
}

/* A pipe with both ends out of the way. */
static int open_pipe(int ends[2])
{
    int raw[2];

    if (pipe2(raw, O_CLOEXEC) != 0)
        return -errno;
    ends[0] = out_of_the_way(raw[0]);
    ends[1] = out_of_the_way(raw[1]);
    close_all(raw, 2);
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    close_all(ends, 2);
    return -EMFILE;
}

/* The child writes there only when it could not become the emulator. */
static int wait_for_start(int trouble)
{
    int error;

    return read(trouble, &error, sizeof error) == (ssize_t)sizeof error ? -error : 0;
}

static int start(struct qemu_process *process, char *const arguments[], struct child_files *files)
{
    int trouble[2];
    int error = open_pipe(trouble);

    if (error != 0)
        return error;
    files->trouble = trouble[1];
    process->pid = fork();
    if (process->pid == 0)
        become_emulator(arguments, files);
    error = process->pid < 0 ? -errno : 0;
    close(trouble[1]);
    if (error == 0)
        error = wait_for_start(trouble[0]);
    close(trouble[0]);
    return error;
}

/* Its standard input and output, ours in process. */
static int open_pipes(struct qemu_process *process, struct child_files *files)
{
    int input[2];
    int output[2];
    int error = open_pipe(input);

    if (error != 0)
        return error;
    error = open_pipe(output);
    if (error != 0) {
        close_all(input, 2);
        return error;
    }
    fcntl(input[1], F_SETFL, O_NONBLOCK);
    *process = (struct qemu_process){.pid = -1, .output = output[0], .input = input[1]};
    *files = (struct child_files){.input = input[0], .output = output[1]};
    return 0;
}

int qemu_process_start(struct qemu_process *process, char *const arguments[],
                       const int files[QEMU_PROCESS_FILES])
{
    struct child_files child;
    int error = open_pipes(process, &child);

    if (error != 0)
        return error;
    for (int i = 0; i < QEMU_PROCESS_FILES; i++) {
        child.others[i] = out_of_the_way(files[i]);
        if (child.others[i] < 0)
            error = child.others[i];
    }
    if (error == 0)
        error = start(process, arguments, &child);
    close_all(child.others, QEMU_PROCESS_FILES);
    close(child.input);
    close(child.output);
    if (error != 0)
        qemu_process_kill(process);
    return error;
}

uint64_t qemu_process_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int wait_ms(const struct qemu_process_limit *limit)
{
    const int longest = limit->pulse != NULL ? (int)QEMU_PULSE_LOOK_MS : 60000;

    if (limit->deadline_ms == NULL)
        return limit->pulse != NULL ? longest : -1;
    const uint64_t now = qemu_process_now_ms();
    if (now >= *limit->deadline_ms)
        return 0;
    const uint64_t left = *limit->deadline_ms - now;
    return left < (uint64_t)longest ? (int)left : longest;
}

/* What does not fit into the pipe is lost, as at a UART that nobody reads. */
static void pass_on(const struct qemu_process *process, int *typed_fd)
{
    char text[256];
    const ssize_t length = read(*typed_fd, text, sizeof text);

    if (length <= 0)
        *typed_fd = -1;
    else
        (void)!write(process->input, text, (size_t)length);
}

/* 0 when there is something to read, or the end. */
static int wait_for_output(const struct qemu_process *process,
                           const struct qemu_process_limit *limit)
{
    for (;;) {
        struct pollfd ready[] = {
            {.fd = process->output, .events = POLLIN},
            {.fd = limit->stop_fd, .events = POLLIN},
            {.fd = limit->typed_fd != NULL ? *limit->typed_fd : -1, .events = POLLIN},
        };
        const int count = poll(ready, 3, wait_ms(limit));
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count > 0 && ready[1].revents != 0)
            return -ECANCELED;
        if (count > 0 && ready[0].revents != 0)
            return 0;
        if (count > 0 && ready[2].revents != 0)
            pass_on(process, limit->typed_fd);
        if (limit->deadline_ms != NULL && qemu_process_now_ms() >= *limit->deadline_ms)
            return -ETIMEDOUT;
        if (limit->pulse != NULL && qemu_pulse_is_gone(limit->pulse, qemu_process_now_ms()))
            return -ETIME;
    }
}

ssize_t qemu_process_read(struct qemu_process *process, char *text, size_t size,
                          const struct qemu_process_limit *limit)
{
    const int error = wait_for_output(process, limit);

    if (error != 0)
        return error;
    const ssize_t length = read(process->output, text, size);
    return length >= 0 ? length : -errno;
}

static void stop_listening(struct qemu_process *process)
{
    if (process->output >= 0) {
        close(process->output);
        close(process->input);
    }
    process->output = -1;
}

int qemu_process_wait(struct qemu_process *process)
{
    int status = 0;

    stop_listening(process);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    process->pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void qemu_process_kill(struct qemu_process *process)
{
    stop_listening(process);
    if (process->pid <= 0)
        return;
    kill(process->pid, SIGKILL);
    qemu_process_wait(process);
}
