/* Devices, groups and releases as JSON. New values; null when memory is out. */
#ifndef SERVER_OPERATOR_API_VIEWS_H
#define SERVER_OPERATOR_API_VIEWS_H

#include "server/fleet/fleet.h"

#include <jansson.h>

json_t *view_device(const struct device_view *device);
json_t *view_release(const struct release *release, size_t devices);
json_t *view_release_file(const struct release_file *file);
/* `devices` of its product have it. */
json_t *view_key_update(const struct ring_update *update, size_t devices);
json_t *view_group(const struct group *group, size_t devices);

/* How many devices have a release as their target. */
size_t count_targets(struct fleet *fleet, uint32_t release);

/* Null for "" and for null. */
json_t *text_or_null(const char *text);

/* Null for 0. */
json_t *time_or_null(int64_t ms);

#endif
