/* The update server: its parts, put together. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/device_api/access.h"

#include <stdbool.h>
#include <stdint.h>

struct http_proxies;
struct key;
struct server;

struct server_config {
    const char *data;            /* folder */
    const char *database;        /* postgres://…; null: a file in the folder */
    const char *blobs;           /* a folder for the firmware files of all nodes; null: the
                                  * database has them, if there is one */
    const char *listen;          /* "ADDR:PORT" */
    const char *tls_certificate; /* PEM files; null, both: plain HTTP */
    const char *tls_key;
    const char *listen_plain;           /* "ADDR:PORT": beside TLS, plain HTTP for devices that
                                         * verify signatures; null: none */
    const char *listen_metrics;         /* "ADDR:PORT": /metrics for everybody who gets there;
                                         * null: none */
    const struct http_proxies *proxies; /* in front of it; null: none. Outlives the server */
    uint32_t downloads;                 /* that may go on at once; 0: any number */
    uint32_t site_downloads;            /* of these in one source network; 0: any number */
    uint32_t rate;                      /* bytes a second they may take on the average; 0: any */
    uint32_t site_rate;                 /* of these in one source network; 0: any */
    enum device_policy device_policy;   /* what devices must prove */
    const char *device_ca;              /* PEM file, with DEVICE_POLICY_CERTIFICATE; else null */
    bool refuses_unknown;               /* devices: 403, instead of listing them as unassigned */
    uint32_t unknown_limit;             /* devices registered that nobody assigned; 0: any number */
    uint64_t upload_limit;              /* bytes of a published file; 0: 32 MB */
    uint32_t session_idle_s;            /* of people signed in; 0: 12 hours */
    uint32_t session_life_s;            /* 0: 7 days */
    const struct key *signing_key;      /* gives what is published unsigned a signed form; null:
                                         * none. Outlives the server */
};

#define SERVER_ERROR_SIZE 400

/* How often server_tick() wants to be called. */
#define SERVER_TICK_MS 250

/* Starts to serve. Null on failure, with a line in error; *is_usage then says
 * whether the address was malformed. */
struct server *server_start(const struct server_config *config, char error[SERVER_ERROR_SIZE],
                            bool *is_usage);

const char *server_address(const struct server *server); /* "ADDR:PORT" */
/* Null: there is none. */
const char *server_plain_address(const struct server *server);
const char *server_metrics_address(const struct server *server);
bool server_is_secure(const struct server *server);
/* A ticket for the page that makes the first user; null: there are users. */
const char *server_first_ticket(const struct server *server);
const char *server_token(const struct server *server);

/* Tells those who listen what has changed. */
void server_tick(struct server *server);

/* Reads what can change while it serves: the certificate. */
void server_reload(struct server *server);

/* Takes no more connections, lets downloads finish for at most drain_ms, writes
 * what is left to write. */
void server_stop(struct server *server, unsigned drain_ms);

#endif
