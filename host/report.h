/* What people read: one line on stderr for what went wrong, plain or moving
 * progress lines.
 */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include <stdarg.h>

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* The name before every message, "updraft publish". Set once by main. */
void report_set_program(const char *name);
const char *report_program(void);

/* "updraft publish: <message>\n" on stderr. Returns EXIT_FAILED, so that a
 * caller can `return report_failure(...)`. */
int report_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a wrong call; adds "; see updraft publish --help". Returns EXIT_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
