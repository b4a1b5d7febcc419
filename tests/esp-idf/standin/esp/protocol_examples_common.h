/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_PROTOCOL_EXAMPLES_COMMON_H
#define STANDIN_PROTOCOL_EXAMPLES_COMMON_H

#include "esp_err.h"

esp_err_t example_connect(void);

#endif
