#include "server/fleet/fleet_state.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <stdlib.h>

static bool start_writer(struct fleet *fleet)
{
    const struct writer_config config = {
        .store = fleet->store,
        .ctx = fleet,
        .announce = fleet_announce,
        .committed = fleet_committed,
        .collect = fleet_collect,
        .collect_heard = fleet_collect_heard,
        .uncollect = fleet_uncollect,
        .settled = fleet_settled,
        .follow = fleet->config.store->follow != NULL ? fleet_follow : NULL,
        .trouble = fleet->config.trouble,
        .trouble_ctx = fleet->config.ctx,
    };

    fleet->writer = writer_start(&config);
    return fleet->writer != NULL;
}

static void free_state(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->release_count; i++)
        free(fleet->releases[i]);
    for (size_t i = 0; i < fleet->group_count; i++)
        free(fleet->groups[i]);
    free(fleet->releases);
    if (fleet->stones != NULL)
        stones_forget(fleet->stones);
    free(fleet->stones);
    for (size_t i = 0; i < fleet->rollout_count; i++)
        free(fleet->rollouts[i]);
    free(fleet->rollouts);
    free(fleet->deciding.rollouts);
    for (size_t i = 0; i < fleet->ring_update_count; i++)
        free(fleet->ring_updates[i]);
    free(fleet->ring_updates);
    for (size_t i = 0; i < fleet->buried_count; i++)
        free(fleet->buried[i]);
    free(fleet->buried);
    free(fleet->sites.loads);
    free(fleet->groups);
    free(fleet->behind.macs);
    free(fleet->collecting.macs);
    free(fleet->heard.gathered.macs);
    free(fleet->heard.devices.macs);
    free(fleet->changed.macs);
    pair_map_free(&fleet->names);
    pair_map_free(&fleet->by_version);
    pair_map_free(&fleet->newest);
    pair_map_free(&fleet->group_names);
    device_table_free(&fleet->devices);
    pthread_mutex_destroy(&fleet->lock);
    free(fleet);
}

static bool load_others(struct fleet *fleet)
{
    const struct fleet_config *config = &fleet->config;

    return config->load == NULL || config->load(config->ctx, fleet->store) == 0;
}

/* Before any device asks: what is to be shared is not given out twice. */
static bool stand(struct fleet *fleet, char error[STORE_ERROR_SIZE])
{
    const struct store_class *class = fleet->config.store;

    return class->stand == NULL || class->stand(fleet->store, &fleet->standing, error) == 0;
}

static bool load(struct fleet *fleet, char error[STORE_ERROR_SIZE])
{
    const struct store_class *class = fleet->config.store;

    fleet->store = class->open(fleet->config.location, error);
    if (fleet->store == NULL)
        return false;
    if (class->load(fleet->store, &fleet_reader, fleet) == 0 && load_others(fleet)) {
        for (size_t i = 0; i < fleet->release_count; i++)
            fleet_look_for_files(fleet, fleet->releases[i]);
        snprintf(error, STORE_ERROR_SIZE, "no thread to write with");
        if (stand(fleet, error) && start_writer(fleet))
            return true;
    } else {
        snprintf(error, STORE_ERROR_SIZE, "its tables cannot be read: restore a copy of it");
    }
    class->close(fleet->store);
    return false;
}

struct fleet *fleet_open(const struct fleet_config *config, char error[STORE_ERROR_SIZE])
{
    struct fleet *fleet = calloc(1, sizeof *fleet);

    snprintf(error, STORE_ERROR_SIZE, "out of memory");
    if (fleet == NULL)
        return NULL;
    fleet->config = *config;
    fleet->stones = calloc(1, sizeof *fleet->stones);
    pthread_mutex_init(&fleet->lock, NULL);
    if (fleet->stones != NULL && load(fleet, error))
        return fleet;
    free_state(fleet);
    return NULL;
}

void fleet_close(struct fleet *fleet)
{
    writer_stop(fleet->writer);
    fleet->store->class->close(fleet->store);
    free_state(fleet);
}

const struct writer_stats *fleet_writer_stats(const struct fleet *fleet)
{
    return writer_stats(fleet->writer);
}

void fleet_base_on(struct change *change, const struct device *device)
{
    if (change == NULL)
        return;
    change->is_conditional = true;
    change->seen = (struct device_seen){device->offers, device->part.comebacks};
}

void fleet_submit_ahead(struct fleet *fleet, struct device *device, struct change *change)
{
    if (change != NULL) {
        change->is_ahead = true;
        device->ahead++;
    }
    writer_submit(fleet->writer, change, NULL, NULL);
}

void fleet_submit(struct fleet *fleet, struct change *change, writer_done *done, void *ctx)
{
    writer_submit(fleet->writer, change, done, ctx);
}

int64_t fleet_now(const struct fleet *fleet)
{
    const struct fleet_config *config = &fleet->config;

    return config->now_ms != NULL ? config->now_ms(config->ctx) : clock_now_ms();
}

void fleet_mark_changed(struct fleet *fleet, struct device *device)
{
    if (!device->is_changed)
        device->is_changed = mac_list_add(&fleet->changed, device->mac);
}

void fleet_mark_behind(struct fleet *fleet, struct device *device)
{
    if (!device->is_behind)
        device->is_behind = mac_list_add(&fleet->behind, device->mac);
}

void fleet_mark_all_changed(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->devices.capacity; i++)
        if (fleet->devices.slots[i] != NULL)
            fleet_mark_changed(fleet, fleet->devices.slots[i]);
}
