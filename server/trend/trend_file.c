/* The points as they are kept between two runs: {"hour": [POINT, …], …} in JSON. */
#include "server/trend/trend.h"

#include "host/file.h"
#include "server/model/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MODE 0600

int trend_save(struct trend *trend, const char *path)
{
    json_t *all = json_object();

    for (int i = 0; i < TREND_SPANS; i++)
        json_object_set_new(all, trend_span_name((enum trend_span)i),
                            trend_view(trend, (enum trend_span)i));
    char *text = json_dumps(all, JSON_COMPACT);
    const int result =
        text != NULL ? file_write_atomic(path, text, strlen(text), FILE_MODE) : -ENOMEM;
    free(text);
    json_decref(all);
    return result;
}

/* A count that is missing, or is none, is 0. */
static uint64_t number(const json_t *object, const char *name)
{
    const json_int_t value = json_integer_value(json_object_get(object, name));

    return value > 0 ? (uint64_t)value : 0;
}

static void copy_text(const json_t *object, const char *name, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(object, name));

    snprintf(text, size, "%s", value != NULL ? value : "");
}

static bool read_point(json_t *value, struct trend_point *point)
{
    const char *at = json_string_value(json_object_get(value, "at"));
    json_t *versions = json_object_get(value, "versions"), *version;
    size_t index;

    *point = (struct trend_point){
        .devices = (uint32_t)number(value, "devices"),
        .silent = (uint32_t)number(value, "silent"),
        .flow = {number(value, "checkins"), number(value, "arrived"), number(value, "failed")},
    };
    json_array_foreach(versions, index, version)
    {
        if (point->share_count == TREND_VERSIONS)
            break;
        struct trend_share *share = &point->shares[point->share_count++];
        copy_text(version, "product", share->product, sizeof share->product);
        copy_text(version, "version", share->version, sizeof share->version);
        share->devices = (uint32_t)number(version, "devices");
    }
    return at != NULL && clock_parse(at, &point->at_ms);
}

int trend_load(struct trend *trend, const char *path)
{
    json_t *all = json_load_file(path, 0, NULL), *value;
    struct trend_point point;
    size_t index;

    if (all == NULL)
        return -EINVAL;
    for (int i = 0; i < TREND_SPANS; i++) {
        json_array_foreach(json_object_get(all, trend_span_name((enum trend_span)i)), index, value)
        {
            if (read_point(value, &point))
                trend_put(trend, (enum trend_span)i, &point);
        }
    }
    trend_resume(trend);
    json_decref(all);
    return 0;
}
