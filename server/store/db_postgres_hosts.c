/* Connecting, where the URL names one machine or several: of those that answer, to the one that
 * took over last. libpq would take the first one that lets it write, and so would one that was
 * taken for dead, was replaced, and is back as it was. */
#include "server/store/db_postgres.h"

#include "server/model/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_S     "5"
#define CONNECT_MS    5000    /* the same, for all of several machines at once */
#define LATECOMERS_MS 1000    /* for the others, once one has answered */
#define UNANSWERED_MS "10000" /* packets, before the connection counts as lost */

#define HOSTS_MAX   8
#define HOSTS_SIZE  512
#define IN_RECOVERY (-1) /* the timeline of a standby, here */

/* Not to be copied: it points into itself. */
struct hosts {
    char names[HOSTS_SIZE];
    char ports[HOSTS_SIZE];
    size_t count; /* 0: one, or what the URL leaves to libpq */
    const char *host[HOSTS_MAX];
    const char *port[HOSTS_MAX]; /* null: libpq's */
};

struct candidate {
    PGconn *connection;
    PostgresPollingStatusType wants; /* _OK or _FAILED: it needs no more waiting */
    struct postgres_history history; /* once it is asked */
};

struct candidates {
    struct candidate list[HOSTS_MAX];
    size_t count;
};

/* --- the machines of a URL --- */

static size_t split(char *list, const char *parts[HOSTS_MAX])
{
    size_t count = 0;

    for (char *at = list; at != NULL && count < HOSTS_MAX; count++)
        parts[count] = strsep(&at, ",");
    return count;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
            return options->val;
    return "";
}

/* One port may be meant for all. */
static void list_hosts(const PQconninfoOption *options, struct hosts *hosts)
{
    const char *ports[HOSTS_MAX];

    if (option(options, "hostaddr")[0] != '\0' || strlen(option(options, "host")) >= HOSTS_SIZE ||
        strlen(option(options, "port")) >= HOSTS_SIZE)
        return;
    strcpy(hosts->names, option(options, "host"));
    strcpy(hosts->ports, option(options, "port"));
    const size_t count = split(hosts->names, hosts->host);
    const size_t port_count = split(hosts->ports, ports);
    if (count < 2 || (port_count != 1 && port_count != count))
        return;
    hosts->count = count;
    for (size_t i = 0; i < count; i++)
        hosts->port[i] = ports[port_count == 1 ? 0 : i];
}

static void find_hosts(const char *location, struct hosts *hosts)
{
    PQconninfoOption *options = PQconninfoParse(location, NULL);

    hosts->count = 0;
    if (options != NULL)
        list_hosts(options, hosts);
    PQconninfoFree(options);
}

/* --- all of them at once --- */

static struct candidate begin(const struct postgres_db *db, const char *host, const char *port)
{
    const char *const names[] = {
        "keepalives_idle", "tcp_user_timeout", "dbname", "application_name", "host", "port", NULL};
    const char *const values[] = {"10", UNANSWERED_MS, db->location, db->name, host, port, NULL};
    PGconn *connection = PQconnectStartParams(names, values, 1);
    const bool is_begun = connection != NULL && PQstatus(connection) != CONNECTION_BAD;

    return (struct candidate){
        .connection = connection,
        .wants = is_begun ? PGRES_POLLING_WRITING : PGRES_POLLING_FAILED,
    };
}

static bool is_open(const struct candidate *candidate)
{
    return candidate->wants != PGRES_POLLING_OK && candidate->wants != PGRES_POLLING_FAILED;
}

/* How many are still open. */
static size_t wait_once(struct candidates *all, int64_t until_ms)
{
    struct pollfd sources[HOSTS_MAX];
    size_t open = 0;
    const int64_t left_ms = until_ms - clock_monotonic_ms();

    for (size_t i = 0; i < all->count; i++) {
        const struct candidate *candidate = &all->list[i];
        const short events = candidate->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        sources[i] = (struct pollfd){
            .fd = is_open(candidate) ? PQsocket(candidate->connection) : -1, .events = events};
    }
    if (poll(sources, all->count, left_ms > 0 ? (int)left_ms : 0) < 0)
        return all->count;
    for (size_t i = 0; i < all->count; i++) {
        struct candidate *candidate = &all->list[i];
        if (is_open(candidate) && sources[i].revents != 0)
            candidate->wants = PQconnectPoll(candidate->connection);
        open += is_open(candidate);
    }
    return open;
}

