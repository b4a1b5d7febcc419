/* What carries the bytes of ESPhttpUpdate's engine: a connection, or an HTTPClient's. */
#ifndef UPDRAFT_ARDUINO_CARRIER_H
#define UPDRAFT_ARDUINO_CARRIER_H

#include "connection.h"
#include "engines.h"

#include <ESP8266HTTPClient.h>

namespace updraft
{

class Carrier
{
  public:
    virtual void setTimeout(uint32_t milliseconds) = 0;
    /* Does what the engine wants: some of enum ud_pull_want, FINISHED not among it. */
    virtual void serve(ud_pull &engine, unsigned want) = 0;

  protected:
    ~Carrier() = default;
    /* What has come over the connection, to the engine. */
    static void receive(ud_pull &engine, WiFiClient &client);
};

class ConnectionCarrier final : public Carrier
{
  public:
    explicit ConnectionCarrier(WiFiClient &client) : client_(client)
    {
    }
    void setTimeout(uint32_t milliseconds) override;
    void serve(ud_pull &engine, unsigned want) override;

  private:
    void connect(ud_pull &engine);
    void send(ud_pull &engine);

    WiFiClient &client_;
};

/* Over a client that was given its URL with begin(): the header lines of the engine's request
 * become the client's, and what the client says of the answer becomes its head. */
class HTTPClientCarrier final : public Carrier
{
  public:
    HTTPClientCarrier(HTTPClient &http, followRedirects_t redirects)
        : http_(http), redirects_(redirects)
    {
    }
    void setTimeout(uint32_t milliseconds) override;
    void serve(ud_pull &engine, unsigned want) override;

  private:
    void prepare();
    void takeRequest(ud_pull &engine);
    void addLine();
    void ask(ud_pull &engine);
    String headOf(int status);

    HTTPClient &http_;
    followRedirects_t redirects_;
    String line_; /* of the request, as far as it has come */
    bool hasAsked_ = false;
};

} // namespace updraft

#endif
