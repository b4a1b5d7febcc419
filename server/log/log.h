/* The server's log: a line for each event, on stderr. */
#ifndef SERVER_LOG_LOG_H
#define SERVER_LOG_LOG_H

/* "2026-11-21T10:20:30.123Z message"; whole lines, whichever thread writes. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
