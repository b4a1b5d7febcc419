/* What `updraft push` and `espota` share: the file, the devices' addresses, and
 * the loop that serves the uploads.
 */
#ifndef TOOLS_PUSH_H
#define TOOLS_PUSH_H

#include "host/file.h"
#include "host/push.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- push_file.c ---- */

#define PUSH_PATH_MAX 4096

struct push_file {
    char path[PUSH_PATH_MAX]; /* of what is sent: FILE.signed if that exists */
    bool is_signed;           /* it does */
    bool is_stale;            /* but FILE is newer */
    struct file_bytes bytes;
    struct push_image image;
};

/* EXIT_OK, or reported. free(file->bytes.data) after success. */
int push_file_load(const char *path, enum ud_command command, struct push_file *file);

/* Makes a loaded file as small as gzip gets it, which takes seconds; one that is
 * compressed already stays. EXIT_OK, or reported: what is signed can't be compressed. */
int push_file_compress(enum ud_command command, struct push_file *file);

/* ---- push_address.c ---- */

#define PUSH_HOST_MAX 256

/* Takes "HOST", "HOST:PORT" or "[ADDRESS]:PORT" apart; port stays as it is when
 * there is none in it. False when that makes no sense. */
bool push_host_parse(const char *text, char host[PUSH_HOST_MAX], uint16_t *port);

/* Null, or why the name has no address: a text without a full stop. */
const char *push_resolve(const char *host, uint16_t port, struct push_address *address);

/* ---- push_loop.c ---- */

struct push_watch {
    void *ctx;
    void (*look)(void *ctx, size_t index, const struct push *push); /* after each service */
};

/* Opens and serves uploads[i] by configs[i] until all are done. */
void push_loop(struct push *uploads, const struct push_config *configs, size_t count,
               const struct push_watch *watch);

/* ---- push_http.c ---- */

struct push_page_order {
    const char *url;
    const char *user; /* null: none */
    const char *password_file;
    uint32_t timeout_ms;
};

/* Uploads the file to a device's page. An exit status; a failure is reported. */
int push_to_page(const struct push_page_order *order, const struct push_file *file);

/* ---- push_password.c ---- */

/* The password from a file, from UPDRAFT_PASSWORD or nowhere: malloc'd, or null.
 * EXIT_OK, or reported. */
int push_password_find(const char *path, char **password);

/* Asks for it on the terminal, without showing it: malloc'd, or null when there is
 * no terminal, or nothing was given. */
char *push_password_ask(const char *prompt);

/* Overwrites and frees. Null is fine. */
void push_password_free(char *password);

#endif
