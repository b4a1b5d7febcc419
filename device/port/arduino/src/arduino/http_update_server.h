/* ESP8266HTTPUpdateServer by the engine: the page for updates by browser, as part of the
 * sketch's own web server.
 *
 * Everything under the path is the engine's, from the request's first byte on; the web
 * server sees none of it. It tells nobody what follows a '?', though: a file system comes
 * as the form's field `filesystem`, not as PUT /update?filesystem.
 */
#ifndef UPDRAFT_ARDUINO_HTTP_UPDATE_SERVER_H
#define UPDRAFT_ARDUINO_HTTP_UPDATE_SERVER_H

#include "engines.h"
#include "updater.h"

#include <Arduino.h>
#include <ESP8266WebServer.h>

namespace updraft
{

class ESP8266HTTPUpdateServer : private UpdateListener
{
  public:
    /* Verbose: tells Serial what became of an update. */
    explicit ESP8266HTTPUpdateServer(bool isVerbose = false) : isVerbose_(isVerbose)
    {
    }

    /* Once, before the server begins. It must outlive this. Without a user or a password
     * everybody may update. */
    void setup(ESP8266WebServer *server);
    void setup(ESP8266WebServer *server, const String &path);
    void setup(ESP8266WebServer *server, const String &user, const String &password);
    void setup(ESP8266WebServer *server, const String &path, const String &user,
               const String &password);

    void updateCredentials(const String &user, const String &password);

    /* What the page shows of the sketch; at first what its description in flash says, if it
     * was packed with one. */
    void setProduct(const String &product, const String &version);

  private:
    void updateStarted() override
    {
        hasBegun_ = true;
    }
    void updateProgressed(uint32_t, uint32_t) override
    {
    }
    void readDescription();
    bool initEngine();
    void answerGet();
    ESP8266WebServer::ClientFuture takeOver(const String &method, const String &url,
                                            WiFiClient *client);
    void serve(WiFiClient &client, const String &head);
    void report();

    bool isVerbose_;
    bool isReady_ = false;
    bool hasBegun_ = false; /* an update, in this connection */
    ESP8266WebServer *server_ = nullptr;
    String path_;
    String user_;
    String password_;
    String product_;
    String version_;
    ud_form engine_ = {};
};

} // namespace updraft

#endif
