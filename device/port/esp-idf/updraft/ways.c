/* The task: engines over BSD sockets, one update at a time. It holds the slots only while
 * it works, never while it waits.
 */
#include "ways.h"

#include "digest.h"
#include "esp_random.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "system.h"
#include "updraft/form_page.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ANY_ADDRESS    "0.0.0.0"
#define POLL_DEFAULT_S 3600u
#define MS_PER_S       1000u
#define STEP_MS        500u /* at the latest, updraft_stop() is looked at */
#define SOCKETS        (1u + UD_POSIX_ESPOTA_SOCKETS + UD_POSIX_FORM_SOCKETS)
#define NO_SOCKET      (-1)

enum task { TASK_NONE, TASK_RUNS, TASK_STOPS };

/* There is one network and one set of slots. */
static atomic_int task;

static void emit(const struct ways *ways, const struct updraft_event_data *data)
{
    if (ways->config.event != NULL)
        ways->config.event(ways->config.ctx, data);
}

static void report_progress(void *ctx, uint32_t done, uint32_t total)
{
    emit(ctx, &(struct updraft_event_data){UPDRAFT_PROGRESS, UD_OK, done, total});
}

/* Uploads and the page: a pull tells of its errors itself. */
static void report_error(void *ctx, int error)
{
    const struct ways *ways = ctx;

    if (!ways->is_asking)
        emit(ways, &(struct updraft_event_data){.event = UPDRAFT_FAILED, .error = error});
}

/* ---- Opening ---- */

static int open_updater(struct ways *ways)
{
    const struct ud_updater_config config = {
        .flash = ways->slots->config.flash,
        .target = ud_slots_target(ways->slots),
        .md5 = &updraft_md5,
        .verifier = ways->config.verifier,
        .terms = ways->config.terms,
        .buffer = ways->buffer,
        .buffer_size = sizeof ways->buffer,
        .events = {.ctx = ways, .progress = report_progress, .error = report_error},
    };

    return ud_updater_init(&ways->updater, &config);
}

static int open_uploads(struct ways *ways)
{
    const struct ud_espota_config config = {
        .updater = &ways->updater,
        .digest = &updraft_sha256,
        .password = ways->config.password,
    };

    if (ways->config.upload_port == 0)
        return UD_OK;
    const int error = ud_espota_init(&ways->espota, &config);
    if (error != UD_OK)
        return error;
    return ud_posix_espota_open(&ways->uploads, &ways->espota, ANY_ADDRESS,
                                ways->config.upload_port) == 0
               ? UD_OK
               : UD_ERR_ARGUMENT;
}

static int open_page(struct ways *ways)
{
    const struct ud_form_config config = {
        .updater = &ways->updater,
        .page = ud_form_page,
        .page_length = ud_form_page_length,
        .user = ways->config.page_user,
        .password = ways->config.page_user != NULL ? ways->config.password : NULL,
        .sha256 = &updraft_sha256,
        .digest_login = &ud_form_digest_login,
        .about = {.product = ways->identity.description.project,
                  .version = ways->identity.description.version,
                  .free_space = ways->identity.headers.free_space},
    };
    uint8_t random[UD_FORM_RANDOM];

    if (ways->config.page_port == 0)
        return UD_OK;
    esp_fill_random(random, sizeof random);
    const int error = ud_form_init(&ways->form, &config, random);
    if (error != UD_OK)
        return error;
    return ud_posix_form_open(&ways->pages, &ways->form, ANY_ADDRESS, ways->config.page_port) == 0
               ? UD_OK
               : UD_ERR_ARGUMENT;
}

static void close_ways(struct ways *ways)
{
    if (ways->is_asking)
        ud_posix_pull_end(&ways->pull_driver);
    if (ways->uploads.udp != NO_SOCKET)
        ud_posix_espota_close(&ways->uploads);
    if (ways->pages.listener != NO_SOCKET)
        ud_posix_form_close(&ways->pages);
    free(ways);
}

static int open_ways(struct ways *ways)
{
    int error = updraft_enter(&ways->slots);

    ways->uploads.udp = NO_SOCKET;
    ways->pages.listener = NO_SOCKET;
    if (error == UD_OK)
        error = ways_identify(ways->slots, ways->buffer, &ways->identity);
    if (error == UD_OK)
        ways_tell_abilities(ways->slots, ways->config.keys, &ways->identity);
    if (error == UD_OK)
        error = open_updater(ways);
    if (error == UD_OK)
        error = open_uploads(ways);
    if (error == UD_OK)
        error = open_page(ways);
    updraft_leave();
    return error;
}

