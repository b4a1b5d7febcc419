/* A fleet over a real database and a virtual clock, and the devices of it: what each
 * of them runs, and how it takes an update.
 *
 * What is true of the devices and the clock lies in memory that a child process shares,
 * so that a test can have the server die at any instant and go on: truth outlives it.
 * What cannot be done at all ends the program (abort), in whichever process it is.
 */
#ifndef TESTS_SERVER_FLEET_WORLD_H
#define TESTS_SERVER_FLEET_WORLD_H

#include "folder.h"
#include "server/fleet/fleet.h"

#define WORLD_DEVICES_MAX 1000u
#define WORLD_FIRST_MAC   0x5CCF7F000000
#define WORLD_POLL_MS     60000
#define WORLD_OLD         "1.0"
#define WORLD_NEW         "2.0" /* the release the natures are about */

enum nature {
    NATURE_GOOD,
    NATURE_BAD,      /* of the new release it comes back with what it had */
    NATURE_DEAD,     /* is not heard of again once it has the new release */
    NATURE_ASLEEP,   /* does not ask */
    NATURE_FLAPPING, /* runs the new release for one check-in, then what it had */
};

struct world_device {
    char runs[VERSION_SIZE];
    char had[VERSION_SIZE]; /* before that */
    enum ud_chip chip;
    enum nature nature;
    bool is_dead;
    bool was_cut_off; /* the server died while this took what it was offered */
    uint32_t offered; /* times the new release came */
};

struct world_truth {
    int64_t now_ms;  /* as the server's clock shows it */
    int64_t step_ms; /* from round to round */
    unsigned round;
    unsigned next;  /* device to ask in this round */
    bool is_taking; /* it is offered a release, and has not taken it yet */
    unsigned leaps; /* of the clock that a test made */
    struct world_device devices[WORLD_DEVICES_MAX];
};

struct world {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE]; /* of the database */
    unsigned count;              /* of devices */
    struct fleet *fleet;         /* null: not open */
    struct fleet_limits limits;
    struct world_truth *truth;
};

/* With the old release on the channel stable, the new one on candidate, and devices of
 * the product demo that run the old one. The fleet is open. */
struct world *world_new(unsigned devices);
void world_free(struct world *world);

void world_open(struct world *world);
void world_close(struct world *world);

enum change_result world_perform(struct world *world, struct change *change);

/* All that was submitted before is durable and in memory. */
void world_settle(struct world *world);

void world_publish(struct world *world, const char *version, const char *channel);

/* Settings of one device. */
void world_assign(struct world *world, unsigned device, const struct settings *settings);

/* Of the new release: 5 %, 25 %, all; 80 % must arrive, 10 % may fail, an hour's silence
 * is a failure. Its number. */
uint32_t world_plan(struct world *world, const char *channel);

/* What the device says of itself. */
struct device_facts world_facts(const struct world_device *device);

/* A device asks, takes what it is offered, and runs it if that is its nature. */
void world_poll(struct world *world, unsigned device);

/* Everybody who lives and is awake asks, from where the round was left, then the server
 * thinks, and time passes. */
void world_round(struct world *world);

unsigned world_count(const struct world *world, const char *version);
uint32_t world_offered(const struct world *world); /* the new release, to all */

/* What everybody sees of a rollout that exists. */
struct rollout_view world_rollout(struct world *world, uint32_t id);
void world_tell(struct world *world, uint32_t id, enum rollout_event event);

#endif
