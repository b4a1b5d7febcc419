#include "host/report.h"
#include "tools/device.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

int device_signals_open(struct device_signals *signals)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &signals->before);
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd >= 0)
        return EXIT_OK;
    const int status = report_failure("signals: %s", strerror(errno));
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    return status;
}

bool device_signals_came(const struct device_signals *signals)
{
    struct signalfd_siginfo info;

    return read(signals->fd, &info, sizeof info) == sizeof info;
}

void device_signals_close(struct device_signals *signals)
{
    if (signals->fd < 0)
        return;
    close(signals->fd);
    signals->fd = -1;
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}
