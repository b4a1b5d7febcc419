/* The fleet in memory: devices, groups, releases, and what each device should
 * run. Check-ins are decided here without touching the database.
 *
 * Memory follows the store: a submitted change shows once it is durable. Only
 * what devices tell of themselves is known first and written behind: what has changed
 * within a second, and when they were last heard of within two rounds (fleet_config). All
 * functions may be called from any thread.
 *
 * Releases, once known, stay where they are as long as the fleet, and so do their
 * files; what may change, `channel`, `state`, `requires`, `notes`, `reason`, `file_count`,
 * `digests` and `is_missing`, is read through copies only. So do key updates, whose
 * `is_withdrawn` may change.
 */
#ifndef SERVER_FLEET_FLEET_H
#define SERVER_FLEET_FLEET_H

#include "server/fleet/mac_list.h"
#include "server/model/release.h"
#include "server/policy/policy.h"
#include "server/store/writer.h"

struct fleet;

/* Downloads that may go on at once, and bytes of them a second on the average; 0 = any
 * number. */
struct fleet_limits {
    uint32_t downloads;
    uint32_t site_downloads; /* of devices of one source network */
    uint32_t rate;
    uint32_t site_rate;
};

struct fleet_config {
    const struct store_class *store;
    const char *location; /* for the store */
    void *ctx;
    /* Is the file stored here? Asked when a release becomes known, and again for all of its
     * files when it gets one more, so that it must not wait for anything; if it is stored
     * later, fleet_note_file(). */
    bool (*has_file)(void *ctx, const struct release *release, const struct release_file *file);
    void (*trouble)(void *ctx, const char *error);              /* as in struct writer_config */
    void (*released)(void *ctx, const struct release *release); /* published, durable */
    void (*removed)(void *ctx, mac_address mac);
    void (*rollout)(void *ctx, const struct rollout *rollout); /* made or changed; null: none */
    /* Others who keep things in the store: read it after the fleet has (0 or -1), and are told
     * what is durable. Null: none. */
    int (*load)(void *ctx, struct store *store);
    /* The same once other servers have changed such things: STORE_ACCOUNTS, STORE_WEBHOOKS.
     * On the writer's thread. */
    int (*reload)(void *ctx, struct store *store, unsigned news);
    /* "release demo 1.0.0" and the like was in memory, and is not in the tables, which are a copy
     * that has taken over. Null: nobody is told. On the writer's thread; it must not wait. */
    void (*lost)(void *ctx, const char *what);
    void (*account)(void *ctx, const struct account_change *change);
    /* Before any change is written, to add deliveries to it, and when it is durable; null:
     * none. On the writer's thread. */
    void (*announce)(void *ctx, struct change *change);
    void (*committed)(void *ctx, const struct change *change);
    int64_t (*now_ms)(void *ctx); /* UTC, since 1970; null: the clock */
    struct fleet_limits limits;
    uint32_t unassigned_limit; /* fleet_takes_unknown(); 0: any number */
    uint32_t heard_round_ms;   /* for which times of check-ins are gathered; 0 = 15 seconds */
};

/* Reads the store and starts its writer. Null on failure, with a line in error. */
struct fleet *fleet_open(const struct fleet_config *config, char error[STORE_ERROR_SIZE]);

/* Writes what is left to write; nothing may be submitted any more. */
void fleet_close(struct fleet *fleet);

/* Makes a change durable, then shows it in memory, then calls done (null for
 * none) on the writer's thread. Takes the change over. */
void fleet_submit(struct fleet *fleet, struct change *change, writer_done *done, void *ctx);

/* What was gathered of when devices were heard of, and is not on its way to the store: to be
 * submitted by who needs it there now. Null when there is none, or memory is out. */
struct change *fleet_take_heard(struct fleet *fleet);

/* A device has checked in: notes its facts and decides; one that asks for a file system,
 * about that, too. `continues` a download:
 * then an offer that is already counted stands. False for a device that is not
 * known; then nothing is noted.
 *
 * When the decision is to offer, one of the downloads there may be is the device's:
 * fleet_download_over() when it is over, or did not come to be. */
