#include "sim/device_state.h"

#include "bearssl/digest.h"
#include "updraft/endian.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* While flash is busy, how often its progress is shown. */
#define SHOW_MS 100u

/* A chip's is some seconds; nobody learns anything while they pass. */
#define WATCHDOG_MS 500u

static bool is_due(uint32_t time_ms, uint32_t now_ms)
{
    return (int32_t)(now_ms - time_ms) >= 0;
}

void sim_device_emit(struct sim_device *device, const struct sim_device_event *event)
{
    device->config.event(device->config.ctx, device, event);
}

void sim_device_emit_kind(struct sim_device *device, enum sim_device_event_kind kind)
{
    sim_device_emit(device, &(struct sim_device_event){.kind = kind});
}

/* ---- Time ---- */

/* What flash did since the last look takes the time it takes. */
static void wait_for_flash(struct sim_device *device, uint32_t now_ms)
{
    const uint64_t spent_ms = (nor_stats(device->nor)->time_ns - device->flash_ns) / 1000000u;

    if (is_due(device->ready_ms, now_ms))
        device->ready_ms = now_ms;
    if (!device->config.is_lifelike)
        return;
    /* Less than a millisecond is kept for the next look. */
    device->flash_ns += spent_ms * 1000000u;
    device->ready_ms += (uint32_t)spent_ms;
}

static bool is_busy(const struct sim_device *device, uint32_t now_ms)
{
    return !is_due(device->ready_ms, now_ms);
}

/* ---- Starting ---- */

static void fetched(void *ctx, uint32_t done, uint32_t total)
{
    sim_device_emit(
        ctx, &(struct sim_device_event){.kind = SIM_DEVICE_FETCHING, .done = done, .total = total});
}

static void begun(void *ctx)
{
    struct sim_device *device = ctx;

    device->board->begun(device);
}

static int init_updater(struct sim_device *device)
{
    const struct ud_updater_config config = {
        .flash = nor_flash(device->nor),
        .target = device->board->target(device),
        .md5 = &ud_md5,
        .verifier = sim_device_verifier(device),
        .terms = sim_device_terms(device),
        .look = &ud_updater_gunzip,
        .gunzip = &device->gunzip,
        .buffer = device->buffer,
        .buffer_size = sizeof device->buffer,
        .events = {.ctx = device,
                   .start = begun,
                   .progress = fetched,
                   .error = sim_device_page_failed},
    };

    return ud_updater_init(&device->updater, &config);
}

void sim_device_die(struct sim_device *device, const char *why)
{
    device->state = STATE_DEAD;
    sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_DEAD, .text = why});
}

static void close_ways_in(struct sim_device *device)
{
    sim_device_upload_close(device);
    sim_device_page_close(device);
}

static int open_ways_in(struct sim_device *device)
{
    const int error = sim_device_upload_open(device);

    return error != 0 ? error : sim_device_page_open(device);
}

static void start(struct sim_device *device, uint32_t now_ms)
{
    const char *why;

    close_ways_in(device);
    device->start_ms = now_ms;
    if (!device->board->boot(device, &why)) {
        sim_device_die(device, why);
        return;
    }
    device->state = STATE_STARTING;
    wait_for_flash(device, now_ms);
}

static bool is_to_hang(const struct sim_device *device)
{
    return device->config.hangs != NULL &&
           strcmp(sim_device_version(device), device->config.hangs) == 0;
}

static void hang(struct sim_device *device, uint32_t now_ms)
{
    close_ways_in(device);
    device->hang_ms = now_ms + WATCHDOG_MS;
    device->state = STATE_HANGING;
    sim_device_emit_kind(device, SIM_DEVICE_HANGING);
}

