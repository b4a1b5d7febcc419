/* What the code under test prints, as a string. */
#ifndef TESTS_HOST_CAPTURE_H
#define TESTS_HOST_CAPTURE_H

#include <stddef.h>

#define CAPTURE_SIZE 8192

struct capture {
    int stream; /* file descriptor that is diverted: 1 or 2 */
    int saved;  /* where it went before */
    int file;   /* where it goes now */
    char text[CAPTURE_SIZE];
};

void capture_start(struct capture *capture, int stream);

/* Puts the stream back; text holds what was printed. */
void capture_stop(struct capture *capture);

size_t count_lines(const char *text);

#endif
