/* Any number of virtual devices in one loop: waits until a socket or a timer
 * wants one of them, and serves it.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "sim/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_fleet;

/* Room for `capacity` devices. Null when out of memory. */
struct sim_fleet *sim_fleet_new(size_t capacity);

/* Closes the devices too. Null is fine. */
void sim_fleet_free(struct sim_fleet *fleet);

/* Takes an open device over; there must be room. */
void sim_fleet_add(struct sim_fleet *fleet, struct sim_device *device);

size_t sim_fleet_count(const struct sim_fleet *fleet);
struct sim_device *sim_fleet_device(const struct sim_fleet *fleet, size_t index);

/* Switches all devices on. */
void sim_fleet_power_on(struct sim_fleet *fleet, uint32_t now_ms);

/* Waits for something to happen, at most max_wait_ms, and serves the devices it
 * happened to. Returns early when stop_fd (-1: none) becomes readable. 0, or a
 * negative errno. */
int sim_fleet_step(struct sim_fleet *fleet, int stop_fd, uint32_t max_wait_ms);

#endif