static void service_starting(struct sim_device *device, uint32_t now_ms)
{
    if (is_busy(device, now_ms)) {
        if (device->boot.is_copied)
            sim_device_emit(device, &(struct sim_device_event){
                                        .kind = SIM_DEVICE_COPYING,
                                        .done = now_ms - device->start_ms,
                                        .total = device->ready_ms - device->start_ms,
                                    });
        return;
    }
    if (!sim_device_trust_start(device)) {
        sim_device_die(device, "its key ring cannot be read, or its table has no room for one");
        return;
    }
    if (init_updater(device) != UD_OK || open_ways_in(device) != 0) {
        sim_device_die(device, "its port for uploads is in use");
        return;
    }
    device->state = STATE_IDLE;
    device->board->report_boot(device);
    sim_device_emit_kind(device, SIM_DEVICE_STARTED);
    if (is_to_hang(device))
        hang(device, now_ms);
}

static void service_hanging(struct sim_device *device, uint32_t now_ms)
{
    if (is_due(device->hang_ms, now_ms))
        start(device, now_ms);
}

/* ---- Updated ---- */

static void restart_updated(struct sim_device *device, uint32_t now_ms)
{
    sim_device_emit_kind(device, SIM_DEVICE_UPDATED);
    if (device->config.ends_staged) {
        close_ways_in(device);
        device->state = STATE_OFF;
        return;
    }
    start(device, now_ms);
}

static void service_asking(struct sim_device *device, uint32_t now_ms)
{
    if (is_busy(device, now_ms))
        return;
    if (sim_device_ask_service(device, now_ms))
        restart_updated(device, now_ms);
    else if (device->state == STATE_ASKING)
        wait_for_flash(device, now_ms);
}

/* Another way in than asking a server is in use. */
static bool is_receiving(const struct sim_device *device)
{
    return sim_device_upload_is_active(device) || sim_device_page_is_active(device);
}

static void service_idle(struct sim_device *device, uint32_t now_ms)
{
    if (is_busy(device, now_ms))
        return;
    if (sim_device_upload_service(device, now_ms) || sim_device_page_service(device, now_ms)) {
        restart_updated(device, now_ms);
        return;
    }
    wait_for_flash(device, now_ms);
    if (is_receiving(device) || device->config.url == NULL || !is_due(device->poll_ms, now_ms))
        return;
    sim_device_ask(device, now_ms);
    /* The socket to wait for opens at the first service. */
    if (device->state == STATE_ASKING)
        service_asking(device, now_ms);
}

static void service_nothing(struct sim_device *device, uint32_t now_ms)
{
    (void)device;
    (void)now_ms;
}

static uint32_t next_check_in(const struct sim_device *device, uint32_t now_ms)
{
    const bool asks = device->config.url != NULL && !is_receiving(device);

    return asks ? device->poll_ms : now_ms + INT32_MAX;
}

/* When to look again, after a service at now_ms; far away when nothing will come. */
static uint32_t next_service(const struct sim_device *device, uint32_t now_ms)
{
    switch (device->state) {
    case STATE_STARTING:
        return device->ready_ms - now_ms < SHOW_MS ? device->ready_ms : now_ms + SHOW_MS;
    case STATE_IDLE:
        return device->is_flash_busy
                   ? device->ready_ms
                   : sim_device_page_deadline(
                         device, sim_device_upload_deadline(device, next_check_in(device, now_ms)));
    case STATE_ASKING:
        return device->is_flash_busy ? device->ready_ms : ud_pull_deadline(&device->pull);
    case STATE_HANGING:
        return device->hang_ms;
    case STATE_OFF:
    case STATE_DEAD:
    default:
        return now_ms + INT32_MAX;
    }
}

void sim_device_service(struct sim_device *device, uint32_t now_ms)
{
    static void (*const services[])(struct sim_device *, uint32_t) = {
        [STATE_OFF] = service_nothing,     [STATE_STARTING] = service_starting,
        [STATE_IDLE] = service_idle,       [STATE_ASKING] = service_asking,
        [STATE_HANGING] = service_hanging, [STATE_DEAD] = service_nothing,
    };

    services[device->state](device, now_ms);
    device->is_flash_busy = is_busy(device, now_ms);
    device->next_ms = next_service(device, now_ms);
}

