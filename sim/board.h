/* What differs between virtual boards: how a chip finds the program that starts, where
 * that puts an update, and what it says of itself. For sim/esp*.c only.
 */
#ifndef SIM_BOARD_H
#define SIM_BOARD_H

#include "updraft/image.h"
#include "updraft/pull.h"
#include "updraft/target.h"

#include <stdbool.h>

struct sim_device;

struct board_class {
    enum ud_chip chip;
    bool takes_gzip; /* its bootloader unpacks */

    /* As manifests have it. */
    uint16_t (*chip_id)(const struct sim_device *device);

    /* Where a key ring goes. False when there is no room for one. */
    bool (*find_ring)(const struct sim_device *device, uint32_t *address);

    /* Once flash is open. 0, or a negative errno. */
    int (*open)(struct sim_device *device);

    /* Runs the bootloader and reads what it starts into device->program. False when
     * nothing would start: *why is then for people. */
    bool (*boot)(struct sim_device *device, const char **why);

    /* Tells of an update the boot refused, and of a trial it ended. */
    void (*report_boot)(struct sim_device *device);

    struct ud_target (*target)(struct sim_device *device);

    /* An update begins. */
    void (*begun)(struct sim_device *device);

    /* The program has shown that it works. */
    void (*confirm)(struct sim_device *device);

    struct ud_pull_identity (*identity)(const struct sim_device *device);
};

extern const struct board_class board_esp8266;
extern const struct board_class board_esp32;

#endif
