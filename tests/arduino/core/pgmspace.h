/* Data in flash; here it is where all data is. */
#ifndef CORE_PGMSPACE_H
#define CORE_PGMSPACE_H

#include <string.h>

#define PROGMEM
#define memcpy_P memcpy

#endif
