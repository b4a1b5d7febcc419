#include "ota.h"

#include "connection.h"

#include <ESP8266WiFi.h>
#include <ESP8266mDNS.h>

namespace updraft
{

ArduinoOTAClass ArduinoOTA;

using Peer = struct ud_espota_peer; /* there is a function of that name, too */

constexpr size_t DATAGRAM_BYTES = 256; /* longer than any that means something */

/* ---- What the engine tells ---- */

void ArduinoOTAClass::updateStarted()
{
    if (onStart_)
        onStart_();
}

void ArduinoOTAClass::updateProgressed(uint32_t done, uint32_t total)
{
    if (onProgress_)
        onProgress_(done, total);
}

void ArduinoOTAClass::failed(void *ctx, ud_espota_failure failure)
{
    ArduinoOTAClass *ota = static_cast<ArduinoOTAClass *>(ctx);

    if (ota->onError_)
        ota->onError_(static_cast<ota_error_t>(failure));
}

void ArduinoOTAClass::succeeded(void *ctx)
{
    ArduinoOTAClass *ota = static_cast<ArduinoOTAClass *>(ctx);

    if (ota->onEnd_)
        ota->onEnd_();
}

int ArduinoOTAClass::eraseSettings(void *)
{
    return ESP.eraseConfig() ? UD_OK : UD_ERR_FLASH_ERASE;
}

/* ---- Life ---- */

/* As with the core, the first password stays. */
void ArduinoOTAClass::setPassword(const char *password)
{
    if (password != nullptr && password_.length() == 0 && hash_.length() == 0)
        password_ = password;
}

void ArduinoOTAClass::setPasswordHash(const char *hash)
{
    if (hash != nullptr && password_.length() == 0 && hash_.length() == 0)
        hash_ = hash;
}

ud_espota_config ArduinoOTAClass::engineConfig()
{
    ud_espota_config config = {};

    config.updater = UpdraftUpdate.engine();
    config.digest = &ud_md5;
    config.password = password_.length() != 0 ? password_.c_str() : nullptr;
    config.password_hash = hash_.length() != 0 ? hash_.c_str() : nullptr;
    config.stays_up = !rebootOnSuccess_;
    config.erase_settings = erase_ != OTA_ERASE_CFG_NO ? eraseSettings : nullptr;
    config.needs_erase = erase_ == OTA_ERASE_CFG_ABORT_ON_ERROR;
    config.events.ctx = this;
    config.events.error = failed;
    config.events.end = succeeded;
    return config;
}

void ArduinoOTAClass::listen()
{
    closings_ = board().closings();
    udp_.begin(port_);
}

void ArduinoOTAClass::announce()
{
    if (MDNS.begin(hostname_.c_str()))
        MDNS.enableArduino(port_, password_.length() != 0 || hash_.length() != 0);
}

static String defaultHostname()
{
    uint8_t mac[6];
    char name[UD_SERVICE_NAME_MAX];

    WiFi.macAddress(mac);
    ud_service_name(UD_CHIP_ESP8266, mac, name);
    return String(name);
}

void ArduinoOTAClass::begin(bool useMDNS)
{
    const ud_espota_config config = engineConfig();

    if (isOpen_ || config.updater == nullptr || ud_espota_init(&engine_, &config) != UD_OK)
        return;
    if (hostname_.length() == 0)
        hostname_ = defaultHostname();
    WiFi.hostname(hostname_.c_str());
    isOpen_ = true;
    usesMDNS_ = useMDNS;
    listen();
    if (useMDNS)
        announce();
}

void ArduinoOTAClass::end()
{
    if (!isOpen_)
        return;
    ud_espota_abort(&engine_);
    close();
    udp_.stop();
    if (usesMDNS_)
        MDNS.end();
    isOpen_ = false;
}

/* ---- Datagrams ---- */

static Peer peerOf(const IPAddress &address, uint16_t port)
{
    Peer peer = {};

    for (int i = 0; i < 4; i++)
        peer.address[i] = address[i];
    peer.port = port;
    return peer;
}

static IPAddress addressOf(const Peer &peer)
{
    return IPAddress(peer.address[0], peer.address[1], peer.address[2], peer.address[3]);
}

bool ArduinoOTAClass::takeDatagram()
{
    uint8_t data[DATAGRAM_BYTES];
    uint8_t random[UD_ESPOTA_RANDOM];

    if (udp_.parsePacket() <= 0)
        return false;
    const int length = udp_.read(data, sizeof data);
    if (length <= 0)
        return true;
    const Peer from = peerOf(udp_.remoteIP(), udp_.remotePort());
    Board::random(random, sizeof random);
    ud_espota_datagram(&engine_, &from, data, static_cast<uint32_t>(length), random, millis());
    return true;
}

/* One that cannot be sent is as good as lost: the uploader asks again. */
void ArduinoOTAClass::reply()
{
    const Peer &to = *ud_espota_peer(&engine_);
    uint32_t length;
    const void *text = ud_espota_send_buffer(&engine_, &length);

    udp_.beginPacket(addressOf(to), to.port);
    udp_.write(static_cast<const uint8_t *>(text), length);
    udp_.endPacket();
    ud_espota_sent(&engine_, length, millis());
}

/* ---- The connection ---- */

void ArduinoOTAClass::connect()
{
    const Peer endpoint = ud_espota_endpoint(&engine_);

    if (!client_.connect(addressOf(endpoint), endpoint.port)) {
        ud_espota_connection_failed(&engine_);
        return;
    }
    client_.setNoDelay(true); /* counts are short, and the uploader may wait for each */
    ud_espota_connected(&engine_, millis());
}

void ArduinoOTAClass::send()
{
    uint32_t length;
    const void *text = ud_espota_send_buffer(&engine_, &length);
    const uint32_t sent = sendSome(client_, text, length);

    if (sent > 0)
        ud_espota_sent(&engine_, sent, millis());
    else if (isOver(client_))
        ud_espota_peer_closed(&engine_, millis());
}

void ArduinoOTAClass::receive()
{
    uint8_t bytes[RECEIVE_BYTES];
    const uint32_t count = receiveSome(client_, bytes);

    if (count > 0)
        ud_espota_received(&engine_, bytes, count, millis());
    else if (isOver(client_))
        ud_espota_peer_closed(&engine_, millis());
    else
        delay(1);
}

void ArduinoOTAClass::close()
{
    client_.stop();
    ud_espota_closed(&engine_);
}

/* ---- The loop's side ---- */

void ArduinoOTAClass::serve(unsigned want)
{
    if (want & UD_ESPOTA_REPLY)
        reply();
    else if (want & UD_ESPOTA_CLOSE)
        close();
    else if (want & UD_ESPOTA_CONNECT)
        connect();
    else {
        if (want & UD_ESPOTA_SEND)
            send();
        if (want & UD_ESPOTA_RECEIVE)
            receive();
    }
    ud_espota_tick(&engine_, millis());
    yield();
}

void ArduinoOTAClass::handle()
{
    if (!isOpen_)
        return;
    if (closings_ != board().closings())
        listen();
    UpdaterClass::Listening listening(UpdraftUpdate, *this);
    while (takeDatagram() || ud_espota_want(&engine_) != 0) {
        const unsigned want = ud_espota_want(&engine_);
        if (want & UD_ESPOTA_RESTART)
            ESP.restart();
        serve(want);
    }
    ud_espota_tick(&engine_, millis());
    if (usesMDNS_)
        MDNS.update();
}

} // namespace updraft
