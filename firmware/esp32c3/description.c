#include "firmware/description.h"

#include "build_info.h"

__attribute__((section(".description"), used)) const struct description description = {
    .magic = UD_IMAGE_DESCRIPTION_MAGIC,
    .version = FIRMWARE_VERSION,
    .project = FIRMWARE_PROJECT,
    .time = BUILD_TIME,
    .date = BUILD_DATE,
    .sdk = "updraft " UPDRAFT_VERSION,
};
