/* The certificate a server shows, and its private key: read from two PEM files
 * and read again when these change.
 *
 * One that is replaced is kept until the end: handshakes may still be using it,
 * and it is a few KB every few weeks.
 */
#ifndef SERVER_HTTP_CERTIFICATE_H
#define SERVER_HTTP_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

#define CERTIFICATE_NOTE_SIZE 300

struct certificate;

/* The chain's file begins with the server's own certificate, its issuer's next.
 * Null on failure, with a line in note; else the line says what it is. */
struct certificate *certificate_open(const char *chain_path, const char *key_path,
                                     char note[CERTIFICATE_NOTE_SIZE]);

void certificate_free(struct certificate *certificate);

/* Looks whether the files changed, and takes what is in them once they have been
 * left alone for a while; is_forced: now. What cannot be used is not taken. True
 * when there is something to tell, in note. From one thread; call it often. */
bool certificate_refresh(struct certificate *certificate, bool is_forced,
                         char note[CERTIFICATE_NOTE_SIZE]);

/* What a handshake is to show, valid until certificate_free(). From any thread. */
struct certificate_shown {
    gnutls_pcert_st *chain;
    unsigned count;
    gnutls_privkey_t key;
};
struct certificate_shown certificate_shown(struct certificate *certificate);

#endif
