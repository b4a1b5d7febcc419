#include "host/report.h"
#include "posix/pull.h"
#include "tools/discover.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct mdns_device *named(const struct device_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->devices[i].name, name) == 0)
            return &list->devices[i];
    return NULL;
}

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct mdns_device *)one)->name,
                  ((const struct mdns_device *)other)->name);
}

bool device_list_put(struct device_list *list, const struct mdns_device *device)
{
    struct mdns_device *known = named(list, device->name);

    if (known != NULL) {
        *known = *device;
        return true;
    }
    struct mdns_device *grown = realloc(list->devices, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    grown[list->count++] = *device;
    list->devices = grown;
    qsort(grown, list->count, sizeof *grown, compare);
    return true;
}

void device_list_drop(struct device_list *list, const char *name)
{
    struct mdns_device *known = named(list, name);

    if (known == NULL)
        return;
    const size_t after = (size_t)(list->devices + list->count - (known + 1));
    memmove(known, known + 1, after * sizeof *known);
    list->count--;
}

void device_list_free(struct device_list *list)
{
    free(list->devices);
    *list = (struct device_list){0};
}

static bool is_host(const char *host, const char *name)
{
    static const char local[] = ".local";
    const size_t length = strlen(name);

    return strncasecmp(host, name, length) == 0 &&
           (host[length] == '\0' || strcasecmp(host + length, local) == 0);
}

const struct mdns_device *device_list_find(const struct device_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->devices[i].name, name) == 0 || is_host(list->devices[i].host, name))
            return &list->devices[i];
    return NULL;
}

/* ---- collecting ---- */

static void found(void *ctx, const struct mdns_device *device)
{
    (void)device_list_put(ctx, device);
}

static void lost(void *ctx, const char *name)
{
    device_list_drop(ctx, name);
}

int device_list_collect(struct device_list *list, int timeout_ms,
                        bool (*is_enough)(void *ctx, const struct device_list *list), void *ctx)
{
    const struct mdns_events events = {.ctx = list, .found = found, .lost = lost};
    const uint32_t since_ms = ud_posix_clock_ms();
    const char *why = "";
    struct mdns_browser *browser = mdns_browse(&events, -1, &why);
    int left_ms = timeout_ms;

    if (browser == NULL)
        return report_failure("the local network cannot be searched by mDNS: %s", why);
    while (left_ms > 0 && (is_enough == NULL || !is_enough(ctx, list)) &&
           mdns_browser_step(browser, left_ms))
        left_ms = timeout_ms - (int)(ud_posix_clock_ms() - since_ms);
    mdns_browser_free(browser);
    return EXIT_OK;
}
