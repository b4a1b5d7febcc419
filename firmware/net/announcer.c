#include "firmware/net/announcer.h"

#include "esp8266-rom/rom.h"
#include "firmware/net/chance.h"

#include "lwip/netif.h"

#include <string.h>

static bool open(struct announcer *announcer, const struct settings *settings, const char *name,
                 struct netif *netif)
{
    const struct ud_mdns_config config = {
        .chip = UD_CHIP_ESP8266,
        .name = name,
        .needs_password = settings->password[0] != '\0',
        .upload_port = (uint16_t)settings->upload_port,
        .page_port = (uint16_t)settings->page_port,
    };

    return ud_mdns_init(&announcer->mdns, &config) == UD_OK &&
           ud_lwip_mdns_open(&announcer->driver, &announcer->mdns, netif);
}

void announcer_start(struct announcer *announcer, const struct settings *settings, const char *name,
                     struct netif *netif)
{
    if (settings->announces == 0)
        return;
    if (!open(announcer, settings, name, netif)) {
        ets_printf("not announced: out of memory\n");
        return;
    }
    announcer->netif = netif;
    ets_printf("announces %s.local\n", name);
}

void announcer_service(struct announcer *announcer, uint32_t now_ms)
{
    uint8_t bytes[sizeof announcer->address];

    if (announcer->netif == NULL)
        return;
    const uint32_t address = ip4_addr_get_u32(netif_ip4_addr(announcer->netif));
    if (address != announcer->address) {
        memcpy(bytes, &address, sizeof bytes);
        if (address != 0)
            ud_mdns_begin(&announcer->mdns, bytes, chance_word(), now_ms);
        else
            ud_mdns_end(&announcer->mdns);
    }
    announcer->address = address;
    ud_lwip_mdns_service(&announcer->driver, now_ms);
}

void announcer_leave(struct announcer *announcer, uint32_t now_ms)
{
    ud_mdns_leave(&announcer->mdns);
    ud_lwip_mdns_service(&announcer->driver, now_ms);
}
