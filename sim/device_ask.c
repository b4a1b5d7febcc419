/* A virtual device asks its server for a newer program. */
#include "sim/device_state.h"

#include "updraft/messages.h"

static void finish_check_in(struct sim_device *device, uint32_t now_ms)
{
    device->state = STATE_IDLE;
    device->poll_ms = now_ms + device->config.poll_ms;
}

static void report_failure(struct sim_device *device, int error)
{
    char text[UD_MESSAGE_MAX];

    ud_pull_error_text(error, &device->updater, text, sizeof text);
    sim_device_emit(device, &(struct sim_device_event){
                                .kind = SIM_DEVICE_FAILED,
                                .error = error,
                                .number = ud_pull_error_number(error),
                                .text = text,
                            });
}

static int prepare_pull(struct sim_device *device)
{
    const struct sim_device_config *config = &device->config;
    const struct ud_pull_config pull_config = {
        .chip = device->board->chip,
        .identity = device->board->identity(device),
        .updater = &device->updater,
        .version = sim_device_version(device),
        .user = config->user,
        .password = config->password,
        .redirects = config->redirects,
        .location = device->location,
        .can_tls = device->session != NULL,
    };

    return ud_pull_init(&device->pull, &pull_config);
}

void sim_device_ask(struct sim_device *device, uint32_t now_ms)
{
    int error = prepare_pull(device);

    sim_device_emit_kind(device, SIM_DEVICE_ASKING);
    if (error == UD_OK)
        error = ud_pull_begin(&device->pull, device->config.url, now_ms);
    if (error != UD_OK) {
        finish_check_in(device, now_ms);
        report_failure(device, error);
        return;
    }
    const struct ud_posix_pull_config config = {.tls = sim_device_tls(device)};
    ud_posix_pull_begin(&device->driver, &device->pull, &config);
    device->state = STATE_ASKING;
}

/* What waits for these keys may be offered by now. */
static void take_keys(struct sim_device *device, uint32_t now_ms)
{
    sim_device_emit_kind(device, SIM_DEVICE_KEYS);
    if (sim_device_trust_tell(device))
        device->poll_ms = now_ms;
    else
        sim_device_die(device, "its key ring cannot be read");
}

static void give_up_for_now(struct sim_device *device, uint32_t now_ms)
{
    const uint32_t retry_s = ud_pull_retry_s(&device->pull);

    if (retry_s == 0) {
        report_failure(device, ud_pull_error(&device->pull));
        return;
    }
    device->poll_ms = now_ms + retry_s * 1000u;
    sim_device_emit(device, &(struct sim_device_event){.kind = SIM_DEVICE_LATER, .done = retry_s});
}

bool sim_device_ask_service(struct sim_device *device, uint32_t now_ms)
{
    if (ud_posix_pull_service(&device->driver, now_ms))
        return false;
    ud_posix_pull_end(&device->driver);
    finish_check_in(device, now_ms);
    switch (ud_pull_result(&device->pull)) {
    case UD_PULL_OK:
        return true;
    case UD_PULL_NO_UPDATES:
        /* On trial, a program that has reached its server has shown that it works. */
        device->board->confirm(device);
        sim_device_emit_kind(device, SIM_DEVICE_CURRENT);
        return false;
    case UD_PULL_KEYS:
        take_keys(device, now_ms);
        return false;
    case UD_PULL_FAILED:
    default:
        give_up_for_now(device, now_ms);
        return false;
    }
}
