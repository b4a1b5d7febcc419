/* A server's devices, however many: pages of them, of which one is in memory at a time. */
#ifndef TOOLS_DEVICES_PAGES_H
#define TOOLS_DEVICES_PAGES_H

#include "host/api_client.h"

#include <stdbool.h>
#include <stdio.h>

/* Which; null = any. */
struct devices_choice {
    const char *product, *group, *state, *filter;
};

/* Takes some devices, an array. False: there is no memory for what is made of them. */
typedef bool devices_take(void *ctx, const json_t *devices);

/* Has all that are chosen taken, by MAC. EXIT_OK or, reported, an exit status. */
int devices_each_page(struct api_client *client, const struct devices_choice *choice,
                      devices_take *take, void *ctx);

/* What is to be written of a device; the caller's to json_decref(). Null: out of memory. */
typedef json_t *devices_shape(json_t *device);

/* Writes {"devices": [ … ]}, each of them as json_dumpf() does with these flags. EXIT_OK or,
 * reported, an exit status, with the text cut off; whether the file took it is the caller's to
 * see. */
int devices_write_json(struct api_client *client, const struct devices_choice *choice, FILE *out,
                       size_t flags, devices_shape *shape);

#endif
