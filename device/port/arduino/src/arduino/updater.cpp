#include "updater.h"

#include "signature.h"

#include <stdlib.h>

updraft::UpdaterClass UpdraftUpdate;

namespace updraft
{

/* ---- The buffer: on the heap, while an update runs ---- */

constexpr uint32_t SMALL_BUFFER = 256; /* where the heap has no more */

bool UpdaterClass::allocateBuffer()
{
    ud_updater_config &config = session_.config;

    config.buffer_size = UD_FLASH_SECTOR;
    config.buffer = malloc(config.buffer_size);
    if (config.buffer != nullptr)
        return true;
    config.buffer_size = SMALL_BUFFER;
    config.buffer = malloc(config.buffer_size);
    return config.buffer != nullptr;
}

void UpdaterClass::freeBuffer()
{
    free(session_.config.buffer);
    session_.config.buffer = nullptr;
    session_.config.buffer_size = 0;
}

/* ---- The target: the board's, and a buffer once there is a place ---- */

int UpdaterClass::ready(void *ctx)
{
    const ud_target &target = static_cast<UpdaterClass *>(ctx)->target_;

    return target.methods->ready(target.ctx);
}

int UpdaterClass::place(void *ctx, ud_command command, uint32_t size, ud_placement *placement)
{
    UpdaterClass *updater = static_cast<UpdaterClass *>(ctx);
    const ud_target &target = updater->target_;
    const int error = target.methods->place(target.ctx, command, size, placement);

    if (error != UD_OK)
        return error;
    return updater->allocateBuffer() ? UD_OK : UD_ERR_MEMORY;
}

int UpdaterClass::open(void *ctx, const ud_placement *placement, const uint8_t *first,
                       uint32_t length)
{
    const ud_target &target = static_cast<UpdaterClass *>(ctx)->target_;

    return target.methods->open(target.ctx, placement, first, length);
}

int UpdaterClass::commit(void *ctx, ud_command command, const ud_placement *placement,
                         uint32_t size)
{
    const ud_target &target = static_cast<UpdaterClass *>(ctx)->target_;

    return target.methods->commit(target.ctx, command, placement, size);
}

const ud_target_class UpdaterClass::targetMethods = {ready, place, open, commit};

/* ---- What the engine tells ---- */

void UpdaterClass::light(bool isOn)
{
    isLit_ = isOn;
    if (ledPin_ >= 0)
        digitalWrite(static_cast<uint8_t>(ledPin_), isOn ? ledOn_ : !ledOn_);
}

/* Things are as they were before the update. */
void UpdaterClass::finish()
{
    freeBuffer();
    light(false);
    ledPin_ = -1;
    WiFi.setSleepMode(sleep_);
}

void UpdaterClass::setLed(int pin, uint8_t on)
{
    ledPin_ = pin;
    ledOn_ = on;
    if (pin >= 0)
        pinMode(static_cast<uint8_t>(pin), OUTPUT);
}

void UpdaterClass::started(void *ctx)
{
    UpdaterClass *updater = static_cast<UpdaterClass *>(ctx);

    updater->sleep_ = WiFi.getSleepMode();
    WiFi.setSleepMode(WIFI_NONE_SLEEP); /* a radio that sleeps takes a file slowly */
    if (updater->onStart_)
        updater->onStart_();
    if (updater->listener_ != nullptr)
        updater->listener_->updateStarted();
}

void UpdaterClass::progressed(void *ctx, uint32_t done, uint32_t total)
{
    UpdaterClass *updater = static_cast<UpdaterClass *>(ctx);

    updater->light(!updater->isLit_);
    if (updater->onProgress_)
        updater->onProgress_(done, total);
    if (updater->listener_ != nullptr)
        updater->listener_->updateProgressed(done, total);
    if (!updater->isAsync_)
        yield();
}

void UpdaterClass::ended(void *ctx)
{
    UpdaterClass *updater = static_cast<UpdaterClass *>(ctx);

    updater->finish();
    if (updater->onEnd_)
        updater->onEnd_();
}

void UpdaterClass::failed(void *ctx, int error)
{
    UpdaterClass *updater = static_cast<UpdaterClass *>(ctx);

    updater->finish();
    if (updater->onError_)
        updater->onError_(ud_updater_error_number(error));
}

/* ---- A session ---- */

ud_updater_config UpdaterClass::engineConfig()
{
    ud_updater_config config = {};

    config.flash = board().flash();
    config.target = target_;
    config.target.methods = &targetMethods;
    config.target.ctx = this;
    config.md5 = &ud_md5;
    config.verifier = installedVerifier();
    config.events.ctx = this;
    config.events.start = started;
    config.events.progress = progressed;
    config.events.end = ended;
    config.events.error = failed;
    return config;
}

ud_updater *UpdaterClass::engine()
{
    if (isReady_)
        return &session_;
    if (!board().open())
        return nullptr;
    target_ = ud_staging_target(board().staging());
    const ud_updater_config config = engineConfig();
    isReady_ = ud_updater_init(&session_, &config) == UD_OK;
    return isReady_ ? &session_ : nullptr;
}

bool UpdaterClass::begin(size_t size, int command, int ledPin, uint8_t ledOn)
{
    if (engine() == nullptr) {
        refusal_ = UD_ERR_FLASH_CONFIG;
        return false;
    }
    if (!isRunning())
        setLed(ledPin, ledOn);
    refusal_ =
        ud_updater_begin(&session_, static_cast<ud_command>(command), static_cast<uint32_t>(size));
    return refusal_ == UD_OK;
}

size_t UpdaterClass::write(uint8_t *data, size_t length)
{
    refusal_ = UD_OK;
    return ud_updater_write(&session_, data, static_cast<uint32_t>(length)) == UD_OK ? length : 0;
}

/* What is there of the stream, up to a piece. */
size_t UpdaterClass::takePiece(Stream &data)
{
    uint8_t piece[PIECE_BYTES];
    const int available = data.available();
    size_t count = available > 0 ? static_cast<size_t>(available) : 0;

    count = count < sizeof piece ? count : sizeof piece;
    count = count < remaining() ? count : remaining();
    return count > 0 ? write(piece, data.readBytes(piece, count)) : 0;
}

size_t UpdaterClass::writeStream(Stream &data, uint16_t timeout)
{
    uint32_t heard = millis();
    size_t written = 0;

    while (isRunning() && remaining() > 0) {
        const size_t count = takePiece(data);
        written += count;
        if (count > 0)
            heard = millis();
        else if (millis() - heard >= timeout)
            ud_updater_abort(&session_, UD_ERR_TIMEOUT);
        else if (!isAsync_)
            delay(1);
    }
    return written;
}

bool UpdaterClass::end(bool evenIfRemaining)
{
    refusal_ = UD_OK;
    if (evenIfRemaining && ud_updater_truncate(&session_) != UD_OK)
        return false;
    return ud_updater_end(&session_) == UD_OK;
}

void UpdaterClass::abort()
{
    ud_updater_abort(&session_, UD_ERR_ABORTED);
}

/* ---- Digests and signatures ---- */

bool UpdaterClass::setMD5(const char *md5)
{
    return ud_updater_expect_md5(&session_, md5) == UD_OK;
}

String UpdaterClass::md5String() const
{
    char digits[UD_UPDATER_MD5_TEXT];

    ud_hex_encode(session_.actual, UD_MD5_SIZE, digits);
    return String(digits);
}

void UpdaterClass::md5(uint8_t *result) const
{
    memcpy(result, session_.actual, UD_MD5_SIZE);
}

void UpdaterClass::installSignature(UpdaterHashClass *hash, UpdaterVerifyClass *verify)
{
    verifier_ = verify;
    installSignature(hash, &verifier_, verify != nullptr ? 1 : 0);
}

void UpdaterClass::installSignature(UpdaterHashClass *hash, UpdaterVerifyClass *const *verifiers,
                                    size_t count)
{
    installVerifiers(hash, verifiers, count);
    session_.config.verifier = installedVerifier();
}

/* ---- Callbacks ---- */

UpdaterClass &UpdaterClass::onStart(THandlerFunction call)
{
    onStart_ = call;
    return *this;
}

UpdaterClass &UpdaterClass::onEnd(THandlerFunction call)
{
    onEnd_ = call;
    return *this;
}

UpdaterClass &UpdaterClass::onError(THandlerFunction_Error call)
{
    onError_ = call;
    return *this;
}

UpdaterClass &UpdaterClass::onProgress(THandlerFunction_Progress call)
{
    onProgress_ = call;
    return *this;
}

/* ---- Errors ---- */

uint8_t UpdaterClass::getError() const
{
    return ud_updater_error_number(error());
}

static String lineOf(const ud_updater &session, int error)
{
    char line[UD_MESSAGE_MAX];

    ud_updater_error_line(&session, error, line, sizeof line);
    return String(line);
}

/* The line without its "ERROR[n]: ". */
String UpdaterClass::getErrorString() const
{
    const String line = lineOf(session_, error());

    return line.substring(static_cast<unsigned>(line.indexOf(' ')) + 1);
}

void UpdaterClass::printError(Print &out) const
{
    out.println(lineOf(session_, error()));
}

void UpdaterClass::clearError()
{
    refusal_ = UD_OK;
    if (!isRunning())
        session_.error = UD_OK;
}

/* ---- Trials ---- */

bool UpdaterClass::isOnTrial()
{
    ud_trial trial;

    return board().open() && ud_trial_load(board().flash(), &trial) == UD_OK && trial.is_open;
}

bool UpdaterClass::confirm()
{
    return board().open() && ud_trial_confirm(board().flash()) == UD_OK;
}

} // namespace updraft
