/* What lwIP wants to know of the compiler. */
#ifndef FIRMWARE_ARCH_CC_H
#define FIRMWARE_ARCH_CC_H

#include "firmware/net/chance.h"

#define LWIP_NO_CTYPE_H  1
#define LWIP_NO_UNISTD_H 1

#define LWIP_RAND() chance_word()

#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message)

#endif
