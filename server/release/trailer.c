#include "server/release/trailer.h"

#include "updraft/endian.h"
#include "updraft/signature.h"

#include <unistd.h>

#define ECDSA_SHORTEST   8u   /* DER of two one-byte numbers */
#define ECDSA_LONGEST    144u /* P-521, its DER form included */
#define ESP32_SIGNATURE  512u
#define SECURE_BOOT_ROOM 4096u

static bool is_signature_length(uint32_t length)
{
    return length == 256 || length == 384 || length == 512 ||
           (length >= ECDSA_SHORTEST && length <= ECDSA_LONGEST);
}

static bool read_exactly(int file, uint8_t *data, uint32_t length, uint64_t offset)
{
    return pread(file, data, length, (off_t)offset) == (ssize_t)length;
}

/* A manifest, right behind the image. */
static enum trailer_kind judge_manifest(const struct trailer *trailer, struct trailer_parts *parts)
{
    uint8_t record[UD_MANIFEST_SIZE];

    if (trailer->end - trailer->start < sizeof record)
        return TRAILER_UNKNOWN;
    if (!read_exactly(trailer->file, record, sizeof record, trailer->start))
        return TRAILER_NOT_READ;
    parts->has_manifest = ud_manifest_decode(record, &parts->manifest) == UD_OK;
    return parts->has_manifest ? TRAILER_KNOWN : TRAILER_UNKNOWN;
}

/* `length` bytes that are a signature and its length word. */
static enum trailer_kind judge_word(const struct trailer *trailer, uint64_t length,
                                    struct trailer_parts *parts)
{
    uint8_t word[UD_SIGNATURE_LENGTH_WORD];

    if (length <= sizeof word)
        return TRAILER_UNKNOWN;
    if (!read_exactly(trailer->file, word, sizeof word, trailer->end - sizeof word))
        return TRAILER_NOT_READ;
    const uint32_t signature = ud_get_u32(word);
    if (!is_signature_length(signature) || length != signature + sizeof word)
        return TRAILER_UNKNOWN;
    parts->signature = length;
    parts->signature_length = signature;
    return TRAILER_KNOWN;
}

static enum trailer_kind judge_esp32(const struct trailer *trailer, uint64_t length,
                                     struct trailer_parts *parts)
{
    uint8_t magic[2];

    if (length != ESP32_SIGNATURE) {
        if (trailer->end % SECURE_BOOT_ROOM != 0 || length < SECURE_BOOT_ROOM ||
            length >= 2 * SECURE_BOOT_ROOM)
            return TRAILER_UNKNOWN;
        if (!read_exactly(trailer->file, magic, sizeof magic, trailer->end - SECURE_BOOT_ROOM))
            return TRAILER_NOT_READ;
        if (magic[0] != 0xe7 || (magic[1] != 2 && magic[1] != 3))
            return TRAILER_UNKNOWN;
    }
    parts->signature = length;
    return TRAILER_KNOWN;
}

enum trailer_kind trailer_judge(const struct trailer *trailer, struct trailer_parts *parts)
{
    uint64_t length = trailer->end - trailer->start;
    enum trailer_kind kind;

    *parts = (struct trailer_parts){.has_manifest = false};
    if (length == 0)
        return TRAILER_NONE;
    kind = judge_manifest(trailer, parts);
    if (kind == TRAILER_KNOWN)
        length -= UD_MANIFEST_SIZE;
    if (kind == TRAILER_NOT_READ || length == 0)
        return kind;
    kind = judge_word(trailer, length, parts);
    if (kind == TRAILER_UNKNOWN && trailer->chip == UD_CHIP_ESP32)
        kind = judge_esp32(trailer, length, parts);
    return kind;
}
