#ifndef CORE_ESP8266HTTPCLIENT_H
#define CORE_ESP8266HTTPCLIENT_H

#include "WiFiClient.h"

#define HTTPC_ERROR_CONNECTION_FAILED   (-1)
#define HTTPC_ERROR_SEND_HEADER_FAILED  (-2)
#define HTTPC_ERROR_SEND_PAYLOAD_FAILED (-3)
#define HTTPC_ERROR_NOT_CONNECTED       (-4)
#define HTTPC_ERROR_CONNECTION_LOST     (-5)
#define HTTPC_ERROR_NO_STREAM           (-6)
#define HTTPC_ERROR_NO_HTTP_SERVER      (-7)
#define HTTPC_ERROR_TOO_LESS_RAM        (-8)
#define HTTPC_ERROR_ENCODING            (-9)
#define HTTPC_ERROR_STREAM_WRITE        (-10)
#define HTTPC_ERROR_READ_TIMEOUT        (-11)

enum followRedirects_t {
    HTTPC_DISABLE_FOLLOW_REDIRECTS,
    HTTPC_STRICT_FOLLOW_REDIRECTS,
    HTTPC_FORCE_FOLLOW_REDIRECTS,
};

/* GET of an http:// URL, without redirects. */
class HTTPClient
{
  public:
    bool begin(WiFiClient &client, const String &url);
    void end();

    void useHTTP10(bool isOn = true);
    void setUserAgent(const String &name);
    void setTimeout(uint16_t milliseconds);
    void setFollowRedirects(followRedirects_t follow);
    void addHeader(const String &name, const String &value, bool first = false,
                   bool replace = true);
    void collectHeaders(const char *names[], const size_t count);

    int GET();
    int getSize();
    bool hasHeader(const char *name);
    String header(const char *name);
    WiFiClient *getStreamPtr();

  private:
    static constexpr int MAX_KEPT = 4;

    int readHead();
    void keep(const String &line);

    WiFiClient *client_ = nullptr;
    String host_, path_, headers_, userAgent_ = "ESP8266HTTPClient";
    uint16_t port_ = 80;
    bool isHTTP10_ = false;
    int size_ = -1;
    struct {
        String name, value;
        bool isThere = false;
    } kept_[MAX_KEPT];
};

#endif
