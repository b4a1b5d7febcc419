/* The fleet, and what the server does about what happens in it. */
#include "server/server_state.h"

#include "server/log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    const struct server *server = ctx;
    const int descriptor = blob_find(server->blobs, file->sha256, file->size);

    if (descriptor >= 0)
        close(descriptor);
    keeper_want(server->keeper, release, file);
    return descriptor >= 0;
}

static void note_trouble(void *ctx, const char *error)
{
    (void)ctx;
    if (error != NULL)
        log_line("the database cannot be written: %s", error);
    else
        log_line("the database can be written again");
}

/* On the writer's thread, which has other things to do than to count devices. */
static void note_released(void *ctx, const struct release *release)
{
    struct server *server = ctx;

    pthread_mutex_lock(&server->lock);
    struct release *released =
        realloc(server->released, (server->released_count + 1) * sizeof *server->released);
    if (released != NULL) {
        server->released = released;
        server->released[server->released_count++] = *release;
    }
    pthread_mutex_unlock(&server->lock);
}

static void note_removed(void *ctx, mac_address mac)
{
    struct server *server = ctx;
    char json[40], text[MAC_TEXT_SIZE];

    snprintf(json, sizeof json, "{\"mac\": \"%s\"}", mac_format(mac, text));
    hub_publish(server->hub, "removed", json);
}

static void note_rollout(void *ctx, const struct rollout *rollout)
{
    struct server *server = ctx;
    const struct release *release = rollout->release;
    char json[32];

    log_line("rollout %u of %s %s: %s, %u of %u stages open%s%s", rollout->id, release->product,
             release->version, rollout_state_name(rollout->state), rollout->stage,
             rollout->stage_count, rollout->reason[0] != '\0' ? ": " : "", rollout->reason);
    snprintf(json, sizeof json, "{\"id\": %u}", rollout->id);
    hub_publish(server->hub, "rollout", json);
}

static int load_others(void *ctx, struct store *store)
{
    struct server *server = ctx;
    const int result = accounts_load(server->accounts, store);

    return result == 0 ? webhooks_load(server->webhooks, store) : result;
}

static void note_lost(void *ctx, const char *what)
{
    (void)ctx;
    log_line("%s is gone: the database that took over never got it", what);
}

static int reload_others(void *ctx, struct store *store, unsigned news)
{
    struct server *server = ctx;
    int result = 0;

    if ((news & STORE_ACCOUNTS) != 0)
        result = accounts_reload(server->accounts, store);
    if (result == 0 && (news & STORE_WEBHOOKS) != 0)
        result = webhooks_reload(server->webhooks, store);
    return result;
}

static void announce(void *ctx, struct change *change)
{
    struct server *server = ctx;

    webhooks_announce(server->webhooks, change);
}

static void note_committed(void *ctx, const struct change *change)
{
    struct server *server = ctx;

    webhooks_committed(server->webhooks, change);
}

static void note_account(void *ctx, const struct account_change *change)
{
    struct server *server = ctx;

    accounts_committed(server->accounts, change);
}

bool server_open_fleet(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE])
{
    const struct fleet_config config = {
        .store = server->store,
        .location = server->database,
        .ctx = server,
        .has_file = has_file,
        .trouble = note_trouble,
        .released = note_released,
        .removed = note_removed,
        .lost = note_lost,
        .rollout = note_rollout,
        .limits = {setup->downloads, setup->site_downloads, setup->rate, setup->site_rate},
        .unassigned_limit = setup->unknown_limit,
        .load = load_others,
        .reload = reload_others,
        .announce = announce,
        .committed = note_committed,
        .account = note_account,
    };
    char reason[STORE_ERROR_SIZE];

    server->fleet = fleet_open(&config, reason);
    if (server->fleet == NULL)
        snprintf(error, SERVER_ERROR_SIZE, "%.100s: %s",
                 setup->database != NULL ? "the database" : server->database, reason);
    return server->fleet != NULL;
}
