/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_ESP_IDF_VERSION_H
#define STANDIN_ESP_IDF_VERSION_H

const char *esp_get_idf_version(void);

#endif
