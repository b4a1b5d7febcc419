/* A virtual device's TLS: as little memory as a chip would give it, though here it is
 * taken only where a device asks by https. */
#include "sim/device_state.h"

#include "updraft/url.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

struct sim_device_session {
    struct ud_bearssl_trust trust;
    struct ud_bearssl_tls session;
    struct ud_tls tls;
    uint8_t send_buffer[UD_BEARSSL_TLS_SEND_MIN];
    uint8_t receive_buffer[];
};

static bool asks_by_https(const struct sim_device_config *config)
{
    struct ud_url url;

    return config->url != NULL && ud_url_parse(config->url, &url) == UD_OK && url.tls;
}

int sim_device_tls_open(struct sim_device *device)
{
    const struct sim_device_tls *config = &device->config.tls;
    const size_t size = config->record_size + UD_BEARSSL_TLS_OVERHEAD;
    uint8_t seed[UD_BEARSSL_TLS_SEED];

    if (!asks_by_https(&device->config))
        return 0;
    struct sim_device_session *session = calloc(1, sizeof *session + size);
    if (session == NULL)
        return -ENOMEM;
    device->session = session;
    const struct ud_bearssl_tls_config tls_config = {
        .receive_buffer = session->receive_buffer,
        .receive_size = (uint32_t)size,
        .send_buffer = session->send_buffer,
        .send_size = sizeof session->send_buffer,
        .trust = &session->trust,
        .whom = {config->anchors, config->anchor_count, config->pin, .now_s = 0},
    };
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return -EIO;
    if (ud_bearssl_tls_init(&session->session, &tls_config, seed) != UD_OK)
        return -EINVAL;
    session->tls = ud_bearssl_tls(&session->session);
    return 0;
}

void sim_device_tls_close(struct sim_device *device)
{
    free(device->session);
    device->session = NULL;
}

const struct ud_tls *sim_device_tls(struct sim_device *device)
{
    if (device->session == NULL)
        return NULL;
    if (!device->config.tls.lacks_clock)
        ud_bearssl_tls_set_time(&device->session->session, (uint64_t)time(NULL));
    return &device->session->tls;
}