/* ---- Asking a server ---- */

static void finish_check_in(struct ways *ways, uint32_t now_ms)
{
    const uint32_t poll_s = ways->config.poll_s != 0 ? ways->config.poll_s : POLL_DEFAULT_S;

    ways->is_asking = false;
    ways->poll_ms = now_ms + poll_s * MS_PER_S;
}

static void report_failure(struct ways *ways, int error)
{
    emit(ways, &(struct updraft_event_data){.event = UPDRAFT_FAILED, .error = error});
}

static void ask(struct ways *ways, uint32_t now_ms)
{
    const struct ud_pull_config config = {
        .chip = UD_CHIP_ESP32,
        .identity = ways->identity.headers,
        .updater = &ways->updater,
        .version = ways->identity.description.version,
        .user = ways->config.user,
        .password = ways->config.password,
        .can_tls = ways->config.tls != NULL,
    };
    const struct ud_posix_pull_config driver = {.tls = ways->config.tls};
    int error = ud_pull_init(&ways->pull, &config);

    if (error == UD_OK)
        error = ud_pull_begin(&ways->pull, ways->config.url, now_ms);
    if (error != UD_OK) {
        finish_check_in(ways, now_ms);
        report_failure(ways, error);
        return;
    }
    ud_posix_pull_begin(&ways->pull_driver, &ways->pull, &driver);
    ways->is_asking = true;
}

/* A server has answered: the program works. */
static void confirm(struct ways *ways)
{
    int error = UD_OK;

    if (ways->config.confirms)
        error = ud_slots_confirm(ways->slots);
    if (error == UD_OK)
        emit(ways, &(struct updraft_event_data){.event = UPDRAFT_CURRENT});
    else
        report_failure(ways, error);
}

/* What waits for these keys may be offered by now. */
static void take_keys(struct ways *ways, uint32_t now_ms)
{
    ways_tell_abilities(ways->slots, ways->config.keys, &ways->identity);
    ways->poll_ms = now_ms;
    emit(ways, &(struct updraft_event_data){.event = UPDRAFT_KEYS});
}

static void give_up_for_now(struct ways *ways, uint32_t now_ms)
{
    const uint32_t retry_s = ud_pull_retry_s(&ways->pull);

    if (retry_s == 0) {
        report_failure(ways, ud_pull_error(&ways->pull));
        return;
    }
    ways->poll_ms = now_ms + retry_s * MS_PER_S;
    emit(ways, &(struct updraft_event_data){.event = UPDRAFT_LATER, .done = retry_s});
}

/* True when a new program starts next. */
static bool serve_pull(struct ways *ways, uint32_t now_ms)
{
    if (ud_posix_pull_service(&ways->pull_driver, now_ms))
        return false;
    ud_posix_pull_end(&ways->pull_driver);
    finish_check_in(ways, now_ms);
    switch (ud_pull_result(&ways->pull)) {
    case UD_PULL_OK:
        return true;
    case UD_PULL_NO_UPDATES:
        confirm(ways);
        return false;
    case UD_PULL_KEYS:
        take_keys(ways, now_ms);
        return false;
    case UD_PULL_FAILED:
    default:
        give_up_for_now(ways, now_ms);
        return false;
    }
}

/* ---- The loop ---- */

static bool is_due(uint32_t when_ms, uint32_t now_ms)
{
    return (int32_t)(when_ms - now_ms) <= 0;
}

/* True when a new program starts next. */
static bool serve_idle(struct ways *ways, uint32_t now_ms)
{
    bool restart = false;

    if (ways->uploads.udp != NO_SOCKET)
        restart = ud_posix_espota_service(&ways->uploads, now_ms);
    if (ways->pages.listener != NO_SOCKET)
        restart = ud_posix_form_service(&ways->pages, now_ms) || restart;
    if (restart || ways->config.url == NULL || ud_updater_is_running(&ways->updater) ||
        !is_due(ways->poll_ms, now_ms))
        return restart;
    ask(ways, now_ms);
    return ways->is_asking && serve_pull(ways, now_ms);
}

static bool serve(struct ways *ways)
{
    const uint32_t now_ms = ud_posix_clock_ms();
    struct ud_slots *slots;
    bool restart = false;

    if (updraft_enter(&slots) == UD_OK)
        restart = ways->is_asking ? serve_pull(ways, now_ms) : serve_idle(ways, now_ms);
    updraft_leave();
    return restart;
}

