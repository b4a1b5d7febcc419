/* What a device should run, and whether it is sent it now: a pure function of
 * what the device says, what operators decided and which releases there are.
 */
#ifndef SERVER_POLICY_POLICY_H
#define SERVER_POLICY_POLICY_H

#include "server/model/device.h"
#include "server/model/group.h"
#include "server/model/release.h"
#include "server/model/ring_update.h"
#include "server/rollout/rollout.h"

#include <stdbool.h>
#include <stddef.h>

/* Offers of one release without arriving, after which a device is held back. */
#define POLICY_OFFERS_MAX 3u

#define POLICY_REASON_SIZE 320

/* Channel heads, versions and rollouts; pure as long as the functions are. */
struct policy_catalogue {
    const void *ctx;
    const struct release *(*newest)(const void *ctx, const char *product, const char *channel);
    const struct release *(*by_version)(const void *ctx, const char *product, const char *version);
    const struct rollout *const *rollouts; /* by age, each with its release; those that are
                                            * history, or not their release's latest, change
                                            * nothing and may be left out */
    size_t rollout_count;
    const struct release *const *releases; /* of all products */
    size_t release_count;
    /* Of these, all by policy_may_precede(), newest first; null, or the function null: they are
     * looked for among all. */
    const struct release *const *(*before)(const void *ctx, const struct release *goal,
                                           size_t *count);
    const struct ring_update *const *ring_updates; /* of all products, by age */
    size_t ring_update_count;
};

/* Why no download may begin now. */
enum policy_load {
    LOAD_LIGHT,
    LOAD_SERVER_FULL,
    LOAD_SITE_FULL,
    LOAD_SERVER_RATE, /* as many bytes a second as may be go out */
    LOAD_SITE_RATE,
};

struct policy_device {
    mac_address mac;
    const struct device_facts *facts; /* null: has never checked in */
    struct assignment assignment;
    const struct group *group; /* null: in none */
    struct device_offers offers;
    struct device_files files;
    struct device_ring ring;
    bool on_its_way; /* the last offer is being sent, or was sent and nothing heard since */
    struct rollout_part part;
    const struct release *before; /* of part; null = unknown */
    enum policy_load load;
    int64_t now_ms;       /* UTC, since 1970 */
    int64_t listening_ms; /* the server has been, since then; struct rollout_time */
};

enum device_state {
    STATE_UNASSIGNED,
    STATE_NEVER_SEEN,
    STATE_NO_RELEASE,
    STATE_CURRENT,
    STATE_DUE,
    STATE_WAITING,
    STATE_UPDATING,
    STATE_FAILING,
    STATE_UNFIT,
    STATE_AHEAD,
    STATE_DECOMMISSIONED,
    STATE_COUNT,
};

enum policy_rule {
    RULE_DECOMMISSIONED,
    RULE_NEVER_SEEN,
    RULE_NO_PRODUCT,
    RULE_NO_SUCH_PIN,
    RULE_PIN_NOT_LIVE,
    RULE_NO_RELEASE,
    RULE_SAME_VERSION,
    RULE_SAME_DIGEST,
    RULE_DOWNGRADE,
    RULE_NO_STEP,
    RULE_FILE_MISSING,
    RULE_OTHER_CHIP,
    RULE_FLASH_TOO_SMALL,
    RULE_NO_SPACE,
    RULE_NO_ROOM_TO_INFLATE,
    RULE_NO_FORM,
    RULE_HELD_BACK,
    RULE_NOT_IN_ROLLOUT,
    RULE_STAGE_TO_COME,
    RULE_ROLLOUT_STOPPED,
    RULE_OUTSIDE_WINDOW,
    RULE_BUSY,
    RULE_FILES_FIRST,
    RULE_KEYS_FIRST,
    RULE_KEYS_HELD,
    RULE_ON_ITS_WAY,
    RULE_DUE,
    RULE_COUNT,
};

/* What a device gets that asks for a file system. */
struct policy_files {
    enum policy_rule rule; /* RULE_DUE: it is sent the file */
    const struct release *release;
    const struct release_file *file;
};

