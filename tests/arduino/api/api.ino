/* The names the documents give, what they return, and in which order callbacks come. A
 * sketch with the core's libraries and ours in it; it prints TAP and restarts.
 */
#include <ArduinoOTA.h>
#include <Updraft.h>
#include <flash_hal.h>

#include <string>

extern "C" {
#include "check/flash.h"
}

static int count;

static void ok(bool isTrue, const char *what)
{
    Serial.printf("%sok %d - %s\n", isTrue ? "" : "not ", ++count, what);
}

static updraft::UpdaterClass &updater = UpdraftUpdate;
static std::string events;

/* The program in flash is a fine update: read from there. */
static uint8_t piece[4096];

static const uint8_t *programAt(uint32_t offset)
{
    ESP.flashRead(offset, reinterpret_cast<uint32_t *>(piece), sizeof piece);
    return piece;
}

static size_t writePart(uint32_t offset, size_t length)
{
    programAt(offset / 4096 * 4096);
    return updater.write(piece + offset % 4096, length);
}

/* ---- Sizes, as the core's own test has them ---- */

static bool takes(size_t size, size_t part, int parts)
{
    bool isTaken = updater.begin(size);

    for (int i = 0; i < parts; i++) {
        const size_t offset = static_cast<size_t>(i) * part;
        for (size_t done = 0; done < part; done += 8)
            isTaken &= writePart(static_cast<uint32_t>(offset + done), 8) == 8;
    }
    return isTaken;
}

static void testSizes()
{
    ok(takes(6000, 1000, 6) && updater.remaining() == 0, "six thousand bytes in six parts");
    ok(writePart(0, 1) == 0 && updater.getError() == 4, "and not one more");
    ok(takes(8192, 4096, 2) && updater.remaining() == 0, "two whole sectors");
    ok(writePart(0, 1) == 0 && updater.hasError(), "and not one more");
    ok(takes(5000, 2048, 2) && writePart(4096, 2048) == 0, "a last part that is too long");
    ok(!updater.isRunning(), "ends the update");
}

/* ---- Errors ---- */

static void testErrors()
{
    updater.clearError();
    ok(!updater.hasError() && updater.getError() == 0, "an error is cleared");
    ok(!updater.begin(0) && updater.getError() == 5, "no size");
    ok(updater.getErrorString() == "Bad Size Given", "in words");
    ok(!updater.begin(0x300000) && updater.getError() == 4, "no room");
    ok(!updater.begin(4096, 7) && updater.getError() == 16, "an unknown command");
    ok(!updater.end() && !updater.isRunning(), "an end without a beginning");
    ok(!updater.setMD5("0123456789abcdef0123456789abcdef"), "a digest without a beginning");
    ok(updater.begin(4096) && !updater.setMD5("0123"), "a digest that is too short");
    ok(!updater.begin(4096) && updater.getError() == 15, "a second beginning");
    ok(updater.isRunning() && writePart(0, 8) == 8, "leaves the first one running");
    ok(!updater.end() && updater.hasError(), "an end before the last byte");
    ok(updater.begin(4096) && !updater.end(true) && updater.getError() == 13, "no data at all");
    ok(updater.begin(4096) && writePart(1, 64) == 0 && updater.getError() == 10, "no magic byte");
}

/* ---- Callbacks and queries ---- */

static void listen()
{
    updater.onStart([]() { events += "start "; })
        .onEnd([]() { events += "end "; })
        .onError([](int error) { events += "error" + std::to_string(error) + " "; })
        .onProgress([](size_t done, size_t total) {
            events += std::to_string(done) + "/" + std::to_string(total) + " ";
        });
}

static void testCallbacks()
{
    listen();
    ok(updater.begin(8192, U_FS) && updater.isRunning(), "files begin");
    ok(WiFi.getSleepMode() == WIFI_NONE_SLEEP, "the radio is awake");
    ok(updater.size() == 8192 && updater.progress() == 0 && updater.remaining() == 8192, "sizes");
    ok(updater.command() == U_FS && !updater.isFinished(), "and what they are");
    for (int i = 0; i < 2; i++)
        updater.write(const_cast<uint8_t *>(programAt(0)), 4096);
    ok(updater.isFinished() && updater.end() && !updater.hasError(), "files end");
    ok(events == "start 0/8192 4096/8192 8192/8192 end ", events.c_str());
    ok(updater.md5String().length() == 32, "their digest");
    events.clear();
    updater.begin(8192, U_FS);
    updater.abort();
    ok(WiFi.getSleepMode() == WIFI_MODEM_SLEEP, "the radio sleeps again");
    ok(events.substr(0, 14) == "start 0/8192 e" && updater.hasError(), "giving up is an error");
}

