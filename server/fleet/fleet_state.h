/* What the files of the fleet share. */
#ifndef SERVER_FLEET_FLEET_STATE_H
#define SERVER_FLEET_FLEET_STATE_H

#include "server/fleet/deciding.h"
#include "server/fleet/device_table.h"
#include "server/fleet/fleet.h"
#include "server/fleet/pair_map.h"
#include "server/fleet/site_loads.h"
#include "server/fleet/stones.h"

#include <pthread.h>

/* Times that devices were heard of, on their way to the store. In a round the writer takes those
 * that were gathered in the round before, by MAC, a slice each second. */
struct heard_round {
    struct mac_list gathered; /* since it began */
    struct mac_list devices;  /* what it writes; those before `next` have been */
    size_t next;
    size_t slice;     /* devices at once */
    int64_t until_ms; /* monotonic */
    int64_t since_ms; /* the earliest time that was taken since others were told; 0: none */
};

struct fleet {
    struct fleet_config config;
    struct store *store;
    struct writer *writer;

    pthread_mutex_t lock; /* of everything below */
    struct device_table devices;
    size_t unassigned;           /* of these: in no group, without a product, not decommissioned */
    bool is_full;                /* a device was turned away, and there has been no room since */
    struct pair_map names;       /* interned */
    struct pair_map by_version;  /* product, version -> struct release */
    struct pair_map newest;      /* product, channel -> struct release */
    struct pair_map group_names; /* name, "" -> struct group */
    struct release **releases;   /* by id, and so by age */
    size_t release_count;
    struct stones *stones; /* of these; put in order as they are asked for */
    struct group **groups;
    size_t group_count;
    uint32_t last_release;     /* the highest id given */
    struct rollout **rollouts; /* by age */
    size_t rollout_count;
    struct deciding deciding; /* of these, what check-ins look at */
    uint32_t last_rollout;
    struct ring_update **ring_updates; /* by age */
    size_t ring_update_count;
    uint32_t last_ring_update;
    void **buried; /* were once in memory, and others may still read them */
    size_t buried_count;
    uint32_t downloads;    /* going on, or about to */
    int64_t busy_until_ms; /* the bytes of the downloads so far last until then; monotonic */
    int64_t judged_ms;     /* rollouts, last; or what was last heard before this process */
    int64_t listening_ms;  /* since when without a gap; struct rollout_time */
    struct site_loads sites;
    struct fleet_results results;
    struct store_standing standing; /* all zero: the store is this server's own */
    unsigned unread;                /* enum store_news still to be told others; the writer's */
    struct mac_list behind;         /* the store has not what they said last */
    struct mac_list collecting;     /* the same, once their turn has come; the writer's */
    struct heard_round heard;
    struct mac_list changed;
};

/* The lock is held for all of these. */

void fleet_mark_changed(struct fleet *fleet, struct device *device);
void fleet_mark_all_changed(struct fleet *fleet);
void fleet_mark_behind(struct fleet *fleet, struct device *device);
void fleet_mark_heard(struct fleet *fleet, struct device *device);
/* It was heard of then, here or elsewhere. False when that is not news; or it never told who it
 * is: then another one of its MAC was. */
bool fleet_set_heard(struct device *device, int64_t at_ms); /* null: false */
int64_t fleet_now(const struct fleet *fleet);
/* `facts` is room for the device's, which the result points to. */
struct policy_device fleet_policy_device(const struct fleet *fleet, const struct device *device,
                                         struct device_facts *facts);
struct policy_catalogue fleet_catalogue(const struct fleet *fleet);

/* Whether one more download may begin at an address. One that goes on where it broke
 * off had its share of the bandwidth before. */
enum policy_load fleet_load_at(const struct fleet *fleet, const uint8_t address[16],
                               bool continues);
/* When a device that may not begin is to ask again, in seconds. */
uint32_t fleet_busy_seconds(const struct fleet *fleet, const uint8_t address[16],
                            enum policy_load load);
/* One of the downloads there may be, of so many bytes, is the address's from now on, until
 * fleet_download_over(). False when memory is out. */
bool fleet_take_download(struct fleet *fleet, const uint8_t address[16], uint32_t bytes);
/* Heard of again after a whole download of a file system: it has it. Devices tell
 * nothing more of it. */
void fleet_note_files_told(struct fleet *fleet, struct device *device);

