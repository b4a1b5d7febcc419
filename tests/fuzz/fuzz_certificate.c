/* What a server shows of itself in TLS, to a device with a pin, a CA, or both, whose
 * secret halves nobody has: nothing it sends is trusted, pieces do not matter, and where
 * a certificate is plain DER to OpenSSL too, both see the same key in it.
 *
 * Input: a byte of settings, then certificates one behind the other. */
#include "fuzz.h"

#include "device/port/bearssl/trust.h"

#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#define INPUT_MAX        16384u
#define CERTIFICATES_MAX 8u
#define NOW_S            1764000000u /* in the seeds' time */

enum setting { ANCHORED = 1, PINNED = 2, KNOWS_TIME = 4, PIECES = 8 };

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Of a SEQUENCE with two bytes of length; of anything else, all there is. */
static uint32_t certificate_length(const uint8_t *data, uint32_t left)
{
    if (left < 4 || data[0] != 0x30 || data[1] != 0x82)
        return left;
    return smaller(left, 4 + ((uint32_t)data[2] << 8 | data[3]));
}

/* A CA's name and a point on P-256 of which only this is known. */
static struct ud_bearssl_anchor *anchor(void)
{
    static uint8_t name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                             0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'A'};
    static uint8_t point[65];
    static struct ud_bearssl_anchor only = {
        .anchor = {
            .dn = {name, sizeof name},
            .flags = BR_X509_TA_CA,
            .pkey = {.key_type = BR_KEYTYPE_EC, .key.ec = {BR_EC_secp256r1, point, sizeof point}}}};
    const br_ec_impl *curves = br_ec_get_default();
    static const uint8_t scalar[] = {3};

    if (point[0] == 0)
        require(curves->mulgen(point, scalar, sizeof scalar, BR_EC_secp256r1) == sizeof point);
    return &only;
}

static void show(struct ud_bearssl_trust *trust, const uint8_t *data, uint32_t length,
                 uint32_t piece)
{
    const br_x509_class **methods = &trust->methods;

    trust->methods->start_cert(methods, length);
    for (uint32_t at = 0; at < length; at += piece)
        trust->methods->append(methods, data + at, smaller(piece, length - at));
    trust->methods->end_cert(methods);
}

static unsigned judge(const uint8_t *data, uint32_t size, uint8_t setting, uint32_t piece)
{
    static const uint8_t pin[UD_SHA256_SIZE] = {0xab};
    const struct ud_bearssl_trust_config config = {
        .anchors = anchor(),
        .anchor_count = setting & ANCHORED ? 1 : 0,
        .pin = setting & PINNED || !(setting & ANCHORED) ? pin : NULL,
        .now_s = setting & KNOWS_TIME ? NOW_S : 0,
        .past_s = NOW_S};
    struct ud_bearssl_trust trust;

    require(ud_bearssl_trust_init(&trust, &config) == UD_OK);
    trust.methods->start_chain(&trust.methods, "device.test");
    for (uint32_t count = 0; size > 0 && count < CERTIFICATES_MAX; count++) {
        const uint32_t length = certificate_length(data, size);
        show(&trust, data, length, piece);
        data += length;
        size -= length;
    }
    return trust.methods->end_chain(&trust.methods);
}

/* Is the certificate written as DER would be? Of BER, OpenSSL makes DER. */
static bool is_plain(X509 *certificate, const uint8_t *data, size_t size)
{
    uint8_t *again = NULL;
    const int length = i2d_re_X509_tbs(certificate, &again);
    const bool is_same =
        length > 0 && (size_t)length <= size - 4 && memcmp(data + 4, again, (size_t)length) == 0;

    OPENSSL_free(again);
    return is_same;
}

static void require_same_key(const uint8_t *data, uint32_t size)
{
    const uint8_t *end = data;
    uint8_t *key = NULL, ours[UD_SHA256_SIZE], theirs[UD_SHA256_SIZE];
    struct ud_bearssl_certificate certificate;

    if (certificate_length(data, size) == size && size < 4)
        return;
    X509 *known = d2i_X509(NULL, &end, size);
    if (known != NULL && end == data + size && data[1] == 0x82 && is_plain(known, data, size)) {
        const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(known), &key);
        require(length > 0);
        SHA256(key, (size_t)length, theirs);
        ud_bearssl_certificate_begin(&certificate);
        ud_bearssl_certificate_add(&certificate, data, size);
        require(ud_bearssl_certificate_pin(&certificate, ours));
        require(memcmp(ours, theirs, sizeof ours) == 0);
        OPENSSL_free(key);
    }
    X509_free(known);
}

/* Another CA's certificate, as it would be given to a device. */
static void as_anchor(const uint8_t *data, uint32_t size)
{
    struct ud_bearssl_anchor read;

    if (ud_bearssl_anchor_read(&read, data, size) != UD_OK)
        return;
    require(read.name_length <= sizeof read.name && read.anchor.dn.len == read.name_length);
    require(read.anchor.dn.data == read.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX)
        return 0;
    const uint8_t setting = data[0];
    const uint32_t length = (uint32_t)size - 1;
    const uint32_t first = certificate_length(data + 1, length);
    const unsigned whole = judge(data + 1, length, setting, length);

    require(whole != 0);
    require(judge(data + 1, length, setting, setting & PIECES ? 1 : 64) == whole);
    require_same_key(data + 1, first);
    as_anchor(data + 1, first);
    return 0;
}
