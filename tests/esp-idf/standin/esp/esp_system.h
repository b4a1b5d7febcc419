/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_SYSTEM_H
#define STANDIN_ESP_SYSTEM_H

_Noreturn void esp_restart(void);

#endif
