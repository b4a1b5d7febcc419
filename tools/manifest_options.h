/* The options that say what a file is for, and the manifest made from them. */
#ifndef TOOLS_MANIFEST_OPTIONS_H
#define TOOLS_MANIFEST_OPTIONS_H

#include "tools/image_file.h"
#include "updraft/manifest.h"

#include <stdbool.h>

struct manifest_options {
    bool is_wanted;
    const char *product;    /* null: as the image's description says */
    const char *version;    /* the same */
    const char *kind;       /* null: an application, which the file then has to be */
    unsigned long security; /* version, against downgrades */
};

/* Fills in the manifest of a file. EXIT_OK, or an exit status after reporting
 * what is missing or does not fit. */
int manifest_options_apply(const struct manifest_options *options, const struct image_file *image,
                           struct ud_manifest *manifest);

#endif
