/* A device with a network: gets an address, serves the ways in that its settings open, and
 * sleeps between.
 */
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "firmware/behaviour.h"
#include "firmware/net/announcer.h"
#include "firmware/net/chance.h"
#include "firmware/net/client.h"
#include "firmware/net/clock.h"
#include "firmware/net/console.h"
#include "firmware/net/core.h"
#include "firmware/net/ethernet.h"
#include "firmware/net/page.h"
#include "firmware/net/uart.h"
#include "firmware/net/updates.h"
#include "firmware/net/uploads.h"
#include "firmware/settings.h"
#include "updraft/service.h"

#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"

/* Mode 4 resets the chip after both stages; code 12 makes 6.6 s of each. A signature takes
 * the chip most of a second, and the emulator several on a busy host. */
#define WATCHDOG_RESETS 4u
#define WATCHDOG_STAGE  12u

/* More than the stack could hold: the program's whole state. */
static struct device {
    struct settings settings;
    struct updates updates;
    struct ethernet ethernet;
    struct client client;
    struct page page;
    struct uploads uploads;
    struct console console;
    struct announcer announcer;
    char name[UD_SERVICE_NAME_MAX]; /* for one that was given none */
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
    const struct settings *settings = &device.settings;
    const struct client_config config = {
        .updates = &device.updates, .settings = settings, .mac = device.ethernet.mac};
    const int error = updates_init(&device.updates, flash, &device.settings);

    if (error != UD_OK)
        return error;
    if (settings->server[0] != '\0')
        ets_printf("asks %s every %u s\n", settings->server, (unsigned)settings->poll_s);
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
}

static const char *name_of_device(void)
{
    if (device.settings.name[0] != '\0')
        return device.settings.name;
    ud_service_name(UD_CHIP_ESP8266, device.ethernet.mac, device.name);
    return device.name;
}

/* Both by the device's name: that is known once its settings are. */
static void join_network(void)
{
    struct netif *netif = &device.ethernet.netif;

    if (!device.ethernet.is_on)
        return;
    netif_set_hostname(netif, name_of_device());
    if (dhcp_start(netif) != ERR_OK)
        ets_printf("no address: out of memory\n");
    announcer_start(&device.announcer, &device.settings, name_of_device(), netif);
}

static bool is_updated(void)
{
    const char *way = NULL;

    if (client_is_shaking_hands(&device.client))
        return false;
    if (page_service(&device.page, clock_ms()))
        way = "the page";
    if (uploads_service(&device.uploads, clock_ms()))
        way = "an upload";
    if (way != NULL)
        ets_printf("updated by %s: restarts\n", way);
    return way != NULL;
}

static bool has_network(void)
{
    return netif_is_up(&device.ethernet.netif) &&
           !ip4_addr_isany_val(*netif_ip4_addr(&device.ethernet.netif));
}

/* Until a frame, a character or the next tick comes. What comes after the look interrupts,
 * and the sleep is none. */
static void sleep(void)
{
    core_hold();
    const bool is_quiet = ethernet_may_sleep(&device.ethernet) & uart_may_sleep();
    if (is_quiet)
        core_sleep();
    else
        core_release();
}

static void stop_with(int error) __attribute__((noreturn));
static void stop_with(int error)
{
    ets_printf("flash cannot be read: error %d\n", error);
    for (;;)
        continue; /* until the watchdog restarts it */
}

/* Does what can be done without waiting, until there is a reason to restart. */
static bool serve(void)
{
    enum console_wish wish;

    ud_rom_watchdog_feed();
    ethernet_service(&device.ethernet);
    sys_check_timeouts();
    announcer_service(&device.announcer, clock_ms());
    if (client_service(&device.client, has_network(), clock_ms()) || is_updated())
        return false;
    wish = console_service(&device.console);
    if (wish == CONSOLE_UPDATE)
        client_hurry(&device.client, clock_ms());
    return wish != CONSOLE_RESTART;
}

void firmware_behave(const struct ud_flash *flash)
{
    ets_wdt_enable(WATCHDOG_RESETS, WATCHDOG_STAGE, WATCHDOG_STAGE);
    start_network();
    const int error = start_client(flash);
    if (error != UD_OK)
        stop_with(error);
    page_start(&device.page, &device.updates, &device.settings);
    console_start(&device.console, &device.updates, &device.settings);
    uploads_start(&device.uploads, &device.updates, &device.settings);
    join_network();
    while (serve())
        if (!uploads_are_busy(&device.uploads))
            sleep();
    announcer_leave(&device.announcer, clock_ms());
    ud_rom_restart();
}
