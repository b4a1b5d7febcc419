/* What a virtual ESP32 has of its own: slots in place of a staging area, and the boot
 * that chooses one of them. All else is in sim/device.h, as both are the same library
 * on the same kind of flash.
 */
#ifndef SIM_ESP32_H
#define SIM_ESP32_H

#include "boot/slots_run.h"
#include "updraft/digest.h"
#include "updraft/slots.h"

#define ESP32_REVISION 300u /* v3.0, which runs what asks for less */

struct esp32 {
    uint16_t chip_id; /* as image headers have it */
    struct slots_run run;
    struct slots_result result;
    struct ud_slots slots;
    char sketch_sha256[2 * UD_SHA256_SIZE + 1];
};

#endif
