#include "key_ring.h"

#include "device/port/bearssl/digest.h"
#include "device/port/bearssl/keys.h"
#include "signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"rsa1024", "rsa2048", "rsa3072",
                                    "rsa4096", "p256",    "p256-other"};

static uint32_t load(const char *name, uint8_t bytes[UD_KEY_DER_MAX])
{
    char file[32];

    snprintf(file, sizeof file, "%s.pub", name);
    return signing_der(file, bytes);
}

static void load_id(const char *name, uint8_t id[UD_KEY_ID_SIZE])
{
    uint8_t bytes[UD_KEY_DER_MAX];
    const struct ud_key_der der = {bytes, load(name, bytes)};

    ud_key_id(&ud_sha256, &der, id);
}

void key_ring_init(struct key_ring *ring, const struct ud_flash *flash, const char *built_in)
{
    char text[100];
    char *rest = NULL;
    uint32_t count = 0;

    snprintf(text, sizeof text, "%s", built_in);
    for (char *name = strtok_r(text, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
        ring->der[count] = (struct ud_key_der){ring->bytes[count], load(name, ring->bytes[count])};
        count++;
    }
    ring->flash = flash;
    ring->config = (struct ud_keys_config){
        .built_in = ring->der,
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
    uint8_t bytes[UD_KEY_DER_MAX];
    const struct trust_update update = {
        .action = TRUST_ADD, .number = number, .body = bytes, .length = load(name, bytes)};

    return key_ring_update(ring, &update);
}

int key_ring_revoke(struct key_ring *ring, uint32_t number, const char *name)
{
    uint8_t id[UD_KEY_ID_SIZE];
    const struct trust_update update = {
        .action = TRUST_REVOKE, .number = number, .body = id, .length = sizeof id};

    load_id(name, id);
    return key_ring_update(ring, &update);
}

static const char *name_of(const uint8_t *id)
{
    uint8_t known[UD_KEY_ID_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        load_id(names[i], known);
        if (memcmp(id, known, sizeof known) == 0)
            return names[i];
    }
    return "?";
}

const char *key_ring_trusted(const struct key_ring *ring, char text[200])
{
    struct ud_keys_cursor cursor = {0};

    text[0] = '\0';
    while (ud_keys_next(&ring->keys, &cursor)) {
        strcat(text, name_of(cursor.id));
        strcat(text, " ");
    }
    return cursor.error == UD_OK ? text : "error";
}
