/* The network of the stand-in: this machine's, on ports the system chooses, with names
 * and ports of other machines led to where a test has put them.
 */
#ifndef TESTS_ARDUINO_NETWORK_H
#define TESTS_ARDUINO_NETWORK_H

#include <stdint.h>

/* "update.example:80=127.0.0.1:34567". False when it is not of that form, or one too many. */
bool addRoute(const char *route);

/* "80=34567": where a port of the sketch's is to be. False as above. */
bool setPort(const char *text);

/* A socket of that type bound to the port set or one of the system's choice, on 127.0.0.1, which
 * is said on stdout: "port 8266 is 41234". Does not block. Exits on failure. */
int bindPort(int type, uint16_t port);

/* The socket accepted, or -1. */
int acceptConnection(int listener);

#endif
