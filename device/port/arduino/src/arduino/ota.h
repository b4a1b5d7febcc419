/* ArduinoOTA by the engine: uploads from the IDE, espota.py and `updraft push`. */
#ifndef UPDRAFT_ARDUINO_OTA_H
#define UPDRAFT_ARDUINO_OTA_H

#include "engines.h"
#include "updater.h"

#include <Arduino.h>
#include <WiFiClient.h>
#include <WiFiUdp.h>
#include <functional>

namespace updraft
{

enum ota_error_t {
    OTA_AUTH_ERROR = UD_ESPOTA_AUTH_FAILED,
    OTA_BEGIN_ERROR = UD_ESPOTA_BEGIN_FAILED,
    OTA_CONNECT_ERROR = UD_ESPOTA_CONNECT_FAILED,
    OTA_RECEIVE_ERROR = UD_ESPOTA_RECEIVE_FAILED,
    OTA_END_ERROR = UD_ESPOTA_END_FAILED,
    OTA_ERASE_SETTINGS_ERROR = UD_ESPOTA_ERASE_FAILED,
};

/* What becomes of the SDK's settings once an update has been taken. */
enum ota_erase_cfg_t {
    OTA_ERASE_CFG_NO,
    OTA_ERASE_CFG_IGNORE_ERROR,
    OTA_ERASE_CFG_ABORT_ON_ERROR, /* the update is withdrawn when they cannot be erased */
};

class ArduinoOTAClass : private UpdateListener
{
  public:
    using THandlerFunction = std::function<void()>;
    using THandlerFunction_Error = std::function<void(ota_error_t)>;
    using THandlerFunction_Progress = std::function<void(unsigned, unsigned)>;

    /* All before begin(). The hash is the MD5 of the password, as 32 digits. */
    void setPort(uint16_t port)
    {
        port_ = port;
    }
    void setHostname(const char *hostname)
    {
        hostname_ = hostname;
    }
    void setPassword(const char *password);
    void setPasswordHash(const char *hash);
    void setRebootOnSuccess(bool reboot)
    {
        rebootOnSuccess_ = reboot;
    }
    void setEraseConfig(ota_erase_cfg_t erase = OTA_ERASE_CFG_ABORT_ON_ERROR)
    {
        erase_ = erase;
    }

    void onStart(THandlerFunction call)
    {
        onStart_ = call;
    }
    void onEnd(THandlerFunction call)
    {
        onEnd_ = call;
    }
    void onError(THandlerFunction_Error call)
    {
        onError_ = call;
    }
    void onProgress(THandlerFunction_Progress call)
    {
        onProgress_ = call;
    }

    /* Listens, and is found by the IDE if there is mDNS. */
    void begin(bool useMDNS = true);
    void end();

    /* Call it from loop(). While an upload is under way it returns when that is over. */
    void handle();

    String getHostname() const
    {
        return hostname_;
    }
    int getCommand() const
    {
        return UpdraftUpdate.command();
    }

  private:
    void updateStarted() override;
    void updateProgressed(uint32_t done, uint32_t total) override;
    static void failed(void *ctx, ud_espota_failure failure);
    static void succeeded(void *ctx);
    static int eraseSettings(void *ctx);

    ud_espota_config engineConfig();
    void listen();
    void announce();
    bool takeDatagram();
    void reply();
    void connect();
    void send();
    void receive();
    void close();
    void serve(unsigned want);

    uint16_t port_ = UD_ESPOTA_PORT_ESP8266;
    ota_erase_cfg_t erase_ = OTA_ERASE_CFG_NO;
    bool rebootOnSuccess_ = true;
    bool usesMDNS_ = false;
    bool isOpen_ = false;
    unsigned closings_ = 0; /* the board's, when the port was opened */
    String hostname_;
    String password_;
    String hash_;
    WiFiUDP udp_;
    WiFiClient client_;
    ud_espota engine_ = {};
    THandlerFunction onStart_;
    THandlerFunction onEnd_;
    THandlerFunction_Error onError_;
    THandlerFunction_Progress onProgress_;
};

extern ArduinoOTAClass ArduinoOTA;

} // namespace updraft

#endif
