/* The store and its writer. What holds for SQLite must hold for any store: the
 * tests of the first part know only the interface. */
#include "folder.h"
#include "server/model/clock.h"
#include "server/store/writer.h"
#include "tested_store.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct store *store;
};

static struct store *open_store(const char *path)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = tested_store()->open(tested_store_location(path), error);

    if (store == NULL)
        print_error("%s\n", error);
    return store;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    folder_join(fixture->path, folder_make(fixture->folder), "updraft.db");
    tested_store_empty(fixture->path);
    fixture->store = open_store(fixture->path);
    *state = fixture;
    return fixture->store != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tested_store()->close(fixture->store);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void reopen(struct fixture *fixture)
{
    tested_store()->close(fixture->store);
    fixture->store = open_store(fixture->path);
    assert_non_null(fixture->store);
}

/* --- what was loaded, kept for looking at --- */

#define ROWS_MAX 8

struct rows {
    struct release releases[ROWS_MAX];
    struct {
        char product[NAME_SIZE], channel[NAME_SIZE];
        uint32_t release;
    } newest[ROWS_MAX];
    struct {
        char name[NAME_SIZE], product[NAME_SIZE], channel[NAME_SIZE], pin[VERSION_SIZE];
    } groups[ROWS_MAX];
    struct {
        mac_address mac;
        int64_t first_seen_ms, told_ms, last_seen_ms;
        struct device_facts facts;
        char product[NAME_SIZE], group[NAME_SIZE], channel[NAME_SIZE], pin[VERSION_SIZE];
        struct device_offers offers;
        struct rollout_part part;
        struct device_ring ring;
    } devices[ROWS_MAX];
    struct rollout rollouts[ROWS_MAX];
    size_t rollout_count;
    struct ring_update ring_updates[ROWS_MAX];
    size_t ring_update_count;
    size_t release_count, newest_count, group_count, device_count, heard_count;
};

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int keep_release(void *ctx, const struct release *release)
{
    struct rows *rows = ctx;

    assert_int_equal(rows->newest_count + rows->device_count, 0);
    rows->releases[rows->release_count++] = *release;
    return 0;
}

static int keep_newest(void *ctx, const char *product, const char *channel, uint32_t release)
{
    struct rows *rows = ctx;

    copy(rows->newest[rows->newest_count].product, NAME_SIZE, product);
    copy(rows->newest[rows->newest_count].channel, NAME_SIZE, channel);
    rows->newest[rows->newest_count++].release = release;
    return 0;
}

static int keep_group(void *ctx, const struct group *group)
{
    struct rows *rows = ctx;
    const size_t i = rows->group_count++;

    copy(rows->groups[i].name, NAME_SIZE, group->name);
    copy(rows->groups[i].product, NAME_SIZE, group->product);
    copy(rows->groups[i].channel, NAME_SIZE, group->channel);
    copy(rows->groups[i].pin, VERSION_SIZE, group->pin);
    return 0;
}

static int keep_device(void *ctx, const struct stored_device *device)
{
    struct rows *rows = ctx;
    const size_t i = rows->device_count++;

    rows->devices[i].mac = device->mac;
    rows->devices[i].first_seen_ms = device->first_seen_ms;
    rows->devices[i].last_seen_ms = rows->devices[i].told_ms = device->told_ms;
    rows->devices[i].facts = *device->facts;
    rows->devices[i].offers = device->offers;
    rows->devices[i].part = device->part;
    rows->devices[i].ring = device->ring;
    copy(rows->devices[i].product, NAME_SIZE, device->assignment.product);
    copy(rows->devices[i].group, NAME_SIZE, device->assignment.group);
    copy(rows->devices[i].channel, NAME_SIZE, device->assignment.channel);
    copy(rows->devices[i].pin, VERSION_SIZE, device->assignment.pin);
    return 0;
}

static int keep_rollout(void *ctx, const struct rollout *rollout)
{
    struct rows *rows = ctx;

    assert_int_equal(rows->device_count, 0);
    rows->rollouts[rows->rollout_count++] = *rollout;
    return 0;
}

static int keep_ring_update(void *ctx, const struct ring_update *update)
{
    struct rows *rows = ctx;

    assert_int_equal(rows->device_count, 0);
    rows->ring_updates[rows->ring_update_count++] = *update;
    return 0;
}

static int keep_heard(void *ctx, mac_address mac, int64_t at_ms)
{
    struct rows *rows = ctx;

    for (size_t i = 0; i < rows->device_count; i++)
        if (rows->devices[i].mac == mac)
            rows->devices[i].last_seen_ms = at_ms;
    rows->heard_count++;
    return 0;
}

static const struct store_reader keeper = {.release = keep_release,
                                           .newest = keep_newest,
                                           .group = keep_group,
                                           .rollout = keep_rollout,
                                           .ring_update = keep_ring_update,
                                           .device = keep_device,
                                           .heard = keep_heard};

/* Everything in the store, after it was closed and opened again. free() it. */
static struct rows *load(struct fixture *fixture)
{
    struct rows *rows = calloc(1, sizeof *rows);

    reopen(fixture);
    assert_int_equal(tested_store()->load(fixture->store, &keeper, rows), 0);
    return rows;
}

/* --- changes --- */

static enum change_result apply(struct store *store, struct change *change)
{
    enum change_result result = CHANGE_FAILED;
    char error[STORE_ERROR_SIZE] = "";

    assert_non_null(change);
    tested_store()->apply(store, &change, 1, &result, error);
    change_free(change);
    return result;
}