bool fleet_check_in(struct fleet *fleet, mac_address mac, const struct device_facts *facts,
                    bool continues, struct policy_decision *decision);

void fleet_download_over(struct fleet *fleet, const uint8_t address[16]);

/* The change that counts an offer as decided on; null when memory is out. Conflict: by now
 * another decision would be made. */
struct change *fleet_offer(struct fleet *fleet, mac_address mac,
                           const struct policy_decision *decision);

/* The same for the file system, and for the key update, decided on. */
struct change *fleet_offer_files(struct fleet *fleet, mac_address mac,
                                 const struct policy_files *files);
struct change *fleet_offer_keys(struct fleet *fleet, mac_address mac,
                                const struct policy_keys *keys);

/* A transfer to a device. Begin returns a number for the two others, which do
 * nothing once a newer transfer has begun. */
uint32_t fleet_transfer_begin(struct fleet *fleet, mac_address mac, uint32_t size);
void fleet_transfer_progress(struct fleet *fleet, mac_address mac, uint32_t transfer,
                             uint32_t sent);
void fleet_transfer_end(struct fleet *fleet, mac_address mac, uint32_t transfer, bool is_whole);

/* A device's download of a file system is whole. */
void fleet_files_taken(struct fleet *fleet, mac_address mac, uint32_t bytes);

/* Null when there is none. */
const struct release *fleet_release(struct fleet *fleet, const char *product, const char *version);

/* A channel's newest; while a rollout has the say about that, the one before which anybody
 * may have. Null when there is none. */
const struct release *fleet_newest_for_all(struct fleet *fleet, const char *product,
                                           const char *channel);

/* A copy of a release; false when there is none. */
bool fleet_copy_release(struct fleet *fleet, const char *product, const char *version,
                        struct release *copy);

/* The same by its id. */
bool fleet_copy_release_of_id(struct fleet *fleet, uint32_t id, struct release *copy);

/* The chip the product's latest release is for; unknown when it has none. */
enum ud_chip fleet_product_chip(struct fleet *fleet, const char *product);

/* An id for a release about to be published; each is given once. */
uint32_t fleet_next_release(struct fleet *fleet);

/* A file of the release was found to be stored, or not to be. */
void fleet_note_file(struct fleet *fleet, const struct release *release,
                     const struct release_file *file, bool is_stored);

/* An id for a key update about to be published; each is given once. */
uint32_t fleet_next_ring_update(struct fleet *fleet);

/* Copies of all key updates, newest first. The caller frees the array. Null when memory is
 * out. */
struct ring_update *fleet_copy_ring_updates(struct fleet *fleet, size_t *count);

/* A device as operators see it. Pointers live as long as the fleet. */
struct device_view {
    mac_address mac;
    int64_t first_seen_ms; /* 0 = never */
    int64_t last_seen_ms;
    struct device_facts facts;
    const char *product; /* its own, or its group's */
    const char *channel; /* that it follows */
    const char *version; /* it runs; within this struct or of a release; null = unknown */
    struct assignment assignment;
    struct device_offers offers;
    uint32_t transfer_sent;
    uint32_t transfer_size;          /* 0 = no transfer */
    struct policy_decision decision; /* its rollouts are not to be read: they go on changing */
    uint32_t rollout;                /* that leads to the target, or will later; 0 = none */
    char reason[POLICY_REASON_SIZE];
};

/* False when it is not known. */
bool fleet_view(struct fleet *fleet, mac_address mac, struct device_view *view);

/* A walk over the devices from a MAC on, by MAC, each as it is at its turn; who comes meanwhile is
 * not among them, and who goes no longer is. The fleet is held up only while it begins. Takes 8
 * bytes a device. Null when memory is out. */
struct fleet_walk;
struct fleet_walk *fleet_walk_begin(struct fleet *fleet, mac_address from);

/* False, and the view as it was: there are no more. */
bool fleet_walk_next(struct fleet_walk *walk, struct device_view *view);

void fleet_walk_end(struct fleet_walk *walk);

/* For those who count: in no order, and without the reasons, whose texts take longer than all the
 * rest. False when memory is out, before the first call. */
bool fleet_count_devices(struct fleet *fleet,
                         void (*visit)(void *ctx, const struct device_view *view), void *ctx);