static nfds_t collect(const struct ways *ways, struct pollfd entries[SOCKETS])
{
    nfds_t count = 0;

    if (ways->is_asking) {
        if (ud_posix_pull_fd(&ways->pull_driver) == NO_SOCKET)
            return 0;
        entries[0] = (struct pollfd){.fd = ud_posix_pull_fd(&ways->pull_driver),
                                     .events = ud_posix_pull_events(&ways->pull_driver)};
        return 1;
    }
    if (ways->uploads.udp != NO_SOCKET)
        count += ud_posix_espota_poll(&ways->uploads, entries);
    if (ways->pages.listener != NO_SOCKET)
        count += ud_posix_form_poll(&ways->pages, entries + count);
    return count;
}

static uint32_t sooner(uint32_t one_ms, uint32_t other_ms, uint32_t now_ms)
{
    return (int32_t)(one_ms - now_ms) < (int32_t)(other_ms - now_ms) ? one_ms : other_ms;
}

static uint32_t next_deadline(const struct ways *ways, uint32_t now_ms)
{
    uint32_t next_ms = now_ms + STEP_MS;
    uint32_t deadline_ms;

    if (ways->is_asking)
        return sooner(ud_pull_deadline(&ways->pull), next_ms, now_ms);
    if (ways->uploads.udp != NO_SOCKET && ud_posix_espota_deadline(&ways->uploads, &deadline_ms))
        next_ms = sooner(deadline_ms, next_ms, now_ms);
    if (ways->pages.listener != NO_SOCKET && ud_posix_form_deadline(&ways->pages, &deadline_ms))
        next_ms = sooner(deadline_ms, next_ms, now_ms);
    return ways->config.url != NULL ? sooner(ways->poll_ms, next_ms, now_ms) : next_ms;
}

/* At least a tick, so that tasks of less priority run as well. */
static void wait_for_work(const struct ways *ways)
{
    struct pollfd entries[SOCKETS];
    const nfds_t count = collect(ways, entries);
    const uint32_t now_ms = ud_posix_clock_ms();
    const int32_t left_ms = (int32_t)(next_deadline(ways, now_ms) - now_ms);

    if (count > 0)
        (void)poll(entries, count, left_ms > 1 ? (int)left_ms : 1);
    else
        vTaskDelay(pdMS_TO_TICKS(left_ms > 1 ? (uint32_t)left_ms : 1) + 1);
}

static void run(void *argument)
{
    struct ways *ways = argument;
    bool restart = false;

    while (!restart && atomic_load(&task) == TASK_RUNS) {
        restart = serve(ways);
        if (!restart)
            wait_for_work(ways);
    }
    if (restart)
        emit(ways, &(struct updraft_event_data){.event = UPDRAFT_UPDATED});
    close_ways(ways);
    atomic_store(&task, TASK_NONE);
    if (restart)
        esp_restart();
    vTaskDelete(NULL);
}

/* ---- Life ---- */

static esp_err_t start_task(const struct updraft_config *config)
{
    struct ways *ways = calloc(1, sizeof *ways);

    if (ways == NULL)
        return ESP_ERR_NO_MEM;
    ways->config = *config;
    const int error = open_ways(ways);
    if (error != UD_OK) {
        close_ways(ways);
        return updraft_error(error);
    }
    ways->poll_ms = ud_posix_clock_ms();
    if (xTaskCreate(run, "updraft", CONFIG_UPDRAFT_TASK_STACK, ways, CONFIG_UPDRAFT_TASK_PRIORITY,
                    NULL) == pdPASS)
        return ESP_OK;
    close_ways(ways);
    return ESP_ERR_NO_MEM;
}

esp_err_t updraft_start(const struct updraft_config *config)
{
    int none = TASK_NONE;

    if (config == NULL ||
        (config->url == NULL && config->upload_port == 0 && config->page_port == 0))
        return ESP_ERR_INVALID_ARG;
    if (!atomic_compare_exchange_strong(&task, &none, TASK_RUNS))
        return ESP_ERR_INVALID_STATE;
    const esp_err_t error = start_task(config);
    if (error != ESP_OK)
        atomic_store(&task, TASK_NONE);
    return error;
}

void updraft_stop(void)
{
    int running = TASK_RUNS;

    if (!atomic_compare_exchange_strong(&task, &running, TASK_STOPS))
        return;
    while (atomic_load(&task) != TASK_NONE)
        vTaskDelay(1);
}
