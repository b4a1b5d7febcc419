#include "firmware/net/ethernet.h"

#include "firmware/net/core.h"

#include "lwip/etharp.h"
#include "netif/ethernet.h"

#include <string.h>

/* ---- Registers ---- */

#define BASE       0x9d030000u
#define MODE       0x00u /* offsets */
#define EVENTS     0x04u /* written ones are cleared */
#define MASK       0x08u /* of events that interrupt */
#define LENGTHS    0x18u /* least, and most, bytes of a frame */
#define SEND_SLOTS 0x20u
#define MAC_LOW    0x40u
#define MAC_HIGH   0x44u
#define HASHES     0x48u /* two words: groups that are received */
#define SLOTS      0x400u

#define MODE_RECEIVE 1u
#define MODE_SEND    2u
#define MODE_PAD     0x8000u
#define EVENT_FRAME  4u
#define EVENTS_ALL   0x7fu
#define LENGTH_LEAST 64u
#define INTERRUPT    1u

/* A slot is two words: length and flags, and where the frame is. */
#define SLOT_BYTES  8u
#define SLOT_LENGTH 16      /* shift */
#define SLOT_IS_ITS 0x8000u /* the Ethernet may fill it, or is to send it */
#define SLOT_EVENT  0x4000u
#define SLOT_LAST   0x2000u
#define SLOT_PAD    0x1000u

#define CHECKSUM 4u /* bytes that a frame arrives with */

/* Where the board says what address its Ethernet has; zeros: there is none. */
#define BOARD_MAC_HIGH 0x600010f8u
#define BOARD_MAC_LOW  0x600010fcu

