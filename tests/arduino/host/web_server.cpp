#include "network.h"

#include <ESP8266WebServer.h>

#include <sys/socket.h>

struct Connection *connectionOf(int fd);

void ESP8266WebServer::on(const char *uri, HTTPMethod method, THandlerFunction call)
{
    if (count_ < MAX_HANDLERS)
        handlers_[count_++] = {uri, method, call};
}

void ESP8266WebServer::begin()
{
    listener_ = bindPort(SOCK_STREAM, static_cast<uint16_t>(port_));
}

bool ESP8266WebServer::hasHeader(const char *name) const
{
    return String(name) == "Authorization" && authorization_.length() != 0;
}

String ESP8266WebServer::header(const char *name) const
{
    return hasHeader(name) ? authorization_ : String();
}

bool ESP8266WebServer::hasArg(const char *name) const
{
    return search_ == name;
}

void ESP8266WebServer::send(int status, const char *type, const char *body)
{
    client_.printf("HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n%s",
                   status, type, strlen(body), body);
}

void ESP8266WebServer::readHead()
{
    String line;

    host_ = authorization_ = "";
    while ((line = client_.readStringUntil('\n')).length() > 1) {
        line.trim();
        if (line.startsWith("Host: "))
            host_ = line.substring(6);
        else if (line.startsWith("Authorization: "))
            authorization_ = line.substring(15);
    }
}

void ESP8266WebServer::route(const String &method, const String &url)
{
    for (int i = 0; i < count_; i++) {
        const Handler &handler = handlers_[i];
        if (handler.uri != url || (handler.method == HTTP_GET && method != "GET"))
            continue;
        handler.call();
        return;
    }
    send(404, "text/plain", "Not found\n");
}

/* One request, as one of the core's. */
void ESP8266WebServer::handleClient()
{
    const int fd = acceptConnection(listener_);

    if (fd < 0)
        return;
    client_ = WiFiClient(connectionOf(fd));
    const String method = client_.readStringUntil(' ');
    String url = client_.readStringUntil(' ');
    client_.readStringUntil('\n');
    const int question = url.indexOf('?');
    search_ = question >= 0 ? url.substring(static_cast<unsigned>(question) + 1) : String();
    if (question >= 0)
        url = url.substring(0, static_cast<unsigned>(question));
    if (!hook_ || hook_(method, url, &client_, nullptr) == CLIENT_REQUEST_CAN_CONTINUE) {
        readHead();
        route(method, url);
    }
    client_.stop();
}
