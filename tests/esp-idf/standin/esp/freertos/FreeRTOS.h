/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_FREERTOS_H
#define STANDIN_FREERTOS_H

#include <stdint.h>

typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint32_t TickType_t;

#define pdPASS            1
#define pdMS_TO_TICKS(ms) ((TickType_t)((ms) / 10u))

#endif
