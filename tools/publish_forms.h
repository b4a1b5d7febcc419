/* The forms in which a file is published: as it is, compressed, signed. */
#ifndef TOOLS_PUBLISH_FORMS_H
#define TOOLS_PUBLISH_FORMS_H

#include "host/keys.h"
#include "tools/manifest_options.h"

#define PUBLISH_FORMS_MAX 2

struct publish_forms_options {
    bool gzip;
    const char *sign; /* path of a private key; null: unsigned */
    struct manifest_options manifest;
};

struct publish_forms {
    size_t count; /* the first is for devices that do not tell what they take */
    struct file_bytes forms[PUBLISH_FORMS_MAX];
    bool is_signed;
    struct key key; /* when signed */
};

/* Makes them of the file at path. EXIT_OK with forms to be freed, or, reported, an
 * exit status. */
int publish_forms_make(const struct publish_forms_options *options, const char *path,
                       struct publish_forms *forms);
void publish_forms_free(struct publish_forms *forms);

#endif
