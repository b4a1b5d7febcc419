/* A group of devices: settings that hold for all its members. */
#ifndef SERVER_MODEL_GROUP_H
#define SERVER_MODEL_GROUP_H

#include "server/model/device.h"

#include <stdbool.h>

struct group {
    const char *name;
    const char *product;      /* of members that have none of their own; null = none */
    const char *channel;      /* null = not decided */
    const char *pin;          /* a version of the product; null = none */
    bool downgrade;           /* the pin may be an older version than a device runs */
    const char *accept;       /* filter of new devices that join it by themselves; null = none */
    struct utc_offset offset; /* of members that have none of their own */
};

#endif
