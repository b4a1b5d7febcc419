/* Key updates, where a release is published otherwise. */
#ifndef TOOLS_PUBLISH_KEYS_H
#define TOOLS_PUBLISH_KEYS_H

#include "tools/operate.h"

/* Does the file begin as a key update? */
bool publish_is_keys(const char *path);

/* Uploads it; product may be null. An exit status. */
int publish_keys(const struct operate_options *options, const char *path, const char *product);

#endif
