/* ESPhttpUpdate by the engine: asks an HTTP server for a newer sketch or file system.
 *
 * All of it is before the client, which is the sketch's: a WiFiClient, or for https a
 * WiFiClientSecure that knows whom to trust.
 */
#ifndef UPDRAFT_ARDUINO_HTTP_UPDATE_H
#define UPDRAFT_ARDUINO_HTTP_UPDATE_H

#include "engines.h"
#include "updater.h"

#include <Arduino.h>
#include <ESP8266HTTPClient.h>
#include <WiFiClient.h>
#include <functional>

namespace updraft
{

class Carrier;

enum HTTPUpdateResult {
    HTTP_UPDATE_FAILED = UD_PULL_FAILED,
    HTTP_UPDATE_NO_UPDATES = UD_PULL_NO_UPDATES,
    HTTP_UPDATE_OK = UD_PULL_OK,
};
using t_httpUpdate_return = HTTPUpdateResult;

using HTTPUpdateStartCB = std::function<void()>;
using HTTPUpdateEndCB = std::function<void()>;
using HTTPUpdateErrorCB = std::function<void(int)>;
using HTTPUpdateProgressCB = std::function<void(int, int)>;

class ESP8266HTTPUpdate : private UpdateListener
{
  public:
    ESP8266HTTPUpdate() = default;
    /* Milliseconds of silence that end an update. */
    explicit ESP8266HTTPUpdate(int timeout) : timeout_(static_cast<uint32_t>(timeout))
    {
    }

    /* Restart once a sketch is staged; on at first. */
    void rebootOnUpdate(bool reboot)
    {
        rebootOnUpdate_ = reboot;
    }
    /* End all other connections once an update begins; on at first. */
    void closeConnectionsOnUpdate(bool close)
    {
        closesConnections_ = close;
    }
    void setFollowRedirects(followRedirects_t follow)
    {
        redirects_ = follow;
    }
    void setLedPin(int pin = -1, uint8_t on = HIGH);
    /* 32 digits; in place of what the server says. */
    void setMD5sum(const String &md5)
    {
        md5_ = md5;
    }
    void setAuthorization(const String &user, const String &password);
    /* Base64 of "user:password". */
    void setAuthorization(const String &credentials);
    void setClientTimeout(int timeout)
    {
        timeout_ = static_cast<uint32_t>(timeout);
    }

    t_httpUpdate_return update(WiFiClient &client, const String &url,
                               const String &currentVersion = "");
    t_httpUpdate_return update(WiFiClient &client, const String &host, uint16_t port,
                               const String &uri = "/", const String &currentVersion = "");
    t_httpUpdate_return updateFS(WiFiClient &client, const String &url,
                                 const String &currentVersion = "");
    t_httpUpdate_return updateFS(WiFiClient &client, const String &host, uint16_t port,
                                 const String &uri = "/", const String &currentVersion = "");

    /* The same as the documents write it: over a connection of their own, without TLS. */
    t_httpUpdate_return update(const String &url, const String &currentVersion = "");
    t_httpUpdate_return update(const String &host, uint16_t port, const String &uri = "/",
                               const String &currentVersion = "");
    t_httpUpdate_return updateFS(const String &url, const String &currentVersion = "");

    /* Over a client that was given its URL with begin(), headers of the sketch's own and whatever
     * else; it is ended afterwards. */
    t_httpUpdate_return update(HTTPClient &http, const String &currentVersion = "");
    t_httpUpdate_return updateFS(HTTPClient &http, const String &currentVersion = "");

    /* Only asks: HTTP_UPDATE_OK and what the server has. */
    t_httpUpdate_return getAvailableVersion(WiFiClient &client, const String &url,
                                            const String &currentVersion, String &availableVersion);

    void onStart(HTTPUpdateStartCB call)
    {
        onStart_ = call;
    }
    void onEnd(HTTPUpdateEndCB call)
    {
        onEnd_ = call;
    }
    void onError(HTTPUpdateErrorCB call)
    {
        onError_ = call;
    }
    void onProgress(HTTPUpdateProgressCB call)
    {
        onProgress_ = call;
    }

    int getLastError() const
    {
        return ud_pull_error_number(lastError_);
    }
    String getLastErrorString() const;

  private:
    struct Texts; /* that the engine's config points to */

    void updateStarted() override;
    void updateProgressed(uint32_t done, uint32_t total) override;
    ud_pull_config engineConfig(ud_pull_mode mode, Texts &texts) const;
    t_httpUpdate_return pull(WiFiClient &client, const String &url, const String &currentVersion,
                             ud_pull_mode mode, String *availableVersion);
    t_httpUpdate_return pull(Carrier &carrier, const String &url, const String &currentVersion,
                             ud_pull_mode mode, String *availableVersion);
    t_httpUpdate_return run(ud_pull &engine, Carrier &carrier, const String &url);
    t_httpUpdate_return finish(t_httpUpdate_return result, ud_pull_mode mode);

    bool rebootOnUpdate_ = true;
    bool closesConnections_ = true;
    followRedirects_t redirects_ = HTTPC_DISABLE_FOLLOW_REDIRECTS;
    uint32_t timeout_ = UD_PULL_TIMEOUT_MS;
    int ledPin_ = -1;
    uint8_t ledOn_ = HIGH;
    int lastError_ = UD_OK; /* of the last update: an enum ud_error */
    String md5_;
    String user_;
    String password_;
    String authorization_;
    HTTPUpdateStartCB onStart_;
    HTTPUpdateEndCB onEnd_;
    HTTPUpdateErrorCB onError_;
    HTTPUpdateProgressCB onProgress_;
};

extern ESP8266HTTPUpdate ESPhttpUpdate;

} // namespace updraft

#endif
