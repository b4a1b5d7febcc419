/* The chip as the core shows it, and the program that runs a sketch:
 *
 *   SKETCH --flash FILE [--app IMAGE] [--route NAME:PORT=ADDRESS:PORT]… [--port NUMBER=ACTUAL]…
 *          [--restarts YES]
 *
 * It boots and runs the sketch. With the first restart it ends after the boot that follows, or
 * with --restarts goes on.
 */
#include "machine.h"
#include "network.h"

#include <Arduino.h>
#include <ESP8266WiFi.h>
#include <ESP8266mDNS.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

EspClass ESP;
HardwareSerial Serial;
ESP8266WiFiClass WiFi;
MDNSResponder MDNS;

/* ---- Pins, time, serial ---- */

static unsigned ledChanges;

uint32_t coreInputPins()
{
    return 0;
}

void pinMode(uint8_t, uint8_t)
{
}

void digitalWrite(uint8_t, uint8_t)
{
    ledChanges++;
}

unsigned long millis()
{
    timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<unsigned long>(now.tv_sec) * 1000 +
           static_cast<unsigned long>(now.tv_nsec) / 1000000;
}

void delay(unsigned long milliseconds)
{
    usleep(static_cast<useconds_t>(milliseconds) * 1000);
}

void yield()
{
}

size_t HardwareSerial::write(uint8_t byte)
{
    return write(&byte, 1);
}

size_t HardwareSerial::write(const uint8_t *bytes, size_t length)
{
    const size_t written = fwrite(bytes, 1, length, stdout);

    fflush(stdout);
    return written;
}

/* ---- The chip ---- */

bool EspClass::flashRead(uint32_t address, uint32_t *data, size_t size)
{
    return machine_read(address, data, static_cast<uint32_t>(size));
}

bool EspClass::flashWrite(uint32_t address, const uint32_t *data, size_t size)
{
    return machine_program(address, data, static_cast<uint32_t>(size));
}

bool EspClass::flashEraseSector(uint32_t sector)
{
    return machine_erase(sector * 4096);
}

uint32_t EspClass::getFlashChipRealSize()
{
    return machine_flash_size();
}

uint32_t EspClass::getFlashChipSize()
{
    return machine_flash_size();
}

/* The last four sectors. */
bool EspClass::eraseConfig()
{
    bool isErased = true;

    for (uint32_t i = 1; i <= 4; i++)
        isErased &= machine_erase(machine_flash_size() - i * 4096);
    return isErased;
}

bool EspClass::rtcUserMemoryRead(uint32_t offset, uint32_t *data, size_t size)
{
    return machine_rtc_read(offset * 4, data, static_cast<uint32_t>(size));
}

bool EspClass::rtcUserMemoryWrite(uint32_t offset, uint32_t *data, size_t size)
{
    return machine_rtc_write(offset * 4, data, static_cast<uint32_t>(size));
}

uint32_t EspClass::getChipId()
{
    return 1;
}

uint32_t EspClass::getSketchSize()
{
    return machine_sketch_size();
}

String EspClass::getSketchMD5()
{
    return String(machine_sketch_md5());
}

const char *EspClass::getSdkVersion()
{
    return "2.2.2-dev(38a443e)";
}

uint8_t *EspClass::random(uint8_t *bytes, size_t length)
{
    if (getrandom(bytes, length, 0) != static_cast<ssize_t>(length))
        ::abort();
    return bytes;
}

static char **ownArguments; /* to start anew; null: it ends */

void EspClass::restart()
{
    printf("restart; the LED changed %u times\n", ledChanges);
    machine_boot();
    fflush(stdout);
    if (ownArguments != nullptr)
        execv("/proc/self/exe", ownArguments);
    exit(0);
}

/* ---- WiFi and mDNS ---- */

static WiFiSleepType_t sleepMode = WIFI_MODEM_SLEEP;

bool ESP8266WiFiClass::setSleepMode(WiFiSleepType_t type)
{
    sleepMode = type;
    return true;
}

WiFiSleepType_t ESP8266WiFiClass::getSleepMode()
{
    return sleepMode;
}

uint8_t *ESP8266WiFiClass::macAddress(uint8_t *mac)
{
    static const uint8_t own[6] = {0x5c, 0xcf, 0x7f, 0, 0, 1};

    memcpy(mac, own, sizeof own);
    return mac;
}

String ESP8266WiFiClass::macAddress()
{
    return "5C:CF:7F:00:00:01";
}

String ESP8266WiFiClass::softAPmacAddress()
{
    return "5E:CF:7F:00:00:01";
}

bool MDNSResponder::begin(const char *hostname)
{
    printf("mDNS: the name is %s\n", hostname);
    return true;
}

void MDNSResponder::enableArduino(uint16_t port, bool auth)
{
    printf("mDNS: uploads on port %u %s a password\n", port, auth ? "with" : "without");
}

bool MDNSResponder::addService(const char *service, const char *protocol, uint16_t port)
{
    printf("mDNS: _%s._%s on port %u\n", service, protocol, port);
    return true;
}

/* ---- Running a sketch ---- */

static void usage()
{
    fprintf(stderr, "usage: --flash FILE [--app IMAGE] [--route NAME:PORT=ADDRESS:PORT]..."
                    " [--port NUMBER=ACTUAL]... [--restarts YES]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    const char *flash = nullptr, *app = nullptr;
    int i;
    bool isSound = true;

    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--flash") == 0)
            flash = argv[i + 1];
        else if (strcmp(argv[i], "--app") == 0)
            app = argv[i + 1];
        else if (strcmp(argv[i], "--route") == 0)
            isSound &= addRoute(argv[i + 1]);
        else if (strcmp(argv[i], "--port") == 0)
            isSound &= setPort(argv[i + 1]);
        else if (strcmp(argv[i], "--restarts") == 0)
            ownArguments = argv;
        else
            isSound = false;
    }
    if (flash == nullptr || i != argc || !isSound)
        usage();
    /* After a restart flash holds what it holds. */
    machine_open(flash, getenv("RESTARTED") == nullptr ? app : nullptr);
    setenv("RESTARTED", "yes", 1);
    machine_boot();
    setup();
    for (;;) {
        loop();
        usleep(1000);
    }
}
