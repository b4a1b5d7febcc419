/* What the espota engine's files share. */
#ifndef UPDRAFT_SRC_ESPOTA_PARTS_H
#define UPDRAFT_SRC_ESPOTA_PARTS_H

#include "updraft/espota.h"

enum ud_espota_state {
    UD_ESPOTA_IDLE,
    UD_ESPOTA_HELD,       /* an invitation waits for the hold-off to pass */
    UD_ESPOTA_CHALLENGED, /* the proof of the password is awaited */
    UD_ESPOTA_STRETCHING, /* the proof is there, and takes work to judge */
    UD_ESPOTA_CONNECTING,
    UD_ESPOTA_RECEIVING,
    UD_ESPOTA_SETTLING,  /* committed; the last count goes out by itself */
    UD_ESPOTA_ANSWERING, /* the result goes out; then the uploader may close first */
    UD_ESPOTA_CLOSING,
    UD_ESPOTA_RESTARTING,
};

/* ---- espota_parse.c: datagrams. False for what is none of ours ---- */

bool ud_espota_parse_invitation(const void *data, uint32_t length,
                                struct ud_espota_invitation *invitation);

/* Proofs have as many digits as `digest_size` bytes. */
bool ud_espota_parse_proof(const void *data, uint32_t length, uint32_t digest_size,
                           struct ud_espota_proof *proof);

/* ---- espota.c ---- */

/* H, as digits in lower case. */
void ud_espota_own_hash(const struct ud_espota *espota, char *hash);

/* Judges the proof that has come by what it would be. */
void ud_espota_judge(struct ud_espota *espota, const char *key, uint32_t now_ms);

#endif
