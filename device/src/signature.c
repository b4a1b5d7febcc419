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

/* The trailer's length word. Zero when it cannot be one: larger than any signature, or
 * without a byte before the trailer. */
static int read_length(const struct ud_flash *flash, uint32_t start, uint32_t size,
                       uint32_t *length)
{
    uint32_t word;

    *length = 0;
    if (start > flash->size || size > flash->size - start)
        return UD_ERR_FLASH_RANGE;
    if (size <= sizeof word)
        return UD_OK;
    const int error =
        ud_flash_read(flash, start + size - UD_SIGNATURE_LENGTH_WORD, &word, sizeof word);
    if (error != UD_OK)
        return error;
    const uint32_t announced = ud_le32(word);
    if (announced <= UD_SIGNATURE_MAX && announced < size - sizeof word)
        *length = announced;
    return UD_OK;
}

static int verify(const struct ud_verifier *verifier, const struct ud_flash *flash, uint32_t start,
                  uint32_t content_size, uint32_t length)
{
    uint8_t signature[UD_SIGNATURE_MAX];
    uint8_t digest[UD_DIGEST_MAX_SIZE];
    int error = digest_range(verifier->digest, flash, start, content_size, digest);

    if (error == UD_OK)
        error = ud_flash_read(flash, start + content_size, signature, length);
    return error == UD_OK ? verifier->verify(verifier->ctx, digest, signature, length) : error;
}

int ud_signature_check(const struct ud_verifier *verifier, const struct ud_flash *flash,
                       uint32_t start, uint32_t size, uint32_t *content_size)
{
    uint32_t length;
    int error = read_length(flash, start, size, &length);

    if (error != UD_OK)
        return error;
    if (length == 0)
        return UD_ERR_SIGNATURE;
    const uint32_t without_trailer = size - UD_SIGNATURE_LENGTH_WORD - length;
    error = verify(verifier, flash, start, without_trailer, length);
    if (error == UD_OK)
        *content_size = without_trailer;
    return error;
}

int ud_signature_skip(const struct ud_flash *flash, uint32_t start, uint32_t size,
                      uint32_t *content_size)
{
    uint32_t length;
    const int error = read_length(flash, start, size, &length);
    const bool is_signature = length == 64 || (length % 128 == 0 && length > 0);

    if (error == UD_OK)
        *content_size = is_signature ? size - UD_SIGNATURE_LENGTH_WORD - length : size;
    return error;
}
