#include "sim/device_state.h"

#include "bearssl/digest.h"
#include "updraft/messages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool takes_uploads(const struct sim_device *device)
{
    return device->config.upload.address != NULL;
}

/* What went wrong, and the updater's own words where it knows more. */
static void failed(void *ctx, enum ud_espota_failure failure)
{
    static const char *const phases[] = {
        [UD_ESPOTA_AUTH_FAILED] = "an upload did not prove the password",
        [UD_ESPOTA_BEGIN_FAILED] = "an upload was not begun",
        [UD_ESPOTA_CONNECT_FAILED] = "the uploader cannot be reached",
        [UD_ESPOTA_RECEIVE_FAILED] = "an upload was cut off",
        [UD_ESPOTA_END_FAILED] = "an upload was not taken",
        [UD_ESPOTA_ERASE_FAILED] = "settings were not erased",
    };
    struct sim_device *device = ctx;
    const int error = device->updater.error;
    char reason[UD_MESSAGE_MAX] = "", text[UD_MESSAGE_MAX + 64];

    if (failure == UD_ESPOTA_BEGIN_FAILED || failure == UD_ESPOTA_END_FAILED)
        ud_updater_error_text(&device->updater, reason, sizeof reason);
    snprintf(text, sizeof text, "%s%s%s", phases[failure], reason[0] != '\0' ? ": " : "", reason);
    sim_device_emit(device, &(struct sim_device_event){
                                .kind = SIM_DEVICE_UPLOAD_FAILED,
                                .error = error,
                                .number = (int)failure,
                                .text = text,
                            });
}

static int init_engine(struct sim_device *device)
{
    const struct sim_device_upload *upload = &device->config.upload;
    const struct ud_espota_config config = {
        .updater = &device->updater,
        .digest = upload->uses_sha256 ? &ud_sha256 : &ud_md5,
        .password = upload->password,
        .events = {.ctx = device, .error = failed},
    };

    return ud_espota_init(&device->espota, &config);
}

int sim_device_upload_open(struct sim_device *device)
{
    const struct sim_device_upload *upload = &device->config.upload;

    if (!takes_uploads(device))
        return 0;
    if (init_engine(device) != UD_OK)
        return -EINVAL;
    const int error = ud_posix_espota_open(&device->uploads, &device->espota, upload->address,
                                           device->upload_port);
    if (error == 0)
        device->upload_port = ud_posix_espota_port(&device->uploads);
    return error;
}

void sim_device_upload_close(struct sim_device *device)
{
    if (takes_uploads(device))
        ud_posix_espota_close(&device->uploads);
}

bool sim_device_upload_service(struct sim_device *device, uint32_t now_ms)
{
    return takes_uploads(device) && ud_posix_espota_service(&device->uploads, now_ms);
}

bool sim_device_upload_is_active(const struct sim_device *device)
{
    return takes_uploads(device) && ud_espota_want(&device->espota) != 0;
}

size_t sim_device_upload_poll(const struct sim_device *device, struct pollfd *entries)
{
    return takes_uploads(device) ? ud_posix_espota_poll(&device->uploads, entries) : 0;
}

uint32_t sim_device_upload_deadline(const struct sim_device *device, uint32_t or_ms)
{
    uint32_t deadline_ms;

    if (!takes_uploads(device) || !ud_posix_espota_deadline(&device->uploads, &deadline_ms))
        return or_ms;
    return (int32_t)(deadline_ms - or_ms) < 0 ? deadline_ms : or_ms;
}

uint16_t sim_device_upload_port(const struct sim_device *device)
{
    return takes_uploads(device) ? device->upload_port : 0;
}
