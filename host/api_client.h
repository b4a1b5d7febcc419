/* A server's operator API, for the command line.
 *
 * What goes wrong is reported here, in one line on stderr; callers pass the
 * exit status on.
 */
#ifndef HOST_API_CLIENT_H
#define HOST_API_CLIENT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define API_SERVER_DEFAULT "http://127.0.0.1:8266"

struct api_client;

/* Where a server is, and how it and we know each other. */
struct api_access {
    const char *server;     /* null: UPDRAFT_SERVER, or the default */
    const char *token_file; /* null: UPDRAFT_TOKEN, or what UPDRAFT_TOKEN_FILE names */
    /* Of https; with a pin alone nothing else of the server's certificate counts, and
     * with neither it must come from whom the system trusts. */
    const char *ca;  /* PEM file; null: UPDRAFT_CA */
    const char *pin; /* as host/pin.h has it; null: UPDRAFT_SERVER_PIN */
};

/* EXIT_OK and *client, or an exit status. The texts must outlive the client. */
int api_open(const struct api_access *access, struct api_client **client);
void api_close(struct api_client *client);

struct api_parameter {
    const char *name;  /* null ends a list */
    const char *value; /* null: left out */
};

/* A path below /api/v1 with parameters, escaped; null parameters: none. free()
 * it. Null when memory is out. */
char *api_path(const char *path, const struct api_parameter *parameters);

/* Asks, with a JSON body unless it is null. EXIT_OK and *answer (null when there
 * is none) for a 2xx; the status is in *status, which may be null. */
int api_call(struct api_client *client, const char *method, const char *path, const json_t *body,
             json_t **answer, long *status);

/* Gets what is no JSON into a file, which may hold a part of it after a failure. EXIT_OK
 * and the bytes, or an exit status. */
int api_get_file(struct api_client *client, const char *path, FILE *out, uint64_t *size);

struct api_upload {
    FILE *file;
    uint64_t size; /* bytes to send */
    void (*progress)(void *ctx, uint64_t sent);
    void *ctx;
};

/* The same with a file for a body, by POST. */
int api_post_file(struct api_client *client, const char *path, const struct api_upload *upload,
                  json_t **answer, long *status);

#endif
