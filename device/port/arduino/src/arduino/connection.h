/* What the three ways in do with the core's connections. */
#ifndef UPDRAFT_ARDUINO_CONNECTION_H
#define UPDRAFT_ARDUINO_CONNECTION_H

#include <WiFiClient.h>
#include <stdint.h>

namespace updraft
{

/* Received at a time: the core's stack for a sketch is 4 KB. */
constexpr uint32_t RECEIVE_BYTES = 512;

/* Bytes sent, which may lie in flash; 0 when the connection is lost. */
uint32_t sendSome(WiFiClient &client, const void *bytes, uint32_t length);

/* Bytes received into `bytes`, RECEIVE_BYTES at most; 0: none have come. */
uint32_t receiveSome(WiFiClient &client, uint8_t *bytes);

/* Everything that came has been received, and no more will come. */
bool isOver(WiFiClient &client);

} // namespace updraft

#endif
