#include "host/file.h"
#include "host/mdns.h"
#include "host/report.h"
#include "posix/pull.h"
#include "sim/fleet.h"
#include "tools/device.h"
#include "updraft/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PASSWORD_LIMIT  4096u
#define MS_PER_S        1000u
#define STEP_MS         1000u  /* at the latest, time and signals are looked at */
#define LOOPBACK_PREFIX "127." /* nobody else can reach it */
#define FAILURE_LIMIT   160u

enum outcome {
    OPEN,    /* there is something to wait for */
    REACHED, /* what was asked for */
    FAILED,
};

/* A device and how far it is with what was asked for. */
struct unit {
    struct run *run;
    size_t index;
    enum outcome outcome;
    bool has_updated; /* an update was staged; the boot tells what came of it */
    bool has_new_keys;
    char failure[FAILURE_LIMIT];
};

struct run {
    const struct device_order *order;
    struct device_flash flash;
    struct sim_fleet *fleet;
    struct device_show *show;
    struct unit *units;
    char *password;
    char *upload_password;
    struct device_trust trust;
    struct device_tls tls;
    struct mdns_publisher *publisher;
    struct device_signals signals;
    size_t open; /* units with outcome OPEN */
};

/* ---- The goal ---- */

static void settle(struct unit *unit, enum outcome outcome)
{
    if (unit->outcome == OPEN)
        unit->run->open--;
    unit->outcome = outcome;
}

static void remember(struct unit *unit, const struct sim_device_event *event)
{
    if (event->kind == SIM_DEVICE_REFUSED)
        snprintf(unit->failure, sizeof unit->failure, "the bootloader refused the update (%d): %s",
                 event->number, event->text);
    else if (event->number < 0)
        snprintf(unit->failure, sizeof unit->failure, "failed (%d): %s", event->number,
                 event->text);
    else
        snprintf(unit->failure, sizeof unit->failure, "%s", event->text);
}

/* --stage: an update. */
static void judge_staged(struct unit *unit, const struct sim_device_event *event)
{
    if (event->kind == SIM_DEVICE_UPDATED)
        settle(unit, REACHED);
    else if (event->kind == SIM_DEVICE_FAILED || event->kind == SIM_DEVICE_UPLOAD_FAILED)
        settle(unit, FAILED);
}

/* --once: a check-in, or where no server is asked an upload, and the restart if it brought
 * an update. */
static void judge_once(struct unit *unit, const struct sim_device_event *event)
{
    switch (event->kind) {
    case SIM_DEVICE_CURRENT:
        settle(unit, REACHED);
        break;
    case SIM_DEVICE_FAILED:
        /* A web server that knows nothing of key rings gives the same key update again. */
        settle(unit, unit->has_new_keys && event->error == UD_ERR_KEY_NUMBER ? REACHED : FAILED);
        break;
    case SIM_DEVICE_KEYS:
        unit->has_new_keys = true;
        break;
    case SIM_DEVICE_UPDATED:
        unit->has_updated = true;
        break;
    case SIM_DEVICE_UPLOAD_FAILED:
        if (unit->run->order->url == NULL)
            settle(unit, FAILED);
        break;
    case SIM_DEVICE_STARTED:
        if (unit->has_updated)
            settle(unit, unit->failure[0] == '\0' ? REACHED : FAILED);
        break;
    case SIM_DEVICE_COPYING:
    case SIM_DEVICE_REFUSED:
    case SIM_DEVICE_RETURNED:
    case SIM_DEVICE_HANGING:
    case SIM_DEVICE_DEAD:
    case SIM_DEVICE_ASKING:
    case SIM_DEVICE_FETCHING:
    case SIM_DEVICE_ONE_WAY:
    case SIM_DEVICE_LATER:
    default:
        break;
    }
}

/* --until: it runs the version, and has told the server, if there is one, so. */
static void judge_version(struct unit *unit, const struct sim_device *device,
                          const struct sim_device_event *event)
{
    const bool was_answered =
        event->kind == SIM_DEVICE_CURRENT || event->kind == SIM_DEVICE_UPDATED;
    const bool is_alone = unit->run->order->url == NULL && event->kind == SIM_DEVICE_STARTED;

    if ((was_answered || is_alone) &&
        strcmp(sim_device_version(device), unit->run->order->until) == 0)
        settle(unit, REACHED);
}

static void on_event(void *ctx, struct sim_device *device, const struct sim_device_event *event)
{
    struct unit *unit = ctx;
    const struct device_order *order = unit->run->order;

    device_show_event(unit->run->show, unit->index, device, event);
    if (event->kind == SIM_DEVICE_FAILED || event->kind == SIM_DEVICE_REFUSED ||
        event->kind == SIM_DEVICE_UPLOAD_FAILED || event->kind == SIM_DEVICE_DEAD)
        remember(unit, event);
    if (event->kind == SIM_DEVICE_DEAD)
        settle(unit, FAILED);
    else if (order->stage)
        judge_staged(unit, event);
    else if (order->once)
        judge_once(unit, event);
    else if (order->until != NULL)
        judge_version(unit, device, event);
}

/* ---- Setting up ---- */

