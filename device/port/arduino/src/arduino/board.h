/* The chip under the Arduino core, as the engines' ports: flash, the boot command in
 * RTC memory, strapping pins, and the layout the sketch was linked for.
 */
#ifndef UPDRAFT_ARDUINO_BOARD_H
#define UPDRAFT_ARDUINO_BOARD_H

#include "engines.h"

#include <WiFiClient.h>

namespace updraft
{

class Board
{
  public:
    /* Ready to use: asks the core what chip and layout there is, the first time. False
     * when they contradict each other. */
    bool open();

    /* The pointers stay valid. */
    const ud_flash *flash() const
    {
        return &flash_;
    }
    ud_staging *staging()
    {
        return &staging_;
    }

    /* Bytes a new sketch may have. */
    uint32_t freeSpace() const;
    static uint32_t filesystemSpace();

    /* Bytes nobody can tell beforehand. */
    static void random(uint8_t *bytes, uint32_t length);

    /* Ends every connection but this one, so that there is memory for an update. */
    void closeConnections(WiFiClient &but);

    /* How often that happened: who has a UDP port open has to open it again. */
    unsigned closings() const
    {
        return closings_;
    }

  private:
    bool isOpen_ = false;
    unsigned closings_ = 0;
    ud_flash flash_ = {};
    ud_rtc rtc_ = {};
    ud_staging staging_ = {};
};

Board &board();

} // namespace updraft

#endif