/* ---- Signatures: any hash and verifier of the core's kind ---- */

class Sum : public UpdaterHashClass
{
  public:
    void begin() override
    {
        sum_ = 0;
    }
    void add(const void *data, uint32_t length) override
    {
        for (uint32_t i = 0; i < length; i++)
            sum_ += static_cast<const uint8_t *>(data)[i];
    }
    void end() override
    {
    }
    int len() override
    {
        return sizeof sum_;
    }
    const void *hash() override
    {
        return &sum_;
    }
    const unsigned char *oid() override
    {
        return nullptr;
    }

  private:
    uint32_t sum_;
};

class IsSum : public UpdaterVerifyClass
{
  public:
    explicit IsSum(uint32_t extra) : extra_(extra)
    {
    }
    uint32_t length() override
    {
        return 4;
    }
    bool verify(UpdaterHashClass *hash, const void *signature, uint32_t) override
    {
        uint32_t expected, actual;
        memcpy(&expected, signature, sizeof expected);
        memcpy(&actual, hash->hash(), sizeof actual);
        return expected == actual + extra_;
    }

  private:
    uint32_t extra_;
};

/* Files of 100 bytes of 1, with that signature behind them. */
static bool takesSigned(uint32_t signature)
{
    uint8_t file[108];
    const uint32_t length = sizeof signature;

    memset(file, 1, 100);
    memcpy(file + 100, &signature, sizeof signature);
    memcpy(file + 104, &length, sizeof length);
    return updater.begin(sizeof file, U_FS) && updater.write(file, sizeof file) == sizeof file &&
           updater.end();
}

static void testSignatures()
{
    static Sum sum;
    static IsSum first(0), second(7);
    static UpdaterVerifyClass *const both[] = {&first, &second};

    updater.installSignature(&sum, &first);
    ok(takesSigned(100), "a signature the verifier takes");
    ok(!takesSigned(107) && updater.getError() == 12, "one it does not");
    updater.installSignature(&sum, both, 2);
    ok(takesSigned(100) && takesSigned(107), "any of two keys");
    ok(!takesSigned(101) && updater.getError() == 12, "and no other");
    updater.installSignature(nullptr, static_cast<UpdaterVerifyClass *>(nullptr));
    ok(takesSigned(1), "none is asked for any more");
}

/* ---- The port ---- */

static void testPort()
{
    static uint32_t buffer[UD_FLASH_SECTOR / 4];
    const ud_port_check check = {updraft::board().flash(), FS_PHYS_ADDR, buffer};
    const char *broken = ud_port_check_flash(&check);

    ok(broken == nullptr, broken == nullptr ? "the flash port keeps its rules" : broken);
}

/* ---- One name, two libraries ---- */

static void testNames()
{
    const void *const objects[] = {&::Update, &UpdraftUpdate, &::ArduinoOTA, &updraft::ArduinoOTA};

    ok(objects[0] != objects[1] && objects[2] != objects[3], "the core's objects are others");
    ok(static_cast<int>(updraft::OTA_END_ERROR) == 4, "ArduinoOTA's numbers");
    ok(updraft::HTTP_UPDATE_FAILED == 0 && updraft::HTTP_UPDATE_OK == 2, "ESPhttpUpdate's");
    ok(updater.confirm() && !updater.isOnTrial(), "a sketch that is not on trial confirms");
}

/* What the core would define. */
UpdaterClass Update;
ArduinoOTAClass ArduinoOTA;

void setup()
{
    testSizes();
    testErrors();
    testCallbacks();
    testSignatures();
    testPort();
    testNames();
    Serial.printf("1..%d\n", count);
    ESP.restart();
}

void loop()
{
}
