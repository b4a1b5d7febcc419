/* Signatures over SHA-256 by BearSSL, for a key ring: RSA PKCS#1 v1.5, ECDSA on
 * P-256. Each in a file of its own, so that firmware links what it names. */
#ifndef UPDRAFT_BEARSSL_KEYS_H
#define UPDRAFT_BEARSSL_KEYS_H

#include "updraft/keys.h"

ud_key_verify ud_bearssl_rsa;
ud_key_verify ud_bearssl_p256;

#endif
