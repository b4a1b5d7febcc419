/* The key updates of a server, beside its releases. */
#ifndef TOOLS_RELEASES_KEYS_H
#define TOOLS_RELEASES_KEYS_H

#include "tools/operate.h"

/* Exit statuses. product null: of all. */
int releases_list_keys(const struct operate_options *options, const char *product);
int releases_withdraw_key_update(const struct operate_options *options, const char *product,
                                 unsigned long number);

#endif
