/* What holds of the policy whatever the fleet is like: thousands of fleets made of random
 * releases, rollouts and devices. POLICY_SEED repeats one. */
#include "folder.h"
#include "server/fleet/fleet.h"
#include "server/fleet/stones.h"
#include "server/model/version.h"
#include "server/policy/path.h"
#include "server/policy/target.h"
#include "sim/prng.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MB       (1024u * 1024u)
#define WORLDS   3000
#define RELEASES 12u
#define ROLLOUTS 4u
#define DEVICES  12u

static const char *const products[] = {"demo", "lamp"};
static const char *const channels[] = {"stable", "beta"};
static const char *const versions[] = {"1.0", "1.5", "1.9", "2.0-rc1", "2.0", "3.0", "blue"};

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

struct world {
    struct prng random;
    struct release releases[RELEASES];
    const struct release *listed[RELEASES]; /* in any order */
    uint32_t release_count;
    struct rollout rollouts[ROLLOUTS];
    const struct rollout *by_age[ROLLOUTS];
    uint32_t rollout_count;
    struct group group;
    struct policy_catalogue catalogue;
    struct stones *stones;
};

static bool one_in(struct prng *random, uint32_t n)
{
    return prng_below(random, n) == 0;
}

static const struct release *newest(const void *ctx, const char *product, const char *channel)
{
    const struct world *world = ctx;

    for (uint32_t i = world->release_count; i > 0; i--) {
        const struct release *release = &world->releases[i - 1];
        if (release->state == RELEASE_LIVE && strcmp(release->product, product) == 0 &&
            strcmp(release->channel, channel) == 0)
            return release;
    }
    return NULL;
}

static const struct release *by_version(const void *ctx, const char *product, const char *version)
{
    const struct world *world = ctx;

    for (uint32_t i = 0; i < world->release_count; i++)
        if (strcmp(world->releases[i].product, product) == 0 &&
            strcmp(world->releases[i].version, version) == 0)
            return &world->releases[i];
    return NULL;
}

static void make_release(struct world *world)
{
    struct prng *random = &world->random;
    const char *product = products[prng_below(random, COUNT_OF(products))];
    const char *version = versions[prng_below(random, COUNT_OF(versions))];
    struct release *release = &world->releases[world->release_count];

    if (by_version(world, product, version) != NULL)
        return;
    *release = (struct release){
        .id = world->release_count + 1,
        .state = one_in(random, 4) ? (enum release_state)prng_below(random, 3) : RELEASE_LIVE,
        .image = {.chip = one_in(random, 4) ? UD_CHIP_ESP32 : UD_CHIP_ESP8266,
                  .chip_name = "one",
                  .flash_size = one_in(random, 6) ? 16 * MB : 4 * MB,
                  .file_count = 1,
                  .files = {{.size = 400000, .is_missing = one_in(random, 10)}}}};
    strcpy(release->product, product);
    strcpy(release->version, version);
    strcpy(release->channel, channels[prng_below(random, COUNT_OF(channels))]);
    if (one_in(random, 3))
        strcpy(release->requires, versions[prng_below(random, COUNT_OF(versions))]);
    release->image.digests.md5_count = 1;
    memset(release->image.digests.md5[0], (int)release->id, UD_MD5_SIZE);
    world->release_count++;
}

static void make_rollout(struct world *world)
{
    struct prng *random = &world->random;
    struct rollout *rollout = &world->rollouts[world->rollout_count];
    const struct release *release = &world->releases[prng_below(random, world->release_count)];

    *rollout = (struct rollout){
        .id = world->rollout_count + 1,
        .release_id = release->id,
        .release = release,
        .downgrade = one_in(random, 4),
        .attempts = 2,
        .stage_count = 2,
        .stage = 1,
        .state = (enum rollout_state)prng_below(random, ROLLOUT_STATE_COUNT),
        .stages = {{.end = one_in(random, 2) ? ROLLOUT_PLACES / 2 : ROLLOUT_PLACES}}};
    if (one_in(random, 4))
        strcpy(rollout->channel, "stable");
    world->by_age[world->rollout_count++] = rollout;
}

static void make_world(struct world *world, uint64_t seed)
{
    *world = (struct world){.random = {seed}};
    while (world->release_count < RELEASES / 2)
        make_release(world);
    for (uint32_t i = 0; i < RELEASES / 2; i++)
        make_release(world);
    for (uint32_t i = prng_below(&world->random, ROLLOUTS + 1); i > 0; i--)
        make_rollout(world);
    world->group = (struct group){.name = "lab",
                                  .product = "demo",
                                  .pin = one_in(&world->random, 2) ? "1.9" : NULL,
                                  .downgrade = one_in(&world->random, 2)};
    for (uint32_t i = 0; i < world->release_count; i++)
        world->listed[i] = &world->releases[i];
    world->catalogue = (struct policy_catalogue){world,
                                                 newest,
                                                 by_version,
                                                 world->by_age,
                                                 world->rollout_count,
                                                 world->listed,
                                                 world->release_count};
}

