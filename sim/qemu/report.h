/* Counts of a run, for whoever started it: lines "name number". */
#ifndef SIM_QEMU_REPORT_H
#define SIM_QEMU_REPORT_H

void report_write(int file);

#endif
