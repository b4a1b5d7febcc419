/* The head of an answer that the library does not send. */
#ifndef SERVER_HTTP_HEAD_H
#define SERVER_HTTP_HEAD_H

#include "server/http/http_state.h"

#define HEAD_SIZE 2048

/* Does the connection end with the answer, by what the client says? */
bool head_is_last(const struct http_request *request);

/* Writes it, with the headers that were set, for a body of so many bytes that ends the
 * connection. Returns its length; 0 when it does not fit. */
size_t head_write(const struct http_request *request, unsigned status, const char *type,
                  uint64_t length, char head[HEAD_SIZE]);

#endif
