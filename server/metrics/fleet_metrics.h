/* The fleet in figures: devices by product, state and version, and rollouts. Nothing
 * here has a label for one device. */
#ifndef SERVER_METRICS_FLEET_METRICS_H
#define SERVER_METRICS_FLEET_METRICS_H

#include "server/fleet/fleet.h"

#include <stdio.h>

/* Goes over all devices. */
void fleet_metrics_write(FILE *out, struct fleet *fleet);

#endif
