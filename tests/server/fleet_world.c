#include "fleet_world.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_SIZE 400000u

static void must(bool is_done, const char *what)
{
    if (is_done)
        return;
    fprintf(stderr, "the fleet's world: %s\n", what);
    abort();
}

static int64_t now(void *ctx)
{
    return ((const struct world *)ctx)->truth->now_ms;
}

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)ctx;
    (void)release;
    (void)file;
    return true;
}

static void trouble(void *ctx, const char *error)
{
    (void)ctx;
    must(error == NULL, error);
}

static void ignore_released(void *ctx, const struct release *release)
{
    (void)ctx;
    (void)release;
}

static void ignore_removed(void *ctx, mac_address mac)
{
    (void)ctx;
    (void)mac;
}

void world_open(struct world *world)
{
    const struct fleet_config config = {.store = &store_sqlite,
                                        .location = world->path,
                                        .ctx = world,
                                        .has_file = has_file,
                                        .trouble = trouble,
                                        .released = ignore_released,
                                        .removed = ignore_removed,
                                        .now_ms = now,
                                        .limits = world->limits};
    char error[STORE_ERROR_SIZE] = "";

    world->fleet = fleet_open(&config, error);
    must(world->fleet != NULL, error);
}

void world_close(struct world *world)
{
    fleet_close(world->fleet);
    world->fleet = NULL;
}

struct waiting {
    sem_t done;
    enum change_result result;
};

static void note_result(void *ctx, enum change_result result)
{
    struct waiting *waiting = ctx;

    waiting->result = result;
    sem_post(&waiting->done);
}

enum change_result world_perform(struct world *world, struct change *change)
{
    struct waiting waiting;

    sem_init(&waiting.done, 0, 0);
    fleet_submit(world->fleet, change, note_result, &waiting);
    sem_wait(&waiting.done);
    sem_destroy(&waiting.done);
    return waiting.result;
}

static void perform(struct world *world, struct change *change, const char *what)
{
    must(world_perform(world, change) == CHANGE_DONE, what);
}

void world_settle(struct world *world)
{
    world_perform(world, change_new(CHANGE_REMOVE, 1));
}

void world_publish(struct world *world, const char *version, const char *channel)
{
    struct change *change = change_new(CHANGE_RELEASE, 0);
    struct release *release = calloc(1, sizeof *release);

    release->id = fleet_next_release(world->fleet);
    strcpy(release->product, "demo");
    strcpy(release->version, version);
    strcpy(release->channel, channel);
    release->image.chip = UD_CHIP_ESP8266;
    release->image.file_count = 1;
    release->image.files[0].size = FILE_SIZE;
    change->as.release = release;
    perform(world, change, "a release is not taken");
}

struct device_facts world_facts(const struct world_device *device)
{
    struct device_facts facts = {.chip = device->chip,
                                 .free_space = 2u << 20,
                                 .sketch_size = 300000,
                                 .chip_size = 4u << 20,
                                 .address = {[10] = 255, 255, 192, 168, 0, 17}};

    strcpy(facts.version, device->runs);
    return facts;
}

void world_assign(struct world *world, unsigned device, const struct settings *settings)
{
    struct change *change = change_new(CHANGE_ASSIGN, WORLD_FIRST_MAC + device);

    change->as.assign.settings = *settings;
    perform(world, change, "a device's settings are not taken");
}

static void enter_devices(struct world *world)
{
    for (unsigned i = 0; i < world->count; i++) {
        struct world_device *device = &world->truth->devices[i];
        strcpy(device->runs, WORLD_OLD);
        device->chip = UD_CHIP_ESP8266;
        struct change *change = change_new(CHANGE_REGISTER, WORLD_FIRST_MAC + i);
        change->as.seen.at_ms = world->truth->now_ms;
        change->as.seen.facts = world_facts(device);
        fleet_submit(world->fleet, change, NULL, NULL);
        change = change_new(CHANGE_ASSIGN, WORLD_FIRST_MAC + i);
        change->as.assign.settings.set = SETTING_PRODUCT;
        strcpy(change->as.assign.settings.product, "demo");
        fleet_submit(world->fleet, change, NULL, NULL);
    }
    world_settle(world);
}

struct world *world_new(unsigned devices)
{
    struct world *world = calloc(1, sizeof *world);

