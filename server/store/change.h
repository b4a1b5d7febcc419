/* What can be made durable: each kind of change to the fleet, as one record
 * that the store applies to its tables and the fleet to its memory.
 */
#ifndef SERVER_STORE_CHANGE_H
#define SERVER_STORE_CHANGE_H

#include "server/model/audit.h"
#include "server/model/device.h"
#include "server/model/history.h"
#include "server/model/names.h"
#include "server/model/release.h"
#include "server/model/ring_update.h"
#include "server/rollout/rollout.h"
#include "server/store/account_change.h"
#include "server/store/webhook_change.h"

#include <stdint.h>

enum change_kind {
    CHANGE_REGISTER,  /* seen: a MAC never seen before. Conflict: it is there */
    CHANGE_SEEN,      /* seen: facts of a device; nothing happens if it is gone */
    CHANGE_HEARD,     /* heard: that devices asked, and when; those that are gone are left out */
    CHANGE_OFFER,     /* offer: a release goes out to a device once more */
    CHANGE_TAKEN,     /* taken: a download of what was offered is whole */
    CHANGE_ARRIVED,   /* device: it runs what it was offered */
    CHANGE_CAME_BACK, /* device: it runs something else after either */
    CHANGE_FORGET_OFFERS, /* device */
    CHANGE_RETRY,         /* device: the same, and what is known of its file system */
    CHANGE_EVENT,         /* device: nothing but its event */
    CHANGE_ASSIGN,        /* assign: creates the device if need be */
    CHANGE_REMOVE,        /* device */
    CHANGE_GROUP,         /* group: creates the group if need be */
    CHANGE_RELEASE,       /* release: new, and its channel's newest; where its id is taken it
                           * gets another one. Conflict: the product has the version already */
    CHANGE_NEWEST,        /* release, which exists, becomes its channel's newest */
    CHANGE_FILE,          /* the same, and the last of release's files and its digests are new.
                           * Conflict: it has got another file at that place */
    CHANGE_FS_FILE,       /* release: the last form of its file system is new. Conflict: it has got
                           * another one at that place */
    CHANGE_FS_OFFER,      /* offer: a file system goes out to a device once more */
    CHANGE_FS_TAKEN,      /* taken: a download of one is whole */
    CHANGE_FS_ARRIVED,    /* device: it was heard of after that */
    CHANGE_RING_UPDATE, /* ring_update: new. Conflict: the product has a live one of that number */
    CHANGE_RING_WITHDRAWN, /* ring_update: its id; not offered any more. Conflict: it was already */
    CHANGE_RING_OFFER,     /* offer: a key update, whose id is `release`, goes out to a device */
    CHANGE_RING_ARRIVED,   /* device: its ring has carried it out */
    CHANGE_EDIT,           /* release: its state, notes, and so on. Conflict: it was withdrawn */
    CHANGE_ROLLOUT, /* rollout: new; its release is live from now on. Conflict: there is one of that
                       id */
    CHANGE_PROGRESS, /* rollout: its state, stages and so on; when it is finished, its
                      * release becomes its channel's newest. Conflict: the one stored is
                      * not of the revision before */
    CHANGE_ACCOUNT,  /* account: as its own kind says */
    CHANGE_WEBHOOK,  /* webhook: the same */
};

enum setting {
    SETTING_PRODUCT = 1 << 0,
    SETTING_GROUP = 1 << 1, /* devices only */
    SETTING_CHANNEL = 1 << 2,
    SETTING_PIN = 1 << 3,
    SETTING_DOWNGRADE = 1 << 4,
    SETTING_OFFSET = 1 << 5,
    SETTING_TAGS = 1 << 6, /* devices only, as all that follow */
    SETTING_ALIAS = 1 << 7,
    SETTING_COMMENT = 1 << 8,
    SETTING_DECOMMISSIONED = 1 << 9,
    SETTING_ACCEPT = 1 << 10, /* groups only */
};

/* New values of some settings; "" clears one. */
struct settings {
    unsigned set; /* of enum setting: which of these hold a new value */
    char product[NAME_SIZE];
    char group[NAME_SIZE];
    char channel[NAME_SIZE];
    char pin[VERSION_SIZE];
    bool downgrade;
    bool is_decommissioned;
    struct utc_offset offset;
    char tags[TAGS_SIZE];
    char alias[ALIAS_SIZE];
    char comment[COMMENT_SIZE];
    char accept[FILTER_TEXT_SIZE];
};

/* When devices last asked; of each once, by MAC. */
struct heard_times {
    int64_t since_ms; /* other servers are to read all times from this one on; 0: not yet */
    size_t count;
    struct heard_device {
        mac_address mac;
        int64_t at_ms;
    } devices[];
};

/* What was known of a device when something about it was decided. While it has to do with a
 * file system or a key update, its offers are meant. */
struct device_seen {
    struct device_offers offers;
    uint32_t comebacks;
};

struct change {
    enum change_kind kind;
    struct delivery *deliveries; /* owned; to webhooks, written with the change */
    struct device_event *event;  /* owned; for the device's history; null: none */
    struct audit_note *audit;    /* owned; recorded with the change; null: it is nobody's */
    mac_address device;
    bool is_conditional; /* Conflict: the store has something else than this of the device: */
    struct device_seen seen;
    uint64_t lease; /* CHANGE_PROGRESS: that it is decided under. Conflict: it is over; 0 = none */
    bool is_ahead;  /* of a device: memory had it before it was written */
    bool goes_live; /* CHANGE_EDIT: the release becomes its channel's newest */
    union {
        struct {
            int64_t at_ms;
            struct device_facts facts;
            char group[NAME_SIZE]; /* CHANGE_REGISTER: that it joins; "" = none */
        } seen;
        struct {
            uint32_t release;
            uint32_t rollout; /* id, 0 = none */
            uint32_t before;  /* id of the release the device runs, 0 = unknown */
        } offer;
        struct {
            int64_t at_ms;
        } taken;
        struct {
            struct settings settings;
        } assign;
        struct {
            char name[NAME_SIZE];
            struct settings settings;
        } group;
        struct heard_times *heard;       /* owned by the change */
        struct release *release;         /* the same */
        struct ring_update *ring_update; /* the same */
        struct rollout *rollout;         /* the same; its release is set */
        struct account_change *account;  /* the same */
        struct webhook_change *webhook;  /* the same */
    } as;
};

enum change_result {
    CHANGE_DONE,
    CHANGE_CONFLICT, /* as the kind says; nothing was changed */
    CHANGE_FAILED,   /* could not be written; nothing was changed */
};

/* A zeroed change; null when memory is out. */
struct change *change_new(enum change_kind kind, mac_address device);
void change_free(struct change *change);

/* A zeroed change of the kind to accounts; null when memory is out. */
struct change *change_new_account(enum account_change_kind kind);

struct change *change_new_webhook(enum webhook_change_kind kind);

/* The number of what it adds, which the store may change when another server gave it to
 * something else; null: it adds nothing, or nothing that is known by one. Releases are known by
 * their versions. */
uint32_t *change_number(const struct change *change);

/* Does it carry as.release, as.rollout, as.ring_update? */
bool change_has_release(const struct change *change);
bool change_has_rollout(const struct change *change);
bool change_has_ring_update(const struct change *change);

#endif
