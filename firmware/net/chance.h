/* Numbers that are another time others: lwIP's port numbers and identifiers. Nothing
 * secret hangs on them.
 */
#ifndef FIRMWARE_NET_CHANCE_H
#define FIRMWARE_NET_CHANCE_H

#include <stdint.h>

/* What tells this device from others, before the first word is asked for. */
void chance_seed(uint32_t seed);

uint32_t chance_word(void);

#endif
