#include "server/release/trailer.h"

#include "updraft/endian.h"
#include "updraft/signature.h"

#include <stdbool.h>
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

static enum trailer_kind judge_esp8266(const struct trailer *trailer, uint64_t length)
{
    uint8_t word[UD_SIGNATURE_LENGTH_WORD];

    if (length <= sizeof word)
        return TRAILER_UNKNOWN;
    if (!read_exactly(trailer->file, word, sizeof word, trailer->end - sizeof word))
        return TRAILER_NOT_READ;
    const uint32_t signature = ud_get_u32(word);
    return is_signature_length(signature) && length == signature + sizeof word ? TRAILER_SIGNATURE
                                                                               : TRAILER_UNKNOWN;
}

static enum trailer_kind judge_esp32(const struct trailer *trailer, uint64_t length)
{
    uint8_t magic[2];

    if (length == ESP32_SIGNATURE)
        return TRAILER_SIGNATURE;
    if (trailer->end % SECURE_BOOT_ROOM != 0 || length < SECURE_BOOT_ROOM ||
        length >= 2 * SECURE_BOOT_ROOM)
        return TRAILER_UNKNOWN;
    if (!read_exactly(trailer->file, magic, sizeof magic, trailer->end - SECURE_BOOT_ROOM))
        return TRAILER_NOT_READ;
    return magic[0] == 0xe7 && (magic[1] == 2 || magic[1] == 3) ? TRAILER_SIGNATURE
                                                                : TRAILER_UNKNOWN;
}

enum trailer_kind trailer_judge(const struct trailer *trailer)
{
    const uint64_t length = trailer->end - trailer->start;

    if (length == 0)
        return TRAILER_NONE;
    return trailer->chip == UD_CHIP_ESP32 ? judge_esp32(trailer, length)
                                          : judge_esp8266(trailer, length);
}
