#include "http_update_server.h"

#include "connection.h"

#include <new>

namespace updraft
{

/* ---- Setting up ---- */

void ESP8266HTTPUpdateServer::setup(ESP8266WebServer *server)
{
    setup(server, UD_FORM_PATH, "", "");
}

void ESP8266HTTPUpdateServer::setup(ESP8266WebServer *server, const String &path)
{
    setup(server, path, "", "");
}

void ESP8266HTTPUpdateServer::setup(ESP8266WebServer *server, const String &user,
                                    const String &password)
{
    setup(server, UD_FORM_PATH, user, password);
}

void ESP8266HTTPUpdateServer::setup(ESP8266WebServer *server, const String &path,
                                    const String &user, const String &password)
{
    server_ = server;
    path_ = path;
    user_ = user;
    password_ = password;
    /* What follows a '?' is known only after the server has read all of the head, which is
     * as good for requests without a body; the others' bodies are for nobody but the engine. */
    server->on(path.c_str(), HTTP_GET, [this]() { answerGet(); });
    server->addHook(
        [this](const String &method, const String &url, WiFiClient *client,
               ESP8266WebServer::ContentTypeFunction) { return takeOver(method, url, client); });
}

void ESP8266HTTPUpdateServer::updateCredentials(const String &user, const String &password)
{
    user_ = user;
    password_ = password;
    isReady_ = false;
}

void ESP8266HTTPUpdateServer::setProduct(const String &product, const String &version)
{
    product_ = product;
    version_ = version;
    isReady_ = false;
}

void ESP8266HTTPUpdateServer::readDescription()
{
    ud_image_description description;

    if (ud_image_read_description(board().flash(), UD_IMAGE_APP_OFFSET, &description) != UD_OK)
        return;
    product_ = description.project;
    version_ = description.version;
}

bool ESP8266HTTPUpdateServer::initEngine()
{
    ud_form_config config = {};
    uint8_t random[UD_FORM_RANDOM];

    config.updater = UpdraftUpdate.engine();
    if (isReady_ || config.updater == nullptr)
        return isReady_;
    if (product_.length() == 0)
        readDescription();
    config.path = path_.c_str();
    config.page = ud_form_page;
    config.page_length = ud_form_page_length;
    config.user = user_.c_str();
    config.password = password_.c_str();
    config.sha256 = &ud_sha256;
    config.digest_login = &ud_form_digest_login;
    config.about.product = product_.c_str();
    config.about.version = version_.c_str();
    config.about.free_space = board().freeSpace();
    config.about.filesystem_space = Board::filesystemSpace();
    Board::random(random, sizeof random);
    isReady_ = ud_form_init(&engine_, &config, random) == UD_OK;
    return isReady_;
}

/* ---- Serving a connection ---- */

static void send(ud_form_client &engine, WiFiClient &client)
{
    uint32_t length;
    const void *bytes = ud_form_send_buffer(&engine, &length);
    const uint32_t sent = sendSome(client, bytes, length);

    if (sent > 0)
        ud_form_sent(&engine, sent, millis());
    else if (isOver(client))
        ud_form_lost(&engine);
}

static void receive(ud_form_client &engine, WiFiClient &client)
{
    uint8_t bytes[RECEIVE_BYTES];
    const uint32_t count = receiveSome(client, bytes);

    if (count > 0)
        ud_form_received(&engine, bytes, count, millis());
    else if (isOver(client))
        ud_form_peer_closed(&engine);
    else
        delay(1);
}

static void serveOne(ud_form_client &engine, WiFiClient &client, unsigned want)
{
    if (want & UD_FORM_CLOSE) {
        client.stop();
        ud_form_closed(&engine);
        return;
    }
    if (want & UD_FORM_SEND)
        send(engine, client);
    if (want & UD_FORM_RECEIVE)
        receive(engine, client);
    if ((want & (UD_FORM_SEND | UD_FORM_RECEIVE)) == 0)
        delay(1);
    ud_form_tick(&engine, millis());
    yield();
}

static bool isOpen(const ud_form_client &engine)
{
    uint32_t deadline;

    return ud_form_want(&engine) != 0 || ud_form_deadline(&engine, &deadline);
}

void ESP8266HTTPUpdateServer::report()
{
    if (!isVerbose_ || !hasBegun_)
        return;
    if (UpdraftUpdate.hasError())
        UpdraftUpdate.printError(Serial);
    else
        Serial.printf("Update success: %u bytes. Restarting...\n",
                      static_cast<unsigned>(UpdraftUpdate.size()));
}

/* Plays the engine what the web server has read already, and leaves it the rest. */
void ESP8266HTTPUpdateServer::serve(WiFiClient &client, const String &head)
{
    ud_form_client *engine = initEngine() ? new (std::nothrow) ud_form_client : nullptr;
    UpdaterClass::Listening listening(UpdraftUpdate, *this);

    if (engine == nullptr) {
        client.stop();
        return;
    }
    hasBegun_ = false;
    ud_form_open(engine, &engine_, millis());
    ud_form_received(engine, head.c_str(), head.length(), millis());
    while (isOpen(*engine) && (ud_form_want(engine) & UD_FORM_RESTART) == 0)
        serveOne(*engine, client, ud_form_want(engine));
    const bool wantsRestart = (ud_form_want(engine) & UD_FORM_RESTART) != 0;
    delete engine;
    report();
    if (wantsRestart)
        ESP.restart();
}

void ESP8266HTTPUpdateServer::answerGet()
{
    String head = String("GET ") + path_;

    head += server_->hasArg("info") ? "?info" : "";
    head += " HTTP/1.1\r\nHost: " + server_->hostHeader() + "\r\n";
    if (server_->hasHeader("Authorization"))
        head += "Authorization: " + server_->header("Authorization") + "\r\n";
    WiFiClient client = server_->client();
    serve(client, head + "\r\n");
}

/* Called when the first line of a request has been read. */
ESP8266WebServer::ClientFuture
ESP8266HTTPUpdateServer::takeOver(const String &method, const String &url, WiFiClient *client)
{
    if (url != path_ || method == "GET")
        return ESP8266WebServer::CLIENT_REQUEST_CAN_CONTINUE;
    serve(*client, method + " " + url + " HTTP/1.1\r\n");
    return ESP8266WebServer::CLIENT_MUST_STOP;
}

} // namespace updraft
