/* Parameters inside a header field's value: name=value or name="value", with commas
 * or semicolons between them. */
#ifndef UPDRAFT_SRC_HTTP_PARAMETER_H
#define UPDRAFT_SRC_HTTP_PARAMETER_H

#include "http_line.h"

#include <stdbool.h>

/* Finds the first parameter of that name, compared without regard to case; without
 * its quotes, and with backslashes as they are. False: there is none. */
bool ud_http_parameter(const struct ud_http_value *value, const char *name,
                       struct ud_http_value *found);

#endif
