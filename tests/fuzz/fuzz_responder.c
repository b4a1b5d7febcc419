/* What strangers on the network say by mDNS to a device that announces itself: while it asks
 * for its name, and afterwards. Whatever that is, what it says fits, and has an end. */
#include "fuzz.h"

#include "records.h"

#include "updraft/mdns.h"

#define INPUT_MAX    4096u
#define MESSAGES_MAX 16u
#define SAYS_MAX     2u   /* at a time: a reply, and what is due to all */
#define STEP_MS      200u /* from one message to the next */
#define ASKS         2u   /* steps after which it still asks for its name, */
#define IS_SETTLED   30u  /* and after which it has announced itself */

static const uint8_t address[4] = {10, 0, 0, 5};

static void listen_to(struct ud_mdns *mdns, uint32_t now_ms)
{
    uint8_t said[UD_MDNS_MESSAGE_MAX];
    struct ud_mdns_peer to;
    unsigned count = 0;

    while (ud_mdns_wait_ms(mdns, now_ms) == 0) {
        const uint32_t length = ud_mdns_message(mdns, now_ms, said, sizeof said, &to);

        require(length > 12 && length <= sizeof said && to.port != 0);
        require(++count <= SAYS_MAX);
    }
}

/* The first byte says who speaks, and when. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ud_mdns_config config = {
        .chip = UD_CHIP_ESP8266, .name = "kitchen", .upload_port = 8266, .page_port = 80};
    struct record messages[MESSAGES_MAX];
    struct ud_mdns mdns;
    uint32_t now_ms = 0;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    const struct ud_mdns_peer from = {{10, 0, 0, 9}, data[0] % 2 ? 5353 : 40000};
    require(ud_mdns_init(&mdns, &config) == UD_OK);
    ud_mdns_begin(&mdns, address, data[0], now_ms);
    for (uint32_t i = 0; i < (data[0] & 2 ? IS_SETTLED : ASKS); i++, now_ms += STEP_MS)
        listen_to(&mdns, now_ms);
    const uint32_t count = records_split(data + 1, size - 1, messages, MESSAGES_MAX);
    for (uint32_t i = 0; i < count; i++, now_ms += STEP_MS) {
        ud_mdns_received(&mdns, &from, messages[i].bytes, messages[i].length, now_ms);
        listen_to(&mdns, now_ms);
    }
    ud_mdns_leave(&mdns);
    listen_to(&mdns, now_ms);
    require(ud_mdns_wait_ms(&mdns, now_ms) == UINT32_MAX);
    return 0;
}