/* The first line of a file; null without one. EXIT_OK, or reported. */
static int read_password(const char *path, char **password)
{
    struct file_bytes bytes;

    if (path == NULL)
        return EXIT_OK;
    const int error = file_read(path, PASSWORD_LIMIT, &bytes);
    if (error != 0)
        return report_failure("%s: %s", path, strerror(-error));
    *password = strndup((const char *)bytes.data, bytes.length);
    free(bytes.data);
    if (*password == NULL)
        return report_failure("out of memory");
    (*password)[strcspn(*password, "\r\n")] = '\0';
    return EXIT_OK;
}

static struct sim_device_upload upload_config(const struct run *run, const struct unit *unit)
{
    const struct device_order *order = run->order;

    if (order->upload_port == 0)
        return (struct sim_device_upload){0};
    return (struct sim_device_upload){
        .address = order->upload_address,
        .port = (uint16_t)(order->upload_port + unit->index),
        .password = run->upload_password,
        .uses_sha256 = order->upload_sha256 || order->is_esp32,
    };
}

static struct sim_device_page page_config(const struct run *run, const struct unit *unit)
{
    const struct device_order *order = run->order;

    if (order->page_port == 0)
        return (struct sim_device_page){0};
    return (struct sim_device_page){
        .address = order->upload_address,
        .port = (uint16_t)(order->page_port + unit->index),
        .user = order->page_user,
        .password = run->upload_password,
    };
}

static struct sim_device_config device_config(const struct run *run, struct unit *unit)
{
    const struct device_order *order = run->order;
    const uint64_t poll_ms = (uint64_t)order->poll_s * MS_PER_S;
    struct sim_device_config config = {
        .layout = run->flash.chip.layout,
        .is_esp32 = order->is_esp32,
        .esp32_chip = order->esp32_chip,
        .url = order->url,
        .user = order->user,
        .password = run->password,
        .redirects = order->redirects ? &ud_pull_follow : NULL,
        .poll_ms = order->once || order->stage ? INT32_MAX : (uint32_t)poll_ms,
        /* They do not all ask at the same moment. */
        .first_delay_ms =
            order->once || order->stage ? 0 : (uint32_t)(poll_ms * unit->index / order->count),
        .is_lifelike = order->is_lifelike,
        .upload = upload_config(run, unit),
        .page = page_config(run, unit),
        .tls = {run->tls.anchors, run->tls.count, order->pin != NULL ? run->tls.pin : NULL,
                (uint32_t)order->tls_record, order->lacks_clock},
        .trust = {run->trust.keys, (uint32_t)run->trust.count, order->wants_manifest,
                  order->product},
        .writes_files_in_place = order->in_place,
        .hangs = order->hangs,
        .ends_staged = order->stage,
        .ctx = unit,
        .event = on_event,
    };

    for (unsigned i = 0; i < SIM_DEVICE_MAC_SIZE; i++)
        config.mac[i] = (uint8_t)((order->first_mac + unit->index) >> (40 - 8 * i));
    return config;
}

/* What is wrong with a port or with flash. */
static int report_open(const struct run *run, const struct sim_device_config *config, int error)
{
    if (error != -EADDRINUSE && error != -EADDRNOTAVAIL)
        return device_flash_report(&run->flash, error);
    if (config->page.address == NULL)
        return report_failure("UDP port %u of %s cannot be had for uploads: %s",
                              config->upload.port, config->upload.address, strerror(-error));
    if (config->upload.address == NULL)
        return report_failure("TCP port %u of %s cannot be had for the page: %s", config->page.port,
                              config->page.address, strerror(-error));
    return report_failure("UDP port %u or TCP port %u of %s cannot be had: %s", config->upload.port,
                          config->page.port, config->page.address, strerror(-error));
}

static int add_device(struct run *run, size_t index)
{
    struct unit *unit = &run->units[index];
    struct sim_device *device;

    *unit = (struct unit){.run = run, .index = index};
    struct sim_device_config config = device_config(run, unit);
    const int status = device_flash_provide(&run->flash, run->order, run->order->first_mac + index);
    if (status != EXIT_OK)
        return status;
    config.flash_path = run->flash.path;
    config.is_scratch = run->flash.is_scratch;
    const int error = sim_device_open(&device, &config);
    if (error != 0)
        return report_open(run, &config, error);
    sim_fleet_add(run->fleet, device);
    device_show_name(run->show, index, sim_device_mac(device));
    return EXIT_OK;
}

static struct mdns_service service_of(const struct run *run, struct unit *unit)
{
    const struct sim_device_config config = device_config(run, unit);
    struct mdns_service service = {
        .address = run->order->upload_address,
        .port = config.upload.port,
        .page_port = config.page.port,
        .text_count = UD_SERVICE_TEXTS,
    };

    const enum ud_chip chip = run->order->is_esp32 ? UD_CHIP_ESP32 : UD_CHIP_ESP8266;
    ud_service_name(chip, config.mac, service.name);
    for (uint32_t i = 0; i < UD_SERVICE_TEXTS; i++)
        ud_service_text(chip, NULL, run->upload_password != NULL, i, service.texts[i]);
    return service;
}

