#include "key_ring.h"

#include "device/port/bearssl/digest.h"
#include "device/port/bearssl/keys.h"
#include "signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void load_known(struct key_ring_known *known, const char *name)
{
    char file[32];

    snprintf(file, sizeof file, "%s.pub", name);
    known->name = name;
    known->der = (struct ud_key_der){known->bytes, signing_der(file, known->bytes)};
    ud_key_id(&ud_sha256, &known->der, known->id);
}

struct key_ring_known *key_ring_known(struct key_ring *ring, const char *name)
{
    for (size_t i = 0; i < KEY_RING_KNOWN; i++)
        if (strcmp(ring->known[i].name, name) == 0)
            return &ring->known[i];
    abort();
}

void key_ring_init(struct key_ring *ring, const struct ud_flash *flash, const char *built_in)
{
    static const char *const names[KEY_RING_KNOWN] = {"rsa512",  "rsa1024", "rsa2048",   "rsa3072",
                                                      "rsa4096", "p256",    "p256-other"};
    char text[100];
    char *rest = NULL;
    uint32_t count = 0;

    for (size_t i = 0; i < KEY_RING_KNOWN; i++)
        load_known(&ring->known[i], names[i]);
    snprintf(text, sizeof text, "%s", built_in);
    for (char *name = strtok_r(text, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest))
        ring->built_in[count++] = key_ring_known(ring, name)->der;
    ring->flash = flash;
    ring->config = (struct ud_keys_config){
        .built_in = ring->built_in,
        .built_in_count = count,
        .sha256 = &ud_sha256,
        .rsa = ud_bearssl_rsa,
        .p256 = ud_bearssl_p256,
        .flash = flash,
        .address = KEY_RING_ADDRESS,
        .product = "lamp",
    };
}

int key_ring_start(struct key_ring *ring)
{
    return ud_keys_init(&ring->keys, &ring->config);
}

void key_ring_stage(struct key_ring *ring, const uint8_t *bytes, uint32_t length)
{
    uint32_t words[TRUST_UPDATE_MAX / sizeof(uint32_t)];

    memset(words, 0xff, sizeof words);
    memcpy(words, bytes, length);
    if (ud_flash_erase_sector(ring->flash, KEY_RING_STAGED) != UD_OK ||
        ud_flash_program(ring->flash, KEY_RING_STAGED, words, sizeof words) != UD_OK)
        abort();
}

int key_ring_update(struct key_ring *ring, const struct trust_update *update)
{
    const struct ud_verifier verifier = ud_keys_verifier(&ring->keys);
    uint8_t file[TRUST_UPDATE_MAX];
    const uint32_t length = trust_update(update, file);

    key_ring_stage(ring, file, length);
    return verifier.update_keys(verifier.ctx, ring->flash, KEY_RING_STAGED, length);
}

int key_ring_add(struct key_ring *ring, uint32_t number, const char *name)
{
    const struct ud_key_der *der = &key_ring_known(ring, name)->der;
    const struct trust_update update = {
        .action = TRUST_ADD, .number = number, .body = der->bytes, .length = der->length};

    return key_ring_update(ring, &update);
}

int key_ring_revoke(struct key_ring *ring, uint32_t number, const char *name)
{
    const struct trust_update update = {.action = TRUST_REVOKE,
                                        .number = number,
                                        .body = key_ring_known(ring, name)->id,
                                        .length = UD_KEY_ID_SIZE};

    return key_ring_update(ring, &update);
}

static const char *name_of(const struct key_ring *ring, const uint8_t *id)
{
    for (size_t i = 0; i < KEY_RING_KNOWN; i++)
        if (memcmp(id, ring->known[i].id, UD_KEY_ID_SIZE) == 0)
            return ring->known[i].name;
    return "?";
}

const char *key_ring_trusted(const struct key_ring *ring, char text[200])
{
    struct ud_keys_cursor cursor = {0};

    text[0] = '\0';
    while (ud_keys_next(&ring->keys, &cursor)) {
        strcat(text, name_of(ring, cursor.id));
        strcat(text, " ");
    }
    return cursor.error == UD_OK ? text : "error";
}
