/* Where a simulated chip's content is kept: a mapping of memory or of a file. */
#ifndef SIM_NOR_FILE_H
#define SIM_NOR_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct nor_file {
    uint8_t *bytes;
    uint32_t size;
    int fd; /* holds the lock; -1: none */
};

/* See struct nor_config and nor_open(). */
int nor_file_open(struct nor_file *file, const char *path, uint32_t size, bool is_scratch);
void nor_file_close(struct nor_file *file);

#endif
