/* What a board's program is told: its settings, written into its flash. */
#include "firmware/settings.h"
#include "host/pin.h"
#include "host/report.h"
#include "tools/device.h"
#include "updraft/url.h"

#include <stdio.h>
#include <string.h>

/* How what runs in the emulator reaches the machine the emulator runs on. */
#define THIS_MACHINE "10.0.2.2"

static bool is_host(const char *text, const struct ud_url *url, const char *name)
{
    return url->host_length == strlen(name) && strncmp(text + url->host, name, strlen(name)) == 0;
}

/* This machine's own names mean the board itself over there. */
static int translate_url(const char *text, char url[SETTINGS_URL_MAX])
{
    struct ud_url parts;
    int length;

    if (ud_url_parse(text, &parts) != UD_OK)
        return report_failure("%s is no URL", text);
    if (is_host(text, &parts, "127.0.0.1") || is_host(text, &parts, "localhost"))
        length = snprintf(url, SETTINGS_URL_MAX, "%.*s" THIS_MACHINE "%s", parts.host, text,
                          text + parts.host + parts.host_length);
    else
        length = snprintf(url, SETTINGS_URL_MAX, "%s", text);
    return length < (int)SETTINGS_URL_MAX
               ? EXIT_OK
               : report_failure("the URL is longer than %u characters", SETTINGS_URL_MAX - 1);
}

int device_settings_write(const struct device_order *order, uint8_t *flash,
                          const struct ud_layout *layout)
{
    struct settings settings = {
        .poll_s = (uint32_t)order->poll_s,
        .trial_s = (uint32_t)order->trial_s,
        .page_port = order->page_port != 0 ? DEVICE_PAGE_PORT : 0,
    };
    const int status = order->url != NULL ? translate_url(order->url, settings.url) : EXIT_OK;

    if (status != EXIT_OK)
        return status;
    if (order->pin != NULL && !pin_parse(order->pin, settings.pin))
        return report_failure("%s is no pin", order->pin);
    memset(flash + layout->eeprom, 0xff, UD_FLASH_SECTOR);
    if (settings_encode(&settings, flash + layout->eeprom) != UD_OK)
        return report_failure("no settings can be made of this");
    return EXIT_OK;
}
