#include "server/metrics/fleet_metrics.h"

#include "server/metrics/exposition.h"

#include <stdlib.h>
#include <string.h>

/* Devices say which version they run, so that only versions of releases are told
 * apart: else anybody could make up any number of them. */
#define OTHER_VERSION "other"

/* Devices of a product. Names live as long as the fleet. */
struct product_count {
    const char *product; /* "": none */
    double states[STATE_COUNT];
};

struct version_count {
    const char *product, *version;
    double devices;
};

struct tally {
    struct fleet *fleet;
    struct product_count *products;
    size_t product_count;
    struct version_count *versions;
    size_t version_count;
};

/* One more element of an array that is large enough for a power of two. Null when
 * memory is out. */
static void *append(void **array, size_t *count, size_t size)
{
    if ((*count & (*count - 1)) == 0) {
        void *larger = realloc(*array, (*count ? *count * 2 : 1) * size);
        if (larger == NULL)
            return NULL;
        *array = larger;
    }
    char *element = (char *)*array + (*count)++ * size;
    memset(element, 0, size);
    return element;
}

static void count_state(struct tally *tally, const char *product, enum device_state state)
{
    struct product_count *entry = NULL;

    for (size_t i = 0; i < tally->product_count && entry == NULL; i++)
        if (strcmp(tally->products[i].product, product) == 0)
            entry = &tally->products[i];
    if (entry == NULL) {
        void *array = tally->products;
        entry = append(&array, &tally->product_count, sizeof *entry);
        tally->products = array;
        if (entry == NULL)
            return;
        entry->product = product;
    }
    entry->states[state]++;
}

static void count_version(struct tally *tally, const char *product, const char *version)
{
    for (size_t i = 0; i < tally->version_count; i++) {
        struct version_count *entry = &tally->versions[i];
        if (strcmp(entry->version, version) == 0 && strcmp(entry->product, product) == 0) {
            entry->devices++;
            return;
        }
    }
    const struct release *release = fleet_release(tally->fleet, product, version);
    if (release == NULL && strcmp(version, OTHER_VERSION) != 0) {
        count_version(tally, product, OTHER_VERSION);
        return;
    }
    void *array = tally->versions;
    struct version_count *entry = append(&array, &tally->version_count, sizeof *entry);
    tally->versions = array;
    if (entry != NULL)
        *entry =
            (struct version_count){product, release != NULL ? release->version : OTHER_VERSION, 1};
}

static void count_device(void *ctx, const struct device_view *device)
{
    struct tally *tally = ctx;

    count_state(tally, device->product != NULL ? device->product : "", device->decision.state);
    if (device->product != NULL && device->version != NULL)
        count_version(tally, device->product, device->version);
}

static void write_devices(FILE *out, struct fleet *fleet)
{
    struct tally tally = {.fleet = fleet};

    fleet_count_devices(fleet, count_device, &tally);
    exposition_begin(out, "updraft_devices", METRIC_GAUGE, "Devices by product and state.");
    for (size_t i = 0; i < tally.product_count; i++)
        for (int state = 0; state < STATE_COUNT; state++) {
            const struct metric_label labels[] = {
                {"product", tally.products[i].product},
                {"state", policy_state_name((enum device_state)state)},
                {NULL, NULL}};
            exposition_value(out, "updraft_devices", labels, tally.products[i].states[state]);
        }
    exposition_begin(out, "updraft_devices_running", METRIC_GAUGE,
                     "Devices by the version they run; what is no release is \"other\".");
    for (size_t i = 0; i < tally.version_count; i++) {
        const struct metric_label labels[] = {{"product", tally.versions[i].product},
                                              {"version", tally.versions[i].version},
                                              {NULL, NULL}};
        exposition_value(out, "updraft_devices_running", labels, tally.versions[i].devices);
    }
    free(tally.products);
    free(tally.versions);
}

static void write_rollout(FILE *out, const struct rollout_view *view)
{
    const struct rollout_tally *all = &view->counts.all;
    const struct {
        const char *standing;
        uint32_t devices;
    } rows[] = {{"arrived", all->arrived},
                {"failed", all->failed},
                {"silent", all->silent},
                {"pending", all->open - all->arrived - all->failed - all->silent},
                {"unfit", all->unfit}};
    char id[12];

    snprintf(id, sizeof id, "%u", view->rollout.id);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct metric_label labels[] = {{"rollout", id},
                                              {"product", view->rollout.release->product},
                                              {"version", view->rollout.release->version},
                                              {"standing", rows[i].standing},
                                              {NULL, NULL}};
        exposition_value(out, "updraft_rollout_devices", labels, rows[i].devices);
    }
}

static void write_rollouts(FILE *out, struct fleet *fleet)
{
    uint32_t states[ROLLOUT_STATE_COUNT];
    size_t count;
    struct rollout_view *views = fleet_copy_unsettled_rollouts(fleet, &count);

    fleet_count_rollout_states(fleet, states);
    exposition_begin(out, "updraft_rollouts", METRIC_GAUGE, "Rollouts by state.");
    for (int i = 0; i < ROLLOUT_STATE_COUNT; i++) {
        const struct metric_label labels[] = {{"state", rollout_state_name((enum rollout_state)i)},
                                              {NULL, NULL}};
        exposition_value(out, "updraft_rollouts", labels, states[i]);
    }
    exposition_begin(out, "updraft_rollout_devices", METRIC_GAUGE,
                     "Devices reached by each rollout that is not over, by what became of them.");
    for (size_t i = 0; i < count; i++)
        write_rollout(out, &views[i]);
    free(views);
}

void fleet_metrics_write(FILE *out, struct fleet *fleet)
{
    write_devices(out, fleet);
    write_rollouts(out, fleet);
    exposition_single(out, "updraft_downloads", METRIC_GAUGE, "Downloads of devices going on.",
                      fleet_download_count(fleet));
}
