/* TLS as a port: one connection's protection, between an engine's bytes and the
 * network's. Sans-IO, as the engines are; device/port/bearssl has one.
 *
 * Each of the four ways has a buffer to look at, and a call that says how much of
 * it was used:
 *
 *   SEND     send_buffer, sent           bytes for the network
 *   RECEIVE  receive_buffer, received    room for bytes from the network
 *   WRITE    write_buffer, written       room for the application's bytes; flush
 *                                        sends what is not a whole record
 *   READ     read_buffer, read           bytes for the application
 *
 * WRITE is not wanted before the handshake is done: then the other end is the one
 * that was asked for. Buffers are valid until the next call that is not a question.
 */
#ifndef UPDRAFT_TLS_H
#define UPDRAFT_TLS_H

#include "updraft/error.h"

#include <stdbool.h>
#include <stdint.h>

enum ud_tls_want {
    UD_TLS_SEND = 1 << 0,
    UD_TLS_RECEIVE = 1 << 1,
    UD_TLS_WRITE = 1 << 2,
    UD_TLS_READ = 1 << 3,
    UD_TLS_CLOSED = 1 << 4, /* nothing more comes or goes; SEND can be with it */
};

struct ud_tls_methods {
    /* Starts anew, towards this host: a name or an address. UD_ERR_*. */
    int (*begin)(void *ctx, const char *host);
    unsigned (*want)(const void *ctx);
    const void *(*send_buffer)(const void *ctx, uint32_t *length);
    void (*sent)(void *ctx, uint32_t length);
    void *(*receive_buffer)(void *ctx, uint32_t *length);
    void (*received)(void *ctx, uint32_t length);
    void *(*write_buffer)(void *ctx, uint32_t *length);
    void (*written)(void *ctx, uint32_t length);
    void (*flush)(void *ctx);
    const void *(*read_buffer)(const void *ctx, uint32_t *length);
    void (*read)(void *ctx, uint32_t length);
    /* Says good-bye: SEND is wanted for it. */
    void (*close)(void *ctx);
    /* UD_OK, or why it is CLOSED: one of UD_ERR_TLS*. */
    int (*error)(const void *ctx);
};

struct ud_tls {
    const struct ud_tls_methods *methods;
    void *ctx;
};

struct ud_pull;

/* Moves what can be moved between a pull and the TLS under its connection, and
 * tells the pull of the handshake's end and of the connection's. True when there
 * was something to do. */
bool ud_pull_tls_service(struct ud_pull *pull, const struct ud_tls *tls, uint32_t now_ms);

#endif
