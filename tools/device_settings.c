/* What a board's program is told: its settings, written into its flash. */
#include "firmware/settings.h"
#include "host/pin.h"
#include "host/report.h"
#include "tools/device.h"
#include "tools/flash_view.h"
#include "tools/settings_edit.h"
#include "updraft/hex.h"
#include "updraft/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How what runs in the emulator reaches the machine the emulator runs on. */
#define THIS_MACHINE "10.0.2.2"

static bool is_host(const char *text, const struct ud_url *url, const char *name)
{
    return url->host_length == strlen(name) && strncmp(text + url->host, name, strlen(name)) == 0;
}

/* This machine's own names mean the board itself over there. */
static int set_server(struct settings_record *record, const char *text, const char *tap)
{
    char url[2 * SETTINGS_URL_MAX];
    struct ud_url parts;

    if (ud_url_parse(text, &parts) != UD_OK)
        return report_failure("%s is no URL", text);
    const bool is_here = is_host(text, &parts, "127.0.0.1") || is_host(text, &parts, "localhost");
    if (is_here && tap != NULL)
        return report_failure("%s: the board reaches this machine by its address on %s", text, tap);
    if (is_here)
        snprintf(url, sizeof url, "%.*s" THIS_MACHINE "%s", parts.host, text,
                 text + parts.host + parts.host_length);
    else
        snprintf(url, sizeof url, "%s", text);
    return settings_edit_set(record, SETTINGS_SERVER, url);
}

static int set_number(struct settings_record *record, enum settings_tag tag, unsigned long number)
{
    char text[24];

    snprintf(text, sizeof text, "%lu", number);
    return settings_edit_set(record, tag, text);
}

static int set_pin(struct settings_record *record, const char *text)
{
    char digits[2 * PIN_SIZE + 1];
    uint8_t pin[PIN_SIZE];

    if (!pin_parse(text, pin))
        return report_failure("%s is no pin", text);
    ud_hex_encode(pin, sizeof pin, digits);
    return settings_edit_set(record, SETTINGS_PIN, digits);
}

static int set_certificate(struct settings_record *record, const char *path)
{
    char *assignment = NULL;
    int status = EXIT_FAILED;

    if (asprintf(&assignment, "ca=%s", path) >= 0)
        status = settings_edit_assign(record, assignment);
    free(assignment);
    return status;
}

/* Which server is the right one, where it is asked by https. */
static int set_server_trust(struct settings_record *record, const struct device_order *order)
{
    const int status = order->pin != NULL ? set_pin(record, order->pin) : EXIT_OK;

    return status == EXIT_OK && order->ca != NULL ? set_certificate(record, order->ca) : status;
}

static int set_polling(struct settings_record *record, const struct device_order *order)
{
    if (order->url == NULL)
        return EXIT_OK;
    int status = set_server(record, order->url, order->tap);
    if (status == EXIT_OK)
        status = set_server_trust(record, order);
    if (status == EXIT_OK)
        status = set_number(record, SETTINGS_POLL, order->poll_s);
    return status == EXIT_OK ? set_number(record, SETTINGS_PATIENCE, order->trial_s) : status;
}

static int set_password(struct settings_record *record, const char *path)
{
    char *line = settings_edit_read_line(path);

    if (line == NULL)
        return EXIT_FAILED;
    const int status = settings_edit_set(record, SETTINGS_PASSWORD, line);
    free(line);
    return status;
}

/* On a network of its own the board has the ports asked for; else they lead to it. */
static int set_ways_in(struct settings_record *record, const struct device_order *order)
{
    const bool is_forwarded = order->tap == NULL;
    int status = EXIT_OK;

    if (order->page_port != 0)
        status =
            set_number(record, SETTINGS_PAGE, is_forwarded ? DEVICE_PAGE_PORT : order->page_port);
    if (status == EXIT_OK && order->upload_port != 0)
        status = set_number(record, SETTINGS_UPLOADS,
                            is_forwarded ? DEVICE_UPLOAD_PORT : order->upload_port);
    if (status == EXIT_OK && order->page_user != NULL)
        status = settings_edit_set(record, SETTINGS_USER, order->page_user);
    if (status == EXIT_OK && order->upload_sha256)
        status = settings_edit_set(record, SETTINGS_SHA256, "on");
    if (status == EXIT_OK && order->upload_password_file != NULL)
        status = set_password(record, order->upload_password_file);
    return status;
}

static int set_trust(struct settings_record *record, const struct device_order *order)
{
    int status = EXIT_OK;

    if (order->trusted.count != 0)
        status = settings_edit_trust(record, &order->trusted);
    if (status == EXIT_OK && order->wants_manifest)
        status = settings_edit_set(record, SETTINGS_MANIFEST, "on");
    if (status == EXIT_OK && order->product != NULL)
        status = settings_edit_set(record, SETTINGS_PRODUCT, order->product);
    return status;
}

static int change(struct settings_record *record, const struct device_order *order)
{
    int status = set_polling(record, order);

    if (status == EXIT_OK)
        status = set_ways_in(record, order);
    if (status == EXIT_OK)
        status = set_trust(record, order);
    for (size_t i = 0; i < order->settings.count && status == EXIT_OK; i++)
        status = settings_edit_assign(record, order->settings.values[i]);
    return status;
}

bool device_settings_are_given(const struct device_order *order)
{
    return order->url != NULL || order->page_port != 0 || order->upload_port != 0 ||
           order->page_user != NULL || order->upload_sha256 ||
           order->upload_password_file != NULL || order->trusted.count != 0 ||
           order->wants_manifest || order->product != NULL || order->settings.count != 0;
}

int device_settings_write(const struct device_order *order, uint8_t *flash, uint32_t size)
{
    uint32_t bytes[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct settings_record record;
    struct settings_place place;
    struct flash_view view;

    if (!device_settings_are_given(order))
        return EXIT_OK;
    if (!flash_view_init_writable(&view, flash, size) ||
        settings_find_place(size, &place) != UD_OK ||
        settings_record_load(&view.port, &place, (uint8_t *)bytes, &record) != UD_OK)
        return report_failure("there is no place for settings in a flash of %u bytes", size);
    const int status = change(&record, order);
    if (status != EXIT_OK)
        return status;
    if (settings_record_save(&view.port, &place, &record) != UD_OK)
        return report_failure("the settings could not be written");
    return EXIT_OK;
}
