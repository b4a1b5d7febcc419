/* The emulated board's Ethernet as an interface of lwIP's: QEMU's model of the OpenCores
 * Ethernet MAC. On the chip the radio is in its place.
 *
 * Frames arrive in buffers of the interface's, and lwIP works on them there; a buffer
 * takes the next frame once lwIP has let go of it. With all in use, frames are lost.
 */
#ifndef FIRMWARE_NET_ETHERNET_H
#define FIRMWARE_NET_ETHERNET_H

#include "lwip/netif.h"
#include "lwip/pbuf.h"

#include <stdbool.h>
#include <stdint.h>

#define ETHERNET_MAC_SIZE 6u
#define ETHERNET_FRAME    1536u /* a frame with its checksum, in whole words */
#define ETHERNET_BUFFERS  5u

struct ethernet;

/* Where a frame arrives. lwIP has `frame` until it calls back. */
struct ethernet_buffer {
    struct pbuf_custom frame; /* first: what lwIP hands back is this */
    struct ethernet *ethernet;
    uint32_t bytes[ETHERNET_FRAME / sizeof(uint32_t)];
};

struct ethernet {
    struct netif netif;
    uint8_t mac[ETHERNET_MAC_SIZE];
    bool is_on;
    uint32_t next;                                     /* slot that takes the next frame */
    struct ethernet_buffer *offered[ETHERNET_BUFFERS]; /* of each slot; null: lwIP has it */
    struct ethernet_buffer buffers[ETHERNET_BUFFERS];
    uint32_t sent[ETHERNET_FRAME / sizeof(uint32_t)];
};

/* False when the board has no Ethernet. */
bool ethernet_address(uint8_t mac[ETHERNET_MAC_SIZE]);

/* Adds the interface to lwIP, which has been initialised, as its default one, and
 * switches it on. It stays for ever. False when lwIP does not take it. */
bool ethernet_start(struct ethernet *ethernet);

/* Hands frames that have arrived to lwIP; without Ethernet nothing. */
void ethernet_service(struct ethernet *ethernet);

/* Lets the next frame end a sleep. False: one is there already. */
bool ethernet_may_sleep(const struct ethernet *ethernet);

#endif