static volatile uint32_t *word_at(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static volatile uint32_t *device_word(uint32_t offset)
{
    return word_at(BASE + offset);
}

/* Slot 0 sends, the others receive. */
static volatile uint32_t *slot_words(uint32_t slot)
{
    return device_word(SLOTS + slot * SLOT_BYTES);
}

static uint32_t address_of(const void *memory)
{
    return (uint32_t)(uintptr_t)memory;
}

/* ---- Receiving ---- */

/* Slots are filled one after the other, whichever buffers they have: a buffer that is free
 * again goes to the first slot without one, so that frames get lost only for want of any. */
static void offer(struct ethernet *ethernet, struct ethernet_buffer *buffer)
{
    uint32_t index = ethernet->next;

    while (ethernet->offered[index] != NULL)
        index = (index + 1) % ETHERNET_BUFFERS;
    volatile uint32_t *slot = slot_words(index + 1);
    const uint32_t last = index == ETHERNET_BUFFERS - 1 ? SLOT_LAST : 0;

    ethernet->offered[index] = buffer;
    slot[1] = address_of(buffer->bytes);
    slot[0] = SLOT_IS_ITS | SLOT_EVENT | last;
}

static void give_back(struct pbuf *frame)
{
    struct ethernet_buffer *buffer = (struct ethernet_buffer *)frame;

    offer(buffer->ethernet, buffer);
}

static bool has_frame(const struct ethernet *ethernet)
{
    return ethernet->is_on && ethernet->offered[ethernet->next] != NULL &&
           (slot_words(ethernet->next + 1)[0] & SLOT_IS_ITS) == 0;
}

static void take_frame(struct ethernet *ethernet)
{
    struct ethernet_buffer *buffer = ethernet->offered[ethernet->next];
    const uint32_t length = slot_words(ethernet->next + 1)[0] >> SLOT_LENGTH;

    ethernet->offered[ethernet->next] = NULL;
    ethernet->next = (ethernet->next + 1) % ETHERNET_BUFFERS;
    struct pbuf *frame =
        pbuf_alloced_custom(PBUF_RAW, (u16_t)(length > CHECKSUM ? length - CHECKSUM : 0), PBUF_REF,
                            &buffer->frame, buffer->bytes, sizeof buffer->bytes);
    if (frame == NULL)
        give_back(&buffer->frame.pbuf);
    else if (ethernet->netif.input(frame, &ethernet->netif) != ERR_OK)
        pbuf_free(frame);
}

void ethernet_service(struct ethernet *ethernet)
{
    if (!ethernet->is_on)
        return;
    *device_word(EVENTS) = EVENT_FRAME;
    while (has_frame(ethernet))
        take_frame(ethernet);
}

bool ethernet_may_sleep(const struct ethernet *ethernet)
{
    core_enable_interrupt(INTERRUPT);
    return !has_frame(ethernet);
}

/* ---- Sending ---- */

/* The emulator sends it within the write of the slot, so it is always free. */
static err_t send(struct netif *netif, struct pbuf *frame)
{
    struct ethernet *ethernet = netif->state;
    volatile uint32_t *slot = slot_words(0);

    if (frame->tot_len > sizeof ethernet->sent)
        return ERR_BUF;
    pbuf_copy_partial(frame, ethernet->sent, frame->tot_len, 0);
    slot[1] = address_of(ethernet->sent);
    slot[0] = (uint32_t)frame->tot_len << SLOT_LENGTH | SLOT_IS_ITS | SLOT_LAST | SLOT_PAD;
    return ERR_OK;
}

/* ---- Starting ---- */

static void switch_on(struct ethernet *ethernet)
{
    *device_word(MODE) = 0;
    *device_word(EVENTS) = EVENTS_ALL;
    *device_word(LENGTHS) = LENGTH_LEAST << 16 | ETHERNET_FRAME;
    *device_word(SEND_SLOTS) = 1;
    *device_word(MAC_HIGH) = *word_at(BOARD_MAC_HIGH);
    *device_word(MAC_LOW) = *word_at(BOARD_MAC_LOW);
    *device_word(HASHES) = UINT32_MAX;
    *device_word(HASHES + 4) = UINT32_MAX;
    for (uint32_t i = 0; i < ETHERNET_BUFFERS; i++) {
        ethernet->buffers[i].ethernet = ethernet;
        ethernet->buffers[i].frame.custom_free_function = give_back;
        offer(ethernet, &ethernet->buffers[i]);
    }
    *device_word(MODE) = MODE_RECEIVE | MODE_SEND | MODE_PAD;
    *device_word(MASK) = EVENT_FRAME;
    ethernet->is_on = true;
}

static err_t initialise(struct netif *netif)
{
    struct ethernet *ethernet = netif->state;

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->linkoutput = send;
    netif->mtu = 1500;
    netif->hwaddr_len = ETHERNET_MAC_SIZE;
    memcpy(netif->hwaddr, ethernet->mac, ETHERNET_MAC_SIZE);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
                   NETIF_FLAG_IGMP | NETIF_FLAG_LINK_UP;
    switch_on(ethernet);
    return ERR_OK;
}

bool ethernet_address(uint8_t mac[ETHERNET_MAC_SIZE])
{
    const uint32_t high = *word_at(BOARD_MAC_HIGH);
    const uint32_t low = *word_at(BOARD_MAC_LOW);

    mac[0] = (uint8_t)(high >> 8);
    mac[1] = (uint8_t)high;
    mac[2] = (uint8_t)(low >> 24);
    mac[3] = (uint8_t)(low >> 16);
    mac[4] = (uint8_t)(low >> 8);
    mac[5] = (uint8_t)low;
    return (high | low) != 0;
}

bool ethernet_start(struct ethernet *ethernet)
{
    memset(ethernet, 0, sizeof *ethernet);
    if (!ethernet_address(ethernet->mac) ||
        netif_add(&ethernet->netif, NULL, NULL, NULL, ethernet, initialise, ethernet_input) == NULL)
        return false;
    netif_set_default(&ethernet->netif);
    netif_set_up(&ethernet->netif);
    return true;
}