static struct device_facts some_facts(void)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .mode = DEVICE_MODE_SKETCH,
                                 .has_chip_id = true,
                                 .chip_id = 4294967295u,
                                 .ap_mac = 0x5ecf7f000001,
                                 .free_space = 4294967295u,
                                 .sketch_size = 404160,
                                 .chip_size = 4194304,
                                 .has_md5 = true,
                                 .version = "1.0.0",
                                 .sdk_version = "2.2.2-dev(38a443e)",
                                 .abilities = {.is_told = true,
                                               .takes_gzip = true,
                                               .verifies = true,
                                               .key_count = 2,
                                               .keys = {{1, 2, 3, 4, 5, 6, 7, 8}, {9}}},
                                 .address = {[10] = 255, 255, 192, 168, 0, 17}};
    memset(facts.sketch_md5, 0x5a, UD_MD5_SIZE);
    return facts;
}

static struct change *seen(enum change_kind kind, mac_address mac, int64_t at_ms,
                           const struct device_facts *facts)
{
    struct change *change = change_new(kind, mac);

    change->as.seen.at_ms = at_ms;
    change->as.seen.facts = *facts;
    return change;
}

static struct change *publish(uint32_t id, const char *version, const char *channel)
{
    struct change *change = change_new(CHANGE_RELEASE, 0);
    struct release *release = calloc(1, sizeof *release);

    release->id = id;
    strcpy(release->product, "demo");
    strcpy(release->version, version);
    strcpy(release->channel, channel);
    strcpy(release->name, "demo.bin");
    release->published_ms = 1795231476123;
    release->image.chip = UD_CHIP_ESP32;
    strcpy(release->image.chip_name, "ESP32-C3");
    release->image.flash_mode = 2;
    release->image.flash_size = 4194304;
    release->image.file_count = 1;
    release->image.files[0].size = 4000000000u;
    release->image.image_size = 3000000000u;
    release->image.files[0].inflate_lead = 5;
    release->image.files[0].compressed = release->image.files[0].is_signed = true;
    memset(release->image.files[0].md5, 1, UD_MD5_SIZE);
    memset(release->image.files[0].sha256, 2, UD_SHA256_SIZE);
    release->image.digests.md5_count = 4;
    release->image.digests.sha256_count = 2;
    for (uint8_t i = 0; i < 4; i++)
        memset(release->image.digests.md5[i], 10 + i, UD_MD5_SIZE);
    for (uint8_t i = 0; i < 2; i++)
        memset(release->image.digests.sha256[i], 20 + i, UD_SHA256_SIZE);
    release->image.has_description = true;
    strcpy(release->image.project, "demo");
    strcpy(release->image.version, "9");
    strcpy(release->image.sdk, "sdk");
    strcpy(release->image.built, "today");
    change->as.release = release;
    return change;
}

static void a_release_comes_back_whole(void **state)
{
    struct fixture *fixture = *state;
    struct change *expected = publish(3, "1.0.0", "stable");

    assert_int_equal(apply(fixture->store, publish(3, "1.0.0", "stable")), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->release_count, 1);
    assert_memory_equal(&rows->releases[0], expected->as.release, sizeof(struct release));
    assert_int_equal(rows->newest_count, 1);
    assert_string_equal(rows->newest[0].product, "demo");
    assert_string_equal(rows->newest[0].channel, "stable");
    assert_int_equal(rows->newest[0].release, 3);
    change_free(expected);
    free(rows);
}

/* Two servers that publish at the same moment count alike. */
static void a_release_whose_number_is_taken_gets_another(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture->store, publish(1, "1.0.0", "beta")), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, publish(1, "2.0.0", "stable")), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->release_count, 2);
    assert_int_equal(rows->releases[1].id, 2);
    assert_string_equal(rows->releases[1].version, "2.0.0");
    assert_int_equal(rows->newest_count, 2);
    for (size_t i = 0; i < rows->newest_count; i++)
        assert_int_equal(rows->newest[i].release,
                         strcmp(rows->newest[i].channel, "stable") == 0 ? 2 : 1);
    free(rows);
}

static void a_version_is_published_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture->store, publish(1, "1.0.0", "stable")), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, publish(2, "1.0.0", "beta")), CHANGE_CONFLICT);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->release_count, 1);
    assert_int_equal(rows->newest_count, 1);
    free(rows);
}

/* One form more, and the digests that come with it. */
static void add_form(struct release *release)
{
    struct release_file *file = &release->image.files[release->image.file_count++];

    file->size = 5u + release->image.file_count;
    file->inflate_lead = 6;
    file->compressed = file->is_signed = file->has_signer = true;
    memset(file->signer, release->image.file_count, sizeof file->signer);
    memset(file->md5, 7, sizeof file->md5);
    memset(file->sha256, 8, sizeof file->sha256);
    release->image.digests.md5_count = release->image.file_count;
}

static void forms_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct change *first = publish(1, "1.0.0", "stable"), *second;
    struct release expected;

    first->as.release->image.digests.md5_count = 1;
    add_form(first->as.release);
    expected = *first->as.release;
    assert_int_equal(apply(fixture->store, first), CHANGE_DONE);
    second = publish(1, "1.0.0", "beta");
    *second->as.release = expected;
    strncpy(second->as.release->channel, "beta", NAME_SIZE - 1); /* and zeros */
    add_form(second->as.release);
    expected = *second->as.release;
    second->kind = CHANGE_FILE;
    assert_int_equal(apply(fixture->store, second), CHANGE_DONE);
    struct rows *rows = load(fixture);
    for (uint8_t i = rows->releases[0].image.digests.md5_count; i < RELEASE_MD5S; i++)
        memset(expected.image.digests.md5[i], 0, UD_MD5_SIZE);
    assert_memory_equal(&rows->releases[0], &expected, sizeof expected);
    assert_int_equal(rows->newest_count, 2);
    free(rows);
}

