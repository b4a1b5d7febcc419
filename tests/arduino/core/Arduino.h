#ifndef CORE_ARDUINO_H
#define CORE_ARDUINO_H

#include "Esp.h"
#include "IPAddress.h"
#include "Print.h"
#include "Stream.h"
#include "Updater.h"
#include "WString.h"
#include "pgmspace.h"

#include <functional>
#include <stdint.h>
#include <string.h>

#define HIGH        1
#define LOW         0
#define OUTPUT      1
#define LED_BUILTIN 2

/* Pins as read, the strapping pins among them. */
uint32_t coreInputPins();
#define GPI coreInputPins()

void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
unsigned long millis();
void delay(unsigned long milliseconds);
void yield();

class HardwareSerial : public Stream
{
  public:
    void begin(unsigned long)
    {
    }
    size_t write(uint8_t byte) override;
    size_t write(const uint8_t *bytes, size_t length) override;
    int available() override
    {
        return 0;
    }
    int read() override
    {
        return -1;
    }
    int peek() override
    {
        return -1;
    }
};
extern HardwareSerial Serial;

void setup();
void loop();

#endif
