#include "form_abuse.h"

#include "form_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINES_MAX 1000 /* that may pass without a byte, before it counts as stuck */

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "form_abuse: not so: %s\n", what);
    abort();
}

static void receive(struct form_rig *rig, const uint8_t *data, size_t length, uint8_t setting)
{
    const size_t step = setting == 0 ? length : setting;

    while (length > 0) {
        const size_t part = length < step ? length : step;
        form_rig_receive(rig, data, (uint32_t)part);
        rig->now_ms += setting % 7;
        ud_form_tick(&rig->client, rig->now_ms);
        data += part;
        length -= part;
    }
}

static void let_time_pass(struct form_rig *rig)
{
    uint32_t deadline_ms;

    for (int i = 0; ud_form_deadline(&rig->client, &deadline_ms); i++) {
        require(i < DEADLINES_MAX, "the connection ends");
        rig->now_ms = deadline_ms;
        ud_form_tick(&rig->client, rig->now_ms);
        form_rig_serve(rig);
    }
    require(!ud_updater_is_running(&rig->device.updater), "no session is left");
}

/* The program, and what lies behind the file system. */
static void require_contained(const struct form_rig *rig)
{
    const struct updater_rig *device = &rig->device;
    const uint32_t program = ud_flash_round_up(device->running.length);
    const struct ud_layout *layout = &device->staging.config.layout;
    const uint8_t *now = device->flash.bytes, *before = device->before;

    require(memcmp(now, before, program) == 0, "the program is as it was");
    require(memcmp(now + layout->fs_end, before + layout->fs_end,
                   device->flash.port.size - layout->fs_end) == 0,
            "what lies behind the file system is as it was");
    require(device->flash.violations == 0, "the rules of flash were kept");
}

static void require_truth(const struct form_rig *rig)
{
    const struct updater_rig *device = &rig->device;
    const bool has_order =
        memcmp(device->rtc_words, device->rtc_before, sizeof device->rtc_before) != 0;

    require(!has_order || rig->restarts, "an order for the bootloader comes with a restart");
    require(rig->restarts == (device->ends > 0), "a restart comes after a success");
    require(!rig->restarts || form_rig_status(rig) == 200, "a success is told as one");
}

/* The same memory each time, and the smallest chip, for the sake of speed. */
static struct form_rig *new_rig(void)
{
    static const char layout[] = "512K32K";
    static struct form_rig rig;

    if (rig.device.before == NULL)
        form_rig_init(&rig, layout);
    else
        form_rig_renew(&rig, layout);
    return &rig;
}

void form_abuse(const uint8_t *data, size_t length)
{
    struct form_rig *rig = new_rig();

    if (length < FORM_ABUSE_SETTINGS)
        return;
    rig->config.about.free_space = 400000;
    rig->config.about.filesystem_space = 32768;
    if (data[0] & 1) {
        rig->config.user = "admin";
        rig->config.password = "known to nobody";
    }
    rig->send_step = data[0] >> 4;
    form_rig_start(rig);
    ud_form_open(&rig->client, &rig->form, rig->now_ms);
    receive(rig, data + FORM_ABUSE_SETTINGS, length - FORM_ABUSE_SETTINGS, data[1]);
    if (data[0] & 2)
        ud_form_peer_closed(&rig->client);
    form_rig_serve(rig);
    let_time_pass(rig);
    require_contained(rig);
    require_truth(rig);
    require(rig->config.user == NULL || rig->device.starts == 0, "nobody gets in");
    require(form_rig_say(rig, "GET /update HTTP/1.1\n\n") == (rig->config.user ? 401 : 200),
            "the next request is answered");
}