/* Two that add a form at the same moment: the second finds the place taken. */
static void a_place_among_the_forms_is_taken_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture->store, publish(1, "1.0.0", "stable")), CHANGE_DONE);
    for (int i = 0; i < 2; i++) {
        struct change *change = publish(1, "1.0.0", "stable");
        change->kind = CHANGE_FILE;
        add_form(change->as.release);
        change->as.release->image.files[1].size += (uint32_t)i;
        assert_int_equal(apply(fixture->store, change), i == 0 ? CHANGE_DONE : CHANGE_CONFLICT);
    }
    struct rows *rows = load(fixture);
    assert_int_equal(rows->releases[0].image.file_count, 2);
    assert_int_equal(rows->releases[0].image.files[1].size, 7);
    free(rows);
}

static void the_newest_of_a_channel_moves(void **state)
{
    struct fixture *fixture = *state;
    struct change *again = publish(1, "1.0.0", "beta");

    apply(fixture->store, publish(1, "1.0.0", "stable"));
    apply(fixture->store, publish(2, "1.1.0", "stable"));
    again->kind = CHANGE_NEWEST;
    assert_int_equal(apply(fixture->store, again), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->newest_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(rows->newest[i].release,
                         strcmp(rows->newest[i].channel, "beta") == 0 ? 1 : 2);
    assert_string_equal(rows->releases[0].channel, "beta");
    assert_string_equal(rows->releases[1].channel, "stable");
    free(rows);
}

static void a_device_comes_back_whole(void **state)
{
    struct fixture *fixture = *state;
    struct device_facts facts = some_facts();

    assert_int_equal(apply(fixture->store, seen(CHANGE_REGISTER, 0xffffffffffff, 1000, &facts)),
                     CHANGE_DONE);
    assert_int_equal(apply(fixture->store, seen(CHANGE_REGISTER, 0xffffffffffff, 2000, &facts)),
                     CHANGE_CONFLICT);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->device_count, 1);
    assert_true(rows->devices[0].mac == 0xffffffffffff);
    assert_true(rows->devices[0].first_seen_ms == 1000);
    assert_true(rows->devices[0].last_seen_ms == 1000);
    assert_memory_equal(&rows->devices[0].facts, &facts, sizeof facts);
    assert_string_equal(rows->devices[0].product, "");
    free(rows);
}

static void what_a_device_no_longer_says_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct device_facts facts = some_facts();
    struct device_facts less = {.chip = UD_CHIP_ESP32, .has_sha256 = true};

    apply(fixture->store, seen(CHANGE_REGISTER, 1, 1000, &facts));
    assert_int_equal(apply(fixture->store, seen(CHANGE_SEEN, 1, 3000, &less)), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, seen(CHANGE_SEEN, 2, 3000, &less)), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->device_count, 1); /* seeing does not register */
    assert_memory_equal(&rows->devices[0].facts, &less, sizeof less);
    assert_true(rows->devices[0].first_seen_ms == 1000);
    assert_true(rows->devices[0].last_seen_ms == 3000);
    free(rows);
}

static struct change *assign(mac_address mac, unsigned set, const char *value)
{
    struct change *change = change_new(CHANGE_ASSIGN, mac);
    struct settings *settings = &change->as.assign.settings;

    settings->set = set;
    strcpy(settings->product, value);
    strcpy(settings->group, value);
    strcpy(settings->channel, value);
    strcpy(settings->pin, value);
    return change;
}

static struct change *heard_at(int64_t first_ms, int64_t second_ms)
{
    struct change *change = change_new(CHANGE_HEARD, 0);

    change->as.heard =
        calloc(1, sizeof *change->as.heard + 2 * sizeof change->as.heard->devices[0]);
    change->as.heard->count = 2;
    change->as.heard->devices[0] = (struct heard_device){1, first_ms};
    change->as.heard->devices[1] = (struct heard_device){0xffffffffffff, second_ms};
    return change;
}

static void when_devices_were_heard_of_is_kept_beside_what_they_told(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = some_facts();

    apply(fixture->store, seen(CHANGE_REGISTER, 1, 1000, &facts));
    assert_int_equal(apply(fixture->store, heard_at(5000, 5001)), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->device_count, 1);
    assert_int_equal(rows->heard_count, 1); /* the other one is gone */
    assert_true(rows->devices[0].told_ms == 1000);
    assert_true(rows->devices[0].last_seen_ms == 5000);
    assert_memory_equal(&rows->devices[0].facts, &facts, sizeof facts);
    free(rows);
    apply(fixture->store, seen(CHANGE_REGISTER, 0xffffffffffff, 1000, &facts));
    assert_int_equal(apply(fixture->store, heard_at(6000, 6001)), CHANGE_DONE);
    apply(fixture->store, change_new(CHANGE_REMOVE, 1));
    rows = load(fixture);
    assert_int_equal(rows->heard_count, 1);
    assert_true(rows->devices[0].last_seen_ms == 6001);
    free(rows);
}