static void make_facts(struct prng *random, struct device_facts *facts)
{
    *facts = (struct device_facts){.chip = one_in(random, 4) ? UD_CHIP_ESP32 : UD_CHIP_ESP8266,
                                   .free_space = one_in(random, 6) ? 100000 : 2 * MB,
                                   .sketch_size = 300000,
                                   .chip_size = 4 * MB,
                                   .has_md5 = true};
    if (!one_in(random, 3))
        strcpy(facts->version, versions[prng_below(random, COUNT_OF(versions))]);
    memset(facts->sketch_md5, (int)prng_below(random, RELEASES + 2), UD_MD5_SIZE);
}

static struct policy_device make_device(struct world *world, const struct device_facts *facts)
{
    struct prng *random = &world->random;
    struct policy_device device = {
        .mac = prng_next(random) >> 16,
        .facts = one_in(random, 20) ? NULL : facts,
        .assignment = {.product = products[prng_below(random, COUNT_OF(products))],
                       .downgrade = one_in(random, 3),
                       .is_decommissioned = one_in(random, 20)},
        .group = one_in(random, 3) ? &world->group : NULL,
        .part = {.rollout = prng_below(random, ROLLOUTS + 1), .comebacks = prng_below(random, 3)},
        .before =
            one_in(random, 2) ? &world->releases[prng_below(random, world->release_count)] : NULL,
        .now_ms = 1000000,
    };

    if (device.group != NULL)
        device.assignment.group = "lab";
    if (one_in(random, 3))
        device.assignment.pin = versions[prng_below(random, COUNT_OF(versions))];
    if (one_in(random, 3))
        device.assignment.channel = "beta";
    if (one_in(random, 2))
        device.offers = (struct device_offers){1 + prng_below(random, RELEASES),
                                               prng_below(random, POLICY_OFFERS_MAX + 1)};
    /* What a rollout remembers is of the product the device had then. */
    if (device.before != NULL && strcmp(device.before->product, device.assignment.product) != 0)
        device.before = NULL;
    return device;
}

/* Did somebody ask for the device to be taken back? */
static bool is_asked_for(const struct policy_device *device, const struct policy_decision *decision)
{
    if (decision->rollout != NULL)
        return decision->rollout->downgrade || decision->rollout->state == ROLLOUT_ROLLED_BACK;
    if (!policy_is_pinned(device))
        return false;
    return device->assignment.pin != NULL ? device->assignment.downgrade : device->group->downgrade;
}

static void check_offer(const struct world *world, const struct policy_device *device,
                        const struct policy_decision *decision)
{
    const struct release *next = decision->next;
    const struct policy_running running = policy_running(device, &world->catalogue);

    assert_string_equal(next->product, policy_product(device));
    assert_int_equal(next->image.chip, device->facts->chip);
    assert_int_equal(next->state, RELEASE_LIVE);
    assert_false(decision->file->is_missing);
    assert_false(device->assignment.is_decommissioned);
    assert_false(policy_runs(device->facts, next));
    assert_true(next->image.flash_size <= device->facts->chip_size);
    assert_true(decision->file->size <= device->facts->free_space);
    if (running.version != NULL && version_order(next->version, running.version) == VERSION_OLDER)
        assert_true(is_asked_for(device, decision));
    if (next->requires[0] != '\0') {
        assert_non_null(running.version);
        const enum version_order order = version_order(running.version, next->requires);
        assert_true(order == VERSION_SAME || order == VERSION_NEWER);
    }
}

static void shuffle(struct world *world)
{
    for (uint32_t i = world->release_count; i > 1; i--) {
        const uint32_t j = prng_below(&world->random, i);
        const struct release *other = world->listed[j];
        world->listed[j] = world->listed[i - 1];
        world->listed[i - 1] = other;
    }
}

static bool is_same(const struct policy_decision *a, const struct policy_decision *b)
{
    return a->rule == b->rule && a->state == b->state && a->target == b->target &&
           a->next == b->next && a->file == b->file && a->rollout == b->rollout &&
           a->later == b->later && a->offer == b->offer && a->offers == b->offers;
}

static const struct release *const *before(const void *ctx, const struct release *goal,
                                           size_t *count)
{
    const struct world *world = ctx;

    return stones_before(world->stones, goal, world->listed, world->release_count, count);
}

/* Lists in order, which are kept, change nothing. */
static void check_ordered(const struct world *world, const struct policy_device *device,
                          const struct policy_decision *decision)
{
    struct policy_catalogue catalogue = world->catalogue;

    catalogue.before = before;
    const struct policy_decision ordered = policy_decide(device, &catalogue);
    assert_true(is_same(decision, &ordered));
}

