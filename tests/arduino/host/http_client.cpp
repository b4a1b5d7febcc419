#include <ESP8266HTTPClient.h>

#include <strings.h>

bool HTTPClient::begin(WiFiClient &client, const String &url)
{
    if (!url.startsWith("http://"))
        return false;
    const int slash = url.indexOf('/', 7);
    const String authority = slash < 0 ? url.substring(7) : url.substring(7, slash);
    const int colon = authority.indexOf(':');

    client_ = &client;
    path_ = slash < 0 ? String("/") : url.substring(slash);
    host_ = colon < 0 ? authority : authority.substring(0, colon);
    port_ = static_cast<uint16_t>(colon < 0 ? 80 : authority.substring(colon + 1).toInt());
    headers_ = "";
    return true;
}

void HTTPClient::end()
{
    if (client_ != nullptr)
        client_->stop();
    client_ = nullptr;
    headers_ = "";
}

void HTTPClient::useHTTP10(bool isOn)
{
    isHTTP10_ = isOn;
}

void HTTPClient::setUserAgent(const String &name)
{
    userAgent_ = name;
}

void HTTPClient::setTimeout(uint16_t milliseconds)
{
    if (client_ != nullptr)
        client_->setTimeout(milliseconds);
}

void HTTPClient::setFollowRedirects(followRedirects_t)
{
}

/* As the core's: some lines are its own. */
void HTTPClient::addHeader(const String &name, const String &value, bool, bool)
{
    static const char *const own[] = {"Connection", "User-Agent", "Accept-Encoding", "Host"};

    for (const char *one : own)
        if (strcasecmp(name.c_str(), one) == 0)
            return;
    headers_ += name + ": " + value + "\r\n";
}

void HTTPClient::collectHeaders(const char *names[], const size_t count)
{
    for (size_t i = 0; i < MAX_KEPT; i++) {
        kept_[i].name = i < count ? names[i] : "";
        kept_[i].isThere = false;
    }
}

void HTTPClient::keep(const String &line)
{
    const int colon = line.indexOf(':');

    if (colon < 0)
        return;
    const String name = line.substring(0, static_cast<unsigned>(colon));
    String value = line.substring(static_cast<unsigned>(colon) + 1);
    value.trim();
    if (strcasecmp(name.c_str(), "Content-Length") == 0)
        size_ = static_cast<int>(value.toInt());
    for (auto &kept : kept_)
        if (kept.name.length() != 0 && strcasecmp(name.c_str(), kept.name.c_str()) == 0) {
            kept.value = value;
            kept.isThere = true;
        }
}

int HTTPClient::readHead()
{
    String line = client_->readStringUntil('\n');
    const int space = line.indexOf(' ');

    if (line.length() == 0)
        return HTTPC_ERROR_READ_TIMEOUT;
    if (!line.startsWith("HTTP/1.") || space < 0)
        return HTTPC_ERROR_NO_HTTP_SERVER;
    const int status = static_cast<int>(line.substring(static_cast<unsigned>(space) + 1).toInt());
    size_ = -1;
    while ((line = client_->readStringUntil('\n')).length() > 1) {
        line.trim();
        keep(line);
    }
    return status;
}

int HTTPClient::GET()
{
    if (client_ == nullptr || !client_->connect(host_.c_str(), port_))
        return HTTPC_ERROR_CONNECTION_FAILED;
    const String request = String("GET ") + path_ + " HTTP/1." + (isHTTP10_ ? "0" : "1") +
                           "\r\nHost: " + host_ + "\r\nUser-Agent: " + userAgent_ +
                           "\r\nConnection: close\r\n" + headers_ + "\r\n";
    const auto *bytes = reinterpret_cast<const uint8_t *>(request.c_str());
    if (client_->write(bytes, request.length()) != request.length())
        return HTTPC_ERROR_SEND_HEADER_FAILED;
    return readHead();
}

int HTTPClient::getSize()
{
    return size_;
}

bool HTTPClient::hasHeader(const char *name)
{
    for (const auto &kept : kept_)
        if (kept.isThere && kept.name == name)
            return true;
    return false;
}

String HTTPClient::header(const char *name)
{
    for (const auto &kept : kept_)
        if (kept.name == name)
            return kept.value;
    return "";
}

WiFiClient *HTTPClient::getStreamPtr()
{
    return client_;
}
