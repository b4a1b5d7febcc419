/* PBKDF2 with HMAC over a digest of 64-byte blocks (MD5, SHA-256): what makes
 * guessing the password behind a captured upload expensive.
 *
 * Ten thousand rounds take a chip of this class more than a second, so they are
 * done in steps, between which it can feed its watchdog and its network:
 *
 *   ud_pbkdf2_begin(&key, &ud_sha256, password, password_length);
 *   ud_pbkdf2_salt(&key, salt, salt_length);        (as often as it has parts)
 *   ud_pbkdf2_start(&key, 10000);
 *   while (ud_pbkdf2_step(&key, 100) > 0)
 *       feed the watchdog
 *   the derived key is key.sum, as long as the digest
 *
 * Only the first block of a derived key exists here; no protocol we speak wants
 * more than one.
 */
#ifndef UPDRAFT_PBKDF2_H
#define UPDRAFT_PBKDF2_H

#include "updraft/digest.h"

#include <stdint.h>

struct ud_pbkdf2 {
    struct ud_digest inner; /* HMAC's two digests, the padded password already in them */
    struct ud_digest outer;
    struct ud_digest work;
    uint8_t last[UD_DIGEST_MAX_SIZE]; /* of the rounds so far */
    uint8_t sum[UD_DIGEST_MAX_SIZE];
    uint32_t rounds_left;
};

/* Takes the password in; it need not live on. */
void ud_pbkdf2_begin(struct ud_pbkdf2 *key, const struct ud_digest_class *digest,
                     const void *password, uint32_t length);

void ud_pbkdf2_salt(struct ud_pbkdf2 *key, const void *salt, uint32_t length);

/* The first of `rounds` (at least one) rounds. */
void ud_pbkdf2_start(struct ud_pbkdf2 *key, uint32_t rounds);

/* At most `rounds` more. Returns how many are left. */
uint32_t ud_pbkdf2_step(struct ud_pbkdf2 *key, uint32_t rounds);

#endif
