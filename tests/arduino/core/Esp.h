#ifndef CORE_ESP_H
#define CORE_ESP_H

#include "WString.h"

#include <stddef.h>
#include <stdint.h>

class EspClass
{
  public:
    bool flashRead(uint32_t address, uint32_t *data, size_t size);
    bool flashWrite(uint32_t address, const uint32_t *data, size_t size);
    bool flashEraseSector(uint32_t sector);
    uint32_t getFlashChipRealSize();
    uint32_t getFlashChipSize();
    bool eraseConfig();

    /* Offsets in words. */
    bool rtcUserMemoryRead(uint32_t offset, uint32_t *data, size_t size);
    bool rtcUserMemoryWrite(uint32_t offset, uint32_t *data, size_t size);

    uint32_t getChipId();
    uint32_t getSketchSize();
    String getSketchMD5();
    const char *getSdkVersion();

    void wdtFeed()
    {
    }
    uint8_t *random(uint8_t *bytes, size_t length);
    void restart() __attribute__((noreturn));
};

extern EspClass ESP;

#endif
