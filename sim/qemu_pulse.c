#include "sim/qemu_pulse.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATIENCE 2u /* times the watchdog's: an emulator may have to wait for a processor */

/* beats, and milliseconds until the watchdog bites, 0: it is off. Little-endian. */
struct told {
    uint32_t beats;
    uint32_t limit_ms;
};

int qemu_pulse_open(struct qemu_pulse *pulse)
{
    *pulse = (struct qemu_pulse){.fd = memfd_create("updraft-pulse", MFD_CLOEXEC)};
    return pulse->fd >= 0 ? 0 : -errno;
}

void qemu_pulse_close(struct qemu_pulse *pulse)
{
    if (pulse->fd >= 0)
        close(pulse->fd);
    pulse->fd = -1;
}

void qemu_pulse_start(struct qemu_pulse *pulse, uint64_t now_ms)
{
    (void)!ftruncate(pulse->fd, 0);
    pulse->beats = pulse->missed_ms = 0;
    pulse->looked_ms = now_ms;
}

static uint32_t word(const uint8_t bytes[4])
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static struct told read_told(int fd)
{
    uint8_t bytes[8];

    if (pread(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return (struct told){0};
    return (struct told){word(bytes), word(bytes + 4)};
}

/* Time this process did not have, the emulator may not have had either. */
bool qemu_pulse_is_gone(struct qemu_pulse *pulse, uint64_t now_ms)
{
    const struct told told = read_told(pulse->fd);
    const uint64_t passed_ms = now_ms - pulse->looked_ms;

    pulse->looked_ms = now_ms;
    pulse->missed_ms += passed_ms < QEMU_PULSE_LOOK_MS ? (uint32_t)passed_ms : QEMU_PULSE_LOOK_MS;
    if (told.beats != pulse->beats || told.limit_ms == 0)
        pulse->missed_ms = 0;
    pulse->beats = told.beats;
    return told.limit_ms != 0 && pulse->missed_ms / PATIENCE >= told.limit_ms;
}
