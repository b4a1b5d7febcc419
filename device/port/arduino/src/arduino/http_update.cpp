#include "http_update.h"

#include "carrier.h"

#include <ESP8266WiFi.h>
#include <new>

namespace updraft
{

ESP8266HTTPUpdate ESPhttpUpdate;

/* ---- What the engine tells ---- */

void ESP8266HTTPUpdate::updateStarted()
{
    if (onStart_)
        onStart_();
}

void ESP8266HTTPUpdate::updateProgressed(uint32_t done, uint32_t total)
{
    if (onProgress_)
        onProgress_(static_cast<int>(done), static_cast<int>(total));
}

/* ---- Settings ---- */

void ESP8266HTTPUpdate::setLedPin(int pin, uint8_t on)
{
    ledPin_ = pin;
    ledOn_ = on;
}

void ESP8266HTTPUpdate::setAuthorization(const String &user, const String &password)
{
    user_ = user;
    password_ = password;
}

void ESP8266HTTPUpdate::setAuthorization(const String &credentials)
{
    user_ = "";
    password_ = "";
    authorization_ = String("Basic ") + credentials;
}

/* ---- What the device says of itself ---- */

struct ESP8266HTTPUpdate::Texts {
    explicit Texts(const String &currentVersion)
        : stationMac(WiFi.macAddress()), accessPointMac(WiFi.softAPmacAddress()),
          sketchMD5(ESP.getSketchMD5()), version(currentVersion)
    {
    }
    const String stationMac;
    const String accessPointMac;
    const String sketchMD5;
    const String version;
    char location[UD_PULL_URL_MAX]; /* where a redirect leads */
};

ud_pull_config ESP8266HTTPUpdate::engineConfig(ud_pull_mode mode, Texts &texts) const
{
    ud_pull_config config = {};

    config.chip = UD_CHIP_ESP8266;
    config.identity.chip_id = ESP.getChipId();
    config.identity.sta_mac = texts.stationMac.c_str();
    config.identity.ap_mac = texts.accessPointMac.c_str();
    config.identity.free_space = board().freeSpace();
    config.identity.sketch_size = ESP.getSketchSize();
    config.identity.sketch_md5 = texts.sketchMD5.c_str();
    config.identity.chip_size = board().flash()->size;
    config.identity.sdk_version = ESP.getSdkVersion();
    config.identity.abilities = "gzip"; /* both bootloaders decompress */
    config.updater = UpdraftUpdate.engine();
    config.version = texts.version.c_str();
    config.expected_md5 = md5_.length() != 0 ? md5_.c_str() : nullptr;
    config.user = user_.c_str();
    config.password = password_.c_str();
    config.authorization = authorization_.length() != 0 ? authorization_.c_str() : nullptr;
    config.mode = mode;
    config.redirects = redirects_ == HTTPC_DISABLE_FOLLOW_REDIRECTS ? nullptr : &ud_pull_follow;
    config.location = texts.location;
    config.timeout_ms = timeout_;
    config.filesystem_space = Board::filesystemSpace();
    config.can_tls = true; /* if the client can */
    config.keep_other_connections = !closesConnections_;
    return config;
}

/* ---- Driving the engine ---- */

t_httpUpdate_return ESP8266HTTPUpdate::run(ud_pull &engine, Carrier &carrier, const String &url)
{
    UpdaterClass::Listening listening(UpdraftUpdate, *this);
    unsigned want;

    UpdraftUpdate.setLed(ledPin_, ledOn_);
    carrier.setTimeout(timeout_);
    lastError_ = ud_pull_begin(&engine, url.c_str(), millis());
    if (lastError_ != UD_OK)
        return HTTP_UPDATE_FAILED;
    while (((want = ud_pull_want(&engine)) & UD_PULL_FINISHED) == 0) {
        carrier.serve(engine, want);
        ud_pull_tick(&engine, millis());
        yield();
    }
    lastError_ = ud_pull_error(&engine);
    return static_cast<t_httpUpdate_return>(ud_pull_result(&engine));
}

/* Where file systems are written in place, nothing waits for a restart. */
static bool needsRestart(ud_pull_mode mode)
{
#ifdef ATOMIC_FS_UPDATE
    return mode != UD_PULL_VERSION;
#else
    return mode == UD_PULL_SKETCH;
#endif
}

t_httpUpdate_return ESP8266HTTPUpdate::finish(t_httpUpdate_return result, ud_pull_mode mode)
{
    if (result == HTTP_UPDATE_FAILED && onError_)
        onError_(getLastError());
    if (result != HTTP_UPDATE_OK || mode == UD_PULL_VERSION)
        return result;
    if (onEnd_)
        onEnd_();
    if (rebootOnUpdate_ && needsRestart(mode))
        ESP.restart();
    return result;
}

t_httpUpdate_return ESP8266HTTPUpdate::pull(Carrier &carrier, const String &url,
                                            const String &currentVersion, ud_pull_mode mode,
                                            String *availableVersion)
{
    ud_pull *engine = new (std::nothrow) ud_pull; /* more than the stack should take */
    t_httpUpdate_return result = HTTP_UPDATE_FAILED;

    if (engine == nullptr) {
        lastError_ = UD_ERR_MEMORY;
        return finish(result, mode);
    }
    const bool isReady = UpdraftUpdate.engine() != nullptr;
    Texts texts(currentVersion);
    const ud_pull_config config = engineConfig(mode, texts);
    lastError_ = isReady ? ud_pull_init(engine, &config) : UD_ERR_FLASH_CONFIG;
    if (lastError_ == UD_OK)
        result = run(*engine, carrier, url);
    if (availableVersion != nullptr && result == HTTP_UPDATE_OK)
        *availableVersion = ud_pull_available_version(engine);
    delete engine;
    return finish(result, mode);
}

t_httpUpdate_return ESP8266HTTPUpdate::pull(WiFiClient &client, const String &url,
                                            const String &currentVersion, ud_pull_mode mode,
                                            String *availableVersion)
{
    ConnectionCarrier carrier(client);

    return pull(carrier, url, currentVersion, mode, availableVersion);
}

/* ---- The documented forms ---- */

/* Whether TLS is spoken is up to the client. */
static String urlOf(const String &host, uint16_t port, const String &uri)
{
    const char *slash = uri.startsWith("/") ? "" : "/";

    return String("http://") + host + ":" + String(port) + slash + uri;
}

t_httpUpdate_return ESP8266HTTPUpdate::update(WiFiClient &client, const String &url,
                                              const String &currentVersion)
{
    return pull(client, url, currentVersion, UD_PULL_SKETCH, nullptr);
}

t_httpUpdate_return ESP8266HTTPUpdate::update(WiFiClient &client, const String &host, uint16_t port,
                                              const String &uri, const String &currentVersion)
{
    return pull(client, urlOf(host, port, uri), currentVersion, UD_PULL_SKETCH, nullptr);
}

t_httpUpdate_return ESP8266HTTPUpdate::updateFS(WiFiClient &client, const String &url,
                                                const String &currentVersion)
{
    return pull(client, url, currentVersion, UD_PULL_FILESYSTEM, nullptr);
}

t_httpUpdate_return ESP8266HTTPUpdate::updateFS(WiFiClient &client, const String &host,
                                                uint16_t port, const String &uri,
                                                const String &currentVersion)
{
    return pull(client, urlOf(host, port, uri), currentVersion, UD_PULL_FILESYSTEM, nullptr);
}

t_httpUpdate_return ESP8266HTTPUpdate::update(const String &url, const String &currentVersion)
{
    WiFiClient client;

    return update(client, url, currentVersion);
}

t_httpUpdate_return ESP8266HTTPUpdate::update(const String &host, uint16_t port, const String &uri,
                                              const String &currentVersion)
{
    WiFiClient client;

    return update(client, host, port, uri, currentVersion);
}

t_httpUpdate_return ESP8266HTTPUpdate::updateFS(const String &url, const String &currentVersion)
{
    WiFiClient client;

    return updateFS(client, url, currentVersion);
}

t_httpUpdate_return ESP8266HTTPUpdate::getAvailableVersion(WiFiClient &client, const String &url,
                                                           const String &currentVersion,
                                                           String &availableVersion)
{
    return pull(client, url, currentVersion, UD_PULL_VERSION, &availableVersion);
}

String ESP8266HTTPUpdate::getLastErrorString() const
{
    char text[UD_MESSAGE_MAX];

    ud_pull_error_text(lastError_, UpdraftUpdate.session(), text, sizeof text);
    return String(text);
}

} // namespace updraft
