/* Files of the host the board was started with: numbers of open descriptors. */
#ifndef SIM_QEMU_HOST_FILE_H
#define SIM_QEMU_HOST_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_NO_FILE (-1)
#define HOST_STDOUT  1

/* A file to read; HOST_NO_FILE when there is none. */
int host_file_open(const char *path);

/* Bytes in the file; 0 when it cannot be told. */
uint32_t host_file_size(int file);

bool host_file_read(int file, uint32_t offset, void *data, uint32_t length);
bool host_file_write(int file, uint32_t offset, const void *data, uint32_t length);

/* From, and to, where the file is at: for what has no places to go to. */
bool host_file_get(int file, void *data, uint32_t length);
void host_file_put(int file, const char *data, uint32_t length);

#endif