static void an_earlier_time_comes_of_another_server_or_of_a_clock_set_back(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = some_facts();
    const int64_t day_ms = 24 * 3600 * 1000;

    apply(fixture->store, seen(CHANGE_REGISTER, 1, 1000, &facts));
    apply(fixture->store, seen(CHANGE_REGISTER, 0xffffffffffff, 1000, &facts));
    apply(fixture->store, heard_at(day_ms + 5000, day_ms + 5000));
    apply(fixture->store, heard_at(day_ms + 4000, 5000));
    struct rows *rows = load(fixture);
    const size_t first = rows->devices[0].mac == 1 ? 0 : 1;
    assert_true(rows->devices[first].last_seen_ms == day_ms + 5000);
    assert_true(rows->devices[1 - first].last_seen_ms == 5000);
    free(rows);
}

static void many_are_written_at_once(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = some_facts();
    struct change *change = change_new(CHANGE_HEARD, 0);
    const size_t count = 1234; /* more than go into one statement */

    apply(fixture->store, seen(CHANGE_REGISTER, 1, 1000, &facts));
    apply(fixture->store, seen(CHANGE_REGISTER, count, 1000, &facts));
    change->as.heard =
        calloc(1, sizeof *change->as.heard + count * sizeof change->as.heard->devices[0]);
    for (size_t i = 0; i < count; i++)
        change->as.heard->devices[i] = (struct heard_device){i + 1, 5000 + (int64_t)i};
    change->as.heard->count = count;
    assert_int_equal(apply(fixture->store, change), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->heard_count, 2);
    assert_true(rows->devices[0].last_seen_ms + rows->devices[1].last_seen_ms ==
                5000 + 5000 + (int64_t)count - 1);
    free(rows);
}

static void only_the_settings_given_change(void **state)
{
    struct fixture *fixture = *state;

    apply(fixture->store, assign(1, SETTING_PRODUCT | SETTING_GROUP, "a"));
    apply(fixture->store, assign(1, SETTING_CHANNEL | SETTING_PIN, "b"));
    apply(fixture->store, assign(1, SETTING_PRODUCT, ""));
    struct rows *rows = load(fixture);
    assert_string_equal(rows->devices[0].product, "");
    assert_string_equal(rows->devices[0].group, "a");
    assert_string_equal(rows->devices[0].channel, "b");
    assert_string_equal(rows->devices[0].pin, "b");
    assert_true(rows->devices[0].last_seen_ms == 0);
    assert_int_equal(rows->group_count, 1); /* the group is there with its first member */
    assert_string_equal(rows->groups[0].name, "a");
    free(rows);
}

static void groups_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct change *change = change_new(CHANGE_GROUP, 0);

    strcpy(change->as.group.name, "lab");
    change->as.group.settings =
        (struct settings){.set = SETTING_PRODUCT | SETTING_PIN, .product = "demo", .pin = "1.0"};
    apply(fixture->store, change);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->group_count, 1);
    assert_string_equal(rows->groups[0].product, "demo");
    assert_string_equal(rows->groups[0].channel, "");
    assert_string_equal(rows->groups[0].pin, "1.0");
    free(rows);
}

static struct change *offer(mac_address mac, uint32_t release)
{
    struct change *change = change_new(CHANGE_OFFER, mac);

    change->as.offer.release = release;
    return change;
}

static void offers_count_up_and_start_anew(void **state)
{
    struct fixture *fixture = *state;

    apply(fixture->store, assign(1, SETTING_PRODUCT, "demo"));
    apply(fixture->store, offer(1, 7));
    apply(fixture->store, offer(1, 7));
    struct rows *rows = load(fixture);
    assert_int_equal(rows->devices[0].offers.release, 7);
    assert_int_equal(rows->devices[0].offers.count, 2);
    free(rows);
    apply(fixture->store, offer(1, 8));
    rows = load(fixture);
    assert_int_equal(rows->devices[0].offers.release, 8);
    assert_int_equal(rows->devices[0].offers.count, 1);
    free(rows);
    apply(fixture->store, change_new(CHANGE_FORGET_OFFERS, 1));
    rows = load(fixture);
    assert_int_equal(rows->devices[0].offers.count, 0);
    free(rows);
    apply(fixture->store, change_new(CHANGE_REMOVE, 1));
    rows = load(fixture);
    assert_int_equal(rows->device_count, 0);
    free(rows);
}

/* A file that revokes a key, with a signature of zeros. */
static struct change *ring_change(enum change_kind kind, uint32_t id, uint32_t number)
{
    uint8_t file[80 + 8 + 64 + 4] = {'U', 'D', 'k', 'u', 1, KEY_UPDATE_REVOKE, 8};
    struct change *change = change_new(kind, 0);

    file[8] = (uint8_t)number;
    memcpy(file + 16, "demo", 4);
    file[80 + 8 + 64] = 64;
    change->as.ring_update = calloc(1, sizeof *change->as.ring_update);
    assert_null(ring_update_read(file, sizeof file, change->as.ring_update));
    change->as.ring_update->id = id;
    change->as.ring_update->published_ms = 1234;
    return change;
}

static void key_updates_come_back(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_UPDATE, 1, 1)), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_UPDATE, 2, 2)), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_UPDATE, 3, 2)), CHANGE_CONFLICT);
    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_WITHDRAWN, 2, 2)), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_WITHDRAWN, 2, 2)),
                     CHANGE_CONFLICT);
    assert_int_equal(apply(fixture->store, ring_change(CHANGE_RING_UPDATE, 3, 2)), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->ring_update_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct ring_update *update = &rows->ring_updates[i];
        assert_int_equal(update->id, i + 1);
        assert_int_equal(update->number, i == 0 ? 1 : 2);
        assert_int_equal(update->action, KEY_UPDATE_REVOKE);
        assert_int_equal(update->is_withdrawn, i == 1);
        assert_int_equal(update->length, 80 + 8 + 64 + 4);
        assert_int_equal(update->published_ms, 1234);
        assert_string_equal(update->product, "demo");
    }
    free(rows);
}

