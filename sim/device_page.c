#include "sim/device_state.h"

#include "bearssl/digest.h"
#include "updraft/form_page.h"
#include "updraft/messages.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static bool has_page(const struct sim_device *device)
{
    return device->config.page.address != NULL;
}

static int init_engine(struct sim_device *device)
{
    const struct ud_layout layout = sim_device_layout(device);
    const struct sim_device_program *program = &device->program;
    const struct ud_form_config config = {
        .updater = &device->updater,
        .page = ud_form_page,
        .page_length = ud_form_page_length,
        .user = device->config.page.user,
        .password = device->config.page.password,
        .sha256 = &ud_sha256,
        .digest_login = &ud_form_digest_login,
        .about = {.product = program->has_description ? program->description.project : NULL,
                  .version = sim_device_version(device),
                  .free_space = program->free_space,
                  .filesystem_space = layout.fs_end - layout.fs_start},
    };
    uint8_t random[UD_FORM_RANDOM];

    if (getrandom(random, sizeof random, 0) != sizeof random)
        return UD_ERR_STATE;
    return ud_form_init(&device->form, &config, random);
}

int sim_device_page_open(struct sim_device *device)
{
    if (!has_page(device))
        return 0;
    if (init_engine(device) != UD_OK)
        return -EINVAL;
    const int error = ud_posix_form_open(&device->pages, &device->form, device->config.page.address,
                                         device->page_port);
    if (error == 0)
        device->page_port = ud_posix_form_port(&device->pages);
    return error;
}

void sim_device_page_close(struct sim_device *device)
{
    if (has_page(device))
        ud_posix_form_close(&device->pages);
}

bool sim_device_page_service(struct sim_device *device, uint32_t now_ms)
{
    return has_page(device) && ud_posix_form_service(&device->pages, now_ms);
}

bool sim_device_page_is_active(const struct sim_device *device)
{
    return has_page(device) && ud_posix_form_is_active(&device->pages);
}

/* The other ways in tell of their failures themselves. */
void sim_device_page_failed(void *ctx, int error)
{
    struct sim_device *device = ctx;
    char reason[UD_MESSAGE_MAX], text[UD_MESSAGE_MAX + 64];

    if (device->state != STATE_IDLE || sim_device_upload_is_active(device))
        return;
    ud_updater_error_text(&device->updater, reason, sizeof reason);
    snprintf(text, sizeof text, "an upload by browser was not taken: %s", reason);
    sim_device_emit(device, &(struct sim_device_event){
                                .kind = SIM_DEVICE_UPLOAD_FAILED,
                                .error = error,
                                .number = ud_updater_error_number(error),
                                .text = text,
                            });
}

size_t sim_device_page_poll(const struct sim_device *device, struct pollfd *entries)
{
    return has_page(device) ? ud_posix_form_poll(&device->pages, entries) : 0;
}

uint32_t sim_device_page_deadline(const struct sim_device *device, uint32_t or_ms)
{
    uint32_t deadline_ms;

    if (!has_page(device) || !ud_posix_form_deadline(&device->pages, &deadline_ms))
        return or_ms;
    return (int32_t)(deadline_ms - or_ms) < 0 ? deadline_ms : or_ms;
}

uint16_t sim_device_page_port(const struct sim_device *device)
{
    return has_page(device) ? device->page_port : 0;
}
