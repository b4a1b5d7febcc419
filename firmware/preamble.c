/* The first bytes of the application in flash, at irom 0x40201010: two words the
 * packer fills in, a word that names the core a program was built with, and the
 * description that update tools read.
 *
 * All of it is read from flash, never through the mapping, which takes whole
 * words only.
 */
#include "build_info.h"

#include "firmware/description.h"

struct preamble {
    uint32_t file_length; /* filled in by the packer */
    uint32_t file_crc;    /* likewise */
    uint32_t core_version;
    uint32_t reserved;
    struct description description;
};

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
