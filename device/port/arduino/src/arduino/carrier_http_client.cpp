/* In a file of its own: sketches that give no HTTPClient link nothing of it. */
#include "board.h"
#include "carrier.h"
#include "http_update.h"

namespace updraft
{

#define TIMEOUT_MAX_MS 65535u /* the client counts it in 16 bits */

/* What the client is to remember of the answer. */
static const char *const kept[] = {"x-MD5", "x-version"};

#define KEPT (sizeof kept / sizeof kept[0])

void HTTPClientCarrier::setTimeout(uint32_t milliseconds)
{
    http_.setTimeout(
        static_cast<uint16_t>(milliseconds < TIMEOUT_MAX_MS ? milliseconds : TIMEOUT_MAX_MS));
}

void HTTPClientCarrier::prepare()
{
    const char *names[KEPT];

    for (size_t i = 0; i < KEPT; i++)
        names[i] = kept[i];
    http_.useHTTP10(true);
    http_.setFollowRedirects(redirects_);
    http_.setUserAgent("ESP8266-http-Update");
    http_.collectHeaders(names, KEPT);
}

/* The client writes Host, Connection and User-Agent itself and passes over the engine's. */
void HTTPClientCarrier::addLine()
{
    const int colon = line_.indexOf(':');

    if (colon > 0 && !line_.startsWith("GET "))
        http_.addHeader(line_.substring(0, colon), line_.substring(colon + 2));
    line_ = "";
}

void HTTPClientCarrier::takeRequest(ud_pull &engine)
{
    uint32_t length;
    const char *bytes = static_cast<const char *>(ud_pull_send_buffer(&engine, &length));

    for (uint32_t i = 0; i < length; i++) {
        if (bytes[i] == '\n')
            addLine();
        else if (bytes[i] != '\r')
            line_ += bytes[i];
    }
    ud_pull_sent(&engine, length, millis());
}

String HTTPClientCarrier::headOf(int status)
{
    String head = String("HTTP/1.0 ") + String(status) + "\r\n";

    if (http_.getSize() >= 0)
        head += String("Content-Length: ") + String(http_.getSize()) + "\r\n";
    for (size_t i = 0; i < KEPT; i++)
        if (http_.hasHeader(kept[i]))
            head += String(kept[i]) + ": " + http_.header(kept[i]) + "\r\n";
    return head + "\r\n";
}

static int errorOf(int code)
{
    switch (code) {
    case HTTPC_ERROR_CONNECTION_FAILED:
    case HTTPC_ERROR_NOT_CONNECTED:
        return UD_ERR_HTTP_CONNECT;
    case HTTPC_ERROR_SEND_HEADER_FAILED:
        return UD_ERR_HTTP_SEND;
    case HTTPC_ERROR_NO_HTTP_SERVER:
        return UD_ERR_HTTP_NOT_HTTP;
    case HTTPC_ERROR_ENCODING:
        return UD_ERR_HTTP_ENCODING;
    case HTTPC_ERROR_READ_TIMEOUT:
        return UD_ERR_HTTP_TIMEOUT;
    default:
        return UD_ERR_HTTP_LOST;
    }
}

void HTTPClientCarrier::ask(ud_pull &engine)
{
    const int status = http_.GET();

    hasAsked_ = true;
    if (status <= 0) {
        ud_pull_broken(&engine, errorOf(status));
        return;
    }
    const String head = headOf(status);
    ud_pull_received(&engine, head.c_str(), head.length(), millis());
}

void HTTPClientCarrier::serve(ud_pull &engine, unsigned want)
{
    if (want & UD_PULL_CLOSE) {
        http_.end();
        ud_pull_closed(&engine, millis());
    } else if (want & UD_PULL_CLOSE_OTHERS) {
        board().closeConnections(*http_.getStreamPtr());
        ud_pull_others_closed(&engine, millis());
    } else if ((want & UD_PULL_CONNECT) && hasAsked_) {
        ud_pull_connection_failed(&engine); /* redirects are the client's to follow */
    } else if (want & UD_PULL_CONNECT) {
        prepare();
        ud_pull_connected(&engine, millis());
    } else if (want & UD_PULL_SEND) {
        takeRequest(engine);
    } else if (!hasAsked_) {
        ask(engine);
    } else {
        receive(engine, *http_.getStreamPtr());
    }
}

/* ---- The documented forms ---- */

/* The client knows where to ask; the engine only has to have a URL. */
#define CARRIED_URL "http://carried/"

t_httpUpdate_return ESP8266HTTPUpdate::update(HTTPClient &http, const String &currentVersion)
{
    HTTPClientCarrier carrier(http, redirects_);

    return pull(carrier, CARRIED_URL, currentVersion, UD_PULL_SKETCH, nullptr);
}

t_httpUpdate_return ESP8266HTTPUpdate::updateFS(HTTPClient &http, const String &currentVersion)
{
    HTTPClientCarrier carrier(http, redirects_);

    return pull(carrier, CARRIED_URL, currentVersion, UD_PULL_FILESYSTEM, nullptr);
}

} // namespace updraft
