#include "updraft/signature.h"

#include "updraft/endian.h"

#define PIECE 128u /* bytes read at a time: stacks are small */

/* Digests flash [start, start + length). */
static int digest_range(const struct ud_digest_class *class, const struct ud_flash *flash,
                        uint32_t start, uint32_t length, uint8_t *out)
{
    struct ud_digest digest;
    uint8_t piece[PIECE];

    ud_digest_begin(&digest, class);
    while (length > 0) {
        const uint32_t part = length < PIECE ? length : PIECE;
        const int error = ud_flash_read(flash, start, piece, part);
        if (error != UD_OK)
            return error;
        ud_digest_add(&digest, piece, part);
        start += part;
        length -= part;
    }
    ud_digest_end(&digest, out);
    return UD_OK;
}

/* Finds the image's size by the trailer's length word. */
static int strip_trailer(const struct ud_verifier *verifier, const struct ud_flash *flash,
                         uint32_t start, uint32_t size, uint32_t *image_size)
{
    const uint32_t trailer = verifier->signature_length + UD_SIGNATURE_LENGTH_WORD;
    uint8_t word[UD_SIGNATURE_LENGTH_WORD];

    if (start > flash->size || size > flash->size - start)
        return UD_ERR_FLASH_RANGE;
    if (verifier->signature_length > UD_SIGNATURE_MAX || size <= trailer)
        return UD_ERR_SIGNATURE;
    const int error = ud_flash_read(flash, start + size - (uint32_t)sizeof word, word, sizeof word);
    if (error != UD_OK)
        return error;
    if (ud_get_u32(word) != verifier->signature_length)
        return UD_ERR_SIGNATURE;
    *image_size = size - trailer;
    return UD_OK;
}

static int check(const struct ud_verifier *verifier, const struct ud_flash *flash, uint32_t start,
                 uint32_t image_size)
{
    const uint32_t length = verifier->signature_length;
    uint8_t signature[UD_SIGNATURE_MAX];
    uint8_t digest[UD_DIGEST_MAX_SIZE];
    int error = digest_range(verifier->digest, flash, start, image_size, digest);

    if (error == UD_OK)
        error = ud_flash_read(flash, start + image_size, signature, length);
    if (error != UD_OK)
        return error;
    return verifier->verify(verifier->ctx, digest, signature, length) == UD_OK ? UD_OK
                                                                               : UD_ERR_SIGNATURE;
}

int ud_signature_check(const struct ud_verifier *verifier, const struct ud_flash *flash,
                       uint32_t start, uint32_t size, uint32_t *image_size)
{
    uint32_t without_trailer;
    int error = strip_trailer(verifier, flash, start, size, &without_trailer);

    if (error == UD_OK)
        error = check(verifier, flash, start, without_trailer);
    if (error == UD_OK)
        *image_size = without_trailer;
    return error;
}
