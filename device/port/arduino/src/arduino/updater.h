/* The core's Updater, by the engine: the same calls, numbers and texts.
 *
 * There is one, UpdraftUpdate; all ways in use it. What differs from the core's is in
 * docs/compatibility.md: nothing of the running sketch is touched by an update that
 * fails, and everything is checked before the sketch is told that it succeeded.
 */
#ifndef UPDRAFT_ARDUINO_UPDATER_H
#define UPDRAFT_ARDUINO_UPDATER_H

#include "board.h"
#include "engines.h"

#include <Arduino.h>
#include <ESP8266WiFi.h>
#include <functional>

namespace updraft
{

/* Told of an update while it is under way: a way in that has callbacks of its own. */
class UpdateListener
{
  public:
    virtual void updateStarted() = 0;
    virtual void updateProgressed(uint32_t done, uint32_t total) = 0;

  protected:
    ~UpdateListener() = default;
};

class UpdaterClass
{
    static constexpr size_t PIECE_BYTES = 256; /* taken from a stream at a time */

  public:
    using THandlerFunction = std::function<void()>;
    using THandlerFunction_Progress = std::function<void(size_t, size_t)>;
    using THandlerFunction_Error = std::function<void(int)>;

    /* Starts an update of exactly `size` bytes. False: see getError(). One that runs
     * already is left alone. */
    bool begin(size_t size, int command = U_FLASH, int ledPin = -1, uint8_t ledOn = LOW);

    /* Takes all of it, or returns 0 and the update is over. */
    size_t write(uint8_t *data, size_t length);

    /* Takes what is there of anything with available() and read(uint8_t *, size_t). */
    template <typename T> size_t write(T &data);

    /* Takes the rest of the update, waiting for it; timeout in milliseconds of silence. */
    size_t writeStream(Stream &data, uint16_t timeout = 60000);

    /* Checks everything; then the update is in place after the next restart. With
     * evenIfRemaining what has come is all there is. */
    bool end(bool evenIfRemaining = false);

    /* Gives the update up. */
    void abort();

    /* Expects this digest of all bytes; 32 hexadecimal digits. After begin(). */
    bool setMD5(const char *md5);
    String md5String() const;
    void md5(uint8_t *result) const;

    /* Takes only files that end in a signature the verifier accepts. Both must outlive
     * the updates; null for both: unsigned ones too. */
    void installSignature(UpdaterHashClass *hash, UpdaterVerifyClass *verify);

    /* The same with keys that may each sign, so that one can be replaced in the field: the
     * array must outlive the updates, too. */
    void installSignature(UpdaterHashClass *hash, UpdaterVerifyClass *const *verifiers,
                          size_t count);

    UpdaterClass &onStart(THandlerFunction call);
    UpdaterClass &onEnd(THandlerFunction call);
    UpdaterClass &onError(THandlerFunction_Error call);
    UpdaterClass &onProgress(THandlerFunction_Progress call);

    /* While on, nothing here yields: for callbacks of the network. */
    void runAsync(bool async)
    {
        isAsync_ = async;
    }

    bool hasError() const
    {
        return error() != UD_OK;
    }
    uint8_t getError() const;
    String getErrorString() const;
    void printError(Print &out) const;
    void clearError();

    bool isRunning() const
    {
        return session_.running;
    }
    bool isFinished() const
    {
        return session_.size > 0 && remaining() == 0;
    }
    size_t size() const
    {
        return session_.size;
    }
    size_t progress() const
    {
        return ud_updater_progress(&session_);
    }
    size_t remaining() const
    {
        return ud_updater_remaining(&session_);
    }
    int command() const
    {
        return static_cast<int>(session_.command);
    }

    /* ---- What the core's does not have: trials, with our bootloader ---- */

    /* The running sketch has not confirmed that it works; the one before it will come back. */
    bool isOnTrial();

    /* It works, and stays. False when flash fails. */
    bool confirm();

    /* ---- For the ways in ---- */

    /* The engine, ready for a session; null when the board's flash makes no sense. */
    ud_updater *engine();
    const ud_updater *session() const
    {
        return &session_;
    }

    /* Blinks until the next update is over. Negative: none. */
    void setLed(int pin, uint8_t on);

    /* The listener until this goes out of scope. */
    class Listening
    {
      public:
        Listening(UpdaterClass &updater, UpdateListener &listener) : updater_(updater)
        {
            updater_.listener_ = &listener;
        }
        ~Listening()
        {
            updater_.listener_ = nullptr;
        }

      private:
        UpdaterClass &updater_;
    };

  private:
    /* The engine calls these with the object. */
    static void started(void *ctx);
    static void progressed(void *ctx, uint32_t done, uint32_t total);
    static void ended(void *ctx);
    static void failed(void *ctx, int error);
    static int ready(void *ctx);
    static int place(void *ctx, ud_command command, uint32_t size, ud_placement *placement);
    static int open(void *ctx, const ud_placement *placement, const uint8_t *first,
                    uint32_t length);
    static int commit(void *ctx, ud_command command, const ud_placement *placement, uint32_t size);
    static const ud_target_class targetMethods;

    ud_updater_config engineConfig();
    size_t takePiece(Stream &data);
    bool allocateBuffer();
    void freeBuffer();
    void light(bool isOn);
    void finish();
    int error() const
    {
        return session_.error != UD_OK ? session_.error : refusal_;
    }

    ud_updater session_ = {};
    ud_target target_ = {}; /* the board's; the engine's goes through this object */
    UpdaterVerifyClass *verifier_ = nullptr; /* where there is one only */
    int refusal_ = UD_OK;                    /* of a begin that left another update running */
    bool isReady_ = false;
    bool isAsync_ = false;
    bool isLit_ = false;
    uint8_t ledOn_ = LOW;
    int ledPin_ = -1;
    WiFiSleepType_t sleep_ = WIFI_NONE_SLEEP; /* of the radio, before the update */
    UpdateListener *listener_ = nullptr;
    THandlerFunction onStart_;
    THandlerFunction onEnd_;
    THandlerFunction_Error onError_;
    THandlerFunction_Progress onProgress_;
};

template <typename T> size_t UpdaterClass::write(T &data)
{
    uint8_t piece[PIECE_BYTES];
    size_t written = 0;

    while (isRunning() && remaining() > 0) {
        size_t count = static_cast<size_t>(data.available());
        count = count < sizeof piece ? count : sizeof piece;
        count = count < remaining() ? count : remaining();
        if (count == 0 || static_cast<size_t>(data.read(piece, count)) != count ||
            write(piece, count) != count)
            break;
        written += count;
    }
    return written;
}

} // namespace updraft

extern updraft::UpdaterClass UpdraftUpdate;

#endif
