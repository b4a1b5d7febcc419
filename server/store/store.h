/* What outlives the server: one interface, a const table per database.
 *
 * A store is used by one thread at a time: first by who loads it, then by the
 * writer (writer.h).
 */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include "server/model/audit.h"
#include "server/model/group.h"
#include "server/store/change.h"

#include <stddef.h>

#define STORE_ERROR_SIZE 256

typedef void history_visit(void *ctx, const struct device_event *event);

/* A device as the tables have it. Texts live for the call only. */
struct stored_device {
    mac_address mac;
    int64_t first_seen_ms;            /* 0 = never */
    int64_t told_ms;                  /* it told the facts; 0 = it never did */
    const struct device_facts *facts; /* meaningful when told_ms is not 0 */
    struct assignment assignment;
    struct device_offers offers;
    struct rollout_part part;
    struct device_files files;
    struct device_ring ring;
};

/* Called for each row while loading: releases, then channel heads, then groups,
 * then rollouts (whose release is not set), then key updates by age, then devices, then when these
 * were last heard of. Non-zero ends the loading with that result. */
struct store_reader {
    int (*release)(void *ctx, const struct release *release);
    int (*newest)(void *ctx, const char *product, const char *channel, uint32_t release);
    int (*group)(void *ctx, const struct group *group);
    int (*rollout)(void *ctx, const struct rollout *rollout);
    int (*ring_update)(void *ctx, const struct ring_update *update);
    /* STORE_LATER: it is to come again, in store_class.follow. */
    int (*device)(void *ctx, const struct stored_device *device);
    int (*removed)(void *ctx, mac_address mac); /* while following only */
    /* Since it told its facts, that is; it may be gone. */
    int (*heard)(void *ctx, mac_address mac, int64_t at_ms);
};

#define STORE_LATER 1

/* What others changed, beside the rows that the reader was given. */
enum store_news {
    STORE_NEWS = 1 << 0, /* rows */
    STORE_ACCOUNTS = 1 << 1,
    STORE_WEBHOOKS = 1 << 2,
    STORE_RELOAD = 1 << 3, /* anything: everything is to be loaded again */
    STORE_HEARD = 1 << 4,  /* times devices were heard of; given to the reader, too */
};

/* This server among those that share the database. */
struct store_standing {
    uint32_t nodes;         /* heard of lately, this one among them */
    uint32_t rank;          /* of this one, from 0 */
    uint64_t lease;         /* it judges rollouts under this number; 0 = another one does */
    int64_t lease_until_ms; /* monotonic */
};

struct audit_query {
    bool is_newest_first;
    uint64_t from;  /* records after this number, or newest first before it; 0: from the end */
    uint32_t limit; /* 0: all */
};

/* The same for users, tokens, sessions and devices' secrets; revoked ones, too. */
struct account_reader {
    int (*user)(void *ctx, const struct user *user);
    int (*token)(void *ctx, const struct api_token *token);
    int (*session)(void *ctx, const struct session *session);
    int (*secret)(void *ctx, const struct device_secret *secret);
};

/* The same for webhooks, and then their deliveries by age. */
struct webhook_reader {
    int (*webhook)(void *ctx, const struct webhook *webhook);
    int (*delivery)(void *ctx, const struct delivery *delivery);
};

struct store {
    const struct store_class *class;
};

struct store_class {
    const char *name;
    /* Opens or creates what `location` names and brings it to this version's
     * schema. Null on failure, with one line for people in error. */
    struct store *(*open)(const char *location, char error[STORE_ERROR_SIZE]);
    /* 0; a reader's result; or -1 when the tables cannot be read. */
    int (*load)(struct store *store, const struct store_reader *reader, void *ctx);
    /* Applies all changes in one transaction that is durable on return, and
     * sets results[0..count). When it fails, all of them are CHANGE_FAILED and
     * error says why. */
    void (*apply)(struct store *store, struct change *const *changes, size_t count,
                  enum change_result *results, char error[STORE_ERROR_SIZE]);
    void (*close)(struct store *store);
    /* Stores that several servers share; these five are null for others. Gives the reader
     * the rows that others changed since it was last called: enum store_news, or -1 with a
     * line in error. */
    int (*follow)(struct store *store, const struct store_reader *reader, void *ctx,
                  char error[STORE_ERROR_SIZE]);
    /* Tells the others that this server is there. 0, or -1 with a line in error; then what it
     * is among them is as far as it was known. */
    int (*stand)(struct store *store, struct store_standing *standing,
                 char error[STORE_ERROR_SIZE]);
    void (*reread)(struct store *store, mac_address mac); /* with the next follow() */
    int (*socket)(struct store *store);                   /* readable when others may have changed
                                                           * something; -1: none */
    bool (*was_told)(struct store *store);                /* that they have; empties the socket */
    int (*load_accounts)(struct store *store, const struct account_reader *reader, void *ctx);
    int (*load_webhooks)(struct store *store, const struct webhook_reader *reader, void *ctx);
    /* Copies what `location` names, as of one instant, to a file that is not there yet. On
     * a connection of its own, while a server runs or not. 0, or -1 with a line in error.
     * Null for databases that have tools of their own for that. */
    int (*snapshot)(const char *location, const char *copy, char error[STORE_ERROR_SIZE]);
    /* Is it whole, and of a schema that this version knows? The same returns. */
    int (*check)(const char *location, char error[STORE_ERROR_SIZE]);
    /* A device's history, newest first; else as read_audit. */
    int (*read_history)(const char *location, mac_address device, history_visit *visit, void *ctx,
                        char error[STORE_ERROR_SIZE]);
    /* The records of the audit log, until `visit` returns false. On a connection of its
     * own, so from any thread, while a server runs or not. 0, or -1 with a line in error. */
    int (*read_audit)(const char *location, const struct audit_query *query,
                      bool (*visit)(void *ctx, const struct audit_record *record), void *ctx,
                      char error[STORE_ERROR_SIZE]);
};

/* `location` is the path of the database file. */
extern const struct store_class store_sqlite;

/* `location` is a URL that libpq understands: postgres://USER@HOST/DATABASE. Servers share
 * it; it reconnects by itself. It has no `snapshot` and no `check`. */
extern const struct store_class store_postgres;

#endif
