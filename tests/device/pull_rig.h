/* A device that pulls from a server of bytes: the engine, the real updater over
 * a RAM flash, and a driver that plays answers the test has written down.
 */
#ifndef PULL_RIG_H
#define PULL_RIG_H

#include "ram_flash.h"

#include "updraft/pull.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_FLASH_SIZE  0x40000u
#define RIG_STAGED_AT   0x10000u
#define RIG_SPACE       0x20000u /* bytes an image may have */
#define RIG_REQUEST_MAX 4096u
#define RIG_ANSWERS_MAX 16u

/* One connection's answer, and what the server does after it. */
struct rig_answer {
    const void *bytes;
    uint32_t length;
    bool then_silent; /* instead of closing */
};

/* How the answers reach the engine: in pieces of `step` bytes, 0 being whole, or
 * in two pieces parted at `split`, 0 being none. */
struct rig_pieces {
    uint32_t step;
    uint32_t split;
};

struct pull_rig {
    struct ram_flash flash;
    struct ud_updater updater;
    struct ud_pull_config config; /* a test may change it before rig_play() */
    struct ud_pull pull;
    char location[UD_PULL_URL_MAX];
    uint32_t buffer[1024]; /* the updater's sector buffer */
    uint32_t now_ms;

    /* What happened. */
    char request[RIG_REQUEST_MAX]; /* the last one, NUL-terminated */
    uint32_t request_length;
    char host[UD_PULL_HOST_MAX]; /* of the last connection */
    uint16_t port;
    uint32_t connections;
    uint32_t closes;
    uint32_t others_closed;
    uint32_t starts, ends, errors; /* the updater's events */
    int session_error;             /* of the last error event */
    uint32_t commits;
    uint32_t committed_size;
    int commit_error; /* to be returned by the target */
};

/* An ESP8266 with 4 MB, asking for a sketch. */
void rig_init(struct pull_rig *rig);
void rig_free(struct pull_rig *rig);

/* Makes the rig as new, but for config. */
void rig_reset(struct pull_rig *rig);

/* Initialises the engine from config, pulls url and plays one answer for each
 * connection until the engine has finished. Connections beyond the answers fail. */
void rig_play(struct pull_rig *rig, const char *url, const struct rig_answer *answers,
              uint32_t count, struct rig_pieces pieces);

/* Step by step: begin and connect; take the request; hand bytes over in pieces. */
void rig_connect(struct pull_rig *rig, const char *url);
void rig_take_request(struct pull_rig *rig);
void rig_receive(struct pull_rig *rig, const void *bytes, uint32_t length,
                 struct rig_pieces pieces);

#endif