    must(devices <= WORLD_DEVICES_MAX, "too many devices");
    world->count = devices;
    world->truth =
        mmap(NULL, sizeof *world->truth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(world->truth != MAP_FAILED, "no memory to share");
    world->truth->now_ms = 1000000;
    world->truth->step_ms = WORLD_POLL_MS;
    folder_join(world->path, folder_make(world->folder), "updraft.db");
    world_open(world);
    world_publish(world, WORLD_OLD, "stable");
    world_publish(world, WORLD_NEW, "candidate");
    enter_devices(world);
    return world;
}

void world_free(struct world *world)
{
    if (world->fleet != NULL)
        world_close(world);
    folder_remove(world->folder);
    munmap(world->truth, sizeof *world->truth);
    free(world);
}

uint32_t world_plan(struct world *world, const char *channel)
{
    static const uint8_t percents[] = {5, 25, 100};
    struct change *change = change_new(CHANGE_ROLLOUT, 0);
    struct rollout *rollout = calloc(1, sizeof *rollout);

    rollout->id = fleet_next_rollout(world->fleet);
    rollout->release_id = fleet_release(world->fleet, "demo", WORLD_NEW)->id;
    rollout->attempts = 2;
    rollout->silence_s = 3600;
    strcpy(rollout->channel, channel);
    rollout->start_ms = world->truth->now_ms;
    rollout->stage_count = sizeof percents;
    for (size_t i = 0; i < sizeof percents; i++)
        rollout->stages[i] =
            (struct rollout_stage){.percent = percents[i], .success = 80, .failure = 10};
    const uint32_t id = rollout->id;
    change->as.rollout = rollout;
    perform(world, change, "a rollout is not taken");
    return id;
}

static void run(struct world_device *device, const char *version)
{
    strcpy(device->had, device->runs);
    strcpy(device->runs, version);
}

static void go_back(struct world_device *device)
{
    strcpy(device->runs, device->had);
}

static void take(struct world_device *device, const char *version)
{
    const bool is_new = strcmp(version, WORLD_NEW) == 0;

    if (is_new && device->nature == NATURE_DEAD)
        device->is_dead = true;
    else if (!is_new || device->nature != NATURE_BAD)
        run(device, version);
}

static void ask(struct world *world, unsigned index)
{
    struct world_device *device = &world->truth->devices[index];
    const mac_address mac = WORLD_FIRST_MAC + index;
    const struct device_facts facts = world_facts(device);
    struct policy_decision decision;

    must(fleet_check_in(world->fleet, mac, &facts, false, &decision), "a device is not known");
    if (!decision.offer)
        return;
    world->truth->is_taking = true;
    device->offered += strcmp(decision.target->version, WORLD_NEW) == 0;
    perform(world, fleet_offer(world->fleet, mac, &decision), "an offer is not taken");
    const uint32_t transfer = fleet_transfer_begin(world->fleet, mac, FILE_SIZE);
    fleet_transfer_end(world->fleet, mac, transfer, true);
    fleet_download_over(world->fleet, facts.address);
    take(device, decision.target->version);
    /* From here on the server's death spoils no attempt: it is on disk that this had all of it. */
    world_settle(world);
    world->truth->is_taking = false;
}

void world_poll(struct world *world, unsigned index)
{
    struct world_device *device = &world->truth->devices[index];

    if (device->is_dead || device->nature == NATURE_ASLEEP)
        return;
    const bool flaps = device->nature == NATURE_FLAPPING && strcmp(device->runs, WORLD_NEW) == 0;
    ask(world, index);
    if (flaps)
        go_back(device);
}

void world_round(struct world *world)
{
    struct world_truth *truth = world->truth;

    for (; truth->next < world->count; truth->next++)
        world_poll(world, truth->next);
    world_settle(world);
    fleet_judge_rollouts(world->fleet);
    world_settle(world);
    truth->now_ms += truth->step_ms;
    truth->next = 0;
    truth->round++;
}

unsigned world_count(const struct world *world, const char *version)
{
    unsigned count = 0;

    for (unsigned i = 0; i < world->count; i++)
        count += strcmp(world->truth->devices[i].runs, version) == 0;
    return count;
}

uint32_t world_offered(const struct world *world)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < world->count; i++)
        sum += world->truth->devices[i].offered;
    return sum;
}

struct rollout_view world_rollout(struct world *world, uint32_t id)
{
    struct rollout_view view;

    must(fleet_view_rollout(world->fleet, id, &view), "there is no such rollout");
    return view;
}

void world_tell(struct world *world, uint32_t id, enum rollout_event event)
{
    const struct rollout_view view = world_rollout(world, id);

    perform(world, fleet_rollout_event(world->fleet, &view, event, NULL),
            "a rollout cannot be told that");
}
