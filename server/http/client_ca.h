/* Whose certificates devices may show to prove who they are: a PEM file, read once. */
#ifndef SERVER_HTTP_CLIENT_CA_H
#define SERVER_HTTP_CLIENT_CA_H

#include <stddef.h>

/* The file's text, with a NUL; free() it. Null, with a line in error, when it cannot be
 * read or has no certificate. */
char *client_ca_read(const char *path, char *error, size_t error_size);

#endif
