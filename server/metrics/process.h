/* What Prometheus' own libraries tell of a process, under the same names. */
#ifndef SERVER_METRICS_PROCESS_H
#define SERVER_METRICS_PROCESS_H

#include <stdio.h>

/* What the system does not tell is left out. */
void process_metrics_write(FILE *out);

#endif
