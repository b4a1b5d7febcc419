#include "sim/fleet.h"

#include "posix/pull.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct sim_fleet {
    struct sim_device **devices;
    struct pollfd *entries; /* of the devices' sockets, then of stop_fd */
    size_t *owners;         /* by entry: index of its device */
    size_t capacity;
    size_t count;
};

struct sim_fleet *sim_fleet_new(size_t capacity)
{
    struct sim_fleet *fleet = calloc(1, sizeof *fleet);

    if (fleet == NULL)
        return NULL;
    fleet->capacity = capacity;
    fleet->devices = calloc(capacity, sizeof *fleet->devices);
    fleet->entries = calloc(capacity * SIM_DEVICE_SOCKETS + 1, sizeof *fleet->entries);
    fleet->owners = calloc(capacity * SIM_DEVICE_SOCKETS + 1, sizeof *fleet->owners);
    if (fleet->devices != NULL && fleet->entries != NULL && fleet->owners != NULL)
        return fleet;
    sim_fleet_free(fleet);
    return NULL;
}

void sim_fleet_free(struct sim_fleet *fleet)
{
    if (fleet == NULL)
        return;
    for (size_t i = 0; i < fleet->count; i++)
        sim_device_close(fleet->devices[i]);
    free(fleet->devices);
    free(fleet->entries);
    free(fleet->owners);
    free(fleet);
}

void sim_fleet_add(struct sim_fleet *fleet, struct sim_device *device)
{
    fleet->devices[fleet->count++] = device;
}

size_t sim_fleet_count(const struct sim_fleet *fleet)
{
    return fleet->count;
}

struct sim_device *sim_fleet_device(const struct sim_fleet *fleet, size_t index)
{
    return fleet->devices[index];
}

void sim_fleet_power_on(struct sim_fleet *fleet, uint32_t now_ms)
{
    for (size_t i = 0; i < fleet->count; i++)
        sim_device_power_on(fleet->devices[i], now_ms);
}

/* Milliseconds until the first device is due, at most max_wait_ms. */
static int wait_ms(const struct sim_fleet *fleet, uint32_t now_ms, uint32_t max_wait_ms)
{
    int32_t least = max_wait_ms < INT32_MAX ? (int32_t)max_wait_ms : INT32_MAX;

    for (size_t i = 0; i < fleet->count; i++) {
        const int32_t left = (int32_t)(sim_device_deadline(fleet->devices[i]) - now_ms);
        least = left < least ? left : least;
    }
    return least > 0 ? least : 0;
}

/* Fills in the entries; returns how many. */
static nfds_t collect(struct sim_fleet *fleet, int stop_fd)
{
    nfds_t entries = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        const size_t count = sim_device_poll(fleet->devices[i], fleet->entries + entries);
        for (size_t j = 0; j < count; j++)
            fleet->owners[entries++] = i;
    }
    fleet->entries[entries] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    return entries;
}

static void serve_ready(struct sim_fleet *fleet, nfds_t entries)
{
    const uint32_t now_ms = ud_posix_clock_ms();

    for (nfds_t i = 0; i < entries; i++)
        if (fleet->entries[i].revents != 0)
            sim_device_service(fleet->devices[fleet->owners[i]], now_ms);
}

static void serve_due(struct sim_fleet *fleet)
{
    const uint32_t now_ms = ud_posix_clock_ms();

    for (size_t i = 0; i < fleet->count; i++)
        if ((int32_t)(sim_device_deadline(fleet->devices[i]) - now_ms) <= 0)
            sim_device_service(fleet->devices[i], now_ms);
}

int sim_fleet_step(struct sim_fleet *fleet, int stop_fd, uint32_t max_wait_ms)
{
    const nfds_t entries = collect(fleet, stop_fd);
    const int timeout_ms = wait_ms(fleet, ud_posix_clock_ms(), max_wait_ms);

    if (poll(fleet->entries, entries + 1, timeout_ms) < 0)
        return errno == EINTR ? 0 : -errno;
    serve_ready(fleet, entries);
    serve_due(fleet);
    return 0;
}
