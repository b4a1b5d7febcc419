/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_ERR_H
#define STANDIN_ESP_ERR_H

#include <stdint.h>

typedef int32_t esp_err_t;

#define ESP_OK                0
#define ESP_FAIL              (-1)
#define ESP_ERR_NO_MEM        0x101
#define ESP_ERR_INVALID_ARG   0x102
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_INVALID_SIZE  0x104
#define ESP_ERR_NOT_FOUND     0x105
#define ESP_ERR_NOT_SUPPORTED 0x106

#define ESP_ERROR_CHECK(call)                                                                      \
    do {                                                                                           \
        if ((call) != ESP_OK)                                                                      \
            standin_fail(#call);                                                                   \
    } while (0)

_Noreturn void standin_fail(const char *call);
const char *esp_err_to_name(esp_err_t error);

#endif
