/* The first bytes of the application in flash, at irom 0x40201010: two words the
 * packer fills in, a word that names the core a program was built with, and the
 * description that update tools read. The layout is ESP-IDF's esp_app_desc_t.
 *
 * All of it is read from flash, never through the mapping, which takes whole
 * words only.
 */
#include "build_info.h"

#include "updraft/image.h"

#include <stddef.h>
#include <stdint.h>

struct description {
    uint32_t magic;
    uint32_t secure_version;
    uint32_t trial;
    uint32_t reserved1;
    char version[32];
    char project[32];
    char time[16];
    char date[16];
    char sdk[32];
    uint8_t elf_sha256[32];
    uint8_t reserved2[80];
};

struct preamble {
    uint32_t file_length; /* filled in by the packer */
    uint32_t file_crc;    /* likewise */
    uint32_t core_version;
    uint32_t reserved;
    struct description description;
};

_Static_assert(sizeof(struct description) == UD_IMAGE_DESCRIPTION_SIZE, "description is 256 bytes");
_Static_assert(offsetof(struct description, trial) == UD_IMAGE_TRIAL_OFFSET,
               "the wish for a trial is where the bootloader looks");
/* The application's image starts 0x10 bytes before irom: header, segment header. */
_Static_assert(offsetof(struct preamble, description) + 0x10 == UD_IMAGE_DESCRIPTION_OFFSET,
               "description is where readers look");

extern const struct preamble preamble;

__attribute__((section(".irom0.preamble"), used)) const struct preamble preamble = {
    .description =
        {
            .magic = UD_IMAGE_DESCRIPTION_MAGIC,
            .trial = FIRMWARE_WANTS_TRIAL ? UD_IMAGE_TRIAL_MAGIC : 0,
            .version = FIRMWARE_VERSION,
            .project = FIRMWARE_PROJECT,
            .time = BUILD_TIME,
            .date = BUILD_DATE,
            .sdk = "updraft " UPDRAFT_VERSION,
        },
};
