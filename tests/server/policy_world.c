#include "policy_world.h"

#include <stdio.h>
#include <string.h>

static const struct release *newest(const void *ctx, const char *product, const char *channel)
{
    const struct policy_world *world = ctx;

    (void)product;
    (void)channel;
    return &world->new;
}

static const struct release *by_version(const void *ctx, const char *product, const char *version)
{
    const struct policy_world *world = ctx;

    (void)product;
    for (size_t i = 0; i < 2; i++)
        if (strcmp(world->by_age[i]->version, version) == 0)
            return world->by_age[i];
    return NULL;
}

static void fill(struct release *release, uint32_t id, const char *product, const char *version)
{
    *release = (struct release){.id = id,
                                .channel = "stable",
                                .image = {.chip = UD_CHIP_ESP8266,
                                          .chip_name = "ESP8266",
                                          .flash_size = 4 * MB,
                                          .file_count = 1,
                                          .files = {{.size = 400000}}}};
    snprintf(release->product, sizeof release->product, "%s", product);
    snprintf(release->version, sizeof release->version, "%s", version);
}

void policy_world_init(struct policy_world *world, const char *product)
{
    fill(&world->old, 1, product, "1.0");
    fill(&world->new, 2, product, "2.0");
    world->by_age[0] = &world->old;
    world->by_age[1] = &world->new;
    world->facts = (struct device_facts){.chip = UD_CHIP_ESP8266,
                                         .free_space = 2 * MB,
                                         .sketch_size = 300000,
                                         .chip_size = 4 * MB,
                                         .version = "1.0"};
    world->device = (struct policy_device){.mac = 0x5CCF7F000001,
                                           .facts = &world->facts,
                                           .assignment = {.product = product},
                                           .now_ms = 1000,
                                           .listening_ms = 1000};
    world->catalogue = (struct policy_catalogue){.ctx = world,
                                                 .newest = newest,
                                                 .by_version = by_version,
                                                 .releases = world->by_age,
                                                 .release_count = 2};
}
