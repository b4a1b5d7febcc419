/* The page alone, for the test in a browser: it shows what the program in flash says of itself. */
#include <ESP8266WebServer.h>
#include <UpdraftHTTPUpdateServer.h>

ESP8266WebServer server(80);
ESP8266HTTPUpdateServer updater;

void setup()
{
    updater.setup(&server, "/update", "admin", "secret");
    server.begin();
}

void loop()
{
    server.handleClient();
}
