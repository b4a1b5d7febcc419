/* What is done from time to time: rollouts are judged, and those who listen told. */
#include "server/server_state.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "server/operator_api/views.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_ALIVE_MS 15000

/* Rollouts are judged this often; of a fleet so large that it takes long, so that
 * it takes at most a twentieth of one core. */
#define JUDGE_MS    1000
#define JUDGE_SHARE 20

/* Devices told of in one tick: bounds what a change to all of them costs. */
#define EVENTS_PER_TICK 256

static void publish_view(struct server *server, const char *event, json_t *view)
{
    char *text = view != NULL ? json_dumps(view, JSON_COMPACT) : NULL;

    if (text != NULL)
        hub_publish(server->hub, event, text);
    free(text);
    json_decref(view);
}

static void tell_releases(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    struct release *released = server->released;
    const size_t count = server->released_count;
    server->released = NULL;
    server->released_count = 0;
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < count && hub_is_followed(server->hub); i++)
        publish_view(server, "release",
                     view_release(&released[i], count_targets(server->fleet, released[i].id)));
    free(released);
}

static void tell_devices(struct server *server)
{
    const bool is_followed = hub_is_followed(server->hub);
    struct mac_list changed = {0};
    struct device_view view;

    fleet_take_changed(server->fleet, &changed, is_followed ? EVENTS_PER_TICK : SIZE_MAX);
    for (size_t i = 0; i < changed.count && is_followed; i++)
        if (fleet_view(server->fleet, changed.macs[i], &view))
            publish_view(server, "device", view_device(&view));
    free(changed.macs);
}

static void judge_rollouts(struct server *server, int64_t now)
{
    if (now < server->judge_at_ms)
        return;
    fleet_judge_rollouts(server->fleet);
    const int64_t took_ms = clock_monotonic_ms() - now;
    const int64_t pause_ms = took_ms * JUDGE_SHARE;
    server->judge_at_ms = now + (pause_ms > JUDGE_MS ? pause_ms : JUDGE_MS);
}

static void refresh_certificate(struct server *server, bool is_forced)
{
    char note[CERTIFICATE_NOTE_SIZE];

    if (server->certificate != NULL && certificate_refresh(server->certificate, is_forced, note))
        log_line("%s", note);
}

void server_reload(struct server *server)
{
    refresh_certificate(server, true);
}

/* May who listens go on? The data folder's token always holds. */
static bool holds(void *ctx, const uint8_t pass[HUB_PASS_SIZE])
{
    static const uint8_t local[HUB_PASS_SIZE];
    struct server *server = ctx;

    return memcmp(pass, local, HUB_PASS_SIZE) == 0 || accounts_holds(server->accounts, pass);
}

void server_tick(struct server *server)
{
    const int64_t now = clock_monotonic_ms();

    refresh_certificate(server, false);
    judge_rollouts(server, now);
    hub_check(server->hub, holds, server);
    sampler_tick(server->sampler, now);
    tell_releases(server);
    tell_devices(server);
    if (now < server->keep_alive_at_ms)
        return;
    server->keep_alive_at_ms = now + KEEP_ALIVE_MS;
    hub_keep_alive(server->hub);
}
