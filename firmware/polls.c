/* A device with a network: gets an address, asks its server as its settings say, and
 * sleeps between.
 */
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "firmware/behaviour.h"
#include "firmware/net/chance.h"
#include "firmware/net/client.h"
#include "firmware/net/clock.h"
#include "firmware/net/ethernet.h"
#include "firmware/net/page.h"
#include "firmware/settings.h"

#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"

#define POLL_DEFAULT_S 60u

/* More than the stack could hold: the program's whole state. */
static struct device {
    struct ethernet ethernet;
    struct client client;
    struct page page;
} device;

static void address_changed(struct netif *netif)
{
    const ip4_addr_t *address = netif_ip4_addr(netif);

    if (!ip4_addr_isany_val(*address))
        ets_printf("address %u.%u.%u.%u\n", ip4_addr1(address), ip4_addr2(address),
                   ip4_addr3(address), ip4_addr4(address));
}

static int start_client(const struct ud_flash *flash)
{
    struct client_config config = {.flash = flash, .mac = device.ethernet.mac};
    int error = ud_layout_auto(flash->size, UD_MAP_OTA_FS, &config.layout);

    if (error != UD_OK)
        return error;
    error = settings_load(flash, config.layout.eeprom, &config.settings);
    if (error == UD_ERR_ARGUMENT) {
        ets_printf("no settings in flash: asks no server\n");
        config.settings = (struct settings){.poll_s = POLL_DEFAULT_S};
        error = UD_OK;
    }
    if (error != UD_OK)
        return error;
    if (config.settings.url[0] != '\0')
        ets_printf("asks %s every %u s\n", config.settings.url, (unsigned)config.settings.poll_s);
    return client_init(&device.client, &config, clock_ms());
}

static void start_network(void)
{
    lwip_init();
    if (!ethernet_start(&device.ethernet)) {
        ets_printf("no network\n");
        return;
    }
    chance_seed(device.ethernet.mac, sizeof device.ethernet.mac);
    netif_set_status_callback(&device.ethernet.netif, address_changed);
    if (dhcp_start(&device.ethernet.netif) != ERR_OK)
        ets_printf("no address: out of memory\n");
}

static void start_page(uint16_t port)
{
    const struct ud_form_about about = client_about(&device.client);

    if (port == 0)
        return;
    if (page_open(&device.page, &device.client.updater, &about, port))
        ets_printf("page on port %u\n", port);
    else
        ets_printf("no page: its port cannot be opened\n");
}

static void restart_if(bool is_updated)
{
    if (!is_updated)
        return;
    ets_printf("updated by the page: restarts\n");
    ud_rom_restart();
}

static bool has_network(void)
{
    return netif_is_up(&device.ethernet.netif) &&
           !ip4_addr_isany_val(*netif_ip4_addr(&device.ethernet.netif));
}

static void stop_with(int error) __attribute__((noreturn));
static void stop_with(int error)
{
    ets_printf("flash cannot be read: error %d\n", error);
    for (;;)
        continue; /* until the watchdog restarts it */
}

void firmware_behave(const struct ud_flash *flash)
{
    start_network();
    const int error = start_client(flash);
    if (error != UD_OK)
        stop_with(error);
    start_page(device.client.config.settings.page_port);
    for (;;) {
        ud_rom_watchdog_feed();
        ethernet_service(&device.ethernet);
        sys_check_timeouts();
        client_service(&device.client, has_network(), clock_ms());
        if (!client_is_shaking_hands(&device.client))
            restart_if(page_service(&device.page, clock_ms()));
        ethernet_sleep(&device.ethernet);
    }
}
