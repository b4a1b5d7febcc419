#include "board.h"

#include <Arduino.h>
#include <ESP8266WiFi.h>
#include <WiFiUdp.h>
#include <flash_hal.h>

namespace updraft
{

/* ---- Flash ---- */

/* What reads all of an image, in pieces, takes longer than the watchdog waits. */
static int readFlash(void *, uint32_t address, void *data, uint32_t length)
{
    ESP.wdtFeed();
    return ESP.flashRead(address, static_cast<uint32_t *>(data), length) ? 0 : -1;
}

/* The core's first releases wanted a pointer without const. */
static int programFlash(void *, uint32_t address, const void *data, uint32_t length)
{
    uint32_t *words = const_cast<uint32_t *>(static_cast<const uint32_t *>(data));

    return ESP.flashWrite(address, words, length) ? 0 : -1;
}

static int eraseFlash(void *, uint32_t address, uint32_t)
{
    ESP.wdtFeed();
    return ESP.flashEraseSector(address / UD_FLASH_SECTOR) ? 0 : -1;
}

static ud_flash flashPort()
{
    ud_flash flash = {};

    flash.size = ESP.getFlashChipRealSize();
    flash.read = readFlash;
    flash.program = programFlash;
    flash.erase = eraseFlash;
    return flash;
}

/* ---- RTC memory: the boot command is where the sketch's part begins ---- */

static int readRtc(void *, uint32_t offset, void *data, uint32_t length)
{
    return ESP.rtcUserMemoryRead(offset / 4, static_cast<uint32_t *>(data), length) ? 0 : -1;
}

static int writeRtc(void *, uint32_t offset, const void *data, uint32_t length)
{
    uint32_t *words = const_cast<uint32_t *>(static_cast<const uint32_t *>(data));

    return ESP.rtcUserMemoryWrite(offset / 4, words, length) ? 0 : -1;
}

/* ---- Layout ---- */

static uint32_t straps(void *)
{
    return GPI >> 16 & 0xf;
}

/* As the sketch was linked, or as the core found it when it started. */
static uint32_t layoutSize()
{
#ifdef FLASH_MAP_SUPPORT
    return ESP.getFlashChipRealSize();
#else
    return ESP.getFlashChipSize();
#endif
}

static ud_layout layout()
{
    ud_layout layout = {};

    layout.flash_size = layoutSize();
    layout.fs_start = FS_PHYS_ADDR;
    layout.fs_end = FS_PHYS_ADDR + FS_PHYS_SIZE;
    layout.eeprom = layout.flash_size - UD_LAYOUT_TAIL;
    return layout;
}

/* The core's own build options say how file systems are written, and who chose the layout. */
static ud_staging_config stagingConfig(const ud_flash *flash, const ud_rtc *rtc)
{
    ud_staging_config config = {};

    config.flash = flash;
    config.rtc = rtc;
    config.layout = layout();
#ifndef ATOMIC_FS_UPDATE
    config.filesystem_in_place = true;
#endif
#ifdef FLASH_MAP_SUPPORT
    config.auto_map = true;
#endif
    config.straps = straps;
    return config;
}

bool Board::open()
{
    if (isOpen_)
        return true;
    flash_ = flashPort();
    rtc_.read = readRtc;
    rtc_.write = writeRtc;
    const ud_staging_config config = stagingConfig(&flash_, &rtc_);
    isOpen_ = ud_staging_init(&staging_, &config) == UD_OK;
    return isOpen_;
}

uint32_t Board::freeSpace() const
{
    uint32_t space;

    return isOpen_ && ud_staging_free_space(&staging_, &space) == UD_OK ? space : 0;
}

uint32_t Board::filesystemSpace()
{
    return FS_PHYS_SIZE;
}

void Board::random(uint8_t *bytes, uint32_t length)
{
    ESP.random(bytes, length);
}

void Board::closeConnections(WiFiClient &but)
{
    WiFiUDP::stopAll();
    WiFiClient::stopAllExcept(&but);
    closings_++;
}

Board &board()
{
    static Board board;

    return board;
}

} // namespace updraft