static void offers_of_key_updates_count_up_and_start_anew(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        enum change_kind kind;
        uint32_t update;
        struct device_ring ring;
    } rows[] = {
        {CHANGE_RING_OFFER, 4, {4, 1}}, {CHANGE_RING_OFFER, 4, {4, 2}},
        {CHANGE_RING_OFFER, 5, {5, 1}}, {CHANGE_RING_ARRIVED, 0, {0, 0}},
        {CHANGE_RING_OFFER, 5, {5, 1}}, {CHANGE_RETRY, 0, {0, 0}},
    };

    apply(fixture->store, assign(1, SETTING_PRODUCT, "demo"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct change *change = change_new(rows[i].kind, 1);
        change->as.offer.release = rows[i].update;
        apply(fixture->store, change);
        struct rows *found = load(fixture);
        assert_int_equal(found->devices[0].ring.offered, rows[i].ring.offered);
        assert_int_equal(found->devices[0].ring.offers, rows[i].ring.offers);
        free(found);
    }
}

static void one_failure_undoes_the_whole_batch(void **state)
{
    struct fixture *fixture = *state;
    struct change *changes[4] = {
        assign(1, SETTING_PRODUCT, "demo"), publish(1, "1", "stable"),
        change_new_account(ACCOUNT_SESSION),
        change_new_account(ACCOUNT_SESSION)}; /* a session twice: no conflict, an error */
    enum change_result results[4];
    char error[STORE_ERROR_SIZE] = "";

    tested_store()->apply(fixture->store, changes, 4, results, error);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(results[i], CHANGE_FAILED);
        change_free(changes[i]);
    }
    assert_true(strlen(error) > 0);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->device_count + rows->release_count, 0);
    free(rows);
}

static void a_full_disk_fails_and_passes(void **state)
{
    if (!tested_store_is_file())
        skip();
    struct fixture *fixture = *state;
    const struct rlimit small = {1, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};

    setrlimit(RLIMIT_FSIZE, &small);
    const enum change_result result = apply(fixture->store, assign(1, SETTING_PRODUCT, "demo"));
    setrlimit(RLIMIT_FSIZE, &large);
    assert_int_equal(result, CHANGE_FAILED);
    assert_int_equal(apply(fixture->store, assign(2, SETTING_PRODUCT, "demo")), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->device_count, 1);
    assert_true(rows->devices[0].mac == 2);
    free(rows);
}

static void a_database_of_a_newer_server_is_left_alone(void **state)
{
    if (!tested_store_is_file())
        skip();
    struct fixture *fixture = *state;
    char error[STORE_ERROR_SIZE] = "";
    sqlite3 *database;

    tested_store()->close(fixture->store);
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(database, "INSERT INTO schema_version VALUES (999)", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(database);
    assert_null(tested_store()->open(fixture->path, error));
    assert_non_null(strstr(error, "schema 999"));
    sqlite3_open(fixture->path, &database);
    sqlite3_exec(database, "DELETE FROM schema_version WHERE version = 999", NULL, NULL, NULL);
    sqlite3_close(database);
    fixture->store = open_store(fixture->path);
    assert_non_null(fixture->store);
}

static struct change *with_rollout(enum change_kind kind, const struct rollout *rollout)
{
    struct change *change = change_new(kind, 0);

    change->as.rollout = malloc(sizeof *rollout);
    *change->as.rollout = *rollout;
    return change;
}

static void a_rollout_comes_back_as_it_went(void **state)
{
    static const struct release release = {.id = 1, .product = "demo"};
    struct fixture *fixture = *state;
    struct rollout rollout;

    memset(&rollout, 0, sizeof rollout); /* padding, too */
    rollout.id = 3;
    rollout.release_id = 1;
    strcpy(rollout.target.group, "lab");
    strcpy(rollout.target.from, "0.9");
    rollout.window = (struct rollout_window){1320, 300, -330};
    rollout.attempts = 2;
    rollout.silence_s = 86400;
    strcpy(rollout.channel, "stable");
    rollout.start_ms = 123456789012;
    rollout.stage_count = 2;
    rollout.stages[0].devices = 10;
    rollout.stages[0].needs_approval = true;
    rollout.stages[1].percent = 100;
    rollout.stages[1].success = 90;
    rollout.stages[1].failure = 5;
    rollout.stages[1].time_limit_s = 3600;
    assert_int_equal(apply(fixture->store, publish(1, "1.0.0", "beta")), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, with_rollout(CHANGE_ROLLOUT, &rollout)), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->rollout_count, 1);
    assert_memory_equal(&rows->rollouts[0], &rollout, sizeof rollout);
    free(rows);
    /* One that another server gave the same number. */
    assert_int_equal(apply(fixture->store, with_rollout(CHANGE_ROLLOUT, &rollout)), CHANGE_DONE);
    rows = load(fixture);
    assert_int_equal(rows->rollout_count, 2);
    assert_int_equal(rows->rollouts[1].id, 4);
    assert_int_equal(rows->rollouts[1].stage_count, 2);
    free(rows);

    rollout.revision = 1;
    rollout.state = ROLLOUT_FINISHED;
    rollout.stage = 2;
    rollout.stages[0].end = 77;
    rollout.stages[1].end = ROLLOUT_PLACES;
    rollout.opened_ms = 5;
    rollout.forgiven = 6;
    strcpy(rollout.reason, "because");
    rollout.release = &release;
    assert_int_equal(apply(fixture->store, with_rollout(CHANGE_PROGRESS, &rollout)), CHANGE_DONE);
    /* Who changes what has changed meanwhile is refused. */
    assert_int_equal(apply(fixture->store, with_rollout(CHANGE_PROGRESS, &rollout)),
                     CHANGE_CONFLICT);
    rows = load(fixture);
    rollout.release = NULL;
    assert_memory_equal(&rows->rollouts[0], &rollout, sizeof rollout);
    /* Finished, its release is its channel's newest. */
    assert_int_equal(rows->newest_count, 2);
    assert_string_equal(rows->releases[0].channel, "stable");
    free(rows);
}

