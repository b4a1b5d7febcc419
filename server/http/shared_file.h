/* Open files that many downloads share, so that each does not take a descriptor of its own.
 * Whoever calls keeps others from the list meanwhile.
 */
#ifndef SERVER_HTTP_SHARED_FILE_H
#define SERVER_HTTP_SHARED_FILE_H

#include <sys/types.h>

struct shared_file {
    struct shared_file *next;
    dev_t device;
    ino_t inode;
    int file; /* a descriptor */
    unsigned users;
};

/* The same file by the list's descriptor, with one user more. The given one is taken over, and
 * closed where the list has one. Null on failure: then it is still the caller's. */
struct shared_file *shared_file_join(struct shared_file **list, int file);

/* Closes it with its last user. */
void shared_file_leave(struct shared_file **list, struct shared_file *shared);

#endif