static size_t poll_ways_in(const struct sim_device *device, struct pollfd *entries)
{
    const size_t count = sim_device_upload_poll(device, entries);

    return count + sim_device_page_poll(device, entries + count);
}

/* While it asks, what comes for uploads and the page waits. */
size_t sim_device_poll(const struct sim_device *device, struct pollfd entries[SIM_DEVICE_SOCKETS])
{
    if (device->is_flash_busy)
        return 0;
    if (device->state == STATE_IDLE)
        return poll_ways_in(device, entries);
    if (device->state != STATE_ASKING || ud_posix_pull_fd(&device->driver) < 0)
        return 0;
    entries[0] = (struct pollfd){
        .fd = ud_posix_pull_fd(&device->driver),
        .events = ud_posix_pull_events(&device->driver),
    };
    return 1;
}

uint32_t sim_device_deadline(const struct sim_device *device)
{
    return device->next_ms;
}

/* ---- Life ---- */

/* As after a power cut: nothing of use. */
static void forget_rtc(struct sim_device *device)
{
    rtc_init(&device->rtc, ud_get_u32(device->config.mac + 2));
}

static int open_flash(struct sim_device *device)
{
    const struct nor_config config = {
        .path = device->config.flash_path,
        .is_scratch = device->config.is_scratch,
        .size = device->config.layout.flash_size,
        .has_block_erase = true,
        .rules = NOR_STRICT,
    };

    return nor_open(&device->nor, &config);
}

int sim_device_open(struct sim_device **out, const struct sim_device_config *config)
{
    struct sim_device *device = calloc(1, sizeof *device);

    if (device == NULL)
        return -ENOMEM;
    device->config = *config;
    device->board = config->is_esp32 ? &board_esp32 : &board_esp8266;
    sim_device_name(device);
    forget_rtc(device);
    device->upload_port = config->upload.port;
    device->uploads.udp = -1; /* not open */
    device->page_port = config->page.port;
    device->pages.listener = -1;
    int error = open_flash(device);
    if (error == 0)
        error = device->board->open(device);
    if (error == 0)
        error = sim_device_tls_open(device);
    if (error == 0)
        error = open_ways_in(device); /* they can be had */
    close_ways_in(device);
    if (error != 0) {
        sim_device_close(device);
        return error;
    }
    *out = device;
    return 0;
}

static void switch_off(struct sim_device *device)
{
    if (device->state == STATE_ASKING)
        ud_posix_pull_end(&device->driver);
    close_ways_in(device);
    device->state = STATE_OFF;
}

void sim_device_close(struct sim_device *device)
{
    if (device == NULL)
        return;
    switch_off(device);
    sim_device_tls_close(device);
    nor_close(device->nor);
    free(device);
}

/* Serves at once, so that fd and deadline mean something from here on. */
static void start_anew(struct sim_device *device, uint32_t now_ms)
{
    switch_off(device);
    device->ready_ms = now_ms;
    device->flash_ns = nor_stats(device->nor)->time_ns;
    device->poll_ms = now_ms + device->config.first_delay_ms;
    start(device, now_ms);
    sim_device_service(device, now_ms);
}

void sim_device_power_on(struct sim_device *device, uint32_t now_ms)
{
    forget_rtc(device);
    start_anew(device, now_ms);
}

void sim_device_reset(struct sim_device *device, uint32_t now_ms)
{
    start_anew(device, now_ms);
}

/* ---- What it is ---- */

bool sim_device_is_running(const struct sim_device *device)
{
    return device->state == STATE_IDLE || device->state == STATE_ASKING;
}

const struct sim_device_program *sim_device_program(const struct sim_device *device)
{
    return &device->program;
}

const char *sim_device_version(const struct sim_device *device)
{
    return device->program.has_description ? device->program.description.version : "";
}

const char *sim_device_mac(const struct sim_device *device)
{
    return device->sta_mac;
}

struct nor *sim_device_nor(const struct sim_device *device)
{
    return device->nor;
}
