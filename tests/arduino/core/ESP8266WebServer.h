/* As the core's: a hook sees a request once its first line has been read, without what
 * follows a '?'; a handler once all of its head has been. */
#ifndef CORE_ESP8266WEBSERVER_H
#define CORE_ESP8266WEBSERVER_H

#include "Arduino.h"
#include "WiFiClient.h"

enum HTTPMethod { HTTP_ANY, HTTP_GET };

class ESP8266WebServer
{
  public:
    enum ClientFuture {
        CLIENT_REQUEST_CAN_CONTINUE,
        CLIENT_REQUEST_IS_HANDLED,
        CLIENT_MUST_STOP,
        CLIENT_IS_GIVEN,
    };
    using THandlerFunction = std::function<void()>;
    using ContentTypeFunction = String (*)(const String &);
    using HookFunction = std::function<ClientFuture(const String &method, const String &url,
                                                    WiFiClient *client, ContentTypeFunction)>;

    explicit ESP8266WebServer(int port) : port_(port)
    {
    }
    void on(const char *uri, HTTPMethod method, THandlerFunction call);
    void on(const char *uri, THandlerFunction call)
    {
        on(uri, HTTP_ANY, call);
    }
    void addHook(HookFunction hook)
    {
        hook_ = hook;
    }
    void begin();
    void handleClient();

    WiFiClient &client()
    {
        return client_;
    }
    const String &hostHeader() const
    {
        return host_;
    }
    bool hasHeader(const char *name) const;
    String header(const char *name) const;
    bool hasArg(const char *name) const;
    void send(int status, const char *type, const char *body);

  private:
    struct Handler {
        String uri;
        HTTPMethod method;
        THandlerFunction call;
    };
    static constexpr int MAX_HANDLERS = 8;

    void readHead();
    void route(const String &method, const String &url);

    int port_;
    int listener_ = -1;
    int count_ = 0;
    Handler handlers_[MAX_HANDLERS];
    HookFunction hook_;
    WiFiClient client_;
    String search_;
    String host_;
    String authorization_;
};

#endif