/* Histories: events are given to changes, which may be null, or submitted. */
void fleet_note_offer(const struct fleet *fleet, struct change *change,
                      const struct policy_decision *decision);
void fleet_note_transfer(const struct fleet *fleet, const struct device *device,
                         struct change *change, uint32_t bytes, bool is_whole);
void fleet_note_result(const struct fleet *fleet, const struct device *device,
                       struct change *change, bool has_arrived);
void fleet_note_files(const struct fleet *fleet, const struct device *device, struct change *change,
                      uint32_t bytes);
void fleet_note_ring(const struct fleet *fleet, struct change *change,
                     const struct ring_update *update, enum event_kind kind);
/* Before these facts become the device's. */
void fleet_note_check_in(struct fleet *fleet, const struct device *device,
                         const struct device_facts *facts);

/* The change holds only while the store has of the device what memory has. */
void fleet_base_on(struct change *change, const struct device *device);

/* Writes what memory has of the device already; the change may be null. */
void fleet_submit_ahead(struct fleet *fleet, struct device *device, struct change *change);

bool fleet_waits_for_assignment(const struct device *device); /* null: no */
void fleet_set_assignment(struct fleet *fleet, struct device *device,
                          const struct assignment *stored);

/* Copies the release in. Null when memory is out. */
struct release *fleet_add_release(struct fleet *fleet, const struct release *release);
/* Which of its files are stored here? */
void fleet_look_for_files(const struct fleet *fleet, struct release *release);
struct release *fleet_release_of_id(const struct fleet *fleet, uint32_t id);

/* Copies the rollout in and finds its release. Null when memory is out, or there is
 * no such release. */
struct rollout *fleet_add_rollout(struct fleet *fleet, const struct rollout *rollout);
struct rollout *fleet_find_rollout(const struct fleet *fleet, uint32_t id);

struct ring_update *fleet_find_ring_update(const struct fleet *fleet, uint32_t id);

/* The key update as it is by now, which may be known already. False when memory is out. */
bool fleet_set_ring_update(struct fleet *fleet, const struct ring_update *update);

/* Copies the key update in. Null when memory is out. */
struct ring_update *fleet_add_ring_update(struct fleet *fleet, const struct ring_update *update);

/* The device has checked in and tells its ring's number: has it taken what it was offered? */
void fleet_note_ring_told(struct fleet *fleet, struct device *device,
                          const struct device_facts *facts);

/* With or without the reason, which is text and takes longest. The lock is held. */
void fleet_view_device(const struct fleet *fleet, const struct device *device,
                       struct device_view *view, bool has_reason);

/* Adds the devices there are, as they lie in the table: who looks them up in that order goes
 * through memory once. Takes the lock. False when memory is out; the list is the caller's to free
 * in any case. */
bool fleet_list_devices(struct fleet *fleet, struct mac_list *list);

/* Looks devices of a list up, a few at a time. */
struct device_batches {
    struct mac_list list;                        /* the caller's to fill and to free */
    size_t next;                                 /* of it */
    const struct device *found[DEVICES_FETCHED]; /* the few, of those that are still there */
    size_t count;
};

/* The next few; the fleet is left locked for them. False, and not locked, when there are no more.
 */
bool fleet_next_batch(struct fleet *fleet, struct device_batches *batches);
struct group *fleet_enter_group(struct fleet *fleet, const char *name);

/* May rollouts be judged now, and under which lease (0: none is needed)? Takes the lock. */
bool fleet_may_judge(struct fleet *fleet, uint64_t *lease);

/* The writer's and the store's callbacks; these take the lock. */

void fleet_announce(void *ctx, struct change *change);
void fleet_committed(void *ctx, const struct change *change);
struct change *fleet_collect(void *ctx);
struct change *fleet_collect_heard(void *ctx, bool is_last);
void fleet_hear_again(struct fleet *fleet, const struct heard_times *heard); /* was not written */
void fleet_uncollect(void *ctx, const struct change *change);
void fleet_settled(void *ctx, const struct change *change, enum change_result result);
int fleet_follow(void *ctx, char error[STORE_ERROR_SIZE]);
extern const struct store_reader fleet_reader;
extern const struct store_reader fleet_following; /* rows that others have changed */

/* Memory becomes what the tables have. On the writer's thread. 0, or -1: it is to be tried
 * again. */
int fleet_reload(struct fleet *fleet);

#endif