static void a_device_s_part_in_a_rollout_is_kept(void **state)
{
    struct fixture *fixture = *state;
    const struct device_facts facts = some_facts();
    struct change *change = change_new(CHANGE_OFFER, 1);

    apply(fixture->store, seen(CHANGE_REGISTER, 1, 1000, &facts));
    change->as.offer.release = 2;
    change->as.offer.rollout = 3;
    change->as.offer.before = 1;
    apply(fixture->store, change);
    change = change_new(CHANGE_TAKEN, 1);
    change->as.taken.at_ms = 5000;
    apply(fixture->store, change);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->devices[0].part.rollout, 3);
    assert_int_equal(rows->devices[0].part.before, 1);
    assert_int_equal(rows->devices[0].part.taken_ms, 5000);
    free(rows);

    apply(fixture->store, change_new(CHANGE_CAME_BACK, 1));
    change = change_new(CHANGE_OFFER, 1); /* again, of the same */
    change->as.offer.release = 2;
    change->as.offer.rollout = 3;
    change->as.offer.before = 9;
    apply(fixture->store, change);
    rows = load(fixture);
    assert_int_equal(rows->devices[0].part.comebacks, 1);
    assert_int_equal(rows->devices[0].part.before, 1);
    assert_int_equal(rows->devices[0].part.taken_ms, 0);
    free(rows);

    change = change_new(CHANGE_OFFER, 1); /* of what it was before: not a rollout's */
    change->as.offer.release = 1;
    apply(fixture->store, change);
    rows = load(fixture);
    assert_int_equal(rows->devices[0].part.rollout, 3);
    assert_int_equal(rows->devices[0].part.before, 1);
    assert_int_equal(rows->devices[0].part.comebacks, 0);
    free(rows);
}

static struct change *edit(enum release_state state, const char *notes)
{
    struct change *change = publish(1, "1.0.0", "stable");

    change->kind = CHANGE_EDIT;
    change->as.release->state = state;
    snprintf(change->as.release->notes, RELEASE_NOTES_SIZE, "%s", notes);
    snprintf(change->as.release->requires, VERSION_SIZE, "0.9");
    return change;
}

static void a_draft_goes_live_and_is_withdrawn_for_good(void **state)
{
    struct fixture *fixture = *state;
    struct change *change = publish(1, "1.0.0", "stable");

    change->as.release->state = RELEASE_DRAFT;
    assert_int_equal(apply(fixture->store, change), CHANGE_DONE);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->releases[0].state, RELEASE_DRAFT);
    assert_int_equal(rows->newest_count, 0);
    free(rows);
    change = edit(RELEASE_LIVE, "fixes \xe2\x9c\x93");
    change->goes_live = true;
    assert_int_equal(apply(fixture->store, change), CHANGE_DONE);
    rows = load(fixture);
    assert_int_equal(rows->releases[0].state, RELEASE_LIVE);
    assert_string_equal(rows->releases[0].notes, "fixes \xe2\x9c\x93");
    assert_string_equal(rows->releases[0].requires, "0.9");
    assert_int_equal(rows->newest[0].release, 1);
    free(rows);
    assert_int_equal(apply(fixture->store, edit(RELEASE_WITHDRAWN, "it burns")), CHANGE_DONE);
    assert_int_equal(apply(fixture->store, edit(RELEASE_LIVE, "")), CHANGE_CONFLICT);
    rows = load(fixture);
    assert_int_equal(rows->releases[0].state, RELEASE_WITHDRAWN);
    assert_string_equal(rows->releases[0].notes, "it burns");
    free(rows);
}

