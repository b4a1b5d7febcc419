/* The description of the operator API, as JSON: made from the YAML files here. */
#ifndef SERVER_OPENAPI_OPENAPI_H
#define SERVER_OPENAPI_OPENAPI_H

#include <stddef.h>

extern const unsigned char openapi_json[];
extern const size_t openapi_json_size; /* bytes */

#endif
