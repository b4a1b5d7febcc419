#include "trust_builder.h"

#include "signing.h"

#include <stdio.h>
#include <string.h>

static void put(uint8_t *out, uint32_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void put_text(uint8_t *out, const char *text, uint32_t room)
{
    memset(out, 0, room);
    memcpy(out, text, strnlen(text, room));
}

void trust_manifest(const struct trust_manifest *manifest, uint8_t out[TRUST_MANIFEST_SIZE])
{
    memcpy(out, "UDmf", 4);
    out[4] = 1;
    out[5] = manifest->kind != 0 ? manifest->kind : TRUST_APPLICATION;
    put(out + 6, manifest->chip != 0 ? manifest->chip : 0x8266, 2);
    put(out + 8, manifest->security_version, 4);
    put(out + 12, 0, 4);
    put_text(out + 16, manifest->product != NULL ? manifest->product : "lamp", 64);
    put_text(out + 80, manifest->version != NULL ? manifest->version : "1.4.0", 32);
}

uint32_t trust_put_inside(uint8_t *data, uint32_t length,
                          const uint8_t manifest[TRUST_MANIFEST_SIZE])
{
    memmove(data + 10 + TRUST_EXTRA_SIZE, data + 10, length - 10);
    data[3] |= 4;
    put(data + 10, TRUST_EXTRA_SIZE - 2, 2);
    memcpy(data + 12, "UD", 2);
    put(data + 14, TRUST_MANIFEST_SIZE, 2);
    memcpy(data + 16, manifest, TRUST_MANIFEST_SIZE);
    return length + TRUST_EXTRA_SIZE;
}

uint32_t trust_update(const struct trust_update *update, uint8_t out[TRUST_UPDATE_MAX])
{
    const uint32_t size = TRUST_HEAD_SIZE + update->length;
    char key[32];

    memcpy(out, "UDku", 4);
    out[4] = 1;
    out[5] = update->action;
    put(out + 6, update->length, 2);
    put(out + 8, update->number, 4);
    put(out + 12, 0, 4);
    put_text(out + 16, update->product != NULL ? update->product : "", 64);
    memcpy(out + TRUST_HEAD_SIZE, update->body, update->length);
    if (update->signer == NULL)
        return size;
    snprintf(key, sizeof key, "%s.key", update->signer);
    return size + signing_trailer(key, out, size, out + size);
}