/* As the first server's tables were, with a release and a device. */
static const char first_schema[] =
    "CREATE TABLE schema_version (version INTEGER NOT NULL);"
    "INSERT INTO schema_version VALUES (1);"
    "CREATE TABLE releases ("
    "  id INTEGER PRIMARY KEY, product TEXT NOT NULL, version TEXT NOT NULL,"
    "  channel TEXT NOT NULL, name TEXT NOT NULL, published_ms BIGINT NOT NULL,"
    "  chip INTEGER NOT NULL, chip_name TEXT NOT NULL, flash_mode INTEGER NOT NULL,"
    "  flash_size BIGINT NOT NULL, size BIGINT NOT NULL, image_size BIGINT NOT NULL,"
    "  inflate_lead BIGINT NOT NULL, compressed INTEGER NOT NULL, signed INTEGER NOT NULL,"
    "  md5 BLOB NOT NULL, sha256 BLOB NOT NULL,"
    "  described INTEGER NOT NULL, project TEXT NOT NULL, image_version TEXT NOT NULL,"
    "  sdk TEXT NOT NULL, built TEXT NOT NULL,"
    "  UNIQUE (product, version));"
    "CREATE TABLE release_digests ("
    "  release INTEGER NOT NULL, place INTEGER NOT NULL, digest BLOB NOT NULL,"
    "  PRIMARY KEY (release, place));"
    "CREATE TABLE channels ("
    "  product TEXT NOT NULL, name TEXT NOT NULL, release INTEGER NOT NULL,"
    "  PRIMARY KEY (product, name));"
    "CREATE TABLE device_groups ("
    "  name TEXT PRIMARY KEY, product TEXT, channel TEXT, pin TEXT);"
    "CREATE TABLE devices ("
    "  mac BIGINT PRIMARY KEY, product TEXT, device_group TEXT, channel TEXT, pin TEXT,"
    "  offered INTEGER NOT NULL DEFAULT 0, offers INTEGER NOT NULL DEFAULT 0,"
    "  first_seen_ms BIGINT, last_seen_ms BIGINT,"
    "  chip INTEGER, mode INTEGER, chip_id BIGINT, ap_mac BIGINT, free_space BIGINT,"
    "  sketch_size BIGINT, chip_size BIGINT, sketch_md5 BLOB, sketch_sha256 BLOB,"
    "  version TEXT, sdk_version TEXT, address BLOB);"
    "INSERT INTO releases VALUES (1, 'demo', '1.0.0', 'stable', 'demo-1.0.0.bin', 1000, 1,"
    "  'ESP8266', 2, 4194304, 400000, 400000, 0, 0, 0, zeroblob(16), zeroblob(32), 0, '', '', '',"
    "  '');"
    "INSERT INTO channels VALUES ('demo', 'stable', 1);"
    "INSERT INTO devices (mac, product, pin, offered, offers, first_seen_ms, last_seen_ms, chip,"
    "  mode, ap_mac, free_space, sketch_size, chip_size, version, sdk_version, address)"
    "  VALUES (1, 'demo', '1.0.0', 1, 2, 1000, 2000, 1, 1, 5, 2000000, 300000, 4194304, '0.9',"
    "  '2.2.2', zeroblob(16));";

static void a_database_of_the_first_schema_is_brought_up(void **state)
{
    if (!tested_store_is_file())
        skip();
    struct fixture *fixture = *state;
    sqlite3 *database;

    tested_store()->close(fixture->store);
    folder_join(fixture->path, fixture->folder, "first.db");
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, first_schema, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    fixture->store = open_store(fixture->path);
    assert_non_null(fixture->store);
    struct rows *rows = load(fixture);
    assert_int_equal(rows->releases[0].state, RELEASE_LIVE);
    assert_int_equal(rows->releases[0].image.file_count, 1);
    assert_false(rows->releases[0].image.files[0].has_signer);
    assert_false(rows->devices[0].facts.abilities.is_told);
    assert_string_equal(rows->devices[0].facts.version, "0.9");
    assert_int_equal(rows->devices[0].offers.count, 2);
    assert_string_equal(rows->devices[0].pin, "1.0.0");
    assert_true(rows->devices[0].last_seen_ms == 2000);
    free(rows);
    assert_int_equal(apply(fixture->store, heard_at(7000, 7000)), CHANGE_DONE);
    rows = load(fixture);
    assert_true(rows->devices[0].last_seen_ms == 7000);
    free(rows);
    struct change *change = publish(1, "1.0.0", "stable");
    change->kind = CHANGE_FILE;
    add_form(change->as.release);
    assert_int_equal(apply(fixture->store, change), CHANGE_DONE);
}

static void what_is_no_database_is_said_to_be_none(void **state)
{
    if (!tested_store_is_file())
        skip();
    const struct fixture *fixture = *state;
    char error[STORE_ERROR_SIZE] = "", path[FOLDER_PATH_SIZE];
    FILE *file = fopen(folder_join(path, fixture->folder, "other"), "w");

    fputs("This is not a database at all, and long enough to be looked at as one would be.", file);
    fclose(file);
    assert_null(tested_store()->open(path, error));
    assert_true(strlen(error) > 0);
    assert_null(tested_store()->open(fixture->folder, error));
}

/* --- the writer --- */

/* A store that notes what it is given and fails on demand. */
struct fake_store {
    struct store base;
    atomic_bool fails;
    atomic_uint commits, changes;
    unsigned delay_us;
};

static void fake_apply(struct store *base, struct change *const *changes, size_t count,
                       enum change_result *results, char error[STORE_ERROR_SIZE])
{
    struct fake_store *store = (struct fake_store *)base;

    (void)changes;
    usleep(store->delay_us);
    atomic_fetch_add(&store->commits, 1);
    if (!atomic_load(&store->fails))
        atomic_fetch_add(&store->changes, (unsigned)count);
    else
        strcpy(error, "no space");
    for (size_t i = 0; i < count; i++)
        results[i] = atomic_load(&store->fails) ? CHANGE_FAILED : CHANGE_DONE;
}

static const struct store_class fake_class = {.name = "fake", .apply = fake_apply};

struct watched {
    struct fake_store store;
    struct writer *writer;
    atomic_uint committed, done, failed, troubles, recoveries, uncollected;
    atomic_int to_collect;
};

static void note_committed(void *ctx, const struct change *change)
{
    (void)change;
    atomic_fetch_add(&((struct watched *)ctx)->committed, 1);
}

static struct change *collect_one(void *ctx)
{
    struct watched *watched = ctx;

    if (atomic_load(&watched->to_collect) == 0)
        return NULL;
    atomic_fetch_sub(&watched->to_collect, 1);
    return change_new(CHANGE_SEEN, 1);
}