/* Devices that others can reach are announced; where that cannot be, they can still
 * be named. */
static void announce(struct run *run)
{
    const size_t count = run->order->count;
    struct mdns_service *services = calloc(count, sizeof *services);
    const char *why = "out of memory";

    for (size_t i = 0; services != NULL && i < count; i++)
        services[i] = service_of(run, &run->units[i]);
    if (services != NULL)
        run->publisher = mdns_publish(services, count, &why);
    if (run->publisher == NULL)
        report_failure("the devices are not announced by mDNS: %s", why);
    free(services);
}

/* A flash file and a socket each. */
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_run(struct run *run)
{
    const size_t count = run->order->count;
    int status = read_password(run->order->password_file, &run->password);

    if (status == EXIT_OK)
        status = read_password(run->order->upload_password_file, &run->upload_password);
    if (status == EXIT_OK)
        status = device_trust_open(&run->trust, &run->order->trusted);
    if (status == EXIT_OK)
        status = device_tls_open(&run->tls, run->order);
    if (status == EXIT_OK)
        status = device_flash_open(&run->flash, run->order);
    if (status != EXIT_OK)
        return status;
    run->fleet = sim_fleet_new(count);
    run->show = device_show_start(count, run->order->json);
    run->units = calloc(count, sizeof *run->units);
    if (run->fleet == NULL || run->show == NULL || run->units == NULL)
        return report_failure("out of memory");
    allow_many_files();
    run->open = count;
    for (size_t i = 0; status == EXIT_OK && i < count; i++)
        status = add_device(run, i);
    if (status == EXIT_OK)
        status = device_signals_open(&run->signals);
    if (status == EXIT_OK && (run->order->upload_port != 0 || run->order->page_port != 0) &&
        strncmp(run->order->upload_address, LOOPBACK_PREFIX, strlen(LOOPBACK_PREFIX)) != 0)
        announce(run);
    return status;
}

static void close_run(struct run *run)
{
    mdns_publisher_free(run->publisher);
    device_show_end(run->show);
    sim_fleet_free(run->fleet);
    device_flash_close(&run->flash);
    device_trust_close(&run->trust);
    free(run->units);
    free(run->password);
    free(run->upload_password);
    device_signals_close(&run->signals);
}

/* ---- Running ---- */

enum ending { END_GOAL, END_TIME, END_SIGNAL, END_ERROR };

static enum ending step_until_end(struct run *run)
{
    const uint64_t limit_ms = (uint64_t)run->order->timeout_s * MS_PER_S;
    uint64_t passed_ms = 0;
    uint32_t now_ms = ud_posix_clock_ms();

    sim_fleet_power_on(run->fleet, now_ms);
    while (run->open > 0) {
        const uint64_t left_ms = limit_ms == 0 ? STEP_MS : limit_ms - passed_ms;
        const uint32_t wait_ms = left_ms < STEP_MS ? (uint32_t)left_ms : STEP_MS;
        const int error = sim_fleet_step(run->fleet, run->signals.fd, wait_ms);
        if (error != 0) {
            report_failure("waiting for sockets: %s", strerror(-error));
            return END_ERROR;
        }
        if (device_signals_came(&run->signals))
            return END_SIGNAL;
        passed_ms += ud_posix_clock_ms() - now_ms;
        now_ms = ud_posix_clock_ms();
        if (limit_ms != 0 && passed_ms >= limit_ms && run->open > 0)
            return END_TIME;
    }
    return END_GOAL;
}

static size_t count_reached(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->order->count; i++)
        count += run->units[i].outcome == REACHED;
    return count;
}

/* One line for each device that failed. */
static void report_failures(const struct run *run)
{
    for (size_t i = 0; i < run->order->count; i++)
        if (run->units[i].outcome == FAILED)
            report_failure("%s: %s", sim_device_mac(sim_fleet_device(run->fleet, i)),
                           run->units[i].failure);
}

static int verdict(const struct run *run, enum ending ending)
{
    const struct device_order *order = run->order;
    const bool has_goal = order->once || order->stage || order->until != NULL;
    const size_t reached = count_reached(run);

    if (ending == END_ERROR)
        return EXIT_FAILED;
    report_failures(run);
    if (ending == END_SIGNAL && !has_goal)
        return EXIT_OK;
    if (has_goal && reached == order->count)
        return EXIT_OK;
    if (order->until != NULL)
        return report_failure("%zu of %lu devices run %s%s", reached, order->count, order->until,
                              ending == END_TIME ? ", and time is up" : "");
    if (ending == END_TIME)
        return report_failure("time is up: %zu of %lu devices are done", reached, order->count);
    return EXIT_FAILED;
}

int device_run(const struct device_order *order)
{
    struct run run = {.order = order, .signals = {.fd = -1}, .flash = {.memory_fd = -1}};
    int status = open_run(&run);

    if (status == EXIT_OK) {
        const enum ending ending = step_until_end(&run);
        device_show_end(run.show); /* what follows comes after the bars */
        run.show = NULL;
        status = verdict(&run, ending);
    }
    close_run(&run);
    return status;
}
