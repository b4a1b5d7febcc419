/* Signed files, manifests, key updates and a key ring's records, in flash: whatever lies
 * there, nothing outside is read, what is accepted is what the layouts allow, and a ring
 * is one update further or as it was. Signatures are taken for good, or nothing behind
 * them would be seen. */
#include "fuzz.h"

#include "device/port/bearssl/digest.h"
#include "device/port/bearssl/keys.h"
#include "ram_flash.h"
#include "signing.h"
#include "updraft/keys.h"
#include "updraft/manifest.h"
#include "updraft/signature.h"

#include <string.h>

#define FLASH_SIZE (16 * UD_FLASH_SECTOR)
#define RING_AT    0u
#define FILE_AT    (2 * UD_FLASH_SECTOR)
#define INPUT_MAX  (8 * UD_FLASH_SECTOR)

struct rig {
    struct ram_flash flash;
    uint8_t der[UD_KEY_DER_MAX];
    struct ud_key_der built_in;
};

static struct rig *rig(void)
{
    static struct rig only;

    if (only.built_in.length == 0) {
        require(ram_flash_init(&only.flash, FLASH_SIZE) == 0);
        only.built_in = (struct ud_key_der){only.der, signing_der("p256.pub", only.der)};
    }
    memset(only.flash.bytes, 0xff, FLASH_SIZE);
    return &only;
}

static int trust_anyone(void *ctx, const uint8_t *digest, const uint8_t *signature, uint32_t length)
{
    (void)ctx;
    (void)digest;
    (void)signature;
    require(length > 0 && length <= UD_SIGNATURE_MAX);
    return UD_OK;
}

/* ---- trailers ---- */

static uint32_t content_of(const struct rig *rig, uint32_t size)
{
    const struct ud_verifier verifier = {
        .digest = &ud_sha256, .verify = trust_anyone, .check = ud_signature_check};
    uint32_t signed_size = 0;
    uint32_t skipped_size = 0;
    const int error = ud_signature_check(&verifier, &rig->flash.port, FILE_AT, size, &signed_size);

    require(error == UD_OK ? signed_size > 0 && signed_size < size - UD_SIGNATURE_LENGTH_WORD
                           : error == UD_ERR_SIGNATURE && signed_size == 0);
    require(ud_signature_skip(&rig->flash.port, FILE_AT, size, &skipped_size) == UD_OK);
    require(skipped_size == size || (error == UD_OK && skipped_size == signed_size));
    return error == UD_OK ? signed_size : size;
}

/* ---- manifests ---- */

static void judge(const struct rig *rig, uint32_t size)
{
    struct ud_manifest_file file = {&rig->flash.port, FILE_AT, size};
    struct ud_manifest manifest;
    uint8_t again[UD_MANIFEST_SIZE];
    bool is_inside = false;
    const int error = ud_manifest_read(&file, &manifest, &is_inside);

    if (error != UD_OK) {
        require(error == UD_ERR_MANIFEST);
        return;
    }
    /* It is the record of what was read, and the terms it sets itself are kept. */
    ud_manifest_encode(&manifest, again);
    struct ud_manifest decoded;
    require(ud_manifest_decode(again, &decoded) == UD_OK);
    require(strcmp(decoded.product, manifest.product) == 0 && decoded.kind == manifest.kind);
    struct ud_manifest_terms terms = {.judge = ud_manifest_judge,
                                      .product = manifest.product,
                                      .chip = manifest.chip,
                                      .security_version = manifest.security_version};
    require(ud_manifest_judge(&terms, manifest.kind, &file) == UD_OK);
    require(file.size == (is_inside ? size : size - UD_MANIFEST_SIZE));
    file.size = size;
    terms.product = "another";
    require(strcmp(manifest.product, "another") == 0 ||
            ud_manifest_judge(&terms, manifest.kind, &file) == UD_ERR_PRODUCT);
}

/* ---- key rings ---- */

static int open_ring(const struct rig *rig, struct ud_keys *keys)
{
    const struct ud_keys_config config = {
        .built_in = &rig->built_in,
        .built_in_count = 1,
        .sha256 = &ud_sha256,
        .rsa = ud_bearssl_rsa,
        .p256 = ud_bearssl_p256,
        .flash = &rig->flash.port,
        .address = RING_AT,
        .product = "lamp",
    };

    return ud_keys_init(keys, &config);
}

static uint32_t count(const struct ud_keys *keys)
{
    uint32_t trusted;

    require(ud_keys_count(keys, &trusted) == UD_OK);
    return trusted;
}

static void update_ring(const struct rig *rig, uint32_t size)
{
    struct ud_keys keys, reopened;

    require(open_ring(rig, &keys) == UD_OK);
    const uint32_t number = keys.number;
    const uint32_t trusted = count(&keys);
    const struct ud_verifier verifier = ud_keys_verifier(&keys);
    const int error = verifier.update_keys(verifier.ctx, &rig->flash.port, FILE_AT, size);
    const uint32_t expected = number + (error == UD_OK ? 1 : 0);

    require(open_ring(rig, &reopened) == UD_OK);
    require(keys.number == expected && reopened.number == expected);
    require(count(&keys) == count(&reopened));
    require(error == UD_OK ? count(&keys) != trusted : count(&keys) == trusted);
    require(error != UD_OK || count(&keys) > 0);
}

/* The first two bytes say where in the input the ring's two records end and the file
 * begins: where there is none, it is all file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig *device = rig();

    if (size < 3 || size > INPUT_MAX)
        return 0;
    const uint32_t cut = ((uint32_t)data[0] << 8 | data[1]) % (uint32_t)size;
    const bool has_ring = cut < 2 * UD_FLASH_SECTOR && data[2] == 'U';
    const uint32_t ring = has_ring ? cut : 0;
    memcpy(device->flash.bytes + RING_AT, data + 2, ring > 2 ? ring - 2 : 0);
    const uint32_t file = (uint32_t)size - ring;
    memcpy(device->flash.bytes + FILE_AT, data + ring, file);
    const uint32_t content = content_of(device, file);
    judge(device, content);
    update_ring(device, content);
    require(device->flash.violations == 0);
    return 0;
}
