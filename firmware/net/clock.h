/* Milliseconds since the program started, wrapping at 2^32. */
#ifndef FIRMWARE_NET_CLOCK_H
#define FIRMWARE_NET_CLOCK_H

#include <stdint.h>

/* Must be asked at least once in 53 s, at 80 cycles a microsecond, or it loses time. */
uint32_t clock_ms(void);

#endif
