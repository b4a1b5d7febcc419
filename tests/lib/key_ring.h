/* A device's key ring in flash, for tests: keys of the vectors built in, key updates
 * carried out, and who is trusted afterwards, in words.
 */
#ifndef KEY_RING_H
#define KEY_RING_H

#include "trust_builder.h"
#include "updraft/keys.h"

#include <stdint.h>

#define KEY_RING_KNOWN    7 /* keys of the vectors */
#define KEY_RING_BUILT_IN 4

#define KEY_RING_ADDRESS 0x2000u /* of the ring's sectors */
#define KEY_RING_STAGED  0x4000u /* of the key update, or whatever is signed */
#define KEY_RING_FLASH   (16 * UD_FLASH_SECTOR)

struct key_ring_known {
    const char *name;
    uint8_t bytes[UD_KEY_DER_MAX];
    struct ud_key_der der;
    uint8_t id[UD_KEY_ID_SIZE];
};

/* Must not be moved. */
struct key_ring {
    const struct ud_flash *flash;
    struct key_ring_known known[KEY_RING_KNOWN];
    struct ud_key_der built_in[KEY_RING_BUILT_IN];
    struct ud_keys_config config; /* a test may change it before key_ring_start() */
    struct ud_keys keys;
};

/* Prepares a config for a device with these keys, "rsa2048 p256"; its product is
 * "lamp". */
void key_ring_init(struct key_ring *ring, const struct ud_flash *flash, const char *names);

/* A key of the vectors, "p256". Aborts the program when there is none. */
struct key_ring_known *key_ring_known(struct key_ring *ring, const char *name);

/* As the device starts: reads what is in flash. */
int key_ring_start(struct key_ring *ring);

/* Puts bytes where updates are staged. */
void key_ring_stage(struct key_ring *ring, const uint8_t *bytes, uint32_t length);

/* Stages a key update and carries it out, its signature unseen. */
int key_ring_update(struct key_ring *ring, const struct trust_update *update);

/* The same for a key of the vectors. */
int key_ring_add(struct key_ring *ring, uint32_t number, const char *name);
int key_ring_revoke(struct key_ring *ring, uint32_t number, const char *name);

/* The names of the trusted keys, each followed by a blank, in the ring's order; "?" for
 * one that is not of the vectors. */
const char *key_ring_trusted(const struct key_ring *ring, char text[200]);

#endif
