/* The devices of a server to and from files. */
#ifndef TOOLS_DEVICES_EXCHANGE_H
#define TOOLS_DEVICES_EXCHANGE_H

#include "host/api_client.h"

#include <stdbool.h>

/* Writes what is decided for each device of the server's answer, to a file or (null)
 * stdout, as CSV or JSON. An exit status. */
int devices_export(const json_t *answer, const char *path, bool as_json);

/* Reads such a file, of either form, and has the server enter it all. An exit status. */
int devices_import(struct api_client *client, const char *path);

#endif
