/* A device that takes files from browsers: the engine and the real updater over a
 * RAM flash, with a driver that hands requests over in pieces and keeps the answers.
 *
 * Requests are texts in which # stands for the file's length in decimal, $ for the
 * file itself, and a newline for CR LF.
 */
#ifndef FORM_RIG_H
#define FORM_RIG_H

#include "updater_rig.h"

#include "updraft/form.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_PAGE       "\x1f\x8b the page"
#define RIG_ANSWER_MAX 2048u
#define RIG_FILES      "eight by" /* a file system */

/* How a request arrives: in pieces of `step` bytes, or parted at `split`; all 0: whole. */
struct form_pieces {
    uint32_t step;
    uint32_t split;
};

struct form_rig {
    struct updater_rig device;
    struct ud_form_config config; /* a test may change it before form_rig_start() */
    struct ud_form form;
    struct ud_form_client client;
    uint32_t now_ms;
    uint32_t send_step; /* bytes sent at a time; 0: all */

    /* Of the last request. */
    char answer[RIG_ANSWER_MAX]; /* all that was sent */
    uint32_t answer_length;
    bool restarts;
};

struct form_request {
    uint8_t *bytes;
    uint32_t length;
};

/* No login; a device with that layout, null for a 1 MB chip and 64 KB of files. */
void form_rig_init(struct form_rig *rig, const char *layout);
void form_rig_free(struct form_rig *rig);

/* As form_rig_init() made it with that layout, in less time. */
void form_rig_renew(struct form_rig *rig, const char *layout);

/* Initialises the engine from config. */
void form_rig_start(struct form_rig *rig);

/* The caller frees bytes. */
struct form_request form_rig_request(const char *text, const void *file, uint32_t file_length);

/* A connection, the request, the answer, the end of the connection. What has been
 * sent goes to answer. Returns its status; 0: there was none. */
int form_rig_play(struct form_rig *rig, const struct form_request *request,
                  struct form_pieces pieces);

/* The same of a text without a file, whole. */
int form_rig_say(struct form_rig *rig, const char *text);

/* Hands bytes over as far as they are wanted, and serves what is. */
void form_rig_receive(struct form_rig *rig, const uint8_t *bytes, uint32_t length);
void form_rig_serve(struct form_rig *rig);

/* What follows the answer's head. */
const char *form_rig_body(const struct form_rig *rig);

/* The value of a field of the answer's head, or null; good until the next call. */
const char *form_rig_field(const struct form_rig *rig, const char *name);

/* The status of the last answer, behind what may have invited the body. */
int form_rig_status(const struct form_rig *rig);

/* What an Authorization of Digest is made of. */
struct form_digest {
    const char *method;
    const char *user;
    const char *password;
    const char *nonce;
    const char *uri;
    uint32_t count;
    const char *nc; /* the count as text; null: of eight digits, as it has to be */
};

/* "Digest username=…": text of at least 512 bytes. OpenSSL's digests, not ours. */
void form_rig_authorize(const struct form_digest *digest, char *text);

/* The nonce of the last answer's challenge; good until the next call. */
const char *form_rig_nonce(const struct form_rig *rig);

#endif