/* For those who need no decision, which is most of what is left: who runs what. */
struct device_brief {
    const char *product;
    char version[VERSION_SIZE]; /* "" = unknown */
    int64_t last_seen_ms;       /* 0 = never */
    bool is_decommissioned;
};
bool fleet_each_brief(struct fleet *fleet,
                      void (*visit)(void *ctx, const struct device_brief *brief), void *ctx);

/* Copies of all releases, newest first, or by group name. The caller frees the
 * array. Null when memory is out. */
struct release *fleet_copy_releases(struct fleet *fleet, size_t *count);
struct group *fleet_copy_groups(struct fleet *fleet, size_t *count);

/* Whether one more device may be registered that no group accepts: not once the limit's
 * number of devices wait for somebody to assign them. *is_news is true for the first that
 * is turned away since there was room. What is being written does not count yet. */
bool fleet_takes_unknown(struct fleet *fleet, bool *is_news);

/* Copies the name of the group that accepts a new device: of several the first by name.
 * False when there is none. */
bool fleet_find_accepting(struct fleet *fleet, mac_address mac, const struct device_facts *facts,
                          char name[NAME_SIZE]);

/* One group; false when it is not known. */
bool fleet_group(struct fleet *fleet, const char *name, struct group *group);

/* Devices of a rollout. */
struct rollout_counts {
    struct rollout_tally all;
    struct rollout_tally stages[ROLLOUT_STAGES]; /* of each that is open */
};

/* A rollout as operators see it. */
struct rollout_view {
    struct rollout rollout; /* its release lives as long as the fleet */
    struct rollout_counts counts;
};

/* Copies of all rollouts, newest first. The caller frees the array. Null when memory
 * is out. */
struct rollout_view *fleet_copy_rollouts(struct fleet *fleet, size_t *count);

/* One rollout; false when it is not known. */
bool fleet_view_rollout(struct fleet *fleet, uint32_t id, struct rollout_view *view);

/* What a rollout that is only planned would reach, and who cannot take it. */
void fleet_count_rollout(struct fleet *fleet, const struct rollout *rollout,
                         struct rollout_counts *counts, struct policy_survey *survey);

/* Devices that a rollout has reached, and that it does not count as arrived or pending:
 * where each stands and why, by MAC. False when memory is out, before the first call. */
struct fleet_failure {
    mac_address mac;
    enum policy_standing standing; /* failed, silent or unfit */
    char reason[POLICY_REASON_SIZE];
};
bool fleet_each_failure(struct fleet *fleet, const struct rollout *rollout,
                        void (*visit)(void *ctx, const struct fleet_failure *failure), void *ctx);

/* An id for a rollout about to be made; each is given once. */
uint32_t fleet_next_rollout(struct fleet *fleet);

/* The change that carries an event out; null when the rollout's state does not allow
 * it, or memory is out. */
struct change *fleet_rollout_event(struct fleet *fleet, const struct rollout_view *view,
                                   enum rollout_event event, const char *reason);

/* --- for the metrics --- */

/* Copies of those that are not over, newest first; as fleet_copy_rollouts(). */
struct rollout_view *fleet_copy_unsettled_rollouts(struct fleet *fleet, size_t *count);
void fleet_count_rollout_states(struct fleet *fleet, uint32_t counts[ROLLOUT_STATE_COUNT]);
uint32_t fleet_download_count(struct fleet *fleet); /* going on */
const struct writer_stats *fleet_writer_stats(const struct fleet *fleet);

/* Devices that came to run what they were offered, and that came back without it, since the
 * process started. */
struct fleet_results {
    uint64_t arrived, failed;
};
struct fleet_results fleet_results(struct fleet *fleet);

/* Of several servers, is this the one that does what one does for all? */
bool fleet_leads(struct fleet *fleet);

/* Lets rollouts go on, or halt, by themselves; of several servers one does it. */
void fleet_judge_rollouts(struct fleet *fleet);

/* Moves at most `limit` devices that changed since they were last taken to the
 * list. */
void fleet_take_changed(struct fleet *fleet, struct mac_list *list, size_t limit);

#endif