/* How many offers there were. */
static unsigned try_world(uint64_t seed)
{
    struct world *world = malloc(sizeof *world);
    struct stones stones = {.next = 0};
    unsigned offers = 0;

    make_world(world, seed);
    world->stones = &stones;
    for (uint32_t i = 0; i < DEVICES; i++) {
        struct device_facts facts;
        char reason[POLICY_REASON_SIZE];
        make_facts(&world->random, &facts);
        const struct policy_device device = make_device(world, &facts);
        const struct policy_decision decision = policy_decide(&device, &world->catalogue);
        if (decision.offer)
            check_offer(world, &device, &decision);
        offers += decision.offer;
        assert_true(strlen(policy_explain(&decision, &device, &world->catalogue, reason)) > 5);
        assert_null(strstr(reason, "(null)"));
        shuffle(world);
        const struct policy_decision again = policy_decide(&device, &world->catalogue);
        assert_true(is_same(&decision, &again));
        check_ordered(world, &device, &decision);
    }
    stones_forget(&stones);
    free(world);
    return offers;
}

static uint64_t first_seed(void)
{
    const char *text = getenv("POLICY_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * WORLDS;

    print_message("POLICY_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static void no_device_is_ever_offered_what_it_must_not_get(void **state)
{
    const uint64_t seed = first_seed();
    unsigned offers = 0;

    (void)state;
    for (uint64_t i = 0; i < WORLDS; i++)
        offers += try_world(seed + i);
    assert_true(offers > WORLDS / 2);
}

/* --- caps, over a real fleet --- */

#define SITES 4u
#define STEPS 20000u

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)ctx;
    (void)release;
    (void)file;
    return true;
}

static void ignore_text(void *ctx, const char *error)
{
    (void)ctx;
    (void)error;
}

static void ignore_release(void *ctx, const struct release *release)
{
    (void)ctx;
    (void)release;
}

static void ignore_mac(void *ctx, mac_address mac)
{
    (void)ctx;
    (void)mac;
}

static void note_written(void *ctx, enum change_result result)
{
    assert_int_equal(result, CHANGE_DONE);
    sem_post(ctx);
}

static void perform(struct fleet *fleet, struct change *change)
{
    sem_t done;

    sem_init(&done, 0, 0);
    fleet_submit(fleet, change, note_written, &done);
    sem_wait(&done);
    sem_destroy(&done);
}

static void publish(struct fleet *fleet)
{
    struct change *change = change_new(CHANGE_RELEASE, 0);
    struct release *release = calloc(1, sizeof *release);

    *release = (struct release){
        .id = 1,
        .product = "demo",
        .version = "2.0",
        .channel = "stable",
        .image = {.chip = UD_CHIP_ESP8266, .file_count = 1, .files = {{.size = 400000}}}};
    change->as.release = release;
    perform(fleet, change);
}

static struct device_facts facts_at(uint32_t site)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .free_space = 2 * MB,
                                 .sketch_size = 300000,
                                 .chip_size = 4 * MB,
                                 .version = "1.0",
                                 .address = {[10] = 0xff, [11] = 0xff, [12] = 10}};

    facts.address[14] = (uint8_t)site;
    return facts;
}

static void enter_devices(struct fleet *fleet)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        struct change *change = change_new(CHANGE_ASSIGN, i + 1);
        change->as.assign.settings.set = SETTING_PRODUCT;
        strcpy(change->as.assign.settings.product, "demo");
        perform(fleet, change);
    }
}

/* Downloads begin and end at random; what goes on is counted here, too. */
static void try_caps(struct fleet *fleet, struct fleet_limits limits, struct prng *random)
{
    uint32_t at_site[SITES] = {0}, at_all = 0, most = 0;

    for (uint32_t step = 0; step < STEPS; step++) {
        const uint32_t site = prng_below(random, SITES);
        const struct device_facts facts = facts_at(site);
        struct policy_decision decision;
        if (one_in(random, 2) && at_site[site] > 0) {
            fleet_download_over(fleet, facts.address);
            at_site[site]--;
            at_all--;
            continue;
        }
        const bool is_full = at_all >= limits.downloads || at_site[site] >= limits.site_downloads;
        assert_true(fleet_check_in(fleet, 1 + prng_below(random, DEVICES), &facts,
                                   one_in(random, 5), &decision));
        assert_int_equal(decision.offer, !is_full);
        at_site[site] += decision.offer;
        at_all += decision.offer;
        most = at_all > most ? at_all : most;
    }
    assert_int_equal(most, limits.downloads);
}

static void caps_are_never_exceeded(void **state)
{
    char folder[FOLDER_PATH_SIZE], path[FOLDER_PATH_SIZE], error[STORE_ERROR_SIZE];
    struct prng random = {first_seed()};
    const struct fleet_config config = {.store = &store_sqlite,
                                        .location =
                                            folder_join(path, folder_make(folder), "updraft.db"),
                                        .has_file = has_file,
                                        .trouble = ignore_text,
                                        .released = ignore_release,
                                        .removed = ignore_mac,
                                        .limits = {.downloads = 7, .site_downloads = 3}};
    struct fleet *fleet = fleet_open(&config, error);

    (void)state;
    assert_non_null(fleet);
    publish(fleet);
    enter_devices(fleet);
    try_caps(fleet, config.limits, &random);
    fleet_close(fleet);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_device_is_ever_offered_what_it_must_not_get),
        cmocka_unit_test(caps_are_never_exceeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
