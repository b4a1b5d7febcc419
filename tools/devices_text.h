/* Devices and groups as people read them on a terminal. */
#ifndef TOOLS_DEVICES_TEXT_H
#define TOOLS_DEVICES_TEXT_H

#include <jansson.h>

#define DEVICES_NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-"

struct table;

/* A table of devices, a row for each. Null when memory is out. */
struct table *devices_table(void);
void devices_add_row(struct table *table, const json_t *device);

/* Each takes a server's answer and returns an exit status. */
int devices_print_one(const json_t *device);
int devices_print_state(const json_t *device); /* a line */
int devices_print_groups(const json_t *answer);
int devices_print_group(const json_t *answer); /* a line */

int devices_print_history(const json_t *answer);

#endif
