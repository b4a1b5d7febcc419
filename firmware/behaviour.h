/* What a variant of the demonstration firmware does after its greeting: one file
 * each, chosen in meson.build.
 */
#ifndef FIRMWARE_BEHAVIOUR_H
#define FIRMWARE_BEHAVIOUR_H

#include "updraft/flash.h"

/* The watchdog is on. */
void firmware_behave(const struct ud_flash *flash) __attribute__((noreturn));

#endif
