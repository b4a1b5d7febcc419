/* Changes to a board's settings record, as people write them. */
#ifndef TOOLS_SETTINGS_EDIT_H
#define TOOLS_SETTINGS_EDIT_H

#include "firmware/settings.h"
#include "host/options.h"

/* "name=value", "name=@FILE" for the first line of a file, "name=" for the default;
 * "key=FILE" adds a trusted key, "ca=FILE" takes a certificate, both PEM or DER. EXIT_OK,
 * or reported. */
int settings_edit_assign(struct settings_record *record, const char *assignment);

/* A setting that the program knows to exist. EXIT_OK, or reported. */
int settings_edit_set(struct settings_record *record, enum settings_tag tag, const char *text);

/* Removes what was set, by its name. EXIT_OK, or reported. */
int settings_edit_unset(struct settings_record *record, const char *name);

/* Trusts these keys, files of them, and no others. EXIT_OK, or reported. */
int settings_edit_trust(struct settings_record *record, const struct option_list *paths);

/* The first line of a file, which the caller frees; null and reported if there is none. */
char *settings_edit_read_line(const char *path);

#endif
