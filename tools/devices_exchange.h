/* The devices of a server to and from files. */
#ifndef TOOLS_DEVICES_EXCHANGE_H
#define TOOLS_DEVICES_EXCHANGE_H

#include "tools/devices_pages.h"

#include <stdbool.h>

/* Writes what is decided for each device that is chosen, to a file, which then has all of them or
 * is as it was, something else that can be written to, or (null) stdout, as CSV or JSON. An exit
 * status. */
int devices_export(struct api_client *client, const struct devices_choice *choice, const char *path,
                   bool as_json);

/* Reads such a file, of either form, and has the server enter it all. An exit status. */
int devices_import(struct api_client *client, const char *path);

#endif
