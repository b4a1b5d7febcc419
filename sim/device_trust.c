#include "sim/device_state.h"

#include "bearssl/digest.h"
#include "bearssl/keys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define RING_SIZE (UD_KEYS_SECTORS * UD_FLASH_SECTOR)

static bool has_ring(const struct sim_device *device)
{
    return device->config.trust.key_count > 0;
}

struct ud_layout sim_device_layout(const struct sim_device *device)
{
    struct ud_layout layout = device->config.layout;

    if (!has_ring(device) || layout.fs_end < RING_SIZE)
        return layout;
    layout.fs_end -= RING_SIZE;
    if (layout.fs_start > layout.fs_end)
        layout.fs_start = layout.fs_end;
    return layout;
}

static const char *product_of(const struct sim_device *device)
{
    const struct sim_device_program *program = &device->program;

    if (device->config.trust.product != NULL)
        return device->config.trust.product;
    return program->has_description ? program->description.project : "";
}

bool sim_device_trust_tell(struct sim_device *device)
{
    char ring[UD_KEYS_TEXT_MAX] = "";
    char chip[sizeof "chip=65535"] = "gzip";

    if (!device->board->takes_gzip)
        snprintf(chip, sizeof chip, "chip=%u", device->board->chip_id(device));
    if (has_ring(device) && ud_keys_abilities(&device->keys, ring)[0] == '\0')
        return false;
    snprintf(device->abilities, sizeof device->abilities, "%s retry%s", chip, ring);
    return true;
}

static bool open_ring(struct sim_device *device)
{
    uint32_t address;

    if (!device->board->find_ring(device, &address))
        return false;
    const struct ud_keys_config config = {
        .built_in = device->config.trust.keys,
        .built_in_count = device->config.trust.key_count,
        .sha256 = &ud_sha256,
        .rsa = ud_bearssl_rsa,
        .p256 = ud_bearssl_p256,
        .flash = nor_flash(device->nor),
        .address = address,
        .product = product_of(device),
    };

    return ud_keys_init(&device->keys, &config) == UD_OK;
}

bool sim_device_trust_start(struct sim_device *device)
{
    const struct sim_device_program *program = &device->program;

    if (has_ring(device) && !open_ring(device))
        return false;
    device->verifier = has_ring(device) ? ud_keys_verifier(&device->keys) : (struct ud_verifier){0};
    device->terms = (struct ud_manifest_terms){
        .judge = ud_manifest_judge,
        .product = product_of(device),
        .chip = device->board->chip_id(device),
        .security_version = program->has_description ? program->description.secure_version : 0,
    };
    return sim_device_trust_tell(device) &&
           ud_gunzip_init(&device->gunzip, device->window, sizeof device->window) == UD_OK;
}

const struct ud_verifier *sim_device_verifier(const struct sim_device *device)
{
    return has_ring(device) ? &device->verifier : NULL;
}

const struct ud_manifest_terms *sim_device_terms(const struct sim_device *device)
{
    return device->config.trust.wants_manifest ? &device->terms : NULL;
}