static void uncollect_one(void *ctx, const struct change *change)
{
    struct watched *watched = ctx;

    (void)change;
    atomic_fetch_add(&watched->to_collect, 1);
    atomic_fetch_add(&watched->uncollected, 1);
}

static void note_trouble(void *ctx, const char *error)
{
    struct watched *watched = ctx;

    atomic_fetch_add(error != NULL ? &watched->troubles : &watched->recoveries, 1);
}

static void note_done(void *ctx, enum change_result result)
{
    struct watched *watched = ctx;

    atomic_fetch_add(result == CHANGE_DONE ? &watched->done : &watched->failed, 1);
}

static int start_watched(void **state)
{
    struct watched *watched = calloc(1, sizeof *watched);
    const struct writer_config config = {.store = &watched->store.base,
                                         .ctx = watched,
                                         .committed = note_committed,
                                         .collect = collect_one,
                                         .uncollect = uncollect_one,
                                         .trouble = note_trouble,
                                         .trouble_ctx = watched};

    watched->store.base.class = &fake_class;
    watched->writer = writer_start(&config);
    *state = watched;
    return watched->writer != NULL ? 0 : -1;
}

static int stop_watched(void **state)
{
    struct watched *watched = *state;

    if (watched->writer != NULL)
        writer_stop(watched->writer);
    free(watched);
    return 0;
}

static void stop(struct watched *watched)
{
    writer_stop(watched->writer);
    watched->writer = NULL;
}

#define SUBMITTERS 8
#define SUBMITTED  500 /* by each */

static void *submit_many(void *ctx)
{
    struct watched *watched = ctx;

    for (int i = 0; i < SUBMITTED; i++)
        writer_submit(watched->writer, change_new(CHANGE_REMOVE, 1), note_done, watched);
    return NULL;
}

static void many_share_few_commits(void **state)
{
    struct watched *watched = *state;
    pthread_t threads[SUBMITTERS];

    watched->store.delay_us = 20000; /* of a disk */
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_create(&threads[i], NULL, submit_many, watched);
    for (int i = 0; i < SUBMITTERS; i++)
        pthread_join(threads[i], NULL);
    stop(watched);
    assert_int_equal(watched->done, SUBMITTERS * SUBMITTED);
    assert_int_equal(watched->committed, SUBMITTERS * SUBMITTED);
    assert_int_equal(watched->store.changes, SUBMITTERS * SUBMITTED);
    assert_true(watched->store.commits < SUBMITTERS * SUBMITTED / 10);
}

#define PATIENCE_MS 60000

/* Waits until a count is at least that. */
static void reaches(const atomic_uint *count, unsigned wanted)
{
    const int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (atomic_load(count) < wanted && clock_monotonic_ms() < until_ms)
        usleep(5000);
    assert_true(atomic_load(count) >= wanted);
}

static void what_is_behind_is_written_by_itself_and_at_the_end(void **state)
{
    struct watched *watched = *state;

    atomic_store(&watched->to_collect, 5);
    reaches(&watched->store.changes, 5);
    assert_int_equal(watched->store.changes, 5);
    atomic_store(&watched->to_collect, 3);
    stop(watched);
    assert_int_equal(watched->store.changes, 8);
}

static void a_failure_reaches_who_waits_and_keeps_what_is_behind(void **state)
{
    struct watched *watched = *state;

    atomic_store(&watched->store.fails, true);
    atomic_store(&watched->to_collect, 2);
    writer_submit(watched->writer, change_new(CHANGE_REMOVE, 1), note_done, watched);
    reaches(&watched->failed, 1);
    reaches(&watched->uncollected, 4); /* twice it failed; the first time has been told */
    assert_int_equal(watched->failed, 1);
    assert_int_equal(watched->committed, 0);
    assert_int_equal(watched->troubles, 1); /* said once, not for every failure */
    atomic_store(&watched->store.fails, false);
    writer_submit(watched->writer, change_new(CHANGE_REMOVE, 1), note_done, watched);
    stop(watched);
    assert_int_equal(watched->done, 1);
    assert_int_equal(watched->recoveries, 1);
    assert_int_equal(watched->to_collect, 0);
}

static void no_change_is_a_failed_change(void **state)
{
    struct watched *watched = *state;

    writer_submit(watched->writer, NULL, note_done, watched);
    assert_int_equal(watched->failed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_release_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_release_whose_number_is_taken_gets_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_version_is_published_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forms_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_among_the_forms_is_taken_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_of_a_channel_moves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_device_no_longer_says_is_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(when_devices_were_heard_of_is_kept_beside_what_they_told,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_earlier_time_comes_of_another_server_or_of_a_clock_set_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_are_written_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_settings_given_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(offers_count_up_and_start_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_updates_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(offers_of_key_updates_count_up_and_start_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_failure_undoes_the_whole_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_fails_and_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_database_of_a_newer_server_is_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_rollout_comes_back_as_it_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_device_s_part_in_a_rollout_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_draft_goes_live_and_is_withdrawn_for_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_database_of_the_first_schema_is_brought_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_said_to_be_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_share_few_commits, start_watched, stop_watched),
        cmocka_unit_test_setup_teardown(what_is_behind_is_written_by_itself_and_at_the_end,
                                        start_watched, stop_watched),
        cmocka_unit_test_setup_teardown(a_failure_reaches_who_waits_and_keeps_what_is_behind,
                                        start_watched, stop_watched),
        cmocka_unit_test_setup_teardown(no_change_is_a_failed_change, start_watched, stop_watched),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
