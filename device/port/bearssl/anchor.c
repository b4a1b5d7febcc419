#include "anchor.h"

#include <string.h>

static void append_name(void *ctx, const void *data, size_t length)
{
    struct ud_bearssl_anchor *anchor = ctx;

    if (anchor->name_length > sizeof anchor->name ||
        length > sizeof anchor->name - anchor->name_length) {
        anchor->name_length = sizeof anchor->name + 1; /* it is too long, whatever follows */
        return;
    }
    memcpy(anchor->name + anchor->name_length, data, length);
    anchor->name_length += (uint32_t)length;
}

/* The decoder's numbers lie in the decoder. */
static int keep_rsa(struct ud_bearssl_anchor *anchor, const br_rsa_public_key *key)
{
    if (key->nlen > sizeof anchor->key || key->elen > sizeof anchor->key - key->nlen)
        return UD_ERR_ARGUMENT;
    memcpy(anchor->key, key->n, key->nlen);
    memcpy(anchor->key + key->nlen, key->e, key->elen);
    anchor->anchor.pkey.key_type = BR_KEYTYPE_RSA;
    anchor->anchor.pkey.key.rsa =
        (br_rsa_public_key){anchor->key, key->nlen, anchor->key + key->nlen, key->elen};
    return UD_OK;
}

static int keep_ec(struct ud_bearssl_anchor *anchor, const br_ec_public_key *key)
{
    if (key->qlen > sizeof anchor->key)
        return UD_ERR_ARGUMENT;
    memcpy(anchor->key, key->q, key->qlen);
    anchor->anchor.pkey.key_type = BR_KEYTYPE_EC;
    anchor->anchor.pkey.key.ec = (br_ec_public_key){key->curve, anchor->key, key->qlen};
    return UD_OK;
}

int ud_bearssl_anchor_read(struct ud_bearssl_anchor *anchor, const uint8_t *der, uint32_t length)
{
    br_x509_decoder_context decoder;

    memset(anchor, 0, sizeof *anchor);
    br_x509_decoder_init(&decoder, append_name, anchor);
    br_x509_decoder_push(&decoder, der, length);
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
    if (key == NULL || anchor->name_length > sizeof anchor->name)
        return UD_ERR_ARGUMENT;
    anchor->anchor.dn = (br_x500_name){anchor->name, anchor->name_length};
    anchor->anchor.flags = br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0;
    return key->key_type == BR_KEYTYPE_RSA ? keep_rsa(anchor, &key->key.rsa)
                                           : keep_ec(anchor, &key->key.ec);
}