static bool has_answered(const struct candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].wants == PGRES_POLLING_OK)
            return true;
    return false;
}

static void connect_all(const struct postgres_db *db, const struct hosts *hosts,
                        struct candidates *all)
{
    int64_t until_ms = clock_monotonic_ms() + CONNECT_MS;
    bool is_first = true;

    for (all->count = 0; all->count < hosts->count; all->count++)
        all->list[all->count] = begin(db, hosts->host[all->count], hosts->port[all->count]);
    while (wait_once(all, until_ms) > 0 && clock_monotonic_ms() < until_ms)
        if (is_first && has_answered(all)) {
            const int64_t latest_ms = clock_monotonic_ms() + LATECOMERS_MS;
            until_ms = latest_ms < until_ms ? latest_ms : until_ms;
            is_first = false;
        }
}

/* --- which of them --- */

/* Unknown to who speaks the protocol only. */
static struct postgres_history read_history(struct postgres_db *db)
{
    static const char sql[] =
        "SELECT system_identifier, CASE WHEN pg_is_in_recovery() THEN -1"
        " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END"
        " FROM pg_control_system()";
    struct postgres_history history = {0};

    PGresult *result = postgres_execute(db, sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        history.system = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        history.timeline = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    }
    PQclear(result);
    return history;
}

static bool is_before(const struct postgres_history *left, const struct postgres_history *right)
{
    return left->system == right->system && left->timeline < right->timeline;
}

static void ask_all(struct postgres_db *db, struct candidates *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct candidate *candidate = &all->list[i];
        if (candidate->wants != PGRES_POLLING_OK)
            continue;
        db->connection = candidate->connection;
        candidate->history = read_history(db);
        if (!postgres_is_connected(db))
            candidate->wants = PGRES_POLLING_FAILED;
        db->is_cut_off = false;
    }
}

/* When none is of use, the first one, which tells why. */
static size_t best_of(const struct candidates *all)
{
    size_t best = 0;

    for (size_t i = 1; i < all->count; i++) {
        const struct candidate *candidate = &all->list[i], *other = &all->list[best];
        if (candidate->wants == PGRES_POLLING_OK &&
            (other->wants != PGRES_POLLING_OK || is_before(&other->history, &candidate->history)))
            best = i;
    }
    return best;
}

static struct postgres_history connect_best(struct postgres_db *db, const struct hosts *hosts)
{
    struct candidates all;

    connect_all(db, hosts, &all);
    ask_all(db, &all);
    const size_t best = best_of(&all);
    for (size_t i = 0; i < all.count; i++)
        if (i != best)
            PQfinish(all.list[i].connection);
    db->connection = all.list[best].connection;
    return all.list[best].history;
}

static struct postgres_history connect_only(struct postgres_db *db)
{
    const char *const names[] = {"connect_timeout", "keepalives_idle",  "tcp_user_timeout",
                                 "dbname",          "application_name", NULL};
    const char *const values[] = {CONNECT_S, "10", UNANSWERED_MS, db->location, db->name, NULL};

    db->connection = PQconnectdbParams(names, values, 1);
    return PQstatus(db->connection) == CONNECTION_OK ? read_history(db)
                                                     : (struct postgres_history){0};
}

static enum db_status refuse(struct postgres_db *db, const char *why)
{
    PQfinish(db->connection);
    db->connection = NULL;
    postgres_keep_message(db, why);
    return DB_FAILED;
}

/* Of a session that the database ends, say: the log has that in words of its own. */
static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

enum db_status postgres_connect(struct postgres_db *db)
{
    struct hosts hosts;

    find_hosts(db->location, &hosts);
    db->is_cut_off = false;
    const struct postgres_history history =
        hosts.count > 0 ? connect_best(db, &hosts) : connect_only(db);
    if (PQstatus(db->connection) != CONNECTION_OK) {
        const char *why = PQerrorMessage(db->connection);
        postgres_keep_message(db, why[0] != '\0' ? why : "the database does not answer");
        return DB_FAILED;
    }
    if (db->use == DB_SERVE && history.timeline == IN_RECOVERY)
        return refuse(db, "the database is a standby: promote it, or name the other one, too");
    if (is_before(&history, &db->history))
        return refuse(db, "the database that answers was replaced by another one, which does not: "
                          "stop the old one");
    PQsetNoticeProcessor(db->connection, ignore_notice, NULL);
    db->history = history;
    return DB_OK;
}
