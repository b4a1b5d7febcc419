/* Firmware files of both chips, of any content: pieces do not matter, what is taken is
 * sound, and the server takes nothing else. Checksums, CRC words and hashes are put
 * right where the first byte asks for it, or hardly anything would get past them. */
#include "fuzz.h"

#include "mend_image.h"

#include "device/port/bearssl/digest.h"
#include "ram_flash.h"
#include "server/release/inspect.h"
#include "updraft/image_watch.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_MAX  65536u
#define FLASH_SIZE (2 * INPUT_MAX)

struct parsed {
    struct ud_image image;
    struct ud_image_watch watch;
    int error;
};

static void parse(struct parsed *parsed, const uint8_t *data, uint32_t size, uint32_t step)
{
    memset(parsed, 0, sizeof *parsed);
    ud_image_watch_init(&parsed->watch, &ud_sha256);
    ud_image_begin(&parsed->image, &parsed->watch);
    int error = UD_OK;
    for (uint32_t at = 0; at < size && error == UD_OK; at += step)
        error = ud_image_write(&parsed->image, data + at, size - at < step ? size - at : step);
    parsed->error = ud_image_end(&parsed->image);
    require(error == UD_OK || parsed->error == error);
}

/* ---- what must hold ---- */

static void require_sound(const struct parsed *parsed, uint32_t size)
{
    const struct ud_image_report *report = &parsed->image.report;

    require(report->part_count >= 1 && report->part_count <= UD_IMAGE_MAX_PARTS);
    require(report->length + report->trailing == size);
    require(ud_image_app(report)->end <= report->length);
    require(report->parts[0].checksum_stored == report->parts[0].checksum_computed);
    require(report->crc != UD_CRC_MISMATCH && report->hash != UD_HASH_MISMATCH);
    require(report->hash != UD_HASH_UNCHECKED);
    for (uint8_t i = 0; i < report->part_count; i++) {
        require(report->parts[i].header.segment_count <= UD_IMAGE_MAX_SEGMENTS);
        require(report->parts[i].offset < report->parts[i].end);
    }
    require(report->part_count == 1 || report->parts[1].offset == UD_IMAGE_APP_OFFSET);
}

/* The server's view: what it takes the parser took, unless it is compressed. */
static void inspect(const uint8_t *data, uint32_t size, const struct parsed *parsed)
{
    struct release_image image;
    char message[INSPECT_MESSAGE_SIZE] = "";
    static int file = -1;

    if (file < 0)
        file = memfd_create("image", MFD_CLOEXEC);
    require(file >= 0 && ftruncate(file, size) == 0);
    require(pwrite(file, data, size, 0) == (ssize_t)size);
    const enum inspect_result result = inspect_file(file, size, &image, message);
    require(result != INSPECT_NOT_READ);
    require(result == INSPECT_SOUND || message[0] != '\0');
    require(memchr(message, '\0', sizeof message) != NULL && strchr(message, '\n') == NULL);
    if (result == INSPECT_SOUND && data[0] == UD_IMAGE_MAGIC)
        require(parsed->error == UD_OK);
}

static void in_flash(const uint8_t *data, uint32_t size)
{
    static struct ram_flash flash;
    struct ud_image_description description;
    uint32_t sketch_size = 0;

    if (flash.bytes == NULL)
        require(ram_flash_init(&flash, FLASH_SIZE) == 0);
    memcpy(flash.bytes, data, size);
    if (ud_image_sketch_size(&flash.port, &sketch_size) == UD_OK)
        require(sketch_size > 0 && sketch_size % 16 == 0 && sketch_size <= FLASH_SIZE + 16);
    (void)!ud_image_read_description(&flash.port, 0, &description);
    require(flash.violations == 0 && flash.changed_end == 0);
    memset(flash.bytes, 0xff, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t copy[INPUT_MAX];
    static struct parsed whole, parted;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    const uint32_t length = (uint32_t)size - 1;
    memcpy(copy, data + 1, length);
    if (data[0] & 1)
        mend_image(copy, length);
    parse(&whole, copy, length, length);
    parse(&parted, copy, length, 1 + data[size / 2] % 37);
    require(parted.error == whole.error);
    require(whole.error != UD_OK ||
            memcmp(&parted.image.report, &whole.image.report, sizeof whole.image.report) == 0);
    if (whole.error == UD_OK)
        require_sound(&whole, length);
    inspect(copy, length, &whole);
    in_flash(copy, length);
    return 0;
}