/* The key update a device gets before all else. */
struct policy_keys {
    enum policy_rule rule; /* RULE_DUE: it is sent the update; RULE_KEYS_HELD: it was, as often as
                            * may be; RULE_NO_RELEASE: there is none for it */
    const struct ring_update *update; /* null = none */
    uint32_t offers;                  /* of it, so far */
};

struct policy_decision {
    enum policy_rule rule;
    enum device_state state;
    const struct release *target;    /* null when there is none */
    const struct release *next;      /* on the way there: the target itself, or a release that
                                      * comes before it; null when there is no target */
    const struct release_file *file; /* of the next: what this device gets, or what it is
                                      * judged by; null when there is no target */
    const struct rollout *rollout;   /* that leads to the target; null = none */
    const struct rollout *later;     /* that does not reach the device now; null = none */
    bool offer;                      /* send it, if the device asks now */
    struct policy_files files;       /* from policy_decide_files() */
    struct policy_keys keys;         /* whatever becomes of the release */
    uint32_t offers;                 /* of the next, so far */
    uint32_t retry_s;                /* RULE_BUSY: when it may be worth asking again */
};

struct policy_decision policy_decide(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue);

/* The same for its file system: that of the release it runs; or of the one it is about to
 * get, where files go first. */
struct policy_files policy_decide_files(const struct policy_device *device,
                                        const struct policy_decision *decision,
                                        const struct policy_catalogue *catalogue);

/* The decision in a line for people. Returns text. */
const char *policy_explain(const struct policy_decision *decision,
                           const struct policy_device *device,
                           const struct policy_catalogue *catalogue, char text[POLICY_REASON_SIZE]);

/* What filters go by; `version` as policy_running() has it. */
struct filter_subject policy_filter_subject(const struct policy_device *device,
                                            const char *version);

/* Its own product, or its group's; null = none. */
const char *policy_product(const struct policy_device *device);

/* Is what the device reports of its sketch a digest of this release? */
bool policy_runs_image(const struct device_facts *facts, const struct release_digests *digests);

/* Is what it reports this release: by its version, or where it tells none its digest? */
bool policy_runs(const struct device_facts *facts, const struct release *release);

/* Where a device stands in a rollout. */
enum policy_standing {
    STANDING_OUTSIDE, /* not among those it is for */
    STANDING_LATER,   /* its stage is not open */
    STANDING_PENDING,
    STANDING_ARRIVED,
    STANDING_FAILED,
    STANDING_SILENT,
    STANDING_UNFIT,
    STANDING_COUNT,
};

enum policy_standing policy_standing(const struct policy_device *device,
                                     const struct rollout *rollout,
                                     const struct policy_catalogue *catalogue);

/* Devices of a release's product, by what a rollout of it would come to. */
struct policy_survey {
    uint32_t by_steps;                                   /* can take it, after another release */
    uint32_t cannot[RULE_COUNT];                         /* it is for them, but */
    uint32_t decommissioned, never_seen, pinned, others; /* it is not for them */
};

/* Adds a device to a survey. */
void policy_survey(struct policy_survey *survey, const struct policy_device *device,
                   const struct rollout *rollout, const struct policy_catalogue *catalogue);

/* What keeps the rollout's release from the device, RULE_DUE for nothing; and what it would
 * get first. The rollout is for it. */
enum policy_rule policy_obstacle(const struct policy_device *device, const struct rollout *rollout,
                                 const struct policy_catalogue *catalogue,
                                 const struct release **next);

/* "no-space" and what that means for people, in a few words; null for rules that are no
 * obstacles of a device's own. */
const char *policy_obstacle_name(enum policy_rule rule);
const char *policy_obstacle_words(enum policy_rule rule);

/* Adds a device's standing to a rollout's tally. */
void policy_count(struct rollout_tally *tally, enum policy_standing standing);

/* "never-seen" and so on, as the operator API has it; null past the last. */
const char *policy_state_name(enum device_state state);

#endif
